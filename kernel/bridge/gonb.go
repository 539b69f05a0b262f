package bridge

import (
	"context"
	"errors"
	"time"

	"spikebook/kernel/jupyter"
)

// step is one request to GoNB, of which a cell may need several.
type step struct {
	id    string
	reply *gonbReply // GoNB's execute_reply, when it is there
	idle  bool       // GoNB has said that it is idle: all outputs are there
	text  string     // what it wrote to stdout; the beginning of it
	done  chan struct{}
	err   error // GoNB has ended, or cannot be asked
}

// gonbReply is the part of GoNB's execute_reply that tells of an error.
type gonbReply struct {
	Status string `json:"status"`
	Value  string `json:"evalue"`
}

// errEnded is returned when GoNB, or the kernel, ends while a cell runs.
var errEnded = errors.New("GoNB, which runs the cells, has ended")

// gonb has GoNB run code for a cell and waits until it has. It is called by
// the goroutine of the cell.
func (b *Bridge) gonb(e *execution, code string) (*step, error) {
	// GoNB wants every field. Its counter is of no interest, but it must not
	// count what we do not.
	m := jupyter.New(b.session, "execute_request", nil, map[string]any{
		"code": code, "silent": e.Silent, "store_history": e.StoreHistory,
		"user_expressions": map[string]any{}, "allow_stdin": e.AllowStdin, "stop_on_error": e.StopOnError,
	})
	s := &step{id: m.Header.ID, done: make(chan struct{})}
	ok := b.do(func() {
		switch {
		case b.running != e || b.backend == nil:
			s.fail(errEnded)
		case e.interrupted > 0:
			s.fail(context.Canceled)
		default:
			e.step = s
			if err := b.backend.Send(jupyter.Shell, m); err != nil {
				b.abandon(e, s, err)
			}
		}
	})
	if !ok {
		return s, errEnded
	}
	select {
	case <-s.done:
		return s, s.err
	case <-b.ended:
		return s, errEnded
	}
}

// dying is how long it takes to see that GoNB, which takes no message, has ended.
const dying = 2 * time.Second

// abandon ends a step of which GoNB could not be told. As a rule GoNB has just
// ended: whoever sees that says it better, and starts it again.
func (b *Bridge) abandon(e *execution, s *step, err error) {
	b.Log.Warn("GoNB cannot be asked", "error", err)
	time.AfterFunc(dying, func() {
		b.do(func() {
			if e.step == s {
				e.step = nil
				s.fail(err)
			}
		})
	})
}

func (s *step) fail(err error) {
	s.err = err
	close(s.done)
}

// fromBackend handles one message of GoNB.
func (b *Bridge) fromBackend(m jupyter.Received) {
	parent := m.Parent().ID
	b.Log.Debug("GoNB", "type", m.Header.Type, "parent", parent, "content", string(m.Content))
	if m.Header.Type == "comm_open" || m.Header.Type == "comm_msg" || m.Header.Type == "comm_close" {
		b.commFromBackend(m)
		return
	}
	if e := b.running; e != nil && e.step != nil && e.step.id == parent {
		b.output(e, m)
	} // else it is late output of a cell that is over, or a status of no interest
}

// output passes on one message that GoNB sent for the running cell.
func (b *Bridge) output(e *execution, m jupyter.Received) {
	s := e.step
	switch m.Header.Type {
	case "stream":
		b.gonbStream(e, m)
	case "display_data", "update_display_data", "clear_output", "execute_result":
		if e.program != nil {
			e.program.Drain()
		}
		if e.request != nil {
			b.publish(e.request, m.Header.Type, m.Content)
		}
	case "input_request":
		b.inputRequest(e, m.Content)
	case "execute_reply":
		s.reply = new(gonbReply)
		if err := m.Unmarshal(s.reply); err != nil {
			b.Log.Warn("GoNB", "error", err)
		}
	case "status":
		var status struct {
			State string `json:"execution_state"`
		}
		if err := m.Unmarshal(&status); err == nil && status.State == "idle" {
			s.idle = true
		}
	}
	// The reply and the outputs come over different sockets. The step is over
	// when both ends are seen.
	if s.reply != nil && s.idle {
		e.step = nil
		close(s.done)
	}
}

// keptText is how much of what a step writes is kept for us to read.
const keptText = 4096

func (b *Bridge) gonbStream(e *execution, m jupyter.Received) {
	var c struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	if err := m.Unmarshal(&c); err != nil {
		b.Log.Warn("GoNB", "error", err)
		return
	}
	if c.Name == "stdout" && len(e.step.text) < keptText {
		e.step.text += c.Text
	}
	if e.program != nil && c.Name == "stderr" && exitLine.MatchString(c.Text) {
		return // the reply says it, too, and the program's own last words may still be on their way
	}
	b.write(e, c.Name, b.named(c.Text)) // go test names places
}
