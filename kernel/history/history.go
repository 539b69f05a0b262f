// Package history keeps the inputs of cells, and what they gave, across
// sessions, in an SQLite file with the schema of IPython. It knows nothing of
// cells, messages or front ends: an input is a text with a line number.
//
// Nothing here makes its caller wait, except for the answer to a question: the
// file is opened when it is first needed, and written in the background.
package history

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Variable is the environment variable that names another file, or says Memory
// or Off.
const Variable = "SPIKEBOOK_HISTORY"

// Names that stand for no file: the history is that of this session only.
const (
	Memory = ":memory:"
	Off    = "off"
)

// Path returns the file that [Variable] names, else spikebook/history.sqlite in
// the user's folder for data. It is Memory if there is no such folder.
func Path() string {
	if path := os.Getenv(Variable); path != "" {
		return path
	}
	dir := os.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(dir) { // as the XDG specification wants
		home, err := os.UserHomeDir()
		if err != nil {
			return Memory
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "spikebook", "history.sqlite")
}

// Entry is one input.
type Entry struct {
	Session int
	Line    int
	Source  string
	Output  *string // nil if there is none, or nobody asked for it
}

// Store is the history, with one session that is being written. The session
// begins with its first input or question.
//
// When the file cannot be used, one warning is logged, and the history is that
// of this session only. All methods may be called from any goroutine.
type Store struct {
	path string
	log  *slog.Logger
	done chan struct{} // closed when nothing is written any more

	wake   chan struct{} // has one element if there may be jobs
	mu     sync.Mutex
	jobs   []func(*worker)
	opened bool
	closed bool
}

// Open returns the history in the file at path. The file need not be there.
// Memory and Off are no files.
func Open(path string, log *slog.Logger) *Store {
	return &Store{path: path, log: log, done: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// Append adds an input of this session. Lines are numbered from 1; a line that
// is there already is replaced.
func (s *Store) Append(line int, source string) {
	s.do(func(w *worker) { w.append(Entry{Line: line, Source: source}) })
}

// Output says what an input of this session gave, as text.
func (s *Store) Output(line int, output string) {
	s.do(func(w *worker) { w.output(line, output) })
}

// Query says which inputs are wanted, besides what a method asks for.
type Query struct {
	N      int  // the last N of them; negative for no limit
	Unique bool // of inputs that are equal only the last
	Output bool // with what they gave
}

// Tail returns the last inputs, those of this session last.
func (s *Store) Tail(q Query) []Entry {
	return s.ask(func(w *worker) ([]Entry, error) { return w.tail(q) })
}

// Range returns the inputs of a session from line start to before line stop.
// Session 0 is this one, -1 the one before. Lines that are negative count from
// the end of the session; a stop of 0 is the end.
func (s *Store) Range(session, start, stop int, output bool) []Entry {
	return s.ask(func(w *worker) ([]Entry, error) { return w.lines(session, start, stop, output) })
}

// Search returns the inputs that match a pattern as a whole, in which * stands
// for any text, ? for any character and [a-z] for one of these.
func (s *Store) Search(pattern string, q Query) []Entry {
	return s.ask(func(w *worker) ([]Entry, error) { return w.search(pattern, q) })
}

// Close writes what is not yet written and notes that the session has ended. It
// waits until ctx ends at most.
func (s *Store) Close(ctx context.Context) {
	s.mu.Lock()
	if !s.closed && s.opened {
		s.jobs = append(s.jobs, func(w *worker) { w.end() })
		s.notify()
	} else if !s.closed {
		close(s.done)
	}
	s.closed = true
	s.mu.Unlock()
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

// do has a job done after those before it. After Close it does nothing.
func (s *Store) do(job func(*worker)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if !s.opened {
		s.opened = true
		go s.run()
	}
	s.jobs = append(s.jobs, job)
	s.notify()
	return true
}

func (s *Store) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// ask waits for the answer to a question. When the file fails, the answer comes
// from memory.
func (s *Store) ask(question func(*worker) ([]Entry, error)) []Entry {
	answer := make(chan []Entry, 1)
	asked := s.do(func(w *worker) {
		var entries []Entry
		w.try(func() (err error) { entries, err = question(w); return err })
		answer <- entries
	})
	if !asked {
		return nil
	}
	return <-answer
}

// run does the jobs, in order.
func (s *Store) run() {
	defer close(s.done)
	w := newWorker(s.path, s.log, time.Now())
	defer w.close()
	for range s.wake {
		s.mu.Lock()
		jobs, closed := s.jobs, s.closed
		s.jobs = nil
		s.mu.Unlock()
		for _, job := range jobs {
			job(w)
		}
		if closed {
			return
		}
	}
}
