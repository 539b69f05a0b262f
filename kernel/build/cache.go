package build

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"spikebook/kernel/atomicfile"
	"strings"
	"syscall"
	"time"
)

// binaries is the folder of programs that were built, by key. Several kernels
// use it at a time; what was used last is kept.
type binaries struct {
	dir   string
	limit int64 // bytes
	// A program that was found or added so recently may not have been started
	// yet: no kernel removes it.
	starting time.Duration
}

// find looks for a program, which stays there for long enough to be started.
func (c *binaries) find(key string) (binary string, ok bool) {
	unlock, err := c.lock(syscall.LOCK_SH)
	if err != nil {
		return "", false
	}
	defer unlock()
	binary = filepath.Join(c.dir, key)
	now := time.Now()
	// The time says when it was used last.
	return binary, os.Chtimes(binary, now, now) == nil
}

// lock keeps what one kernel finds from being what another removes meanwhile.
func (c *binaries) lock(how int) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(c.dir, lockFile), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if err == nil {
			return f.Close, nil
		}
		if err != syscall.EINTR {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}

const lockFile = atomicfile.Unfinished + "lock" // goes with the rest of the cache

// make makes the folder. Programs hold what a user has written: nobody else may
// read it.
func (c *binaries) make() error { return os.MkdirAll(c.dir, 0o700) }

// folder makes a folder for a program that is being linked.
func (c *binaries) folder() (string, error) {
	if err := c.make(); err != nil {
		return "", err
	}
	return os.MkdirTemp(c.dir, atomicfile.Unfinished)
}

// add puts a program into the folder and returns where it is.
func (c *binaries) add(key, program string) (binary string, err error) {
	if err := c.make(); err != nil {
		return "", err
	}
	unlock, err := c.lock(syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer unlock()
	binary = filepath.Join(c.dir, key)
	if err := move(program, binary); err != nil {
		return "", err
	}
	return binary, c.trim()
}

// move moves a program to another folder, where it appears whole or not at all.
func move(from, to string) error {
	if err := os.Rename(from, to); err == nil {
		return nil
	}
	in, err := os.Open(from) // they lie on different disks
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), atomicfile.Unfinished)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Chmod(0o755), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), to)
	}
	if err != nil {
		os.Remove(out.Name())
	}
	return err
}

// trim removes the programs that were not used for longest, until the rest fits
// or is about to be run. The caller holds the lock.
func (c *binaries) trim() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	var all []fs.FileInfo
	var size int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // another kernel has removed it
		}
		if e.Name() == lockFile {
			continue
		}
		if strings.HasPrefix(e.Name(), atomicfile.Unfinished) {
			if time.Since(info.ModTime()) > time.Hour { // its kernel was killed
				os.RemoveAll(filepath.Join(c.dir, e.Name()))
			}
			continue
		}
		size += info.Size()
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range all {
		if size <= c.limit || time.Since(info.ModTime()) < c.starting {
			break
		}
		if os.Remove(filepath.Join(c.dir, info.Name())) == nil {
			size -= info.Size()
		}
	}
	return nil
}
