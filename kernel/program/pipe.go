package program

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// moment bounds what is read to have read all that is in a pipe or socket now,
// while the program may go on writing. No pipe of an unprivileged program, and
// no unix socket, holds more.
const moment = 1 << 20

// A pipe is two descriptors that programs do not inherit. -1 is one that is
// closed.
type pipe struct{ r, w int }

// newPipe makes a pipe whose reading end does not block. The writing end does:
// it is made for a program that expects that of its outputs.
func newPipe() (*pipe, error) {
	var fds [2]int
	syscall.ForkLock.RLock() // macOS cannot make a pipe that is closed on exec
	err := unix.Pipe(fds[:])
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	p := &pipe{r: fds[0], w: fds[1]}
	if err := unix.SetNonblock(p.r, true); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *pipe) close() {
	closeFD(&p.r)
	closeFD(&p.w)
}

func closeFD(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
		*fd = -1
	}
}

// read reads once from a descriptor that does not block. Whether the other end
// is closed is told by ended; n is 0, with ended false, when nothing is there.
func read(fd int, p []byte) (n int, ended bool) {
	for {
		n, err := unix.Read(fd, p)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return 0, false
		case err != nil || n == 0: // also a connection that was reset
			return 0, true
		}
		return n, false
	}
}
