package zmtp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// listener is a socket that hands over what it receives.
type listener struct {
	*Socket
	received chan []string
	gone     chan *Peer
	log      *bytes.Buffer // read it when the socket is closed
}

func listen(t *testing.T, c Config) *listener {
	l := &listener{received: make(chan []string, 16), gone: make(chan *Peer, 16), log: &bytes.Buffer{}}
	if c.Type == "" {
		c.Type = "ROUTER"
	}
	if c.Limit == 0 {
		c.Limit = testLimit
	}
	if c.Backlog == 0 {
		c.Backlog = 64 << 20
	}
	if c.Stall == 0 {
		c.Stall = 20 * time.Second
	}
	c.Receive = func(_ *Peer, frames [][]byte) { l.received <- text(frames) }
	c.Gone = func(p *Peer) { l.gone <- p }
	c.Log = slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	l.Socket = s
	t.Cleanup(func() { l.close(t) })
	return l
}

func (l *listener) close(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l.Close(ctx)
}

// client is a peer as bytes.
type client struct {
	net.Conn
	in reader
}

func (l *listener) dial(t *testing.T, hello string) *client {
	conn, err := net.Dial("tcp", l.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c := &client{conn, reader{conn, 1 << 30}}
	c.write(t, hello)
	return c
}

func (c *client) write(t *testing.T, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

// ready reads the socket's half of the handshake.
func (c *client) ready(t *testing.T) *client {
	t.Helper()
	if err := c.in.full(make([]byte, greetingSize)); err != nil {
		t.Fatal(err)
	}
	if frames, isCommand, err := c.in.message(); err != nil || !isCommand || !strings.HasPrefix(string(frames[0]), "\x05READY") {
		t.Fatalf("got %q, %v, want a READY command", frames, err)
	}
	return c
}

// hello is a peer's half of the handshake.
func hello(socketType, identity string) string {
	body := appendProperty([]byte("\x05READY"), "Socket-Type", socketType)
	return string(greeting) + string(appendFrame(nil, command, appendProperty(body, "Identity", identity)))
}

// peer waits until the socket has a peer.
func (l *listener) peer(t *testing.T) *Peer {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		if peers := l.Peers(); len(peers) > 0 {
			return peers[0]
		}
		select {
		case <-deadline:
			t.Fatal("the handshake does not end")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestConversation(t *testing.T) {
	l := listen(t, Config{})
	c := l.dial(t, hello("DEALER", "me")).ready(t)
	c.write(t, "\x01\x01a\x00\x01b")
	if got := <-l.received; strings.Join(got, "|") != "a|b" {
		t.Errorf("received %q", got)
	}
	p := l.peer(t)
	if p.Identity != "me" {
		t.Errorf("the identity is %q", p.Identity)
	}
	p.Send(Encode(raw([]string{"c", "d"})))
	if frames, _, err := c.in.message(); err != nil || strings.Join(text(frames), "|") != "c|d" {
		t.Errorf("got %q, %v", frames, err)
	}
	c.write(t, "\x04\x09\x04PING\x00\x0ahi")
	if frames, isCommand, err := c.in.message(); err != nil || !isCommand || string(frames[0]) != "\x04PONGhi" {
		t.Errorf("got %q, %v, want a PONG", frames, err)
	}
	c.Close()
	if got := <-l.gone; got != p {
		t.Errorf("%v is gone, want the one that closed its connection", got)
	}
}

func TestRefusedPeers(t *testing.T) {
	good := hello("DEALER", "")
	for name, hello := range map[string]string{
		"a browser":           "GET / HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X-Y: z\r\n", 10) + "\r\n",
		"an old version":      good[:10] + "\x02" + good[11:],
		"encryption":          good[:12] + "CURVE" + good[17:],
		"no READY":            good[:greetingSize] + "\x04\x06\x05ERROR",
		"a message as READY":  good[:greetingSize] + "\x00" + good[greetingSize+1:],
		"a wrong socket type": hello("SUB", ""),
		"a cut property":      good[:greetingSize] + "\x04\x0c\x05READY\x03abc\x00\x00",
		"a giant READY":       good[:greetingSize] + "\x06\x7f\xff\xff\xff\xff\xff\xff\xff",
		"an empty command":    good[:greetingSize] + "\x04\x00",
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, Config{})
			c := l.dial(t, hello)
			if n, err := io.Copy(io.Discard, c); n > 200 {
				t.Errorf("%d bytes came before the end (%v)", n, err)
			}
			if len(l.Peers()) != 0 {
				t.Error("it is a peer")
			}
		})
	}
}

