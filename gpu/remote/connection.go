package remote

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"spikebook/display/figure/socket"
	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// A connection is the socket to the worker and the memory that is shared with it.
type connection struct {
	file     *os.File
	frame    []byte // that is sent
	received []byte // and not read yet
	shared   int    // the descriptor that came last; -1 if there is none
	area     []byte
}

// patience is how long a worker may take to open a device, or to say what it does.
var patience = time.Minute

// connect connects to a worker that speaks the same version, and may take so long to
// answer until [connection.waitForEver].
func connect(path string) (*connection, error) {
	file, err := socket.Dial(path)
	if err != nil {
		return nil, &device.Error{Op: "Open", Reason: fmt.Sprintf("no GPU worker answers at its socket: %v; it ended or was not started", err)}
	}
	c := &connection{file: file, shared: -1}
	// It can have deadlines: socket says so.
	_ = file.SetDeadline(time.Now().Add(patience))
	var theirs wire.Greeting
	// A worker that refuses the program may have closed the connection, but what
	// it says is there.
	_ = c.send(&wire.Greeting{Version: wire.Version})
	if err := c.receive(&theirs); err != nil {
		c.close()
		return nil, ended("Open", err)
	}
	if theirs.Version != wire.Version {
		c.close()
		return nil, &device.Error{Op: "Open", Reason: fmt.Sprintf("the GPU worker speaks version %d of the protocol, this program version %d: they were built from different versions of spikebook; build both anew and restart the kernel", theirs.Version, wire.Version)}
	}
	return c, nil
}

// waitForEver takes the deadline away: kernels may run for long.
func (c *connection) waitForEver() { _ = c.file.SetDeadline(time.Time{}) }

// ended is the error of an operation that the worker did not answer.
func ended(op string, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &device.Error{Op: op, Reason: fmt.Sprintf("the GPU worker did not answer within %v: it is stopped, or the driver hangs, which `nvidia-smi` shows; restart the kernel of the notebook", patience)}
	}
	reason := "the GPU worker ended"
	if !errors.Is(err, io.EOF) && !errors.Is(err, errGone) {
		reason += ", or does not speak as it should (" + err.Error() + ")"
	}
	return &device.Error{Op: op, Reason: reason + "; what was in the device's memory is lost, open the device again"}
}

// errGone says that the other end of the connection is closed.
var errGone = errors.New("the connection is closed")

func (c *connection) send(m wire.Message) error {
	frame, err := wire.Append(c.frame[:0], m)
	if err != nil {
		return &refusedError{err}
	}
	c.frame = frame
	if _, err := c.file.Write(frame); err != nil {
		return errGone
	}
	return nil
}

// A refusedError is that of a message that is beyond the limits and was not sent.
type refusedError struct{ error }

// ask sends m and waits for the reply, whose payload must be of the kind given.
func (c *connection) ask(m, payload wire.Message) (wire.Reply, error) {
	reply := wire.Reply{Payload: payload}
	// A worker that has closed the connection may have said why.
	err := c.send(m)
	if refused, is := errors.AsType[*refusedError](err); is {
		return reply, refused
	}
	return reply, c.receive(&reply)
}

// receive reads the next frame, which must hold a message of the kind of m.
func (c *connection) receive(m wire.Message) error {
	if err := c.fill(wire.HeaderSize); err != nil {
		return err
	}
	size, err := wire.Size(c.received)
	if err != nil {
		return err
	}
	if err := c.fill(wire.HeaderSize + size); err != nil {
		return err
	}
	frame := c.received[wire.HeaderSize : wire.HeaderSize+size]
	err = wire.Decode(frame, m)
	c.received = c.received[:copy(c.received, c.received[wire.HeaderSize+size:])]
	return err
}

// fill reads until n bytes are there.
func (c *connection) fill(n int) error {
	for len(c.received) < n {
		if cap(c.received)-len(c.received) < 512 {
			c.received = append(make([]byte, 0, 2*cap(c.received)+1024), c.received...)
		}
		free := c.received[len(c.received):cap(c.received)]
		got, err := c.read(free)
		if err != nil {
			return err
		}
		c.received = c.received[:len(c.received)+got]
	}
	return nil
}

// close closes the connection. That closing fails tells a program nothing.
func (c *connection) close() {
	c.unmap()
	_ = c.file.Close()
}
