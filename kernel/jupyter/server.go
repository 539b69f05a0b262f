package jupyter

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"spikebook/kernel/jupyter/zmtp"
)

// Received is a message and the channel on which it came.
type Received struct {
	Channel Channel
	*Message
}

// Limits of the sockets.
const (
	maxMessage = 256 << 20        // bytes of a message of a front end, with its buffers
	maxBeat    = 64 << 10         // bytes of a heartbeat or a subscription
	backlog    = 64 << 20         // bytes that may wait for a front end
	stallTime  = 30 * time.Second // that a front end may read nothing
	flushTime  = 2 * time.Second  // that Close waits for slow readers
)

// Server is the kernel's end of a connection: it has the five sockets bound,
// echoes the heartbeat and drops what is malformed or not signed.
type Server struct {
	key      []byte
	log      *slog.Logger
	received chan Received
	replays  replays
	sockets  map[Channel]*zmtp.Socket
	beat     *zmtp.Socket
	iopub    *publisher
	session  string // of the welcome messages
	ctx      context.Context
	cancel   context.CancelFunc
}

// Listen binds the sockets of connection c. Messages that cannot be decoded
// are logged and dropped.
func Listen(ctx context.Context, c Connection, log *slog.Logger) (*Server, error) {
	return listen(ctx, c, log, stallTime)
}

func listen(ctx context.Context, c Connection, log *slog.Logger, stall time.Duration) (*Server, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{
		key:      []byte(c.Key),
		log:      log,
		received: make(chan Received),
		sockets:  map[Channel]*zmtp.Socket{},
		session:  NewSession(),
		ctx:      ctx,
		cancel:   cancel,
	}
	s.iopub = newPublisher(s.welcome)
	common := zmtp.Config{Limit: maxMessage, Backlog: backlog, Stall: stall, Log: log}
	for _, ch := range []Channel{Shell, Control, Stdin, IOPub} {
		config := common
		if ch == IOPub {
			config.Type, config.Limit = "XPUB", maxBeat
			config.Receive, config.Gone = s.iopub.receive, s.iopub.gone
		} else {
			config.Type = "ROUTER"
			config.Receive = func(p *zmtp.Peer, frames [][]byte) { s.receive(ch, p, frames) }
		}
		socket, err := zmtp.Listen(c.network(), c.address(c.port(ch)), config)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("%s socket: %w", ch, err)
		}
		s.sockets[ch] = socket
	}
	config := common
	config.Type, config.Limit = "REP", maxBeat
	config.Receive = func(p *zmtp.Peer, frames [][]byte) { p.Send(zmtp.Encode(frames)) }
	beat, err := zmtp.Listen(c.network(), c.address(c.HeartbeatPort), config)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("heartbeat socket: %w", err)
	}
	s.beat = beat
	return s, nil
}

// Received delivers what the front ends send.
func (s *Server) Received() <-chan Received { return s.received }

// Subscribed is closed when the first front end listens to IOPub. What is
// published before is heard by nobody.
func (s *Server) Subscribed() <-chan struct{} { return s.iopub.heard }

// Send sends m on channel ch. On IOPub the message goes to every front end that
// listens, on the others to the one that m.Identities names.
//
// On IOPub it blocks while 16 MiB wait for a front end that reads slowly. One
// that reads nothing for 30 seconds is dropped. Whoever publishes much should
// call [Server.Room] first, from a goroutine that nothing else waits for: then
// Send never blocks elsewhere. On the other channels Send does not block.
//
// It is safe for concurrent use.
func (s *Server) Send(ch Channel, m *Message) error {
	if ch == IOPub {
		if len(m.Identities) == 0 {
			m.Identities = [][]byte{[]byte("kernel." + m.Header.Type)}
		}
		if err := s.iopub.publish(s.ctx, m.Encode(s.key)); err != nil {
			return fmt.Errorf("publishing %s: %w", m.Header.Type, err)
		}
		return nil
	}
	if len(m.Identities) == 0 {
		return fmt.Errorf("sending %s on %s: the message names no receiver", m.Header.Type, ch)
	}
	to := string(m.Identities[0])
	var encoded zmtp.Message
	for _, p := range s.sockets[ch].Peers() {
		if p.Identity == to {
			if encoded == nil {
				encoded = zmtp.Encode(m.Encode(s.key)[1:])
			}
			p.Send(encoded)
		}
	}
	if encoded == nil {
		s.log.Debug("the receiver is gone", "channel", ch, "type", m.Header.Type)
	}
	return nil
}

// Room waits until less than 8 MiB wait for any front end that listens to
// IOPub, or ctx ends, which is an error.
func (s *Server) Room(ctx context.Context) error { return s.iopub.room(ctx) }

// Close waits until what was sent is written, at most two seconds, closes the
// sockets and waits until nothing is received any more.
func (s *Server) Close() {
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	for _, ch := range []Channel{Shell, Control, Stdin, IOPub} {
		if socket := s.sockets[ch]; socket != nil {
			socket.Close(ctx)
		}
	}
	if s.beat != nil {
		s.beat.Close(ctx)
	}
}

// welcome is what a new subscriber of IOPub is told.
func (s *Server) welcome(topic string) zmtp.Message {
	m := New(s.session, "iopub_welcome", nil, map[string]string{"subscription": topic})
	m.Identities = [][]byte{[]byte(topic)}
	if topic == "" {
		m.Identities = [][]byte{[]byte("kernel.iopub_welcome")}
	}
	return zmtp.Encode(m.Encode(s.key))
}

// receive delivers a message that was not received before.
func (s *Server) receive(ch Channel, p *zmtp.Peer, frames [][]byte) {
	frames = append([][]byte{[]byte(p.Identity)}, frames...)
	m, err := s.decode(frames)
	if err != nil {
		s.log.Warn("message dropped", "channel", ch, "error", err)
		return
	}
	select {
	case s.received <- Received{ch, m}:
	case <-s.ctx.Done():
	}
}

func (s *Server) decode(frames [][]byte) (*Message, error) {
	m, err := Decode(frames, s.key)
	if err == nil && len(s.key) > 0 && s.replays.seen(signature(frames)) {
		return nil, ErrReplay
	}
	return m, err
}
