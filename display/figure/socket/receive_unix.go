//go:build unix

package socket

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Receive reads from a connection, and returns up to most descriptors that come along
// with what it reads. They are closed in programs that this one starts. At the end of
// the connection the error is io.EOF.
func Receive(conn *os.File, p []byte, most int) (n int, fds []int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, nil, err
	}
	control := make([]byte, syscall.CmsgSpace(most*4))
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
			fds = descriptors(control[:controlled])
		}
		return !errors.Is(err, syscall.EAGAIN)
	})
	switch {
	case waitErr != nil:
		return 0, fds, waitErr
	case err != nil:
		return 0, fds, os.NewSyscallError("recvmsg", err)
	case n == 0:
		return 0, fds, io.EOF
	}
	return n, fds, nil
}

// descriptors returns the descriptors in the control data of a message.
func descriptors(control []byte) (all []int) {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return nil // fewer than were promised: the caller counts
	}
	for i := range messages {
		fds, err := syscall.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
		}
		all = append(all, fds...)
	}
	return all
}
