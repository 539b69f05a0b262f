package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"spikebook/display/figure/socket"
)

// Dial connects to the kernel at the unix socket path, greets it and takes its
// request, with the descriptors that came along.
func Dial(path string) (*os.File, Request, []int, error) {
	conn, err := socket.Dial(path)
	if err != nil {
		return nil, Request{}, nil, fmt.Errorf("%s names the kernel's socket, but no kernel answers there: %w", Variable, err)
	}
	// A kernel that refuses the program may have closed the connection before
	// it read the greeting: what it says is worth more than this error.
	sent := Write(conn, Hello{Version: Version, PID: os.Getpid()})
	request, fds, err := readRequest(conn)
	if errors.Is(err, io.EOF) && sent != nil {
		err = sent
	}
	if err != nil {
		closeAll(fds)
		return nil, Request{}, nil, errors.Join(fmt.Errorf("talk to the kernel: %w", err), conn.Close())
	}
	return conn, request, fds, nil
}

// readRequest reads the first frame of the kernel.
func readRequest(conn *os.File) (Request, []int, error) {
	start := make([]byte, HeaderSize)
	n, fds, err := socket.Receive(conn, start, 2)
	if err != nil {
		return Request{}, fds, err
	}
	m, err := Read(io.MultiReader(bytes.NewReader(start[:n]), conn))
	if err != nil {
		return Request{}, fds, err
	}
	switch m := m.(type) {
	case Request:
		if want := m.descriptors(); len(fds) != want {
			return Request{}, fds, fmt.Errorf("request came with %d descriptors, want %d", len(fds), want)
		}
		return m, fds, nil
	case Refusal:
		return Request{}, fds, errors.New(m.Reason)
	default:
		return Request{}, fds, fmt.Errorf("the kernel answered with %s, want Request", name(m))
	}
}

// descriptors returns how many descriptors come along with m.
func (m Request) descriptors() int {
	if m.KeepStdio {
		return 0
	}
	return 2
}

func closeAll(fds []int) {
	for _, fd := range fds {
		syscall.Close(fd)
	}
}

// Redirect makes the descriptors 1 and 2 those that came along with a request,
// and 0 one at which nothing can be read.
func Redirect(fds []int) error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	defer closeAll(fds)
	for target, fd := range append([]int{int(null.Fd())}, fds...) {
		if err := duplicate(fd, target); err != nil {
			return os.NewSyscallError("dup", err)
		}
	}
	return nil
}
