package bridge

import (
	"spikebook/kernel/history"
	"spikebook/kernel/jupyter"
)

// History keeps the inputs of this session and of earlier ones;
// *history.Store is one.
type History interface {
	Append(line int, source string)
	Output(line int, output string)
	Tail(history.Query) []history.Entry
	Range(session, start, stop int, output bool) []history.Entry
	Search(pattern string, q history.Query) []history.Entry
}

// How many inputs are sent.
const (
	usualHistory = 10 // when a front end wants the last ones and does not say how many; IPython's number
	maxHistory   = 10_000
)

// historyRequest answers when the history has been read, which may have to wait
// for another kernel. Cells do not wait for it.
func (b *Bridge) historyRequest(m jupyter.Received) {
	go func() {
		content := b.historyReply(m.Message)
		b.do(func() { b.answer(m, content) })
	}()
}

// historyReply may be called by any goroutine. Whatever a front end leaves out
// is what IPython takes it to be.
func (b *Bridge) historyReply(m *jupyter.Message) map[string]any {
	r := struct {
		Type    string `json:"hist_access_type"`
		Output  bool   `json:"output"`
		Session int    `json:"session"`
		Start   int    `json:"start"`
		Stop    int    `json:"stop"`
		N       *int   `json:"n"`
		Pattern string `json:"pattern"`
		Unique  bool   `json:"unique"`
	}{Pattern: "*"}
	if err := m.Unmarshal(&r); err != nil {
		return map[string]any{"status": "error", "ename": "ProtocolError", "evalue": err.Error(), "traceback": []string{}}
	}
	q := history.Query{N: maxHistory, Unique: r.Unique, Output: r.Output}
	switch {
	case r.N != nil && *r.N >= 0:
		q.N = min(*r.N, maxHistory)
	case r.N == nil && r.Type == "tail":
		q.N = usualHistory
	}
	var entries []history.Entry
	switch r.Type {
	case "tail":
		entries = b.History.Tail(q)
	case "search":
		entries = b.History.Search(r.Pattern, q)
	case "range":
		entries = b.History.Range(r.Session, r.Start, r.Stop, r.Output)
	}
	inputs := make([]any, len(entries))
	for i, e := range entries {
		if r.Output {
			inputs[i] = []any{e.Session, e.Line, []any{e.Source, e.Output}}
		} else {
			inputs[i] = []any{e.Session, e.Line, e.Source}
		}
	}
	return map[string]any{"status": "ok", "history": inputs}
}
