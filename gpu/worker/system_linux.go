package worker

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkPeer returns the process at the other end, or an error if it is not one of
// the user.
func checkPeer(conn *net.UnixConn, user uint32) (pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	var askErr error
	if err := raw.Control(func(fd uintptr) {
		peer, askErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return 0, err
	}
	if askErr != nil {
		return 0, os.NewSyscallError("getsockopt", askErr)
	}
	if peer.Uid != user {
		return 0, fmt.Errorf("a program of user %d connected, want one of user %d", peer.Uid, user)
	}
	return int(peer.Pid), nil
}

// gone reports whether the other end of a connection is closed, which reading tells only
// when all that came before is read.
func gone(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return true
	}
	var polled [1]unix.PollFd
	err = raw.Control(func(fd uintptr) {
		polled[0].Fd = int32(fd)
		_, _ = unix.Poll(polled[:], 0) // that it is interrupted says nothing
	})
	return err != nil || polled[0].Revents&unix.POLLHUP != 0
}

// newArea returns shared memory and its descriptor. Its size is sealed: a program
// that made it smaller would make the worker fail where it reads.
func newArea(bytes int) (area []byte, fd int, err error) {
	fd, err = unix.MemfdCreate("spikebook-gpu", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, -1, os.NewSyscallError("memfd_create", err)
	}
	defer func() {
		if err != nil {
			_ = unix.Close(fd)
		}
	}()
	if err := unix.Ftruncate(fd, int64(bytes)); err != nil {
		return nil, -1, os.NewSyscallError("ftruncate", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, -1, os.NewSyscallError("fcntl", err)
	}
	area, err = unix.Mmap(fd, 0, bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, -1, os.NewSyscallError("mmap", err)
	}
	return area, fd, nil
}

// unshare ends the use of the shared memory.
func (c *client) unshare() {
	c.closeShared()
	if c.area != nil {
		_ = unix.Munmap(c.area) // it was mapped, so this cannot fail
		c.area = nil
	}
}

func (c *client) closeShared() {
	if c.shared >= 0 {
		_ = unix.Close(c.shared)
		c.shared = -1
	}
}

// sendShared sends a frame with a descriptor.
func sendShared(conn *net.UnixConn, frame []byte, fd int) error {
	n, _, err := conn.WriteMsgUnix(frame, unix.UnixRights(fd), nil)
	if err == nil && n < len(frame) {
		err = io.ErrShortWrite
	}
	return err
}

// childAttributes makes a worker end when the thread that started it does, and
// keeps Ctrl-C in a terminal from it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
}
