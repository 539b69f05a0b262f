package build

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// proxy makes a folder from which the go command can get one module.
func proxy(t *testing.T, module, version string, files map[string]string) (url string) {
	t.Helper()
	dir := t.TempDir()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, text := range files {
		w, err := z.Create(module + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, filepath.FromSlash(module), "@v", version)
	write(t, at+".info", `{"Version":"`+version+`","Time":"2026-01-01T00:00:00Z"}`)
	write(t, at+".mod", files["go.mod"])
	write(t, at+".zip", archive.String())
	return "file://" + filepath.ToSlash(dir)
}

// TestGoGet adds a module to the notebook's go.mod while the index is in use.
func TestGoGet(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	url := proxy(t, "example.com/extra", "v1.2.3", map[string]string{
		"go.mod":     "module example.com/extra\n\ngo 1.26.0\n",
		"extra.go":   "package extra\n\nimport _ \"embed\"\n\nfunc Name() string { return \"extra\" }\n",
		"deep/in.go": "package in\n\nconst X = 1\n",
	})
	cache := t.TempDir()
	f.Index.c.Go.Env = append(f.Index.c.Go.Env, "GOPROXY="+url, "GOMODCACHE="+cache, "GOSUMDB=off", "GOFLAGS=-modcacherw")
	files := program("\"fmt\"\n\"example.com/extra\"", "fmt.Println(extra.Name())")
	if _, err := b.Build(t.Context(), files, Program); err == nil || !strings.Contains(err.Error(), "run !*go get example.com/extra@latest") {
		t.Fatalf("before: %v", err)
	}
	if f.Candidates("extra") != nil {
		t.Error("extra is a candidate before")
	}
	if _, err := f.Index.c.Go.run(t.Context(), f.live, nil, "get", "example.com/extra@v1.2.3"); err != nil {
		t.Fatal(err)
	}
	before, err := f.Import("fmt")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"extra": "example.com/extra", "in": "example.com/extra/deep"} {
		if got := f.Candidates(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: candidates %q, expected %s", name, got, want)
		}
	}
	binary, err := b.Build(t.Context(), files, Program)
	if err != nil {
		t.Fatal(err)
	}
	if got := output(t, binary); got != "extra\n" {
		t.Errorf("prints %q", got)
	}
	after, _ := f.Import("fmt")
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, _ := f.Import("fmt"); again != after || after == before {
		t.Error("types are not renewed with the go.mod, and only then")
	}
	if _, err := f.Import("example.com/extra/none"); err == nil || !strings.HasPrefix(err.Error(), "no package example.com/extra/none") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a package that the module lacks: %v", err)
	}
}

// TestOtherVersion replaces a module that the table was made with.
func TestOtherVersion(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	files := program("\"fmt\"\n\"example.com/base\"", "fmt.Println(base.Greet())")
	first, err := b.Build(t.Context(), files, Program)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(filepath.Dir(f.live), "other")
	write(t, filepath.Join(other, "go.mod"), "module example.com/base\n\ngo 1.26.0\n")
	write(t, filepath.Join(other, "base.go"), "package base\n\nfunc Greet() string { return \"other\" }\n")
	mod, err := os.ReadFile(filepath.Join(f.live, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(f.live, "go.mod"), strings.ReplaceAll(string(mod), "../base", "../other"))
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, err := b.Build(t.Context(), files, Program)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := output(t, first), output(t, second); a != "base\n" || b != "other\n" {
		t.Errorf("prints %q, then %q", a, b)
	}
	// And back, as after `%reset go.mod`.
	write(t, filepath.Join(f.live, "go.mod"), string(mod))
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if third, err := b.Build(t.Context(), files, Program); err != nil || third != first {
		t.Errorf("got %s, %v; expected %s", third, err, first)
	}
}

func TestBrokenModule(t *testing.T) {
	f := opened(t)
	write(t, filepath.Join(f.live, "go.mod"), "module cell\n\ngo 1.26.0\n\nrequire example.com/base v1.0.0\n\nreplace example.com/base => ../none\n")
	if err := f.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "go.mod") {
		t.Errorf("got %v", err)
	}
	write(t, filepath.Join(f.live, "go.mod"), cellMod)
	if err := f.Refresh(t.Context()); err != nil {
		t.Errorf("when it is whole again: %v", err)
	}
	f.live = filepath.Join(f.live, "gone") // GoNB has not made it yet
	if err := f.Refresh(t.Context()); err != nil {
		t.Errorf("without a go.mod: %v", err)
	}
	if _, err := f.Import("example.com/base"); err != nil {
		t.Error(err)
	}
}

// TestCgo says what a package that is written with C needs.
func TestCgo(t *testing.T) {
	f := opened(t)
	write(t, filepath.Join(filepath.Dir(f.live), "base", "c", "c.go"), "package c\n\nimport \"C\"\n")
	if _, err := f.Import("example.com/base/c"); err == nil || !strings.Contains(err.Error(), "%env CGO_ENABLED 1") {
		t.Errorf("got %v", err)
	}
}
