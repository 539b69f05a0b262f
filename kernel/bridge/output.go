package bridge

import (
	"regexp"
	"strings"

	"spikebook/kernel/jupyter"
)

// output passes on one message that GoNB sent for the running cell.
func (b *Bridge) output(m jupyter.Received) {
	e := b.running
	switch m.Header.Type {
	case "stream":
		var s struct {
			Name string `json:"name"`
			Text string `json:"text"`
		}
		if err := m.Unmarshal(&s); err != nil {
			b.Log.Warn("GoNB", "error", err)
			return
		}
		if s.Name == "stderr" {
			s.Text = e.stderr.write(s.Text)
		}
		b.stream(e, s.Name, s.Text)
	case "display_data", "update_display_data", "clear_output", "execute_result":
		if e.request != nil {
			b.publish(e.request, m.Header.Type, m.Content)
		}
	case "input_request":
		b.inputRequest(e, m.Content)
	case "execute_reply":
		e.reply = new(gonbReply)
		if err := m.Unmarshal(e.reply); err != nil {
			b.Log.Warn("GoNB", "error", err)
		}
	case "status":
		var s struct {
			State string `json:"execution_state"`
		}
		if err := m.Unmarshal(&s); err == nil && s.State == "idle" {
			e.idle = true
		}
	}
	// The reply and the outputs come over different sockets. The cell is over,
	// and its failure can be explained, when both ends are seen.
	if e.reply != nil && e.idle {
		e.failure = b.verdict(e)
		b.finish()
	}
}

// verdict returns the failure of a cell that is over, nil if there is none.
func (b *Bridge) verdict(e *execution) *failure {
	switch {
	case e.reply.Status == "error":
		return b.explain(e)
	case e.interrupted > 0 && exitLine.MatchString(e.stderr.held.String()):
		return interrupted() // a shell command, of which GoNB says that all is well
	}
	return nil
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
	held    strings.Builder
	holding bool
	partial string // the beginning of a line that may become one of lastWords
}

// lastWords begin the report of the Go run time about the end of a program.
var lastWords = []string{"panic: ", "fatal error: ", "unexpected fault address ", "SIGQUIT: "}

// exitLine is what GoNB writes to stderr about a program that failed.
var exitLine = regexp.MustCompile(`^(\^C\n)?(exit status \d+|signal: [a-z ()]+)\n$`)

// write takes text and returns what may be published at once.
func (h *holder) write(text string) string {
	if h.holding || (h.partial == "" && exitLine.MatchString(text)) {
		h.held.WriteString(text)
		return ""
	}
	text = h.partial + text
	h.partial = ""
	var out strings.Builder
	for text != "" {
		line, rest, whole := strings.Cut(text, "\n")
		if hasAnyPrefix(line, lastWords) {
			h.holding = true
			h.held.WriteString(text)
			return out.String()
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

// rest returns what was held.
func (h *holder) rest() string {
	s := h.held.String() + h.partial
	*h = holder{}
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
