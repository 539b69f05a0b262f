package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"spikebook/kernel/jupyter"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// fakeGoNB is a backend whose cells are Go functions.
type fakeGoNB struct {
	received chan jupyter.Received
	done     chan struct{}
	ended    sync.Once
	program  string
	cells    map[string]func(*run)

	mu          sync.Mutex
	interrupted chan struct{} // closed by Interrupt
	killed      chan struct{} // closed by Kill
	ran         []string
	stopped     bool
}

// run is one execution in the fake.
type run struct {
	*fakeGoNB
	request *jupyter.Message
}

func newFakeGoNB(cells map[string]func(*run)) *fakeGoNB {
	return &fakeGoNB{
		received: make(chan jupyter.Received, 100), done: make(chan struct{}), cells: cells,
		interrupted: make(chan struct{}), killed: make(chan struct{}),
	}
}

func (g *fakeGoNB) Received() <-chan jupyter.Received { return g.received }
func (g *fakeGoNB) Done() <-chan struct{}             { return g.done }
func (g *fakeGoNB) Cause() error                      { return errors.New("out of cheese") }
func (g *fakeGoNB) Program() string                   { return g.program }
func (g *fakeGoNB) Interrupt()                        { close(g.interrupted) }
func (g *fakeGoNB) Calm()                             {}
func (g *fakeGoNB) Kill()                             { close(g.killed) }
func (g *fakeGoNB) die()                              { g.ended.Do(func() { close(g.done) }) }
func (g *fakeGoNB) Stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	g.die()
}

func (g *fakeGoNB) Send(ch jupyter.Channel, m *jupyter.Message) error {
	if m.Header.Type != "execute_request" {
		return nil
	}
	var r map[string]any
	if err := m.Unmarshal(&r); err != nil {
		return err
	}
	// Without these GoNB panics.
	code, _ := r["code"].(string), r["silent"].(bool)
	_ = r["store_history"].(bool)
	g.mu.Lock()
	g.ran = append(g.ran, code)
	g.mu.Unlock()
	cell, ok := g.cells[code]
	if !ok {
		cell = func(r *run) { r.reply("ok", ""); r.idle() }
	}
	go cell(&run{g, m})
	return nil
}

func (r *run) send(ch jupyter.Channel, msgType string, content any) {
	r.received <- jupyter.Received{Channel: ch, Message: jupyter.New("gonb", msgType, r.request, content)}
}

func (r *run) stream(name, text string) {
	r.send(jupyter.IOPub, "stream", map[string]any{"name": name, "text": text})
}

func (r *run) reply(status, value string) {
	r.send(jupyter.Shell, "execute_reply", map[string]any{"status": status, "ename": "ERROR", "evalue": value})
}

func (r *run) fail(value string) {
	r.send(jupyter.IOPub, "error", map[string]any{"ename": "ERROR", "evalue": value, "traceback": []string{value}})
	r.reply("error", value)
	r.idle()
}

func (r *run) idle() {
	r.send(jupyter.IOPub, "status", map[string]any{"execution_state": "idle"})
}

// frontEnd is a front end, and the kernel under test behind it.
type frontEnd struct {
	t      *testing.T
	kernel *Bridge
	to     chan jupyter.Received
	from   chan jupyter.Received
	heard  chan struct{}
	over   chan struct{} // closed when Run has returned

	backlog []jupyter.Received // read by await, for other requests
	lives   []*fakeGoNB
}

func (f *frontEnd) Received() <-chan jupyter.Received { return f.to }
func (f *frontEnd) Subscribed() <-chan struct{}       { return f.heard }
func (f *frontEnd) Room(context.Context) error        { return nil }
func (f *frontEnd) Send(ch jupyter.Channel, m *jupyter.Message) error {
	f.from <- jupyter.Received{Channel: ch, Message: m}
	return nil
}

