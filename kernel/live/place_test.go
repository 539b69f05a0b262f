package live

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestPlace(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv(StoreVariable, tmp)
	left := filepath.Join(tmp, placePrefix+"left") // by a kernel that was killed
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, lockFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unfinished := filepath.Join(tmp, newPrefix+"left")
	if err := os.Mkdir(unfinished, 0o700); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(unfinished, old, old); err != nil {
		t.Fatal(err)
	}
	p, err := NewPlace()
	if err != nil {
		t.Fatal(err)
	}
	if exists(left) || exists(unfinished) {
		t.Error("what a dead kernel left is still there")
	}
	for _, dir := range p.Folders() {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v, want mode 0700", dir, info, err)
		}
	}
	q, err := NewPlace()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range p.Folders() {
		if !exists(dir) {
			t.Errorf("a second kernel has removed %s of the first", dir)
		}
	}
	p.Remove()
	q.Remove()
	if rest, err := os.ReadDir(tmp); err != nil || len(rest) > 0 {
		t.Errorf("left: %v, %v", rest, err)
	}
}

// TestPlaceIsNotSwept makes folders while other kernels start, which look for
// the folders of dead ones.
func TestPlaceIsNotSwept(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv(StoreVariable, tmp)
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					sweep(tmp)
				}
			}
		})
	}
	for range 500 {
		p, err := NewPlace()
		if err != nil {
			t.Error(err)
			break
		}
		for _, dir := range p.Folders() {
			if !exists(filepath.Join(dir, lockFile)) {
				t.Errorf("%s was removed", dir)
			}
		}
		p.Remove()
	}
	close(stop)
	others.Wait()
}

func TestPlaceThatCannotBeWritten(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv(StoreVariable, filepath.Join(tmp, "missing"))
	if p, err := NewPlace(); err == nil {
		p.Remove()
		t.Error("values would be kept in a folder that is not there")
	}
	if rest, err := os.ReadDir(tmp); err != nil || len(rest) > 0 {
		t.Errorf("left: %v, %v", rest, err)
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 1 << 30: "1.0 GiB", 1 << 50: "1024.0 TiB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d: got %s, want %s", bytes, got, want)
		}
	}
}

func TestBound(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := bound(dir, 2); err != nil {
		t.Fatal(err)
	}
	if rest, err := os.ReadDir(dir); err != nil || len(rest) != 2 {
		t.Errorf("%d files are left, %v, want 2", len(rest), err)
	}
}
