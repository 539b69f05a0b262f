// Package zmtp is the listening end of ZeroMQ sockets: connections that speak
// version 3.0 of ZeroMQ's wire protocol without encryption, read within limits
// and written from a bounded queue each. It does not know what the messages
// mean, nor who should get which: a ROUTER or XPUB socket is made of it by its
// user.
//
// The protocol is described at https://rfc.zeromq.org/spec/23.
//
// # Why it is not github.com/go-zeromq/zmq4
//
// That library serves a front end well and is used for the dialing end. As a
// kernel's end it lacks what a kernel must promise: its accept loop performs one
// handshake after the other, so that a silent peer keeps all others out; it
// allocates whatever size a peer announces, so that nine bytes of a stranger end
// the process; what it publishes waits in a queue without bound, for the slowest
// subscriber, and is lost when the socket is closed; and it does not tell of
// subscriptions.
package zmtp

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Limits of what a peer may cost.
const (
	greetingTime = 10 * time.Second // from the connection to the end of the handshake
	farewellTime = 100 * time.Millisecond
	pauseTime    = 10 * time.Millisecond // after an error of accept, such as too many open files
)

// compatible lists which types of sockets may talk to one of ours.
var compatible = map[string][]string{
	"ROUTER": {"DEALER", "REQ", "ROUTER"},
	"REP":    {"REQ", "DEALER"},
	"XPUB":   {"SUB", "XSUB"},
}

// Config says what a socket is. Functions that are nil are not called.
type Config struct {
	// Type is ROUTER, REP or XPUB.
	Type string

	// Receive is called with each message of a peer, by a goroutine of that peer:
	// while it does not return, the peer has to wait.
	Receive func(*Peer, [][]byte)

	// Gone is called when nothing will be received from a peer any more.
	Gone func(*Peer)

	// Limit is how large a message of a peer may be, in bytes.
	Limit int

	// Backlog is how many bytes may wait to be sent to a peer. One that exceeds
	// it is dropped.
	Backlog int

	// Stall is how long a peer may read nothing of what waits for it. Then it is
	// dropped.
	Stall time.Duration

	Log *slog.Logger
}

// Socket accepts peers.
type Socket struct {
	config   Config
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	peers  map[*Peer]bool // true when the handshake is over
	closed bool
}

// Listen accepts peers at an address of package net.
func Listen(network, address string, c Config) (*Socket, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	s := &Socket{config: c, listener: l, peers: map[*Peer]bool{}}
	s.running.Go(s.accept)
	return s, nil
}

// Peers returns those that are connected now.
func (s *Socket) Peers() []*Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	peers := make([]*Peer, 0, len(s.peers))
	for p, greeted := range s.peers {
		if greeted {
			peers = append(peers, p)
		}
	}
	return peers
}

// Close stops accepting, waits until what was sent is written or ctx ends, and
// closes the connections. Receive must not be blocked for ever, as Close waits
// for its end.
func (s *Socket) Close(ctx context.Context) {
	s.mu.Lock()
	s.closed = true
	for p, greeted := range s.peers {
		if !greeted {
			p.drop()
		}
	}
	s.mu.Unlock()
	s.listener.Close()
	var farewells sync.WaitGroup
	for _, p := range s.Peers() {
		farewells.Go(func() {
			_ = p.Wait(ctx, 0) // whoever has not read it by now loses it
			p.farewell()
		})
	}
	farewells.Wait()
	s.running.Wait()
}

func (s *Socket) accept() {
	for {
		conn, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.config.Log.Warn("accepting a connection", "error", err)
			time.Sleep(pauseTime)
		default:
			s.running.Go(func() { s.serve(conn) })
		}
	}
}

// serve is one connection, from its first byte to its last.
func (s *Socket) serve(conn net.Conn) {
	defer conn.Close()
	p := newPeer(conn, s.config)
	if !s.enter(p, false) {
		return
	}
	defer s.remove(p)
	_ = conn.SetDeadline(time.Now().Add(greetingTime))
	if err := p.greet(); err != nil {
		s.config.Log.Debug("connection refused", "type", s.config.Type, "error", err)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	if !s.enter(p, true) {
		return
	}
	s.running.Go(p.write)
	if err := p.read(); err != nil {
		s.config.Log.Warn("connection dropped", "type", s.config.Type, "error", err)
	}
	p.drop()
	if s.config.Gone != nil {
		s.config.Gone(p)
	}
}

// enter lists a peer, unless the socket is being closed.
func (s *Socket) enter(p *Peer, greeted bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.peers[p] = greeted
	}
	return !s.closed
}

func (s *Socket) remove(p *Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
}

// newIdentity names a peer that has not named itself.
func newIdentity() string { return "\x00" + rand.Text() }
