package jupyter

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"
)

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// tcpConnection returns a connection over free TCP ports.
func tcpConnection(t *testing.T) Connection {
	c := Connection{Transport: "tcp", IP: "127.0.0.1", Key: key, SignatureScheme: "hmac-sha256"}
	for _, port := range []*int{&c.ShellPort, &c.ControlPort, &c.StdinPort, &c.IOPubPort, &c.HeartbeatPort} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return c
}

// echo answers kernel_info requests and says on IOPub that it did.
func echo(s *Server, done <-chan struct{}) {
	for {
		select {
		case m := <-s.Received():
			_ = s.Send(m.Channel, m.Reply("kernel", map[string]string{"channel": m.Channel.String()}))
			_ = s.Send(IOPub, New("kernel", "status", m.Message, map[string]string{"execution_state": "idle"}))
		case <-done:
			return
		}
	}
}

func TestServerAndClient(t *testing.T) {
	for name, c := range map[string]Connection{"tcp": tcpConnection(t), "ipc": NewConnection(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			s, err := Listen(ctx, c, discard)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			done := make(chan struct{})
			defer close(done)
			go echo(s, done)

			client, err := Dial(ctx, c, discard)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if _, err := client.WaitReady(ctx); err != nil {
				t.Fatal(err)
			}
			request, err := client.Request(Control, "kernel_info_request", nil)
			if err != nil {
				t.Fatal(err)
			}
			for {
				select {
				case m := <-client.Received():
					if m.Parent().ID == request.Header.ID && m.Channel == Control {
						return
					}
				case <-ctx.Done():
					t.Fatal("no answer on the channel that asked")
				}
			}
		})
	}
}

// A peer that connects and says nothing must not keep others out.
func TestSilentPeer(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := tcpConnection(t)
	s, err := Listen(ctx, c, discard)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, port := range []int{c.ShellPort, c.IOPubPort} {
		conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	done := make(chan struct{})
	defer close(done)
	go echo(s, done)
	client, err := Dial(ctx, c, discard)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestListenNamesTheSocketInUse(t *testing.T) {
	c := tcpConnection(t)
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(c.HeartbeatPort))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Listen(t.Context(), c, discard); err == nil {
		t.Error("no error although the heartbeat's port is taken")
	}
}
