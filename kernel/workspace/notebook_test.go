package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"spikebook/kernel/atomicfile"
	"strings"
	"testing"
	"time"
)

// module is the go.mod that Preload copies.
func preloaded(t *testing.T, w *Workspace, key string) (mod, sum string) {
	t.Helper()
	dir, ok := w.notebookModule(key)
	if !ok {
		dir = filepath.Join(w.Dir, "cell")
	}
	if cell := w.Preload(key); !strings.Contains(cell, strings.ReplaceAll(filepath.Join(dir, "go.mod"), "'", `'\''`)) {
		t.Fatalf("the preload %q does not copy the go.mod of %s", cell, dir)
	}
	text := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return text("go.mod"), text("go.sum")
}

// liveModule makes a folder like GoNB's, with the cells' go.mod in it.
func liveModule(t *testing.T, w *Workspace) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(w.Dir, "cell", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(data))
	}
	return dir
}

func edit(t *testing.T, w *Workspace, dir string, args ...string) {
	t.Helper()
	if _, err := w.Go.Run(t.Context(), dir, append([]string{"mod", "edit"}, args...)...); err != nil {
		t.Fatal(err)
	}
}

func TestSaveModule(t *testing.T) {
	w := opened(t)
	live := liveModule(t, w)
	before, _ := preloaded(t, w, "n.ipynb")
	outside, gone := t.TempDir(), t.TempDir()
	edit(t, w, live,
		"-require=example.com/extra@v1.2.3", "-require=gonum.org/v1/gonum@v0.99.0", "-require=github.com/pkg/errors@v0.1.0",
		"-replace=example.com/outside="+outside, "-require=example.com/outside@v0.0.0",
		"-replace=example.com/gone="+gone, "-require=example.com/gone@v0.0.0",
		"-replace=example.com/inside=./inside", "-require=example.com/inside@v0.0.0")
	write(t, filepath.Join(live, "go.sum"), "example.com/extra v1.2.3 h1:x=\n")
	if err := w.SaveModule("n.ipynb", live); err != nil {
		t.Fatal(err)
	}
	if kept, err := notebookDir("n.ipynb"); err != nil {
		t.Error(err)
	} else if info, err := os.Stat(filepath.Dir(kept)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of what notebooks need: %v, %v, expected one of the user's alone", info, err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	// As in the next version of spikebook, which lies elsewhere.
	moved := *w
	moved.Dir = filepath.Join(t.TempDir(), "moved")
	cell, err := os.ReadFile(filepath.Join(w.Dir, "cell", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(moved.Dir, "cell", "go.mod"), strings.ReplaceAll(string(cell), quoteMod(w.Dir), quoteMod(moved.Dir)))
	write(t, filepath.Join(moved.Dir, "cell", "go.sum"), "example.com/new v1.0.0 h1:y=\n")

	for range 2 { // the second kernel finds what the first has made to fit
		mod, sum := preloaded(t, &moved, "n.ipynb")
		got := requirements([]byte(mod))
		for path, want := range map[string]string{
			"example.com/extra": "v1.2.3", "gonum.org/v1/gonum": "v0.99.0", "github.com/pkg/errors": "v0.9.1",
			"example.com/outside": "v0.0.0", "example.com/gone": "", Module: "v0.0.0",
		} {
			if got[path] != want {
				t.Errorf("%s: got version %q, expected %q", path, got[path], want)
			}
		}
		for text, want := range map[string]bool{quoteMod(moved.Dir): true, outside: true, quoteMod(w.Dir): false, "./inside": false, gone: false} {
			if strings.Contains(mod, text) != want {
				t.Errorf("that %s is in the go.mod is not %v:\n%s", text, want, mod)
			}
		}
		for _, line := range []string{"example.com/extra v1.2.3 h1:x=\n", "example.com/new v1.0.0 h1:y=\n"} {
			if strings.Count(sum, line) != 1 {
				t.Errorf("%q stands %d times in go.sum", line, strings.Count(sum, line))
			}
		}
	}
	if other, _ := preloaded(t, w, "other.ipynb"); other != before {
		t.Error("another notebook has another go.mod")
	}
	// After `%reset go.mod` and the preload there is nothing to be kept.
	if err := w.SaveModule("n.ipynb", liveModule(t, w)); err != nil {
		t.Fatal(err)
	}
	if mod, _ := preloaded(t, w, "n.ipynb"); mod != before {
		t.Errorf("what was taken back is kept:\n%s", mod)
	}
}

func TestSaveModuleErrors(t *testing.T) {
	w := opened(t)
	live := t.TempDir()
	if err := w.SaveModule("n", live); err == nil || !strings.Contains(err.Error(), "go.mod is not kept") {
		t.Errorf("without a go.mod: %v", err)
	}
	write(t, filepath.Join(live, "go.mod"), "module x\nrequire ?\n")
	if err := w.SaveModule("n", live); err == nil || !strings.Contains(err.Error(), "go.mod is not kept") {
		t.Errorf("with a broken go.mod: %v", err)
	}
	dir, err := notebookDir("n")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.mod"), "module x\nrequire ?\n")
	if _, ok := w.notebookModule("n"); ok {
		t.Error("a broken go.mod is used")
	}
}

func TestNotebooksAreBounded(t *testing.T) {
	w := opened(t)
	live := liveModule(t, w)
	edit(t, w, live, "-require=example.com/extra@v1.2.3")
	for i := range maxNotebooks + 3 {
		key := fmt.Sprint(i)
		if err := w.SaveModule(key, live); err != nil {
			t.Fatal(err)
		}
		dir, err := notebookDir(key)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Duration(i-1000) * time.Second)
		if err := os.Chtimes(dir, at, at); err != nil && i != maxNotebooks {
			t.Fatal(err)
		}
	}
	for i, want := range map[int]bool{0: false, 1: false, 2: false, 3: true, maxNotebooks + 2: true} {
		if _, ok := w.notebookModule(fmt.Sprint(i)); ok != want {
			t.Errorf("notebook %d: kept is not %v", i, want)
		}
	}
}

// TestRemoveCacheSpares removes what is ours from folders with common names.
func TestRemoveCacheSpares(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("SPIKEBOOK_CACHE", cache)
	ours := []string{"cells/0123456789abcdef0123456789abcdef", "cells/" + atomicfile.Unfinished + "1", "notebooks/0123456789abcdef/go.mod"}
	theirs := []string{"notebooks/mine.ipynb", "notebooks/letters/x"}
	for _, name := range append(ours, theirs...) {
		write(t, filepath.Join(cache, name), "")
	}
	if _, err := RemoveCache(); err != nil {
		t.Fatal(err)
	}
	left := snapshot(t, cache)
	equal(t, left, map[string]string{theirs[0]: "", theirs[1]: ""})
	if _, err := os.Stat(filepath.Join(cache, "cells")); err == nil {
		t.Error("an empty folder is left")
	}
}