// Those who connect and stop at any point must not keep others out.
func TestSilentPeers(t *testing.T) {
	l := listen(t, Config{})
	whole := hello("DEALER", "silent")
	for _, n := range []int{0, 1, 10, greetingSize, greetingSize + 1, len(whole) - 1} {
		l.dial(t, whole[:n])
	}
	c := l.dial(t, hello("DEALER", "")).ready(t)
	c.write(t, "\x00\x01a")
	if got := <-l.received; got[0] != "a" {
		t.Errorf("received %q", got)
	}
	begin := time.Now()
	l.close(t)
	if d := time.Since(begin); d > greetingTime/2 {
		t.Errorf("closing took %v", d)
	}
}

// A peer that sends what it must not is dropped, the others are not.
func TestHostilePeers(t *testing.T) {
	l := listen(t, Config{})
	good := l.dial(t, hello("DEALER", "")).ready(t)
	for name, junk := range map[string]string{
		"a giant frame":        "\x02\x7f\xff\xff\xff\xff\xff\xff\xff",
		"flags of the future":  "\xf0\x00",
		"an empty command":     "\x04\x00",
		"a PING without a TTL": "\x04\x05\x04PING",
	} {
		c := l.dial(t, hello("DEALER", "")).ready(t)
		c.write(t, junk)
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: the connection stays open", name)
		}
	}
	good.write(t, "\x00\x01a")
	if got := <-l.received; got[0] != "a" {
		t.Errorf("received %q", got)
	}
}

// Whoever reads slowly gets everything, and whoever sends waits for it.
func TestSlowPeer(t *testing.T) {
	const messages, size, limit = 64, 256 << 10, 1 << 20
	l := listen(t, Config{})
	c := l.dial(t, hello("DEALER", "")).ready(t)
	p := l.peer(t)
	sent := make(chan int, 1)
	go func() {
		most := 0
		for i := range messages {
			if err := p.Wait(t.Context(), limit); err != nil {
				break
			}
			p.Send(Encode([][]byte{fmt.Append(nil, i), make([]byte, size)}))
			p.mu.Lock()
			most = max(most, p.queued)
			p.mu.Unlock()
		}
		sent <- most
	}()
	for i := range messages {
		frames, _, err := c.in.message()
		if err != nil || string(frames[0]) != fmt.Sprint(i) || len(frames[1]) != size {
			t.Fatalf("message %d: got %.10q, %v", i, frames, err)
		}
	}
	if most := <-sent; most > limit+2*size {
		t.Errorf("%d bytes waited, want at most about %d", most, limit)
	}
}

// Whoever stops reading is dropped, and whoever waits for it goes on.
func TestStalledPeer(t *testing.T) {
	l := listen(t, Config{Stall: 50 * time.Millisecond})
	l.dial(t, hello("DEALER", "")).ready(t)
	p := l.peer(t)
	for range 64 {
		p.Send(Encode([][]byte{make([]byte, 1<<20)})) // more than the system buffers
	}
	if err := p.Wait(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if got := <-l.gone; got != p {
		t.Errorf("%v is gone, want the one that does not read", got)
	}
	l.close(t)
	if !strings.Contains(l.log.String(), "has stopped reading") {
		t.Errorf("the log does not say so: %s", l.log)
	}
}

// Whoever lets too much wait is dropped, though nobody waits for it.
func TestBacklog(t *testing.T) {
	l := listen(t, Config{Backlog: 1 << 20})
	l.dial(t, hello("DEALER", "")).ready(t)
	p := l.peer(t)
	for range 64 {
		p.Send(Encode([][]byte{make([]byte, 1<<20)}))
	}
	if got := <-l.gone; got != p {
		t.Errorf("%v is gone, want the one that does not read", got)
	}
	l.close(t)
	if !strings.Contains(l.log.String(), "does not read what it is sent") {
		t.Errorf("the log does not say so: %s", l.log)
	}
}

// What was sent before Close arrives, also if something was received that
// nobody has read.
func TestCloseFlushes(t *testing.T) {
	for range 20 {
		l := listen(t, Config{})
		c := l.dial(t, hello("DEALER", "")).ready(t)
		p := l.peer(t)
		const messages, size = 40, 100 << 10
		for range messages {
			p.Send(Encode([][]byte{make([]byte, size)}))
		}
		c.write(t, "\x00\x01a")
		go l.close(t)
		for i := range messages {
			if _, _, err := c.in.message(); err != nil {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		if _, _, err := c.in.message(); err != io.EOF {
			t.Fatalf("after the last message: %v, want EOF", err)
		}
		c.Close()
	}
}

// Close does not wait for a peer that does not read.
func TestCloseDoesNotHang(t *testing.T) {
	l := listen(t, Config{})
	l.dial(t, hello("DEALER", "")).ready(t)
	p := l.peer(t)
	p.Send(Encode([][]byte{make([]byte, 32<<20)}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	l.Close(ctx)
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("closing took %v", d)
	}
}
