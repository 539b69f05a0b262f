//go:build unix

package remote

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"spikebook/display/figure/socket"
)

// read reads from the connection and takes the descriptor that may come along: the
// last one, for others are not asked for.
func (c *connection) read(p []byte) (n int, err error) {
	n, fds, err := socket.Receive(c.file, p, 1)
	for _, fd := range fds {
		c.closeShared()
		c.shared = fd
	}
	if errors.Is(err, os.ErrClosed) || errors.Is(err, syscall.ECONNRESET) {
		err = errGone
	}
	return n, err
}

// mapArea maps the memory whose descriptor came last in place of the area.
func (c *connection) mapArea(size int) error {
	if c.shared < 0 {
		return errors.New("the worker sent no shared memory")
	}
	defer c.closeShared()
	c.unmapArea()
	var stat syscall.Stat_t
	if err := syscall.Fstat(c.shared, &stat); err != nil || stat.Size < int64(size) {
		return fmt.Errorf("the worker shares %d bytes, want %d", stat.Size, size)
	}
	area, err := syscall.Mmap(c.shared, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return os.NewSyscallError("mmap", err)
	}
	c.area = area
	return nil
}

func (c *connection) unmap() {
	c.closeShared()
	c.unmapArea()
}

func (c *connection) unmapArea() {
	if c.area != nil {
		_ = syscall.Munmap(c.area) // it was mapped, so this cannot fail
		c.area = nil
	}
}

func (c *connection) closeShared() {
	if c.shared >= 0 {
		_ = syscall.Close(c.shared)
		c.shared = -1
	}
}
