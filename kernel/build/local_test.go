package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// say builds a program that prints what a local package says, and runs it.
func (f *fixture) say(t *testing.T, b *Builder, path, call string) (string, error) {
	t.Helper()
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Import(path); err != nil {
		return "", err
	}
	binary, err := b.Build(t.Context(), program("\"fmt\"\nm \""+path+"\"", "fmt.Print(m."+call+")"), Program)
	if err != nil {
		return "", err
	}
	return output(t, binary), nil
}

// TestLocal imports packages from beside the notebook, with the go command and
// without.
func TestLocal(t *testing.T) {
	f := opened(t)
	b := f.builder(t)
	at := func(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }
	write(t, at("mymodels/a.go"), "package mymodels\n\nimport \"example.com/base\"\n\nfunc Say() string { return \"one \" + base.Greet() }\n")
	write(t, at("project/go.mod"), "module example.org/project\n\ngo 1.26.0\n")
	write(t, at("project/models/m.go"), "package models\n\nimport \"example.org/project/internal/text\"\n\nfunc Say() string { return text.Text }\n")
	write(t, at("project/internal/text/t.go"), "package text\n\nimport _ \"embed\"\n\n//go:embed t.txt\nvar Text string\n")
	write(t, at("project/internal/text/t.txt"), "embedded")
	write(t, at("project/notebooks/x/x.go"), "package x\n\nfunc Say() string { return \"x\" }\n")
	top := f.dir
	for _, c := range []struct{ name, cwd, path, want string }{
		{"loose", ".", "./mymodels", "one base"},
		{"from a folder beside it", "project", "../mymodels", "one base"},
		{"of a module, relative", ".", "./project/models", "embedded"},
		{"of the notebook's module, by path", "project/notebooks", "example.org/project/models", "embedded"},
		{"of the notebook's module, relative", "project/notebooks", "./x", "x"},
	} {
		f.dir = filepath.Join(top, filepath.FromSlash(c.cwd))
		for _, flags := range [][]string{nil, {"-v"}} {
			b.Configure(flags, nil)
			if got, err := f.say(t, b, c.path, "Say()"); err != nil || got != c.want {
				t.Errorf("%s with flags %v: got %q, %v; expected %q", c.name, flags, got, err, c.want)
			}
		}
	}
	f.dir = top
	b.Configure(nil, nil)
	if _, err := os.Stat(at("mymodels/go.mod")); err == nil {
		t.Error("a go.mod was written beside the user's files")
	}

	t.Run("changed", func(t *testing.T) {
		if _, err := f.say(t, b, "./mymodels", "Say()"); err != nil {
			t.Fatal(err)
		}
		before, _ := f.Import("./mymodels")
		if err := f.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if same, _ := f.Import("./mymodels"); same != before {
			t.Error("types are renewed although nothing has changed")
		}
		write(t, at("mymodels/b.go"), "package mymodels\n\nfunc New() int { return 2 }\n")
		if got, err := f.say(t, b, "./mymodels", "New()"); err != nil || got != "2" {
			t.Errorf("a new file: got %q, %v", got, err)
		}
		write(t, at("mymodels/b.go"), "package mymodels\n\nfunc New() int { return 3 }\n")
		if got, err := f.say(t, b, "./mymodels", "New()"); err != nil || got != "3" {
			t.Errorf("an edited file: got %q, %v", got, err)
		}
		if got, err := f.say(t, b, "./project/models", "Say()"); err != nil || got != "embedded" {
			t.Fatalf("got %q, %v", got, err)
		}
		write(t, at("project/internal/text/t.txt"), "edited")
		if got, err := f.say(t, b, "./project/models", "Say()"); err != nil || got != "edited" {
			t.Errorf("an embedded file that is edited: got %q, %v", got, err)
		}
	})

	t.Run("broken", func(t *testing.T) {
		write(t, at("mymodels/b.go"), "package mymodels\n\nfunc New() int { return x }\n")
		_, err := f.say(t, b, "./mymodels", "New()")
		if err == nil || !strings.Contains(err.Error(), "does not compile") || !strings.Contains(err.Error(), "b.go:3:25: undefined: x") {
			t.Errorf("got %v", err)
		}
		write(t, at("mymodels/b.go"), "package mymodels\n\nimport _ \"example.com/none\"\n")
		_, err = f.say(t, b, "./mymodels", "Say()")
		if err == nil || !strings.Contains(err.Error(), "no package example.com/none: run !*go get example.com/none@latest") {
			t.Errorf("got %v", err)
		}
		if err := os.RemoveAll(at("mymodels")); err != nil {
			t.Fatal(err)
		}
		if _, err := f.say(t, b, "./mymodels", "Say()"); err == nil || !strings.Contains(err.Error(), "no Go files") {
			t.Errorf("a folder that is gone: %v", err)
		}
		if got, err := f.say(t, b, "./project/models", "Say()"); err != nil || got != "edited" {
			t.Errorf("another package then: got %q, %v", got, err)
		}
		write(t, at("tool/main.go"), "package main\n\nfunc main() {}\n")
		if _, err := f.say(t, b, "./tool", "Say()"); err == nil || !strings.Contains(err.Error(), "is a program") {
			t.Errorf("a program: %v", err)
		}
	})
}

// TestLocalByPath imports local packages by their own paths, as a notebook does
// that remembers a type: when files have changed, and in its next kernel.
func TestLocalByPath(t *testing.T) {
	f := opened(t)
	top := f.dir
	source := func(name, say string) {
		t.Helper()
		text := "package " + filepath.Base(filepath.Dir(name)) + "\n\nfunc Say() string { return \"" + say + "\" }\n"
		write(t, filepath.Join(top, filepath.FromSlash(name)), text)
	}
	write(t, filepath.Join(top, "project", "go.mod"), "module example.org/project\n\ngo 1.26.0\n")
	for _, c := range []struct{ name, cwd, written, path, source string }{
		{"loose", ".", "./mymodels", "notebook/mymodels", "mymodels/m.go"},
		{"a folder up", "project", "../mymodels", "notebook/~up/mymodels", "mymodels/m.go"},
		{"deep", ".", "./a/../a/deep", "notebook/a/deep", "a/deep/m.go"},
		{"the folder itself", "work", ".", "notebook", "work/m.go"},
		{"of a module", ".", "./project/models", "example.org/project/models", "project/models/m.go"},
		{"of a module beside it", "work", "../project/models", "example.org/project/models", "project/models/m.go"},
	} {
		f.dir = filepath.Join(top, filepath.FromSlash(c.cwd))
		source(c.source, "one")
		if err := f.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p, err := f.Import(c.written); err != nil || p.Path() != c.path {
			t.Fatalf("%s: got %v, %v; expected %s", c.name, p, err, c.path)
		}
		source(c.source, "two")
		next := *f
		var err error
		if next.Index, err = Open(t.Context(), f.config); err != nil {
			t.Fatal(err)
		}
		for kernel, g := range map[string]*fixture{"the same": f, "the next": &next} {
			b := g.builder(t)
			for _, path := range []string{c.path, c.written} {
				if got, err := g.say(t, b, path, "Say()"); err != nil || got != "two" {
					t.Errorf("%s: %s in %s kernel: got %q, %v", c.name, path, kernel, got, err)
				}
			}
		}
	}
	// Another working directory: what is remembered stays what it was.
	f.dir = filepath.Join(top, "elsewhere")
	if got, err := f.say(t, f.builder(t), "notebook/a/deep", "Say()"); err != nil || got != "two" {
		t.Errorf("after %%cd: got %q, %v", got, err)
	}
}
