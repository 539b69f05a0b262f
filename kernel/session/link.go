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
	asking  sync.Mutex // held until the question has its answer
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
	return &link{request: request, conn: conn}, nil
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
	l.asking.Lock()
	defer l.asking.Unlock()
	if err := l.send(m); err != nil {
		return wire.Line{}, err
	}
	answer, err := wire.Read(l.conn)
	if err != nil {
		return wire.Line{}, fmt.Errorf("talk to the kernel: %w", err)
	}
	line, ok := answer.(wire.Line)
	if !ok {
		return wire.Line{}, fmt.Errorf("talk to the kernel: it sent %T, want a line", answer)
	}
	return line, nil
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
