// Package atomicfile writes files that appear whole or not at all, whatever
// other processes do at the same time. It survives the death of a process, not
// a power cut: what it writes can be made again.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Unfinished begins the names of files that a process may be writing. The go
// command ignores files whose names begin with a dot.
const Unfinished = ".new-"

// Write writes a file into a folder that is there.
func Write(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), Unfinished)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
