package jupyter

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Client is a front end's end of a connection.
type Client struct {
	// Session is the session identifier of the messages made by Request.
	Session string

	key      []byte
	received chan Received
	sockets  map[Channel]zmq4.Socket
	sending  [4]sync.Mutex
	cancel   context.CancelFunc
	readers  sync.WaitGroup
}

// Dial connects to the kernel that listens at c. The kernel need not be there
// yet: Dial tries again until ctx ends.
func Dial(ctx context.Context, c Connection, log *slog.Logger) (*Client, error) {
	life, cancel := context.WithCancel(context.Background())
	// All DEALER sockets carry one identity: a kernel asks for input on the
	// stdin socket of the front end that sent the request on shell.
	session := NewSession()
	options := []zmq4.Option{quiet(log), zmq4.WithID(zmq4.SocketIdentity(session)), zmq4.WithDialerMaxRetries(0)}
	s := &Client{
		Session:  session,
		key:      []byte(c.Key),
		received: make(chan Received, 64),
		sockets: map[Channel]zmq4.Socket{
			IOPub:   zmq4.NewSub(life, options...),
			Control: zmq4.NewDealer(life, options...),
			Stdin:   zmq4.NewDealer(life, options...),
			Shell:   zmq4.NewDealer(life, options...),
		},
		cancel: cancel,
	}
	for _, ch := range []Channel{IOPub, Control, Stdin, Shell} {
		if err := dial(ctx, s.sockets[ch], c.endpoint(c.port(ch))); err != nil {
			s.Close()
			return nil, fmt.Errorf("%s socket: %w", ch, err)
		}
	}
	if err := s.sockets[IOPub].SetOption(zmq4.OptionSubscribe, ""); err != nil {
		s.Close()
		return nil, fmt.Errorf("iopub socket: %w", err)
	}
	decode := func(frames [][]byte) (*Message, error) { return Decode(frames, s.key) }
	for ch, socket := range s.sockets {
		s.readers.Add(1)
		go func() {
			defer s.readers.Done()
			receive(life, ch, socket, decode, s.received, log)
		}()
	}
	return s, nil
}

// dial tries until ctx ends, more often than the library would: the start of a
// kernel is something that a person waits for.
func dial(ctx context.Context, socket zmq4.Socket, endpoint string) error {
	for {
		err := socket.Dial(endpoint)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Received delivers what the kernel sends.
func (c *Client) Received() <-chan Received { return c.received }

// Send sends m on channel ch. It is safe for concurrent use.
func (c *Client) Send(ch Channel, m *Message) error {
	c.sending[ch].Lock()
	defer c.sending[ch].Unlock()
	if err := c.sockets[ch].SendMulti(zmq4.NewMsgFrom(m.Encode(c.key)...)); err != nil {
		return fmt.Errorf("sending %s on %s: %w", m.Header.Type, ch, err)
	}
	return nil
}

// Request makes a message of the client's session and sends it on channel ch.
// The answer is a message whose Parent().ID is the ID of the one returned.
func (c *Client) Request(ch Channel, msgType string, content any) (*Message, error) {
	m := New(c.Session, msgType, nil, content)
	return m, c.Send(ch, m)
}

// WaitReady returns the kernel_info_reply when the kernel answers on shell and
// is heard on IOPub: a subscription takes a moment to arrive, and what a kernel
// publishes before that is lost. What else is received meanwhile is dropped.
func (c *Client) WaitReady(ctx context.Context) (*Message, error) {
	var reply *Message
	heard := false
	for again := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the kernel does not answer: %w", ctx.Err())
		case <-time.After(again):
			if _, err := c.Request(Shell, "kernel_info_request", nil); err != nil {
				return nil, err
			}
			again = 100 * time.Millisecond
		case m := <-c.received:
			switch {
			case m.Channel == IOPub:
				heard = true
			case m.Header.Type == "kernel_info_reply":
				reply = m.Message
			}
		}
		if reply != nil && heard {
			return reply, nil
		}
	}
}

// Close closes the sockets and waits until nothing is received any more.
func (c *Client) Close() {
	c.cancel()
	for _, socket := range c.sockets {
		socket.Close()
	}
	c.readers.Wait()
}

// receive decodes what comes on a socket until ctx ends.
func receive(ctx context.Context, ch Channel, socket zmq4.Socket, decode func([][]byte) (*Message, error), to chan<- Received, log *slog.Logger) {
	for ctx.Err() == nil {
		frames, err := socket.Recv()
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
				log.Warn("receiving", "channel", ch, "error", err)
			}
			continue
		}
		m, err := decode(frames.Frames)
		if err != nil {
			log.Warn("message dropped", "channel", ch, "error", err)
			continue
		}
		select {
		case to <- Received{ch, m}:
		case <-ctx.Done():
		}
	}
}

// quiet sends the library's log to ours, where it is seen with --log only. By
// itself it writes to stderr, which a terminal front end shows to the user.
func quiet(to *slog.Logger) zmq4.Option {
	return zmq4.WithLogger(log.New(logWriter{to}, "", 0))
}

type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	w.log.Debug("zmq", "text", string(p))
	return len(p), nil
}
