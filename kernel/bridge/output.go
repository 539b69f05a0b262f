package bridge

import (
	"regexp"
	"strings"
	"sync"
)

// write publishes what a cell has written to one of its streams. It may be
// called by any goroutine.
func (b *Bridge) write(e *execution, name, text string) {
	if name == "stderr" {
		text = e.stderr.write(text)
	}
	b.stream(e, name, text)
}

// stream publishes text unless there is none, or it belongs to the preload.
func (b *Bridge) stream(e *execution, name, text string) {
	if text == "" {
		return
	}
	if e.request == nil {
		b.Log.Debug("preload", name, text)
		return
	}
	b.publish(e.request, "stream", map[string]any{"name": name, "text": text})
}

// holder keeps back what a cell writes to stderr and what may be said better:
// the words of a dying Go program, from "panic:" on, and GoNB's line about its
// exit status.
type holder struct {
	mu      sync.Mutex
	held    strings.Builder
	holding bool
	partial string // the beginning of a line that may become one of lastWords
}

// lastWords begin the report of the Go run time about the end of a program.
var lastWords = []string{"panic: ", "fatal error: ", "unexpected fault address ", "SIGQUIT: ", "runtime: goroutine stack exceeds "}

// exitLine is what GoNB writes to stderr about a program that failed.
var exitLine = regexp.MustCompile(`^(\^C\n)?(exit status \d+|signal: [a-z ()]+)\n$`)

// maxHeld is how much is kept back. No report of the Go run time is as long;
// a program that only writes like a dying one may go on for ever.
const maxHeld = 1 << 20

// write takes text and returns what may be published at once.
func (h *holder) write(text string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holding || (h.partial == "" && exitLine.MatchString(text)) {
		return h.hold(text)
	}
	text = h.partial + text
	h.partial = ""
	var out strings.Builder
	for text != "" {
		line, rest, whole := strings.Cut(text, "\n")
		if hasAnyPrefix(line, lastWords) {
			h.holding = true
			return out.String() + h.hold(text)
		}
		if !whole {
			if isAnyPrefix(line, lastWords) {
				h.partial = line
			} else {
				out.WriteString(line)
			}
			break
		}
		out.WriteString(line + "\n")
		text = rest
	}
	return out.String()
}

// hold keeps text back, and returns what there is no room for.
func (h *holder) hold(text string) string {
	room := min(maxHeld-h.held.Len(), len(text))
	h.held.WriteString(text[:room])
	return text[room:]
}

// words returns what is held so far.
func (h *holder) words() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held.String()
}

// rest returns what was held, and forgets it.
func (h *holder) rest() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.held.String() + h.partial
	h.held.Reset()
	h.holding, h.partial = false, ""
	return s
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// isAnyPrefix says whether s could become one of the texts.
func isAnyPrefix(s string, texts []string) bool {
	for _, t := range texts {
		if strings.HasPrefix(t, s) {
			return true
		}
	}
	return false
}
