//go:build unix

package remote

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// read reads from the connection and takes the descriptor that may come along.
func (c *connection) read(p []byte) (n int, err error) {
	raw, err := c.file.SyscallConn()
	if err != nil {
		return 0, errGone
	}
	control := make([]byte, syscall.CmsgSpace(4))
	var controlled int
	waitErr := raw.Read(func(fd uintptr) bool {
		// Not every system can close descriptors on exec as it hands them out.
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		for {
			n, controlled, _, _, err = syscall.Recvmsg(int(fd), p, control, 0)
			if !errors.Is(err, syscall.EINTR) {
				break
			}
		}
		if err == nil {
			c.take(control[:controlled])
		}
		return !errors.Is(err, syscall.EAGAIN)
	})
	switch {
	case waitErr != nil || errors.Is(err, syscall.ECONNRESET):
		return 0, errGone
	case err != nil:
		return 0, os.NewSyscallError("recvmsg", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// take keeps the last descriptor that came; others are not asked for.
func (c *connection) take(control []byte) {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return // then none came, which is seen when it is mapped
	}
	for i := range messages {
		fds, err := syscall.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			c.closeShared()
			c.shared = fd
		}
	}
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
