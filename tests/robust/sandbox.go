package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"spikebook/kernel/live"
)

// sandbox is where kernels live: all that they leave behind is found.
type sandbox struct {
	dir   string
	temp  string // TMPDIR
	store string // SPIKEBOOK_SESSION_DIR
	work  string // working directory of the cells

	patience time.Duration // how long what a kernel leaves may take to end

	small bool // store is a small file system of its own, and shared is only ours
}

// diskSize is the size of the store's file system: the large values fit three
// times.
const diskSize = 32 << 20

func newSandbox() (*sandbox, error) {
	dir, err := os.MkdirTemp("", "robust-")
	if err != nil {
		return nil, err
	}
	b := &sandbox{dir: dir, temp: filepath.Join(dir, "tmp"), store: filepath.Join(dir, "store"), work: filepath.Join(dir, "work"), patience: 10 * time.Second}
	for _, dir := range []string{b.temp, b.store, b.work} {
		err = errors.Join(err, os.Mkdir(dir, 0o700))
	}
	for name, value := range map[string]string{
		"TMPDIR":          b.temp,
		"XDG_CONFIG_HOME": dir, "XDG_DATA_HOME": dir, // nothing of the user's
	} {
		err = errors.Join(err, os.Setenv(name, value))
	}
	b.small = mounts() && mountMemory(b.store, diskSize) == nil && mountMemory(shared, sharedSize) == nil
	return b, err
}

func (b *sandbox) remove() { os.RemoveAll(b.dir) }

// values is the folder with the values of the kernel that lives.
func values(stores string) (string, error) {
	found, _ := filepath.Glob(filepath.Join(stores, "spikebook-*", "values")) // the pattern is well formed
	if len(found) != 1 {
		return "", fmt.Errorf("there are %d folders of values in %s, want 1", len(found), stores)
	}
	return found[0], nil
}

// shared is where kernels put values when they may choose. They want room there.
const (
	shared     = "/dev/shm"
	sharedSize = 3 << 30
)

// choose decides whether the next kernel is told where to put its values, and
// returns the folder.
func (b *sandbox) choose(told bool) (string, error) {
	if told || !b.small {
		return b.store, os.Setenv(live.StoreVariable, b.store)
	}
	return shared, os.Unsetenv(live.StoreVariable)
}

// left returns an error if something is left of a kernel.
func (b *sandbox) left() error {
	var left []string
	for deadline := time.Now().Add(b.patience); ; time.Sleep(20 * time.Millisecond) {
		left = left[:0]
		for _, dir := range b.dirs() {
			entries, err := os.ReadDir(dir)
			if err != nil {
				return err
			}
			for _, e := range entries {
				left = append(left, filepath.Join(dir, e.Name()))
			}
		}
		for _, p := range marked("TMPDIR=" + b.temp) {
			left = append(left, fmt.Sprintf("process %d (%s)", p.pid, p.name))
		}
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%v after the end of the kernel there are still %s", b.patience, strings.Join(left, ", "))
		}
	}
}

// clear removes what a kernel that went wrong may have left.
func (b *sandbox) clear() {
	for _, p := range marked("TMPDIR=" + b.temp) {
		p.kill()
	}
	for _, dir := range b.dirs() {
		entries, _ := os.ReadDir(dir) // what cannot be removed is found by left
		for _, e := range entries {
			os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// dirs are the folders that must be empty when no kernel lives.
func (b *sandbox) dirs() []string {
	dirs := []string{b.temp, b.store}
	if b.small {
		dirs = append(dirs, shared)
	}
	return dirs
}

// fill writes a file into the store's file system that leaves so many bytes.
func (b *sandbox) fill(leave int64) (remove func(), err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(b.store, &st); err != nil {
		return nil, err
	}
	name := filepath.Join(b.store, "filler")
	size := max(int64(st.Bavail)*int64(st.Bsize)-leave, 0)
	err = os.WriteFile(name, make([]byte, size), 0o600)
	return func() { os.Remove(name) }, err
}
