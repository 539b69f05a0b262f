package bridge

import (
	"encoding/json"
	"fmt"

	"spikebook/kernel/jupyter"
)

// ExecuteRequest is the content of execute_request. A field that a front end
// leaves out has the protocol's default.
type ExecuteRequest struct {
	Code         string `json:"code"`
	Silent       bool   `json:"silent"`
	StoreHistory bool   `json:"store_history"`
	AllowStdin   bool   `json:"allow_stdin"`
	StopOnError  bool   `json:"stop_on_error"`
}

// execution is one cell on its way.
type execution struct {
	ExecuteRequest
	request *jupyter.Message // nil for the preload
	channel jupyter.Channel
	count   int // execution count, as shown to the user
	id      string

	stderr      holder
	failure     *failure   // nil if all is well
	reply       *gonbReply // GoNB's execute_reply, when it is there
	idle        bool       // GoNB has said that it is idle: all outputs are there
	interrupted int        // how often
	abort       bool       // the cells that wait behind it will not be run
}

// cell is the source of a cell that was run, to explain errors with.
type cell struct {
	count  int
	source string
}

// executeRequest queues a cell.
func (b *Bridge) executeRequest(m jupyter.Received) {
	e := &execution{request: m.Message, channel: m.Channel}
	e.ExecuteRequest = ExecuteRequest{StoreHistory: true, AllowStdin: true, StopOnError: true}
	if err := m.Unmarshal(&e.ExecuteRequest); err != nil {
		e.failure = &failure{name: "ProtocolError", value: err.Error()}
		b.begin(e)
		b.conclude(e)
		return
	}
	if e.Silent {
		e.StoreHistory = false
	}
	b.queue = append(b.queue, e)
	b.next()
}

// next runs the next cell of the queue if nothing runs.
func (b *Bridge) next() {
	if b.running != nil || len(b.queue) == 0 || b.starting || b.stopping {
		return
	}
	if b.backend == nil {
		b.start()
		return
	}
	e := b.queue[0]
	b.queue = b.queue[1:]
	b.begin(e)
	if isBlank(e.Code) {
		b.conclude(e)
		b.next()
		return
	}
	b.cells = append(b.cells, cell{e.count, e.Code})
	b.running = e
	// GoNB wants every field. Its counter is of no interest, but it must not
	// count what we do not.
	m := jupyter.New(b.session, "execute_request", nil, map[string]any{
		"code": e.Code, "silent": e.Silent, "store_history": e.StoreHistory,
		"user_expressions": map[string]any{}, "allow_stdin": e.AllowStdin, "stop_on_error": e.StopOnError,
	})
	e.id = m.Header.ID
	if err := b.backend.Send(jupyter.Shell, m); err != nil {
		e.failure = &failure{name: "KernelError", value: err.Error()}
		b.finish()
	}
}

// begin announces a cell to the front ends.
func (b *Bridge) begin(e *execution) {
	if e.request == nil {
		return
	}
	if e.StoreHistory {
		b.count++
		b.history = append(b.history, e.Code)
	}
	e.count = b.count
	b.status(e.request, "busy")
	if !e.Silent {
		b.publish(e.request, "execute_input", map[string]any{"code": e.Code, "execution_count": e.count})
	}
	if b.warning != "" {
		b.stream(e, "stderr", b.warning)
		b.warning = ""
	}
}

// finish ends the running cell and goes on with the next.
func (b *Bridge) finish() {
	e := b.running
	b.running = nil
	if e.interrupted > 0 && b.backend != nil {
		b.backend.Calm()
	}
	b.conclude(e)
	if e.request != nil {
		b.failures = 0
	}
	b.next()
}

// conclude sends what comes last: held output, the error, the reply and idle.
func (b *Bridge) conclude(e *execution) {
	held := e.stderr.rest()
	if e.failure == nil {
		b.stream(e, "stderr", held)
	}
	if e.request == nil {
		if e.failure != nil {
			b.warn("the preload failed: " + e.failure.value)
		}
		return
	}
	content := map[string]any{"status": "ok", "execution_count": e.count, "user_expressions": map[string]any{}, "payload": []any{}}
	if f := e.failure; f != nil {
		b.publish(e.request, "error", f.content())
		content = f.content()
		content["status"], content["execution_count"] = "error", e.count
	}
	b.send(e.channel, e.request.Reply(b.session, content))
	b.status(e.request, "idle")
	if e.abort || e.failure != nil && e.StopOnError {
		b.abortQueue()
	}
}

// abortQueue refuses the cells that were sent before the failure of another
// was known.
func (b *Bridge) abortQueue() {
	queue := b.queue
	b.queue = nil
	for _, e := range queue {
		if e.request == nil {
			b.queue = append(b.queue, e)
			continue
		}
		b.status(e.request, "busy")
		b.send(e.channel, e.request.Reply(b.session, map[string]any{"status": "aborted"}))
		b.status(e.request, "idle")
	}
}

// failQueue ends all waiting cells with one failure.
func (b *Bridge) failQueue(f *failure) {
	queue := b.queue
	b.queue = nil
	for _, e := range queue {
		b.begin(e)
		e.failure = f
		b.conclude(e)
	}
}

// dropPreload forgets the preload of a GoNB that has ended.
func (b *Bridge) dropPreload() {
	queue := b.queue
	b.queue = nil
	for _, e := range queue {
		if e.request != nil {
			b.queue = append(b.queue, e)
		}
	}
}

// Interrupt interrupts the running cell as Ctrl-C does; the second time, what
// runs is killed. Waiting cells are aborted, after the running one: replies
// come in the order of the requests. It must be called by the goroutine of Run;
// see [Bridge.Signal].
func (b *Bridge) Interrupt() {
	e := b.running
	if e == nil || e.request == nil {
		b.abortQueue()
		return
	}
	e.abort = true
	e.interrupted++
	if e.interrupted == 1 {
		b.backend.Interrupt()
	} else {
		b.backend.Kill()
	}
}

// Signal is Interrupt for other goroutines.
func (b *Bridge) Signal() { b.do(b.Interrupt) }

// inputReply passes on what the user has typed.
func (b *Bridge) inputReply(m jupyter.Received) {
	if b.running == nil || b.backend == nil {
		return
	}
	relayed := jupyter.New(b.session, "input_reply", nil, m.Content)
	if err := b.backend.Send(jupyter.Stdin, relayed); err != nil {
		b.Log.Warn("input", "error", err)
	}
}

// inputRequest asks the front end that sent the cell.
func (b *Bridge) inputRequest(e *execution, content json.RawMessage) {
	if e.request == nil || !e.AllowStdin {
		return
	}
	m := jupyter.New(b.session, "input_request", e.request, content)
	m.Identities = e.request.Identities
	b.send(jupyter.Stdin, m)
}

func isBlank(s string) bool {
	for _, r := range s {
		if r != ' ' && r != '\t' && r != '\n' && r != '\r' {
			return false
		}
	}
	return true
}

// String names the execution in logs.
func (e *execution) String() string { return fmt.Sprintf("cell [%d]", e.count) }
