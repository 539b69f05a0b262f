package bridge

import "spikebook/kernel/jupyter"

// ask answers a request for completion or inspection, whether a cell runs or
// not. The answer takes some milliseconds, and longer for what was never asked
// for before, so it is found beside the loop.
func (b *Bridge) ask(m jupyter.Received) {
	if b.Notebook == nil {
		b.answer(m, nothingKnown(m))
		return
	}
	var c struct {
		Code   string `json:"code"`
		Cursor int    `json:"cursor_pos"`
		Detail int    `json:"detail_level"`
	}
	if err := m.Unmarshal(&c); err != nil {
		b.Log.Warn("question", "error", err)
		b.answer(m, nothingKnown(m))
		return
	}
	go func() {
		var content map[string]any
		if m.Header.Type == "inspect_request" {
			content = b.Notebook.Inspect(c.Code, c.Cursor, c.Detail)
		} else {
			content = b.Notebook.Complete(c.Code, c.Cursor)
		}
		b.do(func() { b.answer(m, content) })
	}()
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
