package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"spikebook/kernel/session/wire"
)

// A server is the goroutine that serves the program of a run. One goroutine
// looks at the connection and at both pipes, because only so it is known what
// was written before a frame was sent.
type server struct {
	*Run
	ctx     context.Context
	conn    *os.File // nil until the program connects
	fd      int      // of conn; -1 when the program is gone or has not come
	in      []byte   // read from the connection, not a whole frame yet
	out     []byte   // not written to the connection yet
	rights  []byte   // descriptors that go with the first byte of out
	outputs [streams]*pipe
	chunks  chunks
	buf     []byte
	held    []byte // was read from standard error and waits for standard output
}

func (r *Run) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{Run: r, ctx: ctx, fd: -1, buf: make([]byte, maxChunk), held: make([]byte, maxChunk)}
	s.chunks.emit = func(name string, text []byte) {
		if r.events.Output != nil {
			r.events.Output(name, text)
		}
	}
	for i := range s.outputs {
		s.outputs[i] = &pipe{r: -1, w: -1}
	}
	r.result.Err = s.loop()
	cancel()
	for _, p := range s.outputs {
		p.close()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	r.end()
}

// loop returns when the run ends, with an error if it is the fault of what the
// program sent.
func (s *server) loop() error {
	for {
		ready, err := s.wait()
		if err != nil {
			return err
		}
		orders := s.takeOrders()
		if orders.abandon {
			if orders.conn != nil {
				orders.conn.Close()
			}
			return nil
		}
		if orders.conn != nil {
			if err := s.adopt(orders.conn); err != nil {
				return err
			}
		}
		for _, m := range orders.answers {
			if err := s.answer(m); err != nil {
				return err
			}
		}
		gone, err := s.readFrames(ready.conn, orders.finish)
		if gone || err != nil || orders.finish {
			s.drain()
			s.chunks.end(time.Now())
			return err
		}
		s.write()
		for stream, is := range ready.outputs {
			if is {
				s.readOutput(stream)
			}
		}
		for _, drained := range orders.drained {
			s.drain()
			close(drained)
		}
		if due := s.chunks.due(); !due.IsZero() && !time.Now().Before(due) {
			s.chunks.flush(time.Now())
		}
	}
}

// readiness says where there is something to read.
type readiness struct {
	conn    bool
	outputs [streams]bool
}

// wait waits until there is something to do.
func (s *server) wait() (readiness, error) {
	conn := unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN}
	if len(s.out) > 0 {
		conn.Events |= unix.POLLOUT
	}
	fds := []unix.PollFd{ // those that are -1 are passed over
		{Fd: int32(s.wake.r), Events: unix.POLLIN},
		conn,
		{Fd: int32(s.outputs[stdout].r), Events: unix.POLLIN},
		{Fd: int32(s.outputs[stderr].r), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(fds, s.timeout())
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return readiness{}, fmt.Errorf("wait for the program: %w", os.NewSyscallError("poll", err))
		}
	}
	if fds[0].Revents != 0 {
		read(s.wake.r, s.buf) // before the orders are taken: what comes later wakes again
	}
	return readiness{
		conn:    fds[1].Revents != 0,
		outputs: [streams]bool{fds[2].Revents != 0, fds[3].Revents != 0},
	}, nil
}

// timeout returns the milliseconds until text is due; -1 if there is none.
func (s *server) timeout() int {
	due := s.chunks.due()
	if due.IsZero() {
		return -1
	}
	return int(max(0, time.Until(due)+time.Millisecond-1) / time.Millisecond)
}

// adopt takes the connection of the program.
func (s *server) adopt(conn *os.File) error {
	s.conn, s.fd = conn, int(conn.Fd())
	s.result.Connected = true
	if err := unix.SetNonblock(s.fd, true); err != nil {
		return fmt.Errorf("take the program: %w", err)
	}
	return nil
}

// readFrames handles the frames that are there: some, or with all set, all. It
// reports whether the program is gone.
func (s *server) readFrames(ready, all bool) (gone bool, err error) {
	if s.fd < 0 || !ready && !all {
		return false, nil
	}
	for total := 0; total < moment; {
		n, ended := read(s.fd, s.buf)
		if ended {
			return true, nil
		}
		s.in = append(s.in, s.buf[:n]...)
		if err := s.handleFrames(); err != nil {
			return false, err
		}
		if n == 0 || !all {
			break
		}
		total += n
	}
	return false, nil
}

func (s *server) handleFrames() error {
	done := 0
	for {
		m, size, err := wire.Next(s.in[done:])
		if err != nil {
			return misunderstood(err)
		}
		if size == 0 {
			break
		}
		done += size
		s.take() // it was written before the frame was sent
		if _, is := m.(wire.Sync); !is {
			s.chunks.flush(time.Now()) // it is seen before what the frame does
		}
		if err := s.handle(m); err != nil {
			return err
		}
	}
	if s.in = s.in[:copy(s.in, s.in[done:])]; len(s.in) == 0 && cap(s.in) > maxChunk {
		s.in = nil // a large frame must not be held until the end
	}
	return nil
}

// drain passes on what is in the pipes now.
func (s *server) drain() {
	s.take()
	s.chunks.flush(time.Now())
}

// take reads what is in the pipes now.
func (s *server) take() {
	s.empty(stdout)
	s.empty(stderr)
}

func (s *server) empty(stream int) {
	for total := 0; total < moment; {
		n := s.readOutput(stream)
		if n == 0 {
			break
		}
		total += n
	}
}

// readOutput reads once from an output and returns how much that was. A program
// that writes to standard error waits until that was read (package session has
// it wait), so all that standard output holds then was written before it.
func (s *server) readOutput(stream int) int {
	p, buf := s.outputs[stream], s.buf
	if p.r < 0 {
		return 0
	}
	if stream == stderr {
		buf = s.held
	}
	n, ended := read(p.r, buf)
	if ended {
		closeFD(&p.r)
	}
	if n > 0 {
		if stream == stderr {
			s.empty(stdout)
		}
		s.chunks.add(stream, buf[:n], time.Now())
	}
	return n
}
