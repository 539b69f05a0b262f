//go:build unix

package socket

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// listen makes a socket with a short path: t.TempDir is too long on some systems.
func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "socket")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		os.RemoveAll(dir)
	})
	return l, path
}

func TestDial(t *testing.T) {
	l, path := listen(t)
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "question"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8)
	if _, err := io.ReadFull(peer, got); err != nil || string(got) != "question" {
		t.Errorf("the peer got %q, %v", got, err)
	}
	if _, err := io.WriteString(peer, "answer"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, got[:6]); err != nil || string(got[:6]) != "answer" {
		t.Errorf("got %q, %v", got[:6], err)
	}

	if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Errorf("no deadline can be set: %v", err)
	}
	if _, err := c.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the deadline: %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	peer.Close()
	if _, err := c.Read(got); !errors.Is(err, io.EOF) {
		t.Errorf("after the peer closed: %v, want the end of the file", err)
	}
	if _, err := c.Write(got); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("after the peer closed: %v, want a broken pipe and a program that lives", err)
	}
}

// TestCloseOnExec looks from a child whether it has the connection.
func TestCloseOnExec(t *testing.T) {
	_, path := listen(t)
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var fd string
	if err := raw.Control(func(n uintptr) { fd = strconv.Itoa(int(n)) }); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("/bin/sh", "-c", "exec <&"+fd).CombinedOutput(); err == nil {
		t.Errorf("a child has the connection: %s", out)
	}
}

func TestDialErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 200))
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no such file",
		file:                       "connection refused",
		long:                       "too long for a socket",
	} {
		c, err := Dial(path)
		var e *fs.PathError
		if c != nil || !errors.As(err, &e) || e.Path != path || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error with %q", path, c, err, want)
		}
	}
}
