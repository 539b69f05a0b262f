package session

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"spikebook/kernel/session/wire"
)

// program is the link to the kernel that started this program: nil in a program
// that no kernel started, and where linkErr says why there is none.
var (
	program *link
	linkErr error
	once    sync.Once
)

// attach makes the link, once. Whatever needs it calls attach first: literals,
// which package-level variables are set to before Main runs, and input. It is no
// init function, since the kernel links this package, too, and is no cell.
func attach() {
	once.Do(func() {
		if program, linkErr = connect(); program != nil {
			literalBytes = program.request.Literals
		}
	})
}

type request = wire.Request

// A link is the connection of a program to its kernel. Its methods may be
// called from several goroutines.
type link struct {
	request request
	conn    *os.File
	sending sync.Mutex
	reading chan struct{} // holds something while one goroutine reads an answer, for itself or another
	lines   question
	syncs   question
}

// A question is one of the two kinds that are put to the kernel. The answer to
// one may be long in coming, while others of the other kind are answered.
type question struct {
	asking sync.Mutex // held until the question has its answer
	answer chan wire.Message
}

// connect reaches the kernel that $SPIKEBOOK_PROGRAM names and gives the
// program the standard input and outputs that the kernel serves.
func connect() (*link, error) {
	path := os.Getenv(wire.Variable)
	if path == "" {
		return nil, nil
	}
	// Programs that the cell starts are not the cell.
	if err := os.Unsetenv(wire.Variable); err != nil {
		return nil, err
	}
	conn, request, fds, err := wire.Dial(path)
	if err != nil {
		return nil, err
	}
	if !request.KeepStdio {
		if err := wire.Redirect(fds); err != nil {
			return nil, errors.Join(fmt.Errorf("take the outputs from the kernel: %w", err), conn.Close())
		}
	}
	l := &link{request: request, conn: conn, reading: make(chan struct{}, 1)}
	l.lines.answer, l.syncs.answer = make(chan wire.Message, 1), make(chan wire.Message, 1)
	return l, nil
}

// failure tells the kernel that the cell failed. A kernel that is gone has
// nobody to tell.
func (l *link) failure(message string, frames []string) {
	_ = l.send(wire.Failure{Message: message, Frames: frames})
}

// done tells the kernel that the cell came to its end.
func (l *link) done(generation uint64, notes []string, result map[string]string) {
	m := wire.Done{Generation: generation, Notes: notes, Result: result}
	if _, err := wire.Append(nil, m); err != nil {
		m.Notes, m.Result = append(notes, "the last value is not shown: "+err.Error()), nil
	}
	_ = l.send(m)
}

// line asks for a line that the user types.
func (l *link) line(m wire.Input) (wire.Line, error) {
	if !l.request.AllowInput {
		return wire.Line{EOF: true}, nil
	}
	answer, err := l.ask(&l.lines, m)
	if err != nil {
		return wire.Line{}, err
	}
	return answer.(wire.Line), nil
}

// sync returns when the kernel has taken what was put out so far. A kernel that
// is gone takes nothing.
func (l *link) sync() {
	if !l.request.KeepStdio {
		_, _ = l.ask(&l.syncs, wire.Sync{})
	}
}

// ask sends a question and waits for its answer. Of the goroutines that wait,
// one reads what the kernel sends and hands it to the one that asked: a
// goroutine of ours that always reads would hide from Go that all others sleep.
func (l *link) ask(q *question, m wire.Message) (wire.Message, error) {
	q.asking.Lock()
	defer q.asking.Unlock()
	if err := l.send(m); err != nil {
		return nil, err
	}
	for {
		select {
		case answer := <-q.answer:
			return answer, nil
		case l.reading <- struct{}{}:
		}
		err := l.read(q)
		<-l.reading
		if err != nil {
			return nil, fmt.Errorf("talk to the kernel: %w", err)
		}
	}
}

// read reads an answer, unless q has its own.
func (l *link) read(q *question) error {
	if len(q.answer) > 0 {
		return nil
	}
	m, err := wire.Read(l.conn)
	if err != nil {
		return err
	}
	to := &l.lines
	switch m.(type) {
	case wire.Line:
	case wire.Sync:
		to = &l.syncs
	default:
		return fmt.Errorf("it sent %T, want an answer", m)
	}
	select {
	case to.answer <- m:
		return nil
	default:
		return fmt.Errorf("it sent %T, for which nobody asked", m)
	}
}

func (l *link) send(m wire.Message) error {
	b, err := wire.Append(nil, m)
	if err != nil {
		return err
	}
	l.sending.Lock()
	defer l.sending.Unlock()
	if _, err = l.conn.Write(b); err != nil {
		return fmt.Errorf("talk to the kernel: %w", err)
	}
	return nil
}
