package worker

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// A client is the connection of a program.
type client struct {
	server *server
	conn   *net.UnixConn
	pid    int
	in     *bufio.Reader
	out    []byte

	unit    *unit // nil while it has not asked for a device; set under the server's mu
	index   int
	blocks  []*memory // nil where there is none
	modules []string
	text    int64  // bytes of the modules
	area    []byte // shared memory
	shared  int    // its descriptor, to be sent with the next reply; -1 if there is none
	failed  error  // the first error since the last reply

	mu   sync.Mutex
	used device.Stats
}

func newClient(s *server, conn *net.UnixConn, pid int) *client {
	return &client{
		server: s, conn: conn, pid: pid, shared: -1,
		in: bufio.NewReaderSize(conn, wire.HeaderSize+wire.MaxFrame),
	}
}

// serve does what the program asks until it goes away or sends what cannot be
// understood.
func (c *client) serve() {
	defer func() {
		c.release()
		c.unshare()
		_ = c.conn.Close()
	}()
	err := c.welcome()
	for err == nil {
		var m wire.Message
		if m, err = c.read(); err == nil {
			err = c.handle(m)
		}
	}
	if _, is := errors.AsType[*violationError](err); is {
		c.failed = &device.Error{Op: "the GPU worker", Reason: err.Error() + "; the connection is closed"}
		_ = c.reply(nil) // if the program still listens
	}
}

// A violationError ends a connection.
type violationError struct{ error }

func violation(format string, args ...any) error {
	return &violationError{fmt.Errorf("the program sent what makes no sense: "+format, args...)}
}

// read reads the next request.
func (c *client) read() (wire.Message, error) {
	frame, err := c.frame()
	if err != nil {
		return nil, err
	}
	m, err := wire.DecodeRequest(frame)
	if err != nil {
		return nil, violation("%w", err)
	}
	_, err = c.in.Discard(len(frame))
	return m, err
}

// frame returns what follows the header of the next frame, which stays in the
// buffer.
func (c *client) frame() ([]byte, error) {
	header, err := c.in.Peek(wire.HeaderSize)
	if err != nil {
		return nil, err
	}
	size, err := wire.Size(header)
	if err != nil {
		return nil, violation("%w", err)
	}
	if _, err := c.in.Discard(wire.HeaderSize); err != nil {
		return nil, err
	}
	return c.in.Peek(size)
}

func (c *client) greet() error { return c.send(&wire.Greeting{Version: wire.Version}) }

// welcome goes through the start of the connection.
func (c *client) welcome() error {
	if err := c.conn.SetReadDeadline(time.Now().Add(handshake)); err != nil {
		return err
	}
	if err := c.greet(); err != nil {
		return err
	}
	frame, err := c.frame()
	if err != nil {
		return err
	}
	var theirs wire.Greeting
	if err := wire.Decode(frame, &theirs); err != nil {
		return err
	}
	if _, err := c.in.Discard(len(frame)); err != nil {
		return err
	}
	if theirs.Version != wire.Version {
		return fmt.Errorf("a program speaks version %d of the protocol, want %d", theirs.Version, wire.Version)
	}
	m, err := c.read()
	if err != nil {
		return err
	}
	hello, is := m.(*wire.Hello)
	if !is {
		return violation("it starts with %T, want Hello", m)
	}
	if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	var payload wire.Welcome
	if hello.Device != wire.NoDevice {
		payload.Info, c.failed = c.choose(int(hello.Device))
	}
	return c.reply(&payload)
}

// choose makes a device that of the connection.
func (c *client) choose(index int) (device.Info, error) {
	u, err := c.server.unit(index)
	if err != nil {
		return device.Info{}, explain("Open", "", err)
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.unit, c.index = u, index
	c.server.served++
	return u.info, nil
}

func (c *client) send(m wire.Message) (err error) {
	if c.out, err = wire.Append(c.out[:0], m); err != nil {
		return err
	}
	_, err = c.conn.Write(c.out)
	return err
}

// reply answers the request for which the program waits, with the error that it
// has not been told yet.
func (c *client) reply(payload wire.Message) (err error) {
	r := wire.Reply{Err: c.failed, Payload: payload}
	if c.unit != nil {
		r.Free = c.unit.free()
		r.Lost = c.failed != nil && c.unit.lost() != nil
	}
	if !r.Lost {
		c.failed = nil
	}
	if c.shared < 0 {
		return c.send(&r)
	}
	defer c.closeShared()
	if c.out, err = wire.Append(c.out[:0], &r); err != nil {
		return err
	}
	return sendShared(c.conn, c.out, c.shared)
}

// release frees what the program has not freed.
func (c *client) release() {
	for _, m := range c.blocks {
		if m != nil && m != missing {
			_ = c.server.release(m) // the program is not there to be told
		}
	}
	c.blocks = nil
}

// count changes what the connection used.
func (c *client) count(f func(*device.Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.used)
}

func (c *client) stats() device.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// explain makes err an error that names the operation.
func explain(op, kernel string, err error) error {
	switch err.(type) {
	case *device.OutOfMemoryError, *device.Error:
		return err
	}
	return &device.Error{Op: op, Kernel: kernel, Reason: err.Error()}
}
