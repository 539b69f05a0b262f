package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// scratch is a folder of this process, in memory where there is room. A lock
// on a file in it says that its process lives, across containers that share
// the memory.
type scratch struct {
	dir  string
	lock *os.File

	mu   sync.Mutex
	kept string // folder of programs that the cache did not take, "" if there are none
}

const (
	scratchPrefix = "spikebook-build-"
	memory        = "/dev/shm"
	room          = 64 << 20 // bytes that must be free in memory
	lockFile      = "lock"
)

func newScratch() (*scratch, error) {
	for _, parent := range []string{memory, os.TempDir()} {
		if parent == memory && !hasRoom(memory) {
			continue
		}
		sweep(parent)
		if s, err := scratchIn(parent); err == nil {
			return s, nil
		} else if parent != memory {
			return nil, err
		}
	}
	return nil, fs.ErrNotExist // not reached: the last parent returns
}

func hasRoom(dir string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && uint64(s.Bavail)*uint64(s.Bsize) > room
}

func scratchIn(parent string) (*scratch, error) {
	dir, err := os.MkdirTemp(parent, scratchPrefix)
	if err != nil {
		return nil, err
	}
	lock, err := os.Create(filepath.Join(dir, lockFile))
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err == nil { // another process may have found it without a lock
		_, err = os.Stat(lock.Name())
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return &scratch{dir: dir, lock: lock}, nil
}

// sweep removes the folders of processes that were killed.
func sweep(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(quoteGlob(parent), scratchPrefix+"*")) // the pattern is well formed
	for _, dir := range dirs {
		lock, err := os.Open(filepath.Join(dir, lockFile))
		if err != nil {
			continue // another user's, or just being made
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
}

// folder makes a folder for one program.
func (s *scratch) folder() (string, error) { return os.MkdirTemp(s.dir, "cell-") }

// keep keeps a program until the end. It lies on disk: memory may be mounted
// so that nothing in it can be run.
func (s *scratch) keep(key, program string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == "" {
		dir, err := os.MkdirTemp("", scratchPrefix)
		if err != nil {
			return "", err
		}
		s.kept = dir
	}
	binary := filepath.Join(s.kept, key)
	return binary, move(program, binary)
}

func (s *scratch) remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := errors.Join(os.RemoveAll(s.dir), s.lock.Close())
	if s.kept != "" {
		err = errors.Join(err, os.RemoveAll(s.kept))
	}
	return err
}
