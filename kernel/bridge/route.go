package bridge

import (
	"spikebook/kernel/jupyter"
)

// handlers says who answers what. A handler of the first kind returns the
// content of the reply, which is sent at once, between busy and idle, whether
// a cell runs or not. The second kind sends its own.
var answers = map[string]func(*Bridge, *jupyter.Message) map[string]any{
	"kernel_info_request": (*Bridge).kernelInfo,
	"is_complete_request": (*Bridge).isComplete,
	"comm_info_request":   (*Bridge).commInfo,
	"interrupt_request":   (*Bridge).interrupt,
	"shutdown_request":    (*Bridge).shutdown,
}

var tasks = map[string]func(*Bridge, jupyter.Received){
	"execute_request":  (*Bridge).executeRequest,
	"history_request":  (*Bridge).historyRequest,
	"complete_request": (*Bridge).ask,
	"inspect_request":  (*Bridge).ask,
	"comm_open":        (*Bridge).commFromFront,
	"comm_msg":         (*Bridge).commFromFront,
	"comm_close":       (*Bridge).commFromFront,
	"input_reply":      (*Bridge).inputReply,
}

// fromFront handles one message of a front end.
func (b *Bridge) fromFront(m jupyter.Received) {
	if answer, ok := answers[m.Header.Type]; ok {
		b.answer(m, answer(b, m.Message))
	} else if task, ok := tasks[m.Header.Type]; ok {
		task(b, m)
	} else {
		b.Log.Warn("unknown request dropped", "type", m.Header.Type, "channel", m.Channel)
	}
}

// answer replies on the channel that asked, between busy and idle. When a cell
// runs, its busy is repeated: the last status that a front end sees must be
// true.
func (b *Bridge) answer(m jupyter.Received, content any) {
	b.status(m.Message, "busy")
	b.send(m.Channel, m.Reply(b.session, content))
	b.status(m.Message, "idle")
	if b.running != nil && b.running.request != nil {
		b.status(b.running.request, "busy")
	}
}

func (b *Bridge) kernelInfo(*jupyter.Message) map[string]any {
	return b.Info
}

func (b *Bridge) shutdown(m *jupyter.Message) map[string]any {
	var content struct {
		Restart bool `json:"restart"`
	}
	if err := m.Unmarshal(&content); err != nil {
		b.Log.Warn("shutdown", "error", err)
	}
	b.stopping = true
	return map[string]any{"status": "ok", "restart": content.Restart}
}

func (b *Bridge) interrupt(*jupyter.Message) map[string]any {
	b.Interrupt()
	return map[string]any{"status": "ok"}
}
