package session

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// disk is how commits touch the file system, so that tests can let any of its operations fail.
var disk = struct {
	write  func(file string, b []byte) error
	rename func(from, to string) error
	read   func(file string) ([]byte, error)
	remove func(file string) error
}{
	func(file string, b []byte) error { return os.WriteFile(file, b, 0o600) },
	os.Rename,
	os.ReadFile,
	os.Remove,
}

// Failed is the error for a store that cannot be written.
type Failed struct {
	Dir string
	Err error
}

func (e *Failed) Error() string {
	cure := "make the folder writable and run the cell again"
	if errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT) {
		cure = "the disk is full: free some space, for instance with %session forget NAME, and run the cell again"
	}
	return fmt.Sprintf("the cell's variables could not be stored in %s: %v; they are as before the cell; %s", e.Dir, e.Err, cure)
}

func (e *Failed) Unwrap() error { return e.Err }

// files lists what a manifest names, itself included.
func (m *manifest) files() map[string]bool {
	names := map[string]bool{manifestFile: true}
	for _, c := range m.comps {
		if c.file != "" {
			names[c.file] = true
		}
		for _, f := range c.files {
			names[f] = true
		}
	}
	return names
}

// sweep deletes the files that the manifest does not name. What cannot be deleted now will be the next time.
func sweep(dir string, m *manifest) {
	keep := m.files()
	list, _ := os.ReadDir(dir)
	for _, f := range list {
		if !keep[f.Name()] {
			disk.remove(filepath.Join(dir, f.Name()))
		}
	}
}

const fullSweep = 16 // commits; a commit that was killed leaves files that no manifest ever named

// sweepAfter deletes what the commit that made next replaced.
func sweepAfter(dir string, last, next *manifest) {
	if next.gen%fullSweep == 0 {
		sweep(dir, next)
		return
	}
	keep := next.files()
	for f := range last.files() {
		if !keep[f] {
			disk.remove(filepath.Join(dir, f))
		}
	}
}
