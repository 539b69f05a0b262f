//go:build unix

// Package socket connects to a unix socket with the system's calls alone. A
// cell that talks to its kernel thereby does without package net, which takes
// a third of the time that such a cell takes to link. It knows nothing of what
// is said over the connection.
package socket

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Dial connects to the stream socket at path. Reads and writes of the file may
// have deadlines; programs that this one starts do not inherit it.
func Dial(path string) (*os.File, error) {
	fd, err := dial(path)
	if err != nil {
		return nil, &os.PathError{Op: "dial", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

func dial(path string) (fd int, err error) {
	// macOS cannot make a socket that is closed on exec; so no program may be
	// started in between.
	syscall.ForkLock.RLock()
	fd, err = syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	// It connects before it stops to block: a unix socket whose listener is
	// busy refuses a caller that will not wait.
	for {
		err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path})
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EINVAL) {
		err = fmt.Errorf("a path of %d bytes is too long for a socket: %w", len(path), err)
	}
	if err == nil {
		err = syscall.SetNonblock(fd, true) // os.NewFile then waits without a thread
	}
	if err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}
