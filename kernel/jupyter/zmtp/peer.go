package zmtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// chunk is how much is written at once: a peer that reads that much within the
// time that it has is slow, not dead.
const chunk = 64 << 10

// Peer is one connection.
type Peer struct {
	// Identity is what the peer calls itself, or a name that is given to it.
	// Peers may have the same.
	Identity string

	config Config
	conn   net.Conn
	in     reader

	mu     sync.Mutex
	work   sync.Cond     // signalled when there is something to write, or gone
	freed  chan struct{} // closed when something was written, or gone; nil if nobody waits
	queue  []Message
	queued int  // bytes in queue, and what is being written
	gone   bool // nothing is sent any more
}

func newPeer(conn net.Conn, c Config) *Peer {
	p := &Peer{config: c, conn: conn, in: reader{bufio.NewReader(conn), c.Limit}}
	p.work.L = &p.mu
	return p
}

// Send queues a message. It does not block: whoever sends much calls Wait
// before.
func (p *Peer) Send(m Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	if p.queued > p.config.Backlog {
		p.config.Log.Warn("a front end does not read what it is sent; it is dropped", "type", p.config.Type, "bytes", p.queued)
		p.dropLocked()
		return
	}
	p.queue = append(p.queue, m)
	p.queued += len(m)
	p.work.Signal()
}

// Wait waits until at most limit bytes wait to be sent to the peer, or it is
// gone, or ctx ends, which is an error.
func (p *Peer) Wait(ctx context.Context, limit int) error {
	for {
		p.mu.Lock()
		if p.gone || p.queued <= limit {
			p.mu.Unlock()
			return nil
		}
		if p.freed == nil {
			p.freed = make(chan struct{})
		}
		freed := p.freed
		p.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write writes what is queued until the peer is gone.
func (p *Peer) write() {
	for {
		m, ok := p.next()
		if !ok {
			return
		}
		err := p.writeMessage(m)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.config.Log.Warn("a front end has stopped reading; it is dropped", "type", p.config.Type, "after", p.config.Stall)
		}
		if err != nil {
			p.drop()
			return
		}
		p.wrote(m)
	}
}

func (p *Peer) wrote(m Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		p.queued -= len(m)
		p.wake()
	}
}

// next waits for a message to write.
func (p *Peer) next() (Message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.gone {
		p.work.Wait()
	}
	if p.gone {
		return nil, false
	}
	m := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return m, true
}

func (p *Peer) writeMessage(m Message) error {
	for len(m) > 0 {
		if err := p.conn.SetWriteDeadline(time.Now().Add(p.config.Stall)); err != nil {
			return err
		}
		n, err := p.conn.Write(m[:min(len(m), chunk)])
		if err != nil {
			return err
		}
		m = m[n:]
	}
	return nil
}

// wake tells those who wait for room. It is called with the lock held.
func (p *Peer) wake() {
	if p.freed != nil {
		close(p.freed)
		p.freed = nil
	}
}

// drop ends the connection. What is queued is lost.
func (p *Peer) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropLocked()
}

func (p *Peer) dropLocked() {
	p.gone = true
	p.queue = nil
	p.queued = 0
	p.wake()
	p.work.Broadcast()
	p.conn.Close()
}

// farewell ends the connection so that the peer reads all that was written: a
// connection that is closed with something unread is reset, and what is on its
// way is lost. The peer is given a moment to close its end first.
func (p *Peer) farewell() {
	half, ok := p.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || p.conn.SetReadDeadline(time.Now().Add(farewellTime)) != nil {
		p.drop()
	}
}

// read receives messages until the connection ends. What the peer must not send
// is an error; that it leaves, or is dropped, is none.
func (p *Peer) read() error {
	for {
		frames, isCommand, err := p.in.message()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
			errors.Is(err, syscall.ECONNRESET), errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return err
		case !isCommand:
			if p.config.Receive != nil {
				p.config.Receive(p, frames)
			}
		default:
			if err := p.obey(frames[0]); err != nil {
				return err
			}
		}
	}
}

// obey answers a ping. Of the other commands none needs an answer.
func (p *Peer) obey(frame []byte) error {
	name, body, err := splitCommand(frame)
	if err != nil {
		return err
	}
	if name != "PING" {
		return nil
	}
	if len(body) < 2 || len(body) > 2+16 {
		return fmt.Errorf("a PING of %d bytes, expected 2 to 18", len(body))
	}
	p.Send(appendFrame(nil, command, append([]byte("\x04PONG"), body[2:]...))) // without the time to live
	return nil
}
