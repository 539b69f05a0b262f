package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSharedDir(t *testing.T) {
	for value, ok := range map[string]bool{"": true, "/opt/cache": true, "cache": false} {
		t.Setenv(SharedVariable, value)
		if dir, err := SharedDir(); (err == nil) != ok || ok && dir != value {
			t.Errorf("%q: got %q, %v", value, dir, err)
		}
	}
}

// stub makes a shared cache that seems prepared, with one module in it.
func stub(t *testing.T) (shared, own string) {
	t.Helper()
	shared, own = t.TempDir(), filepath.Join(t.TempDir(), "own")
	t.Setenv(SharedVariable, shared)
	t.Setenv("SPIKEBOOK_CACHE", own)
	w, err := unpack(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context()); !errors.Is(err, ErrNotPrepared) {
		t.Errorf("before it is prepared: %v", err)
	}
	write(t, filepath.Join(w.Dir, stamp), "")
	for _, tool := range []string{"gonb", "goimports"} {
		write(t, w.Tool(tool), "")
	}
	for _, name := range []string{"example.com/a@v1.0.0/a.go", "cache/download/example.com/a/@v/v1.0.0.mod", "cache/download/example.com/a/@v/list", "cache/download/example.com/a/@v/v1.0.0.lock", "cache/lock"} {
		write(t, filepath.Join(shared, modFolder, name), name)
	}
	return shared, own
}

// The cache of all is filled where the variable says and read from there; what
// a user adds goes to their own.
func TestSharedCache(t *testing.T) {
	shared, own := stub(t)
	before := snapshot(t, shared)
	w, err := Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(w.Dir, shared) || !strings.HasPrefix(w.Tool("gonb"), shared) {
		t.Errorf("the workspace is in %s, its tools in %s", w.Dir, w.Tool("gonb"))
	}
	mod := filepath.Join(own, modFolder)
	for _, want := range []string{"GOMODCACHE=" + mod, "GOCACHE=" + filepath.Join(own, goFolder)} {
		if !slices.Contains(w.Env(), want) {
			t.Errorf("no %s in the environment", want)
		}
	}
	if !slices.ContainsFunc(w.Env(), func(e string) bool {
		return strings.HasPrefix(e, "GOCACHEPROG=") && strings.HasSuffix(e, filepath.Join(own, goFolder)+" "+filepath.Join(shared, goFolder))
	}) {
		t.Error("no GOCACHEPROG that names both caches")
	}
	for name, linked := range map[string]bool{
		"example.com/a@v1.0.0": true, "cache/download/example.com/a/@v/v1.0.0.mod": true,
		"cache/download/example.com/a/@v/list": false, "cache/download/example.com/a/@v/v1.0.0.lock": false, "cache/lock": false,
	} {
		to, err := os.Readlink(filepath.Join(mod, name))
		if (err == nil) != linked || linked && to != filepath.Join(shared, modFolder, name) {
			t.Errorf("%s: leads to %q, %v", name, to, err)
		}
	}
	for _, dir := range []string{mod, filepath.Join(own, goFolder)} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v, expected a folder of the user's alone", dir, info, err)
		}
	}
	equal(t, snapshot(t, shared), before)

	// It stands elsewhere now: links follow, what the user has stays.
	write(t, filepath.Join(mod, "example.com/b@v1.0.0/b.go"), "mine")
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(shared, moved); err != nil {
		t.Fatal(err)
	}
	if err := linkModules(filepath.Join(moved, modFolder), mod, "another"); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(mod, "example.com/a@v1.0.0/a.go")); err != nil || len(data) == 0 {
		t.Errorf("after the move: %q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(mod, "example.com/b@v1.0.0/b.go")); err != nil {
		t.Error(err)
	}
	t.Setenv(SharedVariable, "")
	if _, err := RemoveCache(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(own); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removing the cache leaves %s: %v", own, err)
	}
	if _, err := os.Stat(filepath.Join(moved, modFolder, "example.com/a@v1.0.0/a.go")); err != nil {
		t.Error("removing the own cache has removed what is shared:", err)
	}
}

// Who may not write to a shared cache that is not prepared is told who may.
func TestSharedNotOurs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "") // even root makes no folder in a file
	t.Setenv(SharedVariable, filepath.Join(file, "cache"))
	t.Setenv("SPIKEBOOK_CACHE", t.TempDir())
	if _, err := Open(t.Context()); !errors.Is(err, ErrShared) || errors.Is(err, ErrCache) {
		t.Errorf("got %v, expected ErrShared", err)
	}
}
