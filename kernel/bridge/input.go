package bridge

import (
	"context"

	"spikebook/kernel/jupyter"
	"spikebook/kernel/program"
)

// inputReply passes on what the user has typed: to the program that asked, or
// to GoNB.
func (b *Bridge) inputReply(m jupyter.Received) {
	e := b.running
	if e == nil || b.backend == nil {
		return
	}
	if e.program != nil && e.asking {
		var c struct {
			Value string `json:"value"`
		}
		if err := m.Unmarshal(&c); err != nil {
			b.Log.Warn("input", "error", err)
		}
		e.asking = false
		e.input <- c.Value
		return
	}
	relayed := jupyter.New(b.session, "input_reply", nil, m.Content)
	if err := b.backend.Send(jupyter.Stdin, relayed); err != nil {
		b.Log.Warn("input", "error", err)
	}
}

// inputRequest asks the front end that sent the cell.
func (b *Bridge) inputRequest(e *execution, content any) {
	if e.request == nil || !e.AllowStdin {
		return
	}
	m := jupyter.New(b.session, "input_request", e.request, content)
	m.Identities = e.request.Identities
	b.send(jupyter.Stdin, m)
}

// events are what the program of a cell may cause.
func (b *Bridge) events(e *execution) program.Events {
	return program.Events{
		Output: func(name string, text []byte) {
			_ = b.front.Room(e.ctx) // after an interrupt, what is left is passed on at once
			b.write(e, name, string(text))
		},
		Input: func(ctx context.Context, prompt string, password bool) (string, bool) {
			b.do(func() {
				e.asking = true
				b.inputRequest(e, map[string]any{"prompt": prompt, "password": password})
			})
			select {
			case line := <-e.input:
				return line, false
			case <-ctx.Done():
				return "", true
			}
		},
	}
}
