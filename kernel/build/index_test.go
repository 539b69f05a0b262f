package build

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestImport(t *testing.T) {
	f := opened(t)
	var wg sync.WaitGroup
	for range 4 { // a completion may ask while a cell is compiled
		wg.Go(func() {
			for path, name := range map[string]string{"fmt": "Println", "example.com/base": "Greet", "math/rand": "Intn", "unsafe": "Pointer", "example.com/base/rand": "Four"} {
				p, err := f.Import(path)
				if err != nil {
					t.Error(err)
				} else if p.Path() != path || !p.Complete() || p.Scope().Lookup(name) == nil {
					t.Errorf("%s: got %v without %s", path, p, name)
				}
			}
		})
	}
	wg.Wait()
	a, _ := f.Import("fmt")
	b, _ := f.Import("fmt")
	if a != b {
		t.Error("a second import gives another package")
	}
	if dir := f.Source("example.com/base"); filepath.Base(dir) != "base" || f.Source("none") != "" {
		t.Errorf("source of base in %q, of none in %q", dir, f.Source("none"))
	}
	greet, _ := f.Import("example.com/base")
	if at := f.Fset().Position(greet.Scope().Lookup("Greet").Pos()); filepath.Base(at.Filename) != "base.go" || at.Line != 3 {
		t.Errorf("Greet is said to be at %v", at)
	}
}

func TestMissingPackages(t *testing.T) {
	f := opened(t)
	start := time.Now()
	for path, want := range map[string]string{
		"example.com/none":      "no package example.com/none: run !*go get example.com/none@latest",
		"rand":                  "no package rand: is it ",
		"mymodels":              `no package mymodels in Go's library: a package of this folder is imported as "./mymodels"`,
		"./mymodels":            "no package ./mymodels: there are no Go files in " + filepath.Join(f.dir, "mymodels"),
		"example.com/base/none": "no package example.com/base/none: ",
	} {
		for range 2 {
			_, err := f.Import(path)
			if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: got %v, expected %q", path, err, want)
			}
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v: is the go command asked each time?", d)
	}
	if _, err := f.builder(t).Build(t.Context(), program("_ \"example.com/none\"", ""), Program); err == nil || !strings.Contains(err.Error(), "!*go get") {
		t.Errorf("building: %v", err)
	}
}

func TestCandidates(t *testing.T) {
	f := opened(t)
	f.Index.c.Preload = []string{"example.com/base/rand"}
	for name, want := range map[string][]string{
		"rand": {"example.com/base/rand", "math/rand", "crypto/rand"},
		"fmt":  {"fmt"}, "base": {"example.com/base"}, "none": nil, "abi": nil, "main": nil,
	} {
		if got := f.Candidates(name); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, expected %q", name, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	f := opened(t)
	again := f.config
	before, err := os.Stat(f.config.File)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(f.config.File)
	if err != nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("the table was made again: %v", err)
	}
	for name, damage := range map[string]func(){
		"settings":  func() { again.Go.Env = append(slices.Clone(again.Go.Env), "GOENV=off") },
		"cut off":   func() { write(t, f.config.File, "{") },
		"not there": func() { os.Remove(f.config.File) },
	} {
		damage()
		x, err := Open(t.Context(), again)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := x.Import("fmt"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := readTable(f.config.File, fingerprint(again.Go, again.Module, again.Roots)); !ok {
			t.Errorf("%s: the table was not written again", name)
		}
	}
	again.Module = t.TempDir()
	write(t, filepath.Join(again.Module, "go.mod"), "module x\n\nrequire example.com/none v1.0.0\n")
	again.File = filepath.Join(t.TempDir(), "table")
	if _, err := Open(t.Context(), again); err == nil {
		t.Error("no error for a module whose packages are missing")
	}
}

// TestCacheIsTrimmed takes export data away, as the go command does.
func TestCacheIsTrimmed(t *testing.T) {
	f := opened(t)
	lose := func(path string) {
		p := *f.Index.pkgs[path] // the table shares it
		p.Export = filepath.Join(t.TempDir(), "gone")
		f.Index.pkgs[path] = &p
		for i, q := range f.Index.base.packages {
			if q.Path == path {
				f.Index.base.packages[i] = &p
			}
		}
	}
	lose("fmt")
	if _, err := f.Import("fmt"); err != nil {
		t.Errorf("import: %v", err)
	}
	lose("errors") // needed by fmt
	lose("runtime")
	if _, err := f.builder(t).Build(t.Context(), program(`"fmt"`, "fmt.Println()"), Program); err != nil {
		t.Errorf("build: %v", err)
	}
	lose("example.com/base")
	if err := f.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	x, err := Open(t.Context(), f.config)
	if err != nil {
		t.Fatal(err)
	}
	if p := x.pkgs["example.com/base"]; !x.exists(p) || !f.exists(f.Index.pkgs["example.com/base"]) {
		t.Errorf("the table has %s still", p.Export)
	}
}

func TestKeepTouches(t *testing.T) {
	f := opened(t)
	data, err := os.ReadFile(f.Index.pkgs["fmt"].Export)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "export")
	write(t, file, string(data))
	old := time.Now().Add(-100 * time.Hour)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	f.Index.pkgs["fmt"].Export = file
	if err := f.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || time.Since(info.ModTime()) > time.Hour {
		t.Errorf("%v, %v", info, err)
	}
}

// TestInterrupt ends a go command that an import waits for.
func TestInterrupt(t *testing.T) {
	f := opened(t)
	started := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- f.run(func(ctx context.Context) error {
			close(started)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	<-started
	f.Interrupt()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	f.Interrupt() // nothing runs
}

func BenchmarkOpen(b *testing.B) {
	f := opened(b)
	f.config.Roots = []string{"std"}
	f.config.File = filepath.Join(b.TempDir(), "table")
	for b.Loop() {
		if _, err := Open(b.Context(), f.config); err != nil {
			b.Fatal(err)
		}
	}
}
