package build

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"spikebook/kernel/atomicfile"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestBinaries fills the folder beyond its limit.
func TestBinaries(t *testing.T) {
	c := binaries{dir: filepath.Join(t.TempDir(), "cells"), limit: 250, starting: time.Minute}
	from := t.TempDir()
	add := func(key string, age time.Duration) {
		t.Helper()
		program := filepath.Join(from, key)
		write(t, program, strings.Repeat("x", 100))
		binary, err := c.add(key, program)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(binary, at, at); err != nil {
			t.Fatal(err)
		}
	}
	add("oldest", 3*time.Hour)
	add("older", 2*time.Hour)
	if _, ok := c.find("oldest"); !ok { // which makes it the one that was used last
		t.Error("oldest is not found")
	}
	write(t, filepath.Join(c.dir, atomicfile.Unfinished+"1"), "being written")
	write(t, filepath.Join(c.dir, atomicfile.Unfinished+"2"), "left by a kernel that was killed")
	at := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(filepath.Join(c.dir, atomicfile.Unfinished+"2"), at, at); err != nil {
		t.Fatal(err)
	}
	add("new", 0)
	for name, want := range map[string]bool{"oldest": true, "older": false, "new": true, atomicfile.Unfinished + "1": true, atomicfile.Unfinished + "2": false} {
		if _, err := os.Stat(filepath.Join(c.dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.limit = 10 // less than one program
	add("large", 0)
	if _, ok := c.find("large"); !ok {
		t.Error("a program that is larger than the limit is gone before it has run")
	}
	if _, ok := c.find("new"); !ok {
		t.Error("a program that another kernel has just found is gone before it has run")
	}
	if _, ok := c.find("oldest"); !ok {
		t.Error("a program that was found is gone before it has run")
	}
}

// TestSharedBinaries lets several kernels add and remove at the same time.
func TestSharedBinaries(t *testing.T) {
	c := binaries{dir: filepath.Join(t.TempDir(), "cells"), limit: 300}
	from := t.TempDir()
	var wg sync.WaitGroup
	for kernel := range 4 {
		wg.Go(func() {
			for i := range 30 {
				key := fmt.Sprint(i % 7)
				program := filepath.Join(from, fmt.Sprint(kernel, "-", i))
				if err := os.WriteFile(program, []byte(strings.Repeat(key, 100)), 0o755); err != nil {
					t.Error(err)
				}
				if _, err := c.add(key, program); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(c.dir)
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return e.Name() == lockFile })
	if err != nil || len(entries) == 0 || len(entries) > 3 {
		t.Errorf("%d programs are left, %v", len(entries), err)
	}
	for _, e := range entries {
		if data, err := os.ReadFile(filepath.Join(c.dir, e.Name())); string(data) != strings.Repeat(e.Name(), 100) {
			t.Errorf("%s holds %q, %v", e.Name(), data, err)
		}
	}
}

// TestMoveAcrossDisks moves to another file system, if there is one.
func TestMoveAcrossDisks(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "move-")
	if err != nil {
		dir = t.TempDir()
	}
	defer os.RemoveAll(dir)
	from, to := filepath.Join(dir, "program"), filepath.Join(t.TempDir(), "program")
	write(t, from, "program")
	if err := os.Chmod(from, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := move(from, to); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil || info.Mode().Perm()&0o100 == 0 || info.Size() != 7 {
		t.Errorf("%v, %v", info, err)
	}
	if err := move(filepath.Join(dir, "none"), to); err == nil || !strings.Contains(err.Error(), syscall.ENOENT.Error()) {
		t.Errorf("moving nothing: %v", err)
	}
}
