package figure

import (
	"bytes"
	"context"
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
)

// kernel is a Handler that remembers what it was asked.
type kernel struct {
	mu      sync.Mutex
	figures []*Figure
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

func (k *kernel) Show(f *Figure) error {
	return k.do(func() { k.figures = append(k.figures, f) })
}

func (k *kernel) ShowBundle(b map[string]string) error {
	return k.do(func() { k.bundles = append(k.bundles, b) })
}

func (k *kernel) Render(f *Figure, format string) ([]byte, error) {
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
	go func() { done <- Serve(ctx, l, k) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve returned %v after its context ended, want nil", err)
		}
		os.RemoveAll(dir)
	})
	t.Setenv(SocketVariable, path)
	return path
}

func TestShowInKernel(t *testing.T) {
	k := &kernel{}
	start(t, k)
	if err := sample().Show(); err != nil {
		t.Fatal(err)
	}
	bundle := map[string]string{"text/plain": "IF", "text/markdown": "**IF**"}
	if err := ShowBundle(bundle); err != nil {
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

func TestSaveInProcess(t *testing.T) {
	t.Setenv(SocketVariable, "")
	path := filepath.Join(t.TempDir(), "v.png")

	old := renderer.Swap(nil)
	t.Cleanup(func() { renderer.Store(old) })
	err := sample().Save(path)
	if err == nil || !strings.Contains(err.Error(), `import _ "spikebook/display/render"`) {
		t.Errorf("without a renderer: got %v, want an error that says what to import", err)
	}

	RegisterRenderer(func(f *Figure, format string) ([]byte, error) {
		return []byte(format + " in process"), nil
	})
	if err := sample().Save(path); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "png in process")
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

func TestSaveErrors(t *testing.T) {
	start(t, &kernel{})
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder.svg"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"no extension", "picture", `unknown picture format "", want an extension of svg, png, pdf`},
		{"other extension", "picture.jpeg", `unknown picture format "jpeg"`},
		{"no such folder", filepath.Join(dir, "missing", "v.svg"), "v.svg: no such file or directory"},
		{"a folder", filepath.Join(dir, "folder.svg"), "folder.svg: file exists"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sample().Save(tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), ".tmp") {
				t.Errorf("%v names a temporary file, which says nothing to the user", err)
			}
		})
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: a failed Save left something behind", entries, err)
	}
	if err := (&Figure{}).Save(filepath.Join(dir, "v.svg")); err == nil {
		t.Error("an empty figure was saved")
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

func TestKernelGone(t *testing.T) {
	t.Setenv(SocketVariable, filepath.Join(t.TempDir(), "gone"))
	err := sample().Show()
	if err == nil || !strings.Contains(err.Error(), SocketVariable) {
		t.Errorf("got %v, want an error that names %s", err, SocketVariable)
	}
}

func TestShowWithoutKernel(t *testing.T) {
	t.Setenv(SocketVariable, "")
	got := stdout(t, func() {
		if err := sample().Show(); err != nil {
			t.Error(err)
		}
		if err := ShowBundle(map[string]string{"text/plain": "IF\n"}); err != nil {
			t.Error(err)
		}
	})
	if want := "heatmap: 2 steps × 3 neurons\nIF\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if err := ShowBundle(nil); err == nil {
		t.Error("an empty bundle was shown")
	}
	if err := (*Figure)(nil).Show(); err == nil {
		t.Error("a nil figure was shown")
	}
}

// stdout returns what f prints.
func stdout(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = old }()
	f()
	w.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestServeSurvives sends what no client of ours would, and then a figure.
func TestServeSurvives(t *testing.T) {
	k := &kernel{}
	path := start(t, k)
	for _, tt := range []struct{ name, message, want string }{
		{"noise", "\x00\x01\x02\x03\x04\x05\x06\x07\x08", "message starts with"},
		{"giant", header(version, MaxMessage+1), "larger than the limit"},
		{"no gob", header(version, 3) + "abc", "decode"},
		{"cut off", header(version, 300) + "abc", "ends after 3 of 300 bytes"},
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
			var reply Reply
			if err := receive(c, &reply); err != nil {
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

func TestServeConcurrently(t *testing.T) {
	k := &kernel{}
	start(t, k)
	const n = 20
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			f := sample()
			f.Title = fmt.Sprint(i)
			b, err := f.render(SVG)
			if want := fmt.Appendf(nil, "svg of %d", i); err != nil || !bytes.Equal(b, want) {
				t.Errorf("got %q, %v, want %q", b, err, want)
			}
		})
	}
	wg.Wait()
	if len(k.figures) != n {
		t.Errorf("the kernel got %d figures, want %d", len(k.figures), n)
	}
}

// TestServeStops demands that Serve ends with its context although a client
// holds a connection and says nothing.
func TestServeStops(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	l := &oneConn{conn: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conn <- server
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, &kernel{}) }()
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

func (l *oneConn) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "test", Net: "unix"} }

func TestServeListenerFails(t *testing.T) {
	l := &oneConn{closed: make(chan struct{})}
	l.Close()
	if err := Serve(context.Background(), l, &kernel{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want the listener's error", err)
	}
}
