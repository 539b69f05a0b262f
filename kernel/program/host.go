// Package program is the kernel's half of a running cell: it takes the program
// of the cell when it connects, tells it what to run with, and passes on what
// the program puts out, asks and reports, in the order in which that happened.
//
// It starts no program and kills none. It knows nothing of Go source, of stored
// values or of Jupyter; the other half is kernel/session.
package program

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"spikebook/kernel/session/wire"
)

// maxPath is the longest path of a unix socket that all systems take.
const maxPath = 103

// acceptPause is the pause after a connection that could not be accepted.
const acceptPause = 10 * time.Millisecond

// A Host is the socket at which programs connect. One program is served at a
// time; one that nobody expects is refused. Its methods may be called from
// several goroutines.
type Host struct {
	listener *net.UnixListener
	serving  sync.WaitGroup

	mu  sync.Mutex
	run *Run // the last that was expected
}

// Listen makes the unix socket path, which programs find in the environment
// variable [wire.Variable]. Its directory must be one that only the user can
// enter.
func Listen(path string) (*Host, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("listen for programs: the path %s has %d bytes, want at most %d: set TMPDIR to a shorter one", path, len(path), maxPath)
	}
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("listen for programs: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("listen for programs: the directory %s has mode %v, want one that only the user can enter (0700)", dir, info.Mode().Perm())
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for programs: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for programs: %w", err), l.Close())
	}
	h := &Host{listener: l}
	h.serving.Go(h.accept)
	return h, nil
}

// Close ends the run that is under way and removes the socket. It returns when
// no callback of an [Events] is under way but, at most, Input.
func (h *Host) Close() error {
	err := h.listener.Close()
	h.serving.Wait()
	h.mu.Lock()
	run := h.run
	h.run = nil
	h.mu.Unlock()
	if run != nil {
		run.Close()
		<-run.Ended()
	}
	if err != nil && !errors.Is(err, fs.ErrClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stop listening for programs: %w", err)
	}
	return nil
}

// Expect makes the next program that connects the program of a new run. A run
// that was expected before is closed if it has not ended.
func (h *Host) Expect(request wire.Request, events Events) *Run {
	r := newRun(request, events)
	h.mu.Lock()
	before := h.run
	h.run = r
	h.mu.Unlock()
	if before != nil {
		before.Close()
	}
	return r
}

func (h *Host) accept() {
	for {
		c, err := h.listener.AcceptUnix()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // a client that went away, or no descriptors left, which may pass
			time.Sleep(acceptPause)
			continue
		}
		h.take(c)
	}
}

// take gives a connection to the run that waits for one.
func (h *Host) take(c *net.UnixConn) {
	defer c.Close()
	if checkPeer(c) != nil {
		return // whoever it is is told nothing
	}
	h.mu.Lock()
	run := h.run
	h.mu.Unlock()
	if run != nil {
		conn, err := c.File()
		if err == nil && run.connect(conn) {
			return
		}
		if err == nil {
			conn.Close()
		}
	}
	// The program may be gone, or another kind of program: then there is nobody to tell.
	_ = wire.Write(c, wire.Refusal{Reason: "the kernel does not expect this program: no cell is running, or the cell has a program already"})
	_ = c.CloseWrite()
}
