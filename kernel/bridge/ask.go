package bridge

import (
	"encoding/json"
	"time"

	"spikebook/kernel/jupyter"
)

// question is a request for completion or inspection that GoNB, with gopls,
// may answer.
type question struct {
	jupyter.Received
	answered bool
}

const (
	// goplsDelay is how long GoNB waits before it connects to gopls. A
	// question asked before would hold up the cells behind it.
	goplsDelay = 13 * time.Second

	// answerWithin is how long a front end waits: JupyterLab gives up after
	// one second.
	answerWithin = 900 * time.Millisecond
)

// ask passes a question on to GoNB, unless the answer would come too late: one
// that knows nothing is better then.
func (b *Bridge) ask(m jupyter.Received) {
	if b.backend == nil || b.running != nil || time.Since(b.born) < goplsDelay {
		b.answer(m, nothingKnown(m))
		return
	}
	content := map[string]any{"detail_level": 0, "cursor_pos": 0, "code": ""}
	if err := m.Unmarshal(&content); err != nil {
		b.Log.Warn("question", "error", err)
		b.answer(m, nothingKnown(m))
		return
	}
	relayed := jupyter.New(b.session, m.Header.Type, nil, content)
	if err := b.backend.Send(jupyter.Shell, relayed); err != nil {
		b.Log.Warn("question", "error", err)
		b.answer(m, nothingKnown(m))
		return
	}
	q := &question{Received: m}
	b.asked[relayed.Header.ID] = q
	time.AfterFunc(answerWithin, func() {
		b.do(func() { b.reply(q, nothingKnown(m)) })
	})
}

// answered takes GoNB's messages about a question. The last of them is the
// status idle; the reply may overtake it or not.
func (b *Bridge) answered(id string, q *question, m jupyter.Received) {
	if m.Channel == jupyter.Shell {
		delete(b.asked, id)
		b.reply(q, json.RawMessage(m.Content))
	}
}

// reply answers a question once.
func (b *Bridge) reply(q *question, content any) {
	if !q.answered {
		q.answered = true
		b.answer(q.Received, content)
	}
}

// nothingKnown is the answer to a question when there is none.
func nothingKnown(m jupyter.Received) map[string]any {
	if m.Header.Type == "inspect_request" {
		return map[string]any{"status": "ok", "found": false, "data": map[string]any{}, "metadata": map[string]any{}}
	}
	var c struct {
		Cursor int `json:"cursor_pos"`
	}
	_ = m.Unmarshal(&c) // a request without a cursor gets an answer without one
	return map[string]any{"status": "ok", "matches": []string{}, "cursor_start": c.Cursor, "cursor_end": c.Cursor, "metadata": map[string]any{}}
}
