package bridge

import (
	"path"
	"slices"
	"strings"

	"spikebook/kernel/jupyter"
)

// historyReply answers from the inputs of this session, which has number 0 in
// requests ("the current one") and 1 in replies.
func (b *Bridge) historyReply(m *jupyter.Message) map[string]any {
	var r struct {
		Output  bool   `json:"output"`
		Type    string `json:"hist_access_type"`
		Session int    `json:"session"`
		Start   int    `json:"start"`
		Stop    *int   `json:"stop"`
		N       *int   `json:"n"`
		Pattern string `json:"pattern"`
		Unique  bool   `json:"unique"`
	}
	if err := m.Unmarshal(&r); err != nil {
		f := failure{name: "ProtocolError", value: err.Error()}
		content := f.content()
		content["status"] = "error"
		return content
	}
	var lines []int // indices of b.history
	switch r.Type {
	case "tail", "search":
		for i, source := range b.history {
			if r.Type == "tail" || matches(r.Pattern, source) {
				lines = append(lines, i)
			}
		}
		if r.Type == "search" && r.Unique {
			lines = b.lastOfEqual(lines)
		}
		if r.N != nil && *r.N >= 0 && len(lines) > *r.N {
			lines = lines[len(lines)-*r.N:]
		}
	case "range":
		stop := len(b.history) + 1
		if r.Stop != nil {
			stop = *r.Stop
		}
		for i := range b.history {
			if line := i + 1; (r.Session == 0 || r.Session == 1) && line >= r.Start && line < stop {
				lines = append(lines, i)
			}
		}
	}
	history := make([]any, len(lines))
	for k, i := range lines {
		if r.Output { // outputs are not kept
			history[k] = []any{1, i + 1, []any{b.history[i], nil}}
		} else {
			history[k] = []any{1, i + 1, b.history[i]}
		}
	}
	return map[string]any{"status": "ok", "history": history}
}

// lastOfEqual keeps the last of the lines with equal sources.
func (b *Bridge) lastOfEqual(lines []int) (kept []int) {
	seen := map[string]bool{}
	for _, i := range slices.Backward(lines) {
		if !seen[b.history[i]] {
			seen[b.history[i]] = true
			kept = append(kept, i)
		}
	}
	slices.Reverse(kept)
	return kept
}

// matches matches a glob pattern. A slash is a character like any other, which
// path.Match disagrees with; no cell holds a NUL.
func matches(pattern, source string) bool {
	slash := strings.NewReplacer("/", "\x00")
	ok, err := path.Match(slash.Replace(pattern), slash.Replace(source))
	return err == nil && ok
}
