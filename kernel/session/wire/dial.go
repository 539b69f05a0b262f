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
	start, fds, err := receive(conn, HeaderSize)
	if err != nil {
		return Request{}, fds, err
	}
	m, err := Read(io.MultiReader(bytes.NewReader(start), conn))
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

// receive reads up to size bytes and the descriptors that come along with the
// first of them. They are closed in programs that this one starts.
func receive(conn *os.File, size int) (start []byte, fds []int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	start = make([]byte, size)
	control := make([]byte, syscall.CmsgSpace(2*4))
	var n, controlled int
	waitErr := raw.Read(func(fd uintptr) bool {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		for {
			n, controlled, _, _, err = syscall.Recvmsg(int(fd), start, control, 0)
			if !errors.Is(err, syscall.EINTR) {
				break
			}
		}
		if err == nil {
			fds = descriptors(control[:controlled])
		}
		return !errors.Is(err, syscall.EAGAIN)
	})
	switch err = errors.Join(waitErr, err); {
	case err != nil:
		return nil, fds, os.NewSyscallError("recvmsg", err)
	case n == 0:
		return nil, fds, io.EOF
	}
	return start[:n], fds, nil
}

// descriptors returns the descriptors in the control data of a message.
func descriptors(control []byte) []int {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return nil // fewer than were promised: the caller counts
	}
	var all []int
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
