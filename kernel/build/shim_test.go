package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestShims calls the shims as GoNB does, and as a user's cell might.
func TestShims(t *testing.T) {
	top := filepath.Join(t.TempDir(), `it's "a" $test`)
	real := func(name string) string {
		file := filepath.Join(top, "real", name)
		write(t, file, "#!/bin/sh\necho "+name+" \"$#\" \"$@\"\nexit 3\n")
		if err := os.Chmod(file, 0o755); err != nil {
			t.Fatal(err)
		}
		return file
	}
	shims, run := filepath.Join(top, "shims"), filepath.Join(top, "run")
	if err := WriteShims(shims, real("go"), real("goimports")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(run, 0o755); err != nil {
		t.Fatal(err)
	}
	binary, out := filepath.Join(top, "pro gram"), filepath.Join(top, "gonb_1", "gonb 1")
	write(t, binary, "#!/bin/sh\necho prepared\n")
	if err := os.Chmod(binary, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(out), 0o755); err != nil {
		t.Fatal(err)
	}
	call := func(env string, program string, args ...string) (string, int) {
		cmd := exec.Command(filepath.Join(shims, program), args...)
		cmd.Env = append(os.Environ(), RunVariable+"="+env)
		text, _ := cmd.CombinedOutput() // the exit status says it
		return string(text), cmd.ProcessState.ExitCode()
	}
	passed := func(text string) bool { return strings.HasPrefix(text, "go") }

	for _, c := range []struct {
		name    string
		armed   bool
		program string
		args    []string
		passes  bool // to the real program
		links   bool
	}{
		{"build", true, "go", []string{"build", "-o", out, "-ldflags=-s -w"}, false, true},
		{"test", true, "go", []string{"test", "-c", "-o", out}, false, true},
		{"goimports", true, "goimports", []string{"-w", "main.go"}, false, false},
		{"autoget", true, "go", []string{"get"}, false, false},
		{"autoget of tests", true, "go", []string{"get", "-t"}, false, false},
		{"get", true, "go", []string{"get", "x@latest"}, true, false},
		{"other", true, "go", []string{"list", "a b", ""}, true, false},
		{"no output", true, "go", []string{"build", "-o"}, true, false},
		{"version", true, "go", nil, true, false},
		{"build, not armed", false, "go", []string{"build", "-o", out}, true, false},
		{"goimports, not armed", false, "goimports", []string{"-w", "main.go"}, true, false},
	} {
		if err := Disarm(run); err != nil {
			t.Fatal(err)
		}
		os.Remove(out)
		if c.armed {
			if err := Arm(run, binary); err != nil {
				t.Fatal(err)
			}
		}
		text, status := call(run, c.program, c.args...)
		if passed(text) != c.passes || (status == 3) != c.passes {
			t.Errorf("%s: prints %q, status %d", c.name, text, status)
		}
		if c.passes && !strings.Contains(text, strings.Join(c.args, " ")) {
			t.Errorf("%s: the arguments arrive as %q", c.name, text)
		}
		if to, err := os.Readlink(out); (err == nil) != c.links || c.links && to != binary {
			t.Errorf("%s: the link leads to %q, %v", c.name, to, err)
		}
		if c.links {
			if got := output(t, out); got != "prepared\n" {
				t.Errorf("%s: prints %q", c.name, got)
			}
			if text, _ := call(run, "go", "build", "-o", out); !passed(text) {
				t.Errorf("%s: a second build is answered, too: %q", c.name, text)
			}
		}
	}

	// What is there already is replaced, a link as well as a file.
	for range 2 {
		if err := Arm(run, binary); err != nil {
			t.Fatal(err)
		}
		if text, status := call(run, "go", "build", "-o", out); status != 0 {
			t.Errorf("prints %q, status %d", text, status)
		}
	}
	if text, _ := call("", "go", "build", "-o", out); !passed(text) {
		t.Errorf("without %s: %q", RunVariable, text)
	}
	if err := Arm(run, "a\nb"); err == nil {
		t.Error("a path with a line break is accepted")
	}
}

func BenchmarkShim(b *testing.B) {
	dir := b.TempDir()
	if err := WriteShims(dir, "/none/go", "/none/goimports"); err != nil {
		b.Fatal(err)
	}
	b.Setenv(RunVariable, dir)
	for b.Loop() {
		if err := Arm(dir, "/none/program"); err != nil {
			b.Fatal(err)
		}
		if err := exec.Command(filepath.Join(dir, "go"), "build", "-o", filepath.Join(dir, "out")).Run(); err != nil {
			b.Fatal(err)
		}
	}
}