// newKernel runs a kernel whose GoNB has the given cells. change may alter the
// configuration.
func newKernel(t *testing.T, cells map[string]func(*run), change ...func(*frontEnd, *Config)) *frontEnd {
	f := &frontEnd{
		t: t, to: make(chan jupyter.Received), from: make(chan jupyter.Received, 1000),
		heard: make(chan struct{}), over: make(chan struct{}),
	}
	c := Config{
		Info:    map[string]any{"status": "ok", "implementation": "spikebook"},
		Preload: func(context.Context) ([]string, error) { return nil, nil },
		Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		Start: func(context.Context) (Backend, error) {
			g := newFakeGoNB(cells)
			f.lives = append(f.lives, g)
			return g, nil
		},
	}
	for _, ch := range change {
		ch(f, &c)
	}
	f.kernel = New(f, c)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(f.over)
		f.kernel.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-f.over
		if n := len(f.lives); n > 0 && !f.lives[n-1].stopped {
			t.Error("the last GoNB was left running")
		}
	})
	return f
}

// request sends a request and returns it.
func (f *frontEnd) request(ch jupyter.Channel, msgType string, content any) *jupyter.Message {
	m := jupyter.New("front", msgType, nil, content)
	m.Identities = [][]byte{[]byte("me")}
	m.RawHeader = json.RawMessage(`{"msg_id":"` + m.Header.ID + `","msg_type":"` + msgType + `","extra":1}`)
	select {
	case f.to <- jupyter.Received{Channel: ch, Message: m}:
	case <-time.After(patience):
		f.t.Fatalf("the kernel does not take a %s", msgType)
	}
	return m
}

// answer is all that the kernel sends because of one request.
type answer struct {
	published []jupyter.Received // on IOPub, from busy to idle
	reply     jupyter.Received
	types     []string // of all messages in order; streams and states in detail
}

// await collects what comes for a request until it is replied and idle.
// Messages for other requests wait in the backlog.
func (f *frontEnd) await(request *jupyter.Message) (a answer) {
	f.t.Helper()
	backlog := f.backlog
	f.backlog = nil
	defer func() { f.backlog = append(f.backlog, backlog...) }()
	deadline := time.After(patience)
	for idle := false; !idle || a.reply.Message == nil; {
		var m jupyter.Received
		if len(backlog) > 0 {
			m, backlog = backlog[0], backlog[1:]
		} else {
			select {
			case m = <-f.from:
			case <-deadline:
				f.t.Fatalf("%s was not answered in full: %v", request.Header.Type, a.types)
			}
		}
		if m.Parent().ID != request.Header.ID {
			f.backlog = append(f.backlog, m)
			continue
		}
		if string(m.ParentHeader) != string(request.RawHeader) {
			f.t.Errorf("the parent header was changed: %s", m.ParentHeader)
		}
		a.types = append(a.types, describe(m))
		switch {
		case m.Channel == jupyter.IOPub:
			a.published = append(a.published, m)
			idle = idle || describe(m) == "idle"
		default:
			if a.reply.Message != nil {
				f.t.Errorf("two replies to %s", request.Header.Type)
			}
			a.reply = m
		}
	}
	return a
}

func describe(m jupyter.Received) string {
	var c struct {
		State string `json:"execution_state"`
		Name  string `json:"name"`
		Text  string `json:"text"`
	}
	_ = m.Unmarshal(&c)
	switch m.Header.Type {
	case "status":
		return c.State
	case "stream":
		return c.Name + " " + c.Text
	}
	return m.Header.Type
}

// execute runs a cell.
func (f *frontEnd) execute(code string) answer {
	f.t.Helper()
	return f.await(f.request(jupyter.Shell, "execute_request", map[string]any{"code": code}))
}

// field returns a field of the reply's content.
func (a answer) field(name string) any {
	var c map[string]any
	_ = a.reply.Unmarshal(&c)
	return c[name]
}

// traceback returns the text of the one error among the outputs.
func (a answer) error(t *testing.T) (name, value, traceback string) {
	t.Helper()
	n := 0
	for _, m := range a.published {
		if m.Header.Type == "error" {
			n++
			var c struct {
				Name      string   `json:"ename"`
				Value     string   `json:"evalue"`
				Traceback []string `json:"traceback"`
			}
			if err := m.Unmarshal(&c); err != nil {
				t.Fatal(err)
			}
			name, value = c.Name, c.Value
			for _, line := range c.Traceback {
				traceback += escape.ReplaceAllString(line, "") + "\n"
			}
		}
	}
	if n != 1 || a.field("status") != "error" {
		t.Fatalf("%d errors and reply status %v, want one and error: %v", n, a.field("status"), a.types)
	}
	return name, value, traceback
}
