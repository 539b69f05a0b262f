package build

import (
	"os"
	"path/filepath"
	"syscall"
)

// scratch is where a builder puts what is not in the cache. Both folders are
// those of a kernel, and go with it.
type scratch struct {
	fast string // used as long as there is room
	disk string
}

const room = 16 << 20 // bytes; what is compiled for a cell takes a few of them

// folder makes a folder for one program.
func (s scratch) folder() (string, error) {
	var st syscall.Statfs_t
	if syscall.Statfs(s.fast, &st) == nil && uint64(st.Bavail)*uint64(st.Bsize) > room {
		if dir, err := os.MkdirTemp(s.fast, "cell-"); err == nil {
			return dir, nil
		}
	}
	return os.MkdirTemp(s.disk, "cell-")
}

// keep keeps a program that the cache did not take. It lies on disk: memory may
// be mounted so that nothing in it can be run.
func (s scratch) keep(key, program string) (string, error) {
	binary := filepath.Join(s.disk, key)
	return binary, move(program, binary)
}
