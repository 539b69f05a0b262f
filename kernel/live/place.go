package live

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Place is where a kernel keeps what ends with it: sockets and temporary files
// in one folder, the values of variables in another.
type Place struct {
	Dir   string
	Store string
	locks []*os.File
}

// placePrefix is how the names of these folders begin, and newPrefix as long as
// they are being made: who finds a lock that is not held removes its folder.
const (
	placePrefix = "spikebook-"
	newPrefix   = "new-" + placePrefix
)

// lockFile is held by the kernel whose folder it is in.
const lockFile = "lock"

// StoreVariable names the folder in which the values of variables are kept,
// where the choice of [NewPlace] does not suit.
const StoreVariable = "SPIKEBOOK_SESSION_DIR"

// enough is how much room memory must have to keep values there.
const enough = 2 << 30

// memory is where Linux has a file system in memory.
const memory = "/dev/shm"

// NewPlace makes the folders, both for this user alone, and removes those of
// kernels that could not do so themselves. Values go to memory where that has
// room: to write a gigabyte there takes a fraction of a second.
func NewPlace() (*Place, error) {
	p := &Place{}
	var err error
	if p.Dir, err = p.make(os.TempDir()); err != nil {
		return nil, err
	}
	stores := os.TempDir()
	if chosen := os.Getenv(StoreVariable); chosen != "" {
		stores = chosen
	} else if free(memory) >= enough {
		stores = memory
	}
	if p.Store, err = p.make(stores); err != nil {
		p.Remove()
		return nil, fmt.Errorf("a folder for the values of variables (%s names another): %w", StoreVariable, err)
	}
	return p, nil
}

// make makes a folder of our own in dir.
func (p *Place) make(dir string) (string, error) {
	sweep(dir)
	made, err := os.MkdirTemp(dir, newPrefix)
	if err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(made, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		os.RemoveAll(made)
		return "", err
	}
	final := filepath.Join(dir, placePrefix+strings.TrimPrefix(filepath.Base(made), newPrefix))
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = os.Rename(made, final)
	}
	if err != nil {
		lock.Close()
		os.RemoveAll(made)
		return "", err
	}
	p.locks = append(p.locks, lock)
	return final, nil
}

// sweep removes the folders of kernels that are gone. Only who holds the lock
// may remove.
func sweep(dir string) {
	found, _ := filepath.Glob(filepath.Join(dir, placePrefix+"*", lockFile)) // the pattern is well formed
	for _, file := range found {
		lock, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			continue // another user's
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			os.RemoveAll(filepath.Dir(file))
		}
		lock.Close()
	}
	// Between two system calls a kernel may be killed, too.
	unfinished, _ := filepath.Glob(filepath.Join(dir, newPrefix+"*")) // the pattern is well formed
	for _, folder := range unfinished {
		if info, err := os.Stat(folder); err == nil && time.Since(info.ModTime()) > time.Minute {
			os.RemoveAll(folder)
		}
	}
}

// free returns the bytes that may be written to the file system of a folder.
func free(dir string) uint64 {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return 0
	}
	return uint64(st.Bavail) * uint64(st.Bsize)
}

// Remove removes the folders.
func (p *Place) Remove() {
	for _, dir := range []string{p.Dir, p.Store} {
		if dir != "" {
			os.RemoveAll(dir)
		}
	}
	for _, lock := range p.locks {
		lock.Close()
	}
}

// Values is the folder for the values of variables.
func (p *Place) Values() string { return filepath.Join(p.Store, "values") }

// Folders are the folders that must not outlive the kernel.
func (p *Place) Folders() []string { return []string{p.Dir, p.Store} }
