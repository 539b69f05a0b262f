package serve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"spikebook/display/figure"
)

// kernel is a Handler that remembers what it was asked.
type kernel struct {
	mu      sync.Mutex
	figures []*figure.Figure
	bundles []map[string]string
	fail    error // returned by each method
	panic   bool  // each method panics
}

func (k *kernel) do(f func()) error {
	if k.panic {
		panic("a handler that fails")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	f()
	return k.fail
}

func (k *kernel) Show(f *figure.Figure, _ figure.Place) error {
	return k.do(func() { k.figures = append(k.figures, f) })
}

func (k *kernel) ShowBundle(b map[string]string, _ figure.Place) error {
	return k.do(func() { k.bundles = append(k.bundles, b) })
}

func (k *kernel) Clear(bool) error { return k.do(func() {}) }

func (k *kernel) Render(f *figure.Figure, format string) ([]byte, error) {
	err := k.do(func() { k.figures = append(k.figures, f) })
	return []byte(format + " of " + f.Title), err
}

// start serves k on a unix socket, which is the kernel's for the rest of the
// test, and returns the socket's path.
func start(t *testing.T, k *kernel) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "figure") // t.TempDir is too long for the path of a socket on some systems
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Figures(ctx, l, k) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Figures returned %v after its context ended, want nil", err)
		}
		os.RemoveAll(dir)
	})
	t.Setenv(figure.SocketVariable, path)
	return path
}

// sample returns a valid figure.
func sample() *figure.Figure {
	return &figure.Figure{
		Kind: figure.Heatmap, Title: "membrane potentials", Text: "heatmap: 1 step × 2 neurons",
		Series: []figure.Series{{Name: "voltage", Shape: []int{1, 2}, Data: figure.Values{0, 1}}},
		Width:  6, Height: 4, DPI: 96,
	}
}

// header returns the start of a message with a body of n bytes.
func header(n uint32) string {
	return string(binary.BigEndian.AppendUint32([]byte("SBF\x02"), n))
}

func TestShowInKernel(t *testing.T) {
	k := &kernel{}
	start(t, k)
	if err := sample().Show(); err != nil {
		t.Fatal(err)
	}
	bundle := map[string]string{"text/plain": "IF", "text/markdown": "**IF**"}
	if err := figure.ShowBundle(bundle, figure.Place{}); err != nil {
		t.Fatal(err)
	}
	if len(k.figures) != 1 || !reflect.DeepEqual(k.figures[0], sample()) {
		t.Errorf("the kernel got %+v, want the figure", k.figures)
	}
	if len(k.bundles) != 1 || !reflect.DeepEqual(k.bundles[0], bundle) {
		t.Errorf("the kernel got %v, want the bundle", k.bundles)
	}
}

func TestSaveThroughKernel(t *testing.T) {
	start(t, &kernel{})
	path := filepath.Join(t.TempDir(), "v.SVG")
	for range 2 { // the second replaces the first
		if err := sample().Save(path); err != nil {
			t.Fatal(err)
		}
	}
	wantFile(t, path, "svg of membrane potentials")
}

// wantFile demands that path holds content and that nothing lies beside it.
func wantFile(t *testing.T, path, content string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content {
		t.Errorf("%s holds %q, want %q", filepath.Base(path), got, content)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("%v lie in the folder, want the picture alone", entries)
	}
}

func TestKernelFails(t *testing.T) {
	k := &kernel{fail: errors.New("no ink")}
	start(t, k)
	if err := sample().Show(); err == nil || !strings.Contains(err.Error(), "no ink") {
		t.Errorf("got %v, want the kernel's error", err)
	}
	k.panic = true
	if err := sample().Show(); err == nil || !strings.Contains(err.Error(), "a handler that fails") {
		t.Errorf("got %v, want the handler's panic as an error", err)
	}
	k.fail, k.panic = nil, false
	if err := sample().Show(); err != nil {
		t.Errorf("after a failure: got %v, want the next figure to be shown", err)
	}
}

// TestSurvives sends what no client of ours would, and then a figure.
func TestSurvives(t *testing.T) {
	k := &kernel{}
	path := start(t, k)
	for _, tt := range []struct{ name, message, want string }{
		{"noise", "\x00\x01\x02\x03\x04\x05\x06\x07\x08", "message starts with"},
		{"giant", header(figure.MaxMessage + 1), "larger than the limit"},
		{"no gob", header(3) + "abc", "decode"},
		{"cut off", header(300) + "abc", "ends after 3 of 300 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, tt.message); err != nil {
				t.Fatal(err)
			}
			if err := c.(*net.UnixConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			var reply figure.Reply
			if err := figure.Receive(c, &reply); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(reply.Error, tt.want) {
				t.Errorf("got reply %q, want an error with %q", reply.Error, tt.want)
			}
		})
	}
	if err := sample().Show(); err != nil {
		t.Fatal(err)
	}
	if len(k.figures) != 1 {
		t.Errorf("the kernel got %d figures, want the valid one alone", len(k.figures))
	}
}

func TestConcurrently(t *testing.T) {
	k := &kernel{}
	start(t, k)
	dir := t.TempDir()
	const n = 20
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			f := sample()
			f.Title = fmt.Sprint(i)
			path := filepath.Join(dir, f.Title+".svg")
			if err := f.Save(path); err != nil {
				t.Error(err)
				return
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != "svg of "+f.Title {
				t.Errorf("got %q, %v, want the answer to %d", b, err, i)
			}
		})
	}
	wg.Wait()
	if len(k.figures) != n {
		t.Errorf("the kernel got %d figures, want %d", len(k.figures), n)
	}
}

// TestStops demands that Figures ends with its context although a client
// holds a connection and says nothing.
func TestStops(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	l := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conn <- server
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Figures(ctx, l, &kernel{}) }()
	if _, err := client.Write([]byte("S")); err != nil { // returns when the server has read it
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("got %v, want nil", err)
	}
	if _, err := client.Write([]byte("B")); err == nil {
		t.Error("the connection is still open")
	}
}

// oneConn is a listener that accepts what is sent to conn.
type oneConn struct {
	conn   chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConn) Close() error { l.once.Do(func() { close(l.closed) }); return nil }

func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "test", Net: "unix"} }

func TestListenerFails(t *testing.T) {
	l := &oneConn{closed: make(chan struct{})}
	l.Close()
	if err := Figures(context.Background(), l, &kernel{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want the listener's error", err)
	}
}
