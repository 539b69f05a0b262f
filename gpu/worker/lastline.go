package worker

import (
	"bytes"
	"strings"
	"sync"
)

// A lastLine keeps the last line written to it that is not blank. When a Go
// program dies, that is the line before its stacks.
type lastLine struct {
	mu      sync.Mutex
	partial []byte
	line    string
	final   bool // the program said why it dies
}

// maxLine is how much of a line is kept, in bytes.
const maxLine = 1 << 10

// Write never fails.
func (l *lastLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		l.partial = append(l.partial, part[:min(len(part), maxLine-len(l.partial))]...)
		if whole {
			l.finish()
		}
		rest = after
	}
	return len(p), nil
}

func (l *lastLine) finish() {
	line := strings.TrimSpace(string(l.partial))
	l.partial = l.partial[:0]
	if line == "" || l.final {
		return
	}
	l.line = line
	for _, start := range []string{"panic: ", "fatal error: ", "SIG"} {
		l.final = l.final || strings.HasPrefix(line, start)
	}
}

// String returns the line.
func (l *lastLine) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.partial) > 0 {
		l.finish()
	}
	return l.line
}
