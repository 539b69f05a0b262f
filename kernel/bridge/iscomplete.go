package bridge

import (
	"spikebook/kernel/cell"
	"spikebook/kernel/jupyter"
)

// isComplete tells a console whether to run what was typed.
func (b *Bridge) isComplete(m *jupyter.Message) map[string]any {
	var content struct {
		Code string `json:"code"`
	}
	if err := m.Unmarshal(&content); err != nil {
		return map[string]any{"status": "unknown"}
	}
	if _, ok := asked(content.Code); ok {
		return map[string]any{"status": "complete"}
	}
	status, indent := cell.Complete(content.Code)
	reply := map[string]any{"status": status}
	if status == "incomplete" {
		reply["indent"] = indent
	}
	return reply
}
