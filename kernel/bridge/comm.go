package bridge

import (
	"encoding/json"

	"spikebook/kernel/jupyter"
)

// gonbTarget is the one comm target that GoNB registers; its widgets use it.
const gonbTarget = "gonb_comm"

type commContent struct {
	ID     string `json:"comm_id"`
	Target string `json:"target_name"`
}

func (b *Bridge) commInfo(m *jupyter.Message) map[string]any {
	var r struct {
		Target string `json:"target_name"`
	}
	if err := m.Unmarshal(&r); err != nil {
		b.Log.Warn("comm", "error", err)
	}
	comms := map[string]any{}
	for id, target := range b.comms {
		if r.Target == "" || r.Target == target {
			comms[id] = map[string]any{"target_name": target}
		}
	}
	return map[string]any{"status": "ok", "comms": comms}
}

// commFromFront keeps account of comms and passes the message on. A comm that
// nobody will hear is closed at once, as the protocol wants; what comes for a
// comm that is not open is dropped.
func (b *Bridge) commFromFront(m jupyter.Received) {
	b.status(m.Message, "busy")
	defer b.status(m.Message, "idle")
	var c commContent
	if err := m.Unmarshal(&c); err != nil || c.ID == "" {
		b.Log.Warn("comm message without an identifier dropped", "type", m.Header.Type, "error", err)
		return
	}
	_, open := b.comms[c.ID]
	switch {
	case m.Header.Type == "comm_open" && (c.Target != gonbTarget || b.backend == nil):
		b.closeComm(m.Message, c.ID)
		return
	case m.Header.Type != "comm_open" && !open:
		b.Log.Debug("message for a comm that is not open dropped", "type", m.Header.Type, "comm", c.ID)
		return
	}
	b.trackComm(m.Message)
	if b.backend == nil {
		return
	}
	if err := b.backend.Send(jupyter.Shell, jupyter.New(b.session, m.Header.Type, nil, json.RawMessage(m.Content))); err != nil {
		b.Log.Warn("comm", "error", err)
	}
}

func (b *Bridge) closeComm(parent *jupyter.Message, id string) {
	delete(b.comms, id)
	b.publish(parent, "comm_close", map[string]any{"comm_id": id, "data": map[string]any{}})
}

// closeComms closes all comms: the other end is gone.
func (b *Bridge) closeComms() {
	for id := range b.comms {
		b.closeComm(nil, id)
	}
}

func (b *Bridge) commFromBackend(m jupyter.Received) {
	b.trackComm(m.Message)
	var parent *jupyter.Message
	if b.running != nil {
		parent = b.running.request
	}
	b.publish(parent, m.Header.Type, json.RawMessage(m.Content))
}

// trackComm keeps account of which comms are open.
func (b *Bridge) trackComm(m *jupyter.Message) {
	var c commContent
	if err := m.Unmarshal(&c); err != nil {
		b.Log.Warn("comm", "error", err)
		return
	}
	switch m.Header.Type {
	case "comm_open":
		b.comms[c.ID] = c.Target
	case "comm_close":
		delete(b.comms, c.ID)
	}
}
