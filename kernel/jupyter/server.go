package jupyter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Received is a message and the channel on which it came.
type Received struct {
	Channel Channel
	*Message
}

// Server is the kernel's end of a connection: it has the five sockets bound,
// echoes the heartbeat and drops what is malformed or not signed.
type Server struct {
	key      []byte
	log      *slog.Logger
	received chan Received
	replays  replays
	sockets  map[Channel]zmq4.Socket
	beat     zmq4.Socket
	sending  [4]sync.Mutex // the library's sockets are not safe for concurrent sends
	heard    chan struct{} // closed when someone subscribes to IOPub
	cancel   context.CancelFunc
	readers  sync.WaitGroup
}

// Listen binds the sockets of connection c. Messages that cannot be decoded
// are logged and dropped.
func Listen(ctx context.Context, c Connection, log *slog.Logger) (*Server, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{
		key:      []byte(c.Key),
		log:      log,
		received: make(chan Received),
		sockets: map[Channel]zmq4.Socket{
			Shell:   zmq4.NewRouter(ctx, quiet(log)),
			Control: zmq4.NewRouter(ctx, quiet(log)),
			Stdin:   zmq4.NewRouter(ctx, quiet(log)),
			IOPub:   zmq4.NewPub(ctx, quiet(log)),
		},
		beat:   zmq4.NewRep(ctx, quiet(log)),
		heard:  make(chan struct{}),
		cancel: cancel,
	}
	for ch, socket := range s.sockets {
		if err := socket.Listen(c.endpoint(c.port(ch))); err != nil {
			s.Close()
			return nil, fmt.Errorf("%s socket: %w", ch, err)
		}
	}
	if err := s.beat.Listen(c.endpoint(c.HeartbeatPort)); err != nil {
		s.Close()
		return nil, fmt.Errorf("heartbeat socket: %w", err)
	}
	for _, ch := range []Channel{Shell, Control, Stdin} {
		s.readers.Add(1)
		go func() {
			defer s.readers.Done()
			receive(ctx, ch, s.sockets[ch], s.decode, s.received, log)
		}()
	}
	s.readers.Add(1)
	go func() {
		defer s.readers.Done()
		s.awaitSubscriber(ctx)
	}()
	s.readers.Add(1)
	go func() {
		defer s.readers.Done()
		for ctx.Err() == nil {
			msg, err := s.beat.Recv()
			if err == nil {
				err = s.beat.Send(msg)
			}
			if err != nil && ctx.Err() == nil {
				log.Warn("heartbeat", "error", err)
			}
		}
	}()
	return s, nil
}

// Received delivers what the front ends send.
func (s *Server) Received() <-chan Received { return s.received }

// Subscribed is closed when the first front end listens to IOPub. What is
// published before is heard by nobody.
func (s *Server) Subscribed() <-chan struct{} { return s.heard }

// awaitSubscriber asks again and again: the library does not tell of
// subscriptions.
func (s *Server) awaitSubscriber(ctx context.Context) {
	topics, ok := s.sockets[IOPub].(zmq4.Topics)
	if !ok {
		return
	}
	for tick := time.NewTicker(2 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			if len(topics.Topics()) > 0 {
				tick.Stop()
				close(s.heard)
				return
			}
		}
	}
}

// Send sends m on channel ch. On IOPub the message goes to every front end, on
// the others to the one that m.Identities names. It is safe for concurrent use.
func (s *Server) Send(ch Channel, m *Message) error {
	if ch == IOPub && len(m.Identities) == 0 {
		m.Identities = [][]byte{[]byte("kernel." + m.Header.Type)}
	}
	s.sending[ch].Lock()
	defer s.sending[ch].Unlock()
	if err := s.sockets[ch].SendMulti(zmq4.NewMsgFrom(m.Encode(s.key)...)); err != nil {
		return fmt.Errorf("sending %s on %s: %w", m.Header.Type, ch, err)
	}
	return nil
}

// linger is how long Close leaves the library to write what was published:
// it keeps a queue for IOPub and does not say when that is empty.
const linger = 50 * time.Millisecond

// Close closes the sockets and waits until nothing is received any more.
func (s *Server) Close() {
	time.Sleep(linger)
	s.cancel()
	for _, socket := range s.sockets {
		socket.Close()
	}
	s.beat.Close()
	s.readers.Wait()
}

// decode decodes a message that was not received before.
func (s *Server) decode(frames [][]byte) (*Message, error) {
	m, err := Decode(frames, s.key)
	if err == nil && len(s.key) > 0 && s.replays.seen(signature(frames)) {
		return nil, ErrReplay
	}
	return m, err
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
