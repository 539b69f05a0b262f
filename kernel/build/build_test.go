package build

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fixture is a module for cells that requires one other module, on disk.
type fixture struct {
	*Index
	dir    string // the working directory of the notebook
	live   string // the folder of its go.mod
	config Config
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goTool is the Go that runs the test, cut off from the network.
func goTool(t testing.TB) Go {
	t.Helper()
	path, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "GOPROXY=off", "GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GO111MODULE=on")
	out, err := exec.Command(path, "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	return Go{Path: path, Version: strings.TrimSpace(string(out)), Env: env}
}

const cellMod = "module cell\n\ngo 1.26.0\n\nrequire example.com/base v1.0.0\n\nreplace example.com/base => ../base\n"

// opened makes the fixture; its folders have names that are hard on shells.
func opened(t testing.TB) *fixture {
	t.Helper()
	top := filepath.Join(t.TempDir(), `it's "a" test`)
	at := func(name string) string { return filepath.Join(top, filepath.FromSlash(name)) }
	write(t, at("base/go.mod"), "module example.com/base\n\ngo 1.26.0\n")
	write(t, at("base/base.go"), "package base\n\nfunc Greet() string { return \"base\" }\n")
	write(t, at("base/rand/rand.go"), "package rand\n\nfunc Four() int { return 4 }\n")
	write(t, at("cell/go.mod"), cellMod)
	write(t, at("live/go.mod"), cellMod)
	for _, dir := range []string{"work", "scratch"} {
		if err := os.Mkdir(at(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{dir: at("work"), live: at("live")}
	f.config = Config{
		Go: goTool(t), File: at("table"), Module: at("cell"), Scratch: at("scratch"),
		Roots:   []string{"fmt", "os", "math/rand", "crypto/rand", "testing", "example.com/base/..."},
		Preload: []string{"example.com/base"},
		Live:    func() string { return f.live }, Dir: func() string { return f.dir },
	}
	x, err := Open(t.Context(), f.config)
	if err != nil {
		t.Fatal(err)
	}
	f.Index = x
	return f
}

func (f *fixture) builder(t testing.TB) *Builder {
	t.Helper()
	return New(f.Index, t.TempDir(), 1<<30, t.TempDir())
}

func output(t testing.TB, binary string, args ...string) string {
	t.Helper()
	out, err := exec.Command(binary, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v", binary, err)
	}
	return string(out)
}

func program(imports, body string) map[string]string {
	return map[string]string{"main.go": "package main\n\nimport (\n" + imports + "\n)\n\nfunc main() {\n" + body + "\n}\n"}
}

func TestBuild(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	files := program("\"fmt\"\n\"example.com/base\"", "fmt.Println(base.Greet(), other())")
	files["other.go"] = "//line cell-0123456789.go:7\npackage main\n\nfunc other() int { return 7 }\n"
	binary, err := b.Build(t.Context(), files, Program)
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, binary); got != "base 7\n" {
		t.Errorf("prints %q", got)
	}
	again, err := b.Build(t.Context(), files, Program)
	if err != nil || again != binary {
		t.Errorf("again: %s, %v; expected %s", again, err, binary)
	}
	for _, dir := range []string{b.scratch.fast, b.scratch.disk} {
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Errorf("%v are left, %v", entries, err)
		}
	}
	if entries, _ := os.ReadDir(b.cache.dir); len(entries) != 2 { // and the lock
		t.Errorf("%v are left in the cache", entries)
	}
}

// TestSameWithEither builds directly and with the go command.
func TestSameWithEither(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	for name, files := range map[string]map[string]string{
		"no imports": {"main.go": "package main\n\nfunc main() { println(\"x\") }\n"},
		"math/rand":  program(`"fmt"; "math/rand"`, "fmt.Println(rand.New(rand.NewSource(1)).Intn(100))"),
		"panic":      program(`"os"`, "defer os.Exit(0)\npanic(1)"),
	} {
		b.Configure(nil, nil)
		direct, err := b.Build(t.Context(), files, Program)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b.Configure([]string{"-v"}, nil)
		slow, err := b.Build(t.Context(), files, Program)
		if err != nil {
			t.Fatalf("%s with the go command: %v", name, err)
		}
		if slow == direct {
			t.Errorf("%s: flags make no difference to the key", name)
		}
		if a, b := output(t, direct), output(t, slow); a != b {
			t.Errorf("%s: prints %q, with the go command %q", name, a, b)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	cell := func(body string) map[string]string {
		return map[string]string{"stmts.go": "package main\n\nfunc main() {}\n\n//line cell-aaaaaaaaaa.go:3\nfunc cell__() {\n" + body + "\n}\n"}
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"not used", cell("x := 3"), "cell-aaaaaaaaaa.go:4: declared and not used: x"},
		{"two", cell("x := 3\nvar y int = \"\""), "cell-aaaaaaaaaa.go:4: declared and not used: x\ncell-aaaaaaaaaa.go:5: declared and not used: y\ncell-aaaaaaaaaa.go:5: cannot use \"\""},
		{"own file", map[string]string{"main.go": "package main\n\nfunc main() { x := 3 }\n"}, "main.go:3:15: declared and not used: x"},
		{"syntax", map[string]string{"main.go": "package main\n\nfunc main() { ) }\n"}, "main.go:3:15: syntax error"},
		{"frame", cell("f := func(x [1 << 30]byte) byte { return x[3] }\nvar x [1 << 30]byte\nprintln(f(x))"), "stack frame too large"},
		{"arguments", cell("f := func(int) {}\nf(\"\", 2)"), "cell-aaaaaaaaaa.go:5: too many arguments in call to f\n\thave (string, number)\n\twant (int)"},
	} {
		for _, flags := range [][]string{nil, {"-v"}} {
			b.Configure(flags, nil)
			_, err := b.Build(t.Context(), c.files, Program)
			e, ok := errors.AsType[*CompileError](err)
			if !ok || !strings.Contains(e.Error(), c.want) {
				t.Errorf("%s with flags %v: got %v, expected %q", c.name, flags, err, c.want)
			}
		}
	}
	b.Configure(nil, nil)
	_, err := b.Build(t.Context(), map[string]string{"../x.go": "package main"}, Program)
	if err == nil || !strings.Contains(err.Error(), "expected one like cell.go") {
		t.Errorf("a file elsewhere: %v", err)
	}
}

func TestTest(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	files := map[string]string{
		"cell.go":      "package main\n\nfunc double(x int) int { return 2 * x }\n",
		"main_test.go": "package main\n\nimport \"testing\"\n\nfunc TestDouble(t *testing.T) {\n\tif double(2) != 4 {\n\t\tt.Error(double(2))\n\t}\n}\n",
	}
	binary, err := b.Build(t.Context(), files, Test)
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, binary, "-test.v"); !strings.Contains(got, "PASS: TestDouble") {
		t.Errorf("prints %q", got)
	}
	delete(files, "main_test.go")
	if _, err := b.Build(t.Context(), files, Test); err == nil || !strings.Contains(err.Error(), "func TestName") {
		t.Errorf("without tests: %v", err)
	}
}

func TestSettings(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	base := filepath.Join(filepath.Dir(f.live), "base")
	write(t, filepath.Join(base, "tag", "on.go"), "//go:build special\n\npackage tag\n\nconst On = true\n")
	write(t, filepath.Join(base, "tag", "off.go"), "//go:build !special\n\npackage tag\n\nconst On = false\n")
	files := program("\"fmt\"\n\"example.com/base/tag\"", "fmt.Println(tag.On)")
	for _, c := range []struct {
		flags, env []string
		want       string
	}{
		{[]string{"-tags=special"}, nil, "true\n"},
		{nil, nil, "false\n"},
		{nil, []string{"GOFLAGS=-tags=special"}, "true\n"},
	} {
		b.Configure(c.flags, c.env)
		binary, err := b.Build(t.Context(), files, Program)
		if err != nil {
			t.Errorf("%v %v: %v", c.flags, c.env, err)
		} else if got := output(t, binary); got != c.want {
			t.Errorf("%v %v: prints %q", c.flags, c.env, got)
		}
	}
	env := []string{"GOMAXPROCS=1", "HOME=/", "GOTRACEBACK=all", "GONB_DIR=/", "CGO_CFLAGS=-O3", "GOAMD64=v2", "CC=clang"}
	if got := toolSettings(env); !slices.Equal(got, env[4:]) {
		t.Errorf("settings of the tool chain: got %q, expected %q", got, env[4:])
	}
	b.Configure(Flags, env[:4])
	if len(b.flags)+len(b.env) > 0 {
		t.Errorf("what all programs have needs the go command: %q, %q", b.flags, b.env)
	}
}

// TestFallback damages what the direct way needs.
func TestFallback(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	f.Index.base.ToolDir = filepath.Join(t.TempDir(), "none")
	binary, err := b.Build(t.Context(), program(`"fmt"`, `fmt.Println("x")`), Program)
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, binary); got != "x\n" {
		t.Errorf("prints %q", got)
	}
}

func TestUnwritableCache(t *testing.T) {
	f := opened(t)
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	// Without the fast folder, too.
	b := New(f.Index, file, 1<<30, filepath.Join(t.TempDir(), "none"))
	binary, err := b.Build(t.Context(), program(`"fmt"`, `fmt.Println("x")`), Program)
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, binary); got != "x\n" {
		t.Errorf("prints %q", got)
	}
	if filepath.Dir(binary) != f.config.Scratch {
		t.Errorf("the program is %s, want it in %s, which goes with the kernel", binary, f.config.Scratch)
	}
}

// TestCancel ends a compiler that does not end by itself, and its children.
func TestCancel(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready")
	if out, err := exec.Command("mkfifo", ready).CombinedOutput(); err != nil {
		t.Fatalf("mkfifo: %v\n%s", err, out)
	}
	// The child holds the pipe: it is read to its end when the child is dead.
	write(t, filepath.Join(dir, "compile"), "#!/bin/sh\nsleep 600 >'"+ready+"' &\nwait\n")
	if err := os.Chmod(filepath.Join(dir, "compile"), 0o755); err != nil {
		t.Fatal(err)
	}
	f.Index.base.ToolDir = dir
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := b.Build(ctx, program(`"fmt"`, `fmt.Println("x")`), Program)
		done <- err
	}()
	pipe, err := os.Open(ready) // returns when the child runs
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n, err := pipe.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the child lives: %d, %v", n, err)
	}
	if _, err := b.Build(ctx, nil, Program); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}
