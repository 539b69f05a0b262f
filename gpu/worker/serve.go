// Package worker is the process that owns the devices: it lives as long as a
// kernel, while the programs that use the devices come and go, and keeps what they
// leave in the devices' memory. Programs use package remote; [Process] starts the
// process and keeps it running.
//
// Requests of one program are done in their order, by one goroutine. Programs
// share a device as goroutines do.
package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// Devices is what a worker serves.
type Devices interface {
	// List describes the devices, by their index.
	List() ([]device.Info, error)
	Open(index int) (device.Device, error)
}

const (
	// grace is how long requests under way may take when the worker ends. One
	// that does not return must not keep the process alive.
	grace = time.Second
	// handshake is how long a program may take to say which device it wants.
	handshake = 10 * time.Second
	// acceptPause is the pause after a connection that could not be accepted.
	acceptPause = 10 * time.Millisecond
)

// Serve serves the devices at the unix socket until the context ends, and removes
// the socket. Its directory must be one that only the user can enter.
func Serve(ctx context.Context, socket string, devices Devices) error {
	l, err := listen(socket)
	if err != nil {
		return fmt.Errorf("serve devices: %w", err)
	}
	s := newServer(devices)
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	s.accept(l)
	s.close()
	return nil
}

// listen makes the socket. One that a dead worker left is replaced.
func listen(path string) (*net.UnixListener, error) {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the directory %s has mode %v, want one that only the user can enter (0700)", dir, info.Mode().Perm())
	}
	address := &net.UnixAddr{Name: path, Net: "unix"}
	if c, err := net.DialUnix("unix", nil, address); err == nil {
		return nil, errors.Join(fmt.Errorf("another process serves at %s already", path), c.Close())
	}
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode().Type() != fs.ModeSocket:
		return nil, fmt.Errorf("%s is there and is no socket; name another path", path)
	default:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.ListenUnix("unix", address)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// A server is a worker without its listener.
type server struct {
	devices  Devices
	instance uint64 // tells this worker from others, in tokens
	started  time.Time
	user     uint32 // whose programs are served
	serving  sync.WaitGroup
	opening  sync.Mutex // held while a device is opened

	mu      sync.Mutex
	units   map[int]*unit
	clients map[*client]struct{}
	served  int64
	kept    map[uint64]*kept // by the number of their token
	uses    uint64           // of what is kept so far
}

func newServer(devices Devices) *server {
	return &server{
		devices: devices, instance: rand.Uint64(), started: time.Now(), user: uint32(os.Geteuid()),
		units: make(map[int]*unit), clients: make(map[*client]struct{}), kept: make(map[uint64]*kept),
	}
}

// accept serves programs until the listener is closed.
func (s *server) accept(l *net.UnixListener) {
	for {
		conn, err := l.AcceptUnix()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // a program that went away, or no descriptors left, which may pass
			time.Sleep(acceptPause)
			continue
		}
		pid, err := checkPeer(conn, s.user)
		if err != nil {
			_ = conn.Close() // whoever it is is told nothing
			continue
		}
		c := newClient(s, conn, pid)
		if !s.enter(c) {
			c.failed = &device.Error{Op: "Open", Reason: fmt.Sprintf("the GPU worker serves %d programs, which is the most it can; end some", wire.MaxClients)}
			_ = c.greet() // the program may be gone
			_ = c.reply(nil)
			_ = conn.Close()
			continue
		}
		s.serving.Go(func() {
			defer s.leave(c)
			c.serve()
		})
	}
}

func (s *server) enter(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) == wire.MaxClients {
		return false
	}
	s.clients[c] = struct{}{}
	return true
}

func (s *server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
}

// close ends the connections and closes the devices, unless requests that do not
// return hold them.
func (s *server) close() {
	s.mu.Lock()
	for c := range s.clients {
		_ = c.conn.Close()
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.serving.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, u := range s.units {
			u.lose(errors.New("the GPU worker ends"))
		}
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(grace):
	}
}

// unit returns a device, which it opens if it is not open or is lost.
func (s *server) unit(index int) (*unit, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	s.mu.Lock()
	u := s.units[index]
	s.mu.Unlock()
	if u != nil && u.lost() == nil {
		return u, nil
	}
	dev, err := s.devices.Open(index)
	if err != nil {
		return nil, err
	}
	u = &unit{info: dev.Info(), dev: dev}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units[index] = u
	return u, nil
}

// report says what the worker does. It asks the devices without holding up the
// programs: a device may be busy.
func (s *server) report() *wire.Reported {
	w := wire.Worker{PID: os.Getpid(), Seconds: int64(time.Since(s.started) / time.Second)}
	for index, u := range s.count(&w) {
		w.Devices = append(w.Devices, u.report(index))
	}
	slices.SortFunc(w.Devices, func(a, b wire.Opened) int { return a.Index - b.Index })
	return &wire.Reported{Worker: w}
}

// count adds what the server itself knows, and returns the devices that are open.
func (s *server) count(w *wire.Worker) map[int]*unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Served, w.Kept = s.served, len(s.kept)
	seen := make(map[*memory]bool, len(s.kept))
	for _, k := range s.kept {
		if !seen[k.memory] {
			seen[k.memory] = true
			w.KeptBytes += k.bytes
		}
	}
	for c := range s.clients {
		if c.unit != nil {
			w.Clients = append(w.Clients, wire.Client{PID: c.pid, Device: c.index, Stats: c.stats()})
		}
	}
	return maps.Clone(s.units)
}
