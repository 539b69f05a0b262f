package program

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"spikebook/kernel/session/wire"
)

// misunderstood returns the error of a run whose program is at fault.
func misunderstood(err error) error {
	return fmt.Errorf("the cell's program sent what the kernel does not understand: %w", err)
}

// handle does what a frame of the program asks for.
func (s *server) handle(m wire.Message) error {
	if hello, is := m.(wire.Hello); is {
		return s.greet(hello)
	}
	if s.result.PID == 0 {
		return misunderstood(fmt.Errorf("it starts with %T, want wire.Hello", m))
	}
	switch m := m.(type) {
	case wire.Input:
		return s.ask(m)
	case wire.Sync:
		return s.answer(m) // what it asks for was done before it came here
	case wire.Failure:
		if s.result.Failure == nil { // what came after it is its consequence
			s.result.Failure = &m
		}
		return nil
	case wire.Done:
		s.result.Done = true
		s.result.Generation, s.result.Notes, s.result.Bundle = m.Generation, m.Notes, m.Result
		return nil
	default:
		return misunderstood(fmt.Errorf("%T is for the kernel to send", m))
	}
}

// greet answers the first frame of the program with what it is to run.
func (s *server) greet(hello wire.Hello) error {
	switch {
	case hello.Version != wire.Version:
		return fmt.Errorf("the cell's program speaks version %d of the protocol, want %d: the cell and the kernel were built from different versions of spikebook; restart the kernel", hello.Version, wire.Version)
	case hello.PID == 0:
		return misunderstood(errors.New("its hello has no process id"))
	case s.result.PID != 0:
		return misunderstood(errors.New("it says hello twice"))
	}
	s.result.PID = hello.PID
	if !s.request.KeepStdio {
		var ends []int
		for i := range s.outputs {
			p, err := newPipe()
			if err != nil {
				return fmt.Errorf("make the outputs of the cell's program: %w", os.NewSyscallError("pipe", err))
			}
			s.outputs[i] = p
			ends = append(ends, p.w)
		}
		s.rights = unix.UnixRights(ends...)
	}
	return s.answer(s.request)
}

// ask asks the user. What the program puts out meanwhile is passed on.
func (s *server) ask(m wire.Input) error {
	if !s.request.AllowInput || s.events.Input == nil {
		return s.answer(wire.Line{EOF: true})
	}
	go func() {
		text, eof := s.events.Input(s.ctx, m.Prompt, m.Password)
		s.order(func(o *orders) { o.answers = append(o.answers, wire.Line{Text: text, EOF: eof}) })
	}()
	return nil
}

// answer sends m to the program, now or when it has read what was sent before.
func (s *server) answer(m wire.Message) error {
	out, err := wire.Append(s.out, m)
	if err != nil {
		return err
	}
	s.out = out
	s.write()
	return nil
}

// write writes as much to the connection as it takes now. That the program is
// gone is seen when the connection is read.
func (s *server) write() {
	for len(s.out) > 0 {
		n, err := unix.SendmsgN(s.fd, s.out, s.rights, nil, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return
		case err != nil:
			s.out = nil
			return
		}
		if s.rights != nil { // the program has them now, and must be the only one to see the pipes end
			s.rights = nil
			for _, p := range s.outputs {
				closeFD(&p.w)
			}
		}
		if s.out = s.out[n:]; len(s.out) == 0 {
			s.out = nil
		}
	}
}
