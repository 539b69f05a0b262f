package jupyter

import (
	"bytes"
	"errors"
	"sync"
)

// ErrReplay is returned when a message was received before: whoever can read a
// signed message could send it again.
var ErrReplay = errors.New("the signature was used before")

// replayWindow is how many signatures are remembered.
const replayWindow = 1 << 16

// replays remembers the signatures of the last messages.
type replays struct {
	mu    sync.Mutex
	known map[string]bool
	order []string // a ring
	next  int
}

// seen reports whether a signature was there before, and remembers it.
func (r *replays) seen(signature []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := string(signature)
	if r.known[s] {
		return true
	}
	if r.known == nil {
		r.known = map[string]bool{}
	}
	if len(r.order) < replayWindow {
		r.order = append(r.order, s)
	} else {
		delete(r.known, r.order[r.next])
		r.order[r.next] = s
		r.next = (r.next + 1) % replayWindow
	}
	r.known[s] = true
	return false
}

// signature returns the signature frame of a message that Decode accepts.
func signature(frames [][]byte) []byte {
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			return frames[i+1]
		}
	}
	return nil
}
