package jupyter

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/transport"
)

// Names of the transports that [guarded] adds to the library.
const (
	guardedTCP  = "guarded-tcp"
	guardedUnix = "guarded-unix"
)

func init() {
	for name, network := range map[string]string{guardedTCP: "tcp", guardedUnix: "unix"} {
		if err := zmq4.RegisterTransport(name, guarded{transport.New(network)}); err != nil {
			panic(err) // the names are ours, so they cannot be taken
		}
	}
}

// greetingTimeout is how long a new connection may stay silent.
const greetingTimeout = 10 * time.Second

// guarded is a transport whose listener hands over a connection only when its
// peer has begun to speak. The library's accept loop waits for the whole
// handshake of one connection before it takes the next.
type guarded struct{ transport.Transport }

func (t guarded) Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := t.Transport.Listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	g := &guardedListener{Listener: l, ready: make(chan net.Conn), done: make(chan struct{})}
	go g.accept()
	return g, nil
}

type guardedListener struct {
	net.Listener
	ready chan net.Conn
	done  chan struct{} // closed when the listener is
}

func (g *guardedListener) accept() {
	defer close(g.done)
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return
		}
		go g.greet(conn)
	}
}

// greet waits until the peer's greeting begins. The rest comes at once, or, from
// libzmq, as soon as ours has been read.
func (g *guardedListener) greet(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(greetingTimeout))
	if err := peek(conn); err != nil {
		conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	select {
	case g.ready <- conn:
	case <-g.done:
		conn.Close()
	}
}

// peek waits for a byte and leaves it to be read. It does not wrap the
// connection, which would lose the library's gathered writes.
func peek(conn net.Conn) error {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return errors.New("not a socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	var n int
	var perr error
	err = raw.Read(func(fd uintptr) bool {
		n, _, perr = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
		return perr != syscall.EAGAIN && perr != syscall.EINTR
	})
	if err == nil && perr == nil && n == 0 {
		return io.EOF
	}
	return errors.Join(err, perr)
}

func (g *guardedListener) Accept() (net.Conn, error) {
	select {
	case conn := <-g.ready:
		return conn, nil
	case <-g.done:
		return nil, net.ErrClosed
	}
}

// quiet sends the library's log to ours, where it is seen with --log only.
func quiet(log_ *slog.Logger) zmq4.Option {
	return zmq4.WithLogger(log.New(logWriter{log_}, "", 0))
}

type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	w.log.Debug("zmq", "text", string(p))
	return len(p), nil
}
