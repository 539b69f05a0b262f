package supervisor

import (
	"strings"
	"sync"
)

// Tail keeps the last bytes written to it: what a process said before it ended
// is the best explanation of its end. It is safe for concurrent use.
type Tail struct {
	mu   sync.Mutex
	data []byte
}

const tailSize = 8 << 10

// Write keeps p and forgets what is too old. It never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if n := len(t.data) - tailSize; n > 0 {
		t.data = append(t.data[:0], t.data[n:]...)
	}
	return len(p), nil
}

// tailLines is how many lines String returns at most.
const tailLines = 20

// String returns the last lines.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.data)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
