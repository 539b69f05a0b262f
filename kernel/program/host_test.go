package program

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"spikebook/display/figure/socket"
	"spikebook/kernel/session/wire"
)

func listen(t *testing.T) *Host {
	t.Helper()
	dir, err := os.MkdirTemp("", "program") // t.TempDir names the test: too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	h, err := Listen(filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := os.Remove(dir); err != nil { // fails when the socket is still there
			t.Error(err)
		}
	})
	return h
}

func (h *Host) path() string { return h.listener.Addr().String() }

// A journal keeps what happened, one line an event. What one stream put out in
// a row is one line.
type journal struct {
	mu    sync.Mutex
	lines []string
	last  string
}

func (j *journal) note(format string, a ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines, j.last = append(j.lines, fmt.Sprintf(format, a...)), ""
}

func (j *journal) output(name string, text []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.last != name {
		j.lines, j.last = append(j.lines, name+": "), name
	}
	j.lines[len(j.lines)-1] += string(text)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "|")
}

// events writes a journal and answers questions with the given lines; then the
// input is at its end.
func (j *journal) events(lines ...string) Events {
	return Events{
		Output: j.output,
		Input: func(_ context.Context, prompt string, password bool) (string, bool) {
			j.note("input %q %v", prompt, password)
			if len(lines) == 0 {
				return "", true
			}
			line := lines[0]
			lines = lines[1:]
			return line, false
		},
	}
}

// A fake is a program that runs in the process of the test.
type fake struct {
	t           *testing.T
	conn        *os.File
	request     wire.Request
	out, errOut *os.File
}

func dial(t *testing.T, h *Host) *fake {
	t.Helper()
	conn, request, fds, err := wire.Dial(h.path())
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t, conn: conn, request: request}
	if len(fds) == 2 {
		f.out, f.errOut = os.NewFile(uintptr(fds[0]), "stdout"), os.NewFile(uintptr(fds[1]), "stderr")
	}
	t.Cleanup(f.exit)
	return f
}

// rawDial connects and says nothing.
func rawDial(h *Host) (*os.File, error) { return socket.Dial(h.path()) }

func (f *fake) exit() {
	f.conn.Close()
	if f.out != nil {
		f.out.Close()
		f.errOut.Close()
	}
}

func (f *fake) print(text string) {
	f.t.Helper()
	if _, err := f.out.WriteString(text); err != nil {
		f.t.Error(err)
	}
}

func (f *fake) send(m wire.Message) {
	f.t.Helper()
	if err := wire.Write(f.conn, m); err != nil {
		f.t.Error(err)
	}
}

func (f *fake) receive() wire.Message {
	f.t.Helper()
	m, err := wire.Read(f.conn)
	if err != nil {
		f.t.Error(err)
	}
	return m
}

func TestListen(t *testing.T) {
	open := t.TempDir()
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ path, want string }{
		{filepath.Join(open, "s"), "mode -rwxr-xr-x, want one that only the user can enter (0700)"},
		{"/" + strings.Repeat("x", 103), "has 104 bytes, want at most 103"},
		{"/no/such/directory/s", "no such file or directory"},
	} {
		if _, err := Listen(test.path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Listen(%q): error %v, want one with %q", test.path, err, test.want)
		}
	}
	h := listen(t)
	if info, err := os.Stat(h.path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v; want mode 0600", info, err)
	}
}

func TestRefusal(t *testing.T) {
	h := listen(t)
	refused := func(when string) {
		t.Helper()
		_, _, _, err := wire.Dial(h.path())
		if want := "talk to the kernel: the kernel does not expect this program"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", when, err, want)
		}
	}
	refused("before a run")
	run := h.Expect(wire.Request{}, Events{})
	f := dial(t, h)
	refused("while a program runs")
	f.send(wire.Done{Generation: 7})
	f.exit()
	if got := run.Result(); !got.Done || got.Generation != 7 || got.Err != nil {
		t.Errorf("the program that was expected: %+v", got)
	}
	refused("after a run")
}

func TestExpectClosesTheRunBefore(t *testing.T) {
	h := listen(t)
	before := h.Expect(wire.Request{}, Events{})
	run := h.Expect(wire.Request{Dir: "second"}, Events{})
	if got := before.Result(); got.Connected || got.Err != nil {
		t.Errorf("the run before: %+v, want nothing", got)
	}
	f := dial(t, h)
	if f.request.Dir != "second" {
		t.Errorf("the program gets %+v, want the request of the second run", f.request)
	}
	f.exit()
	run.Result()
}

func TestCloseEndsTheRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h, err := Listen(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	run := h.Expect(wire.Request{}, Events{})
	dial(t, h)
	for range 2 {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-run.Ended():
	default:
		t.Error("the run has not ended")
	}
}
