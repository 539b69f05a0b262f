package bridge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"spikebook/kernel/jupyter"
)

// ExecuteRequest is the content of execute_request. A field that a front end
// leaves out has the protocol's default.
type ExecuteRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    bool              `json:"store_history"`
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      bool              `json:"allow_stdin"`
	StopOnError     bool              `json:"stop_on_error"`
}

// execution is one cell on its way.
type execution struct {
	ExecuteRequest
	request *jupyter.Message // nil for the preload
	channel jupyter.Channel
	count   int  // execution count, as shown to the user
	begun   bool // it was announced to the front ends
	plain   bool // for GoNB as it is

	ctx         context.Context // ended by an interrupt
	cancel      context.CancelFunc
	step        *step   // what GoNB does for it; nil when GoNB does nothing
	program     Program // the cell's program while it runs, else nil
	input       chan string
	asking      bool // its program waits for input
	stderr      holder
	interrupted int      // how often
	died        *failure // GoNB has ended meanwhile
	abort       bool     // the cells that wait behind it will not be run

	// what came out of it
	failure     *failure          // nil if all is well
	result      *result           // of a last expression; nil if there is none
	page        map[string]string // for the pager
	expressions map[string]any    // the values of the user expressions
}

// result is the value of a last expression.
type result struct {
	data, metadata any    // by MIME type
	text           string // text/plain
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

// next runs the next cell of the queue if nothing runs. One that waits for GoNB
// counts as running for the front ends: that may take minutes.
func (b *Bridge) next() {
	if b.running != nil || len(b.queue) == 0 || b.stopping {
		return
	}
	e := b.queue[0]
	if b.backend == nil {
		b.begin(e)
		b.start()
		return
	}
	b.queue = b.queue[1:]
	b.begin(e)
	b.running = e
	e.ctx, e.cancel = context.WithCancel(b.ctx)
	e.input = make(chan string, 1)
	began := time.Now()
	go func() { // it waits for compilers and programs, which this goroutine must not
		failed := b.perform(e)
		if failed != nil && e.StopOnError && e.request != nil {
			time.Sleep(together - time.Since(began))
		}
		b.do(func() {
			e.failure = failed
			if e.died != nil {
				e.failure = e.died
			}
			b.finish()
		})
	}()
}

// together is how long the cells of one "Run All" may take to get here. A cell
// that fails sooner waits for those that it stops.
const together = 40 * time.Millisecond

// begin announces a cell to the front ends, once, and says what there is to say.
func (b *Bridge) begin(e *execution) {
	if e.request == nil {
		return
	}
	if !e.begun {
		e.begun = true
		if e.StoreHistory {
			b.count++
			b.History.Append(b.count, e.Code)
		}
		e.count = b.count
		b.status(e.request, "busy")
		if !e.Silent {
			b.publish(e.request, "execute_input", map[string]any{"code": e.Code, "execution_count": e.count})
		}
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
	e.cancel()
	if e.interrupted > 0 && b.backend != nil {
		b.backend.Calm()
	}
	b.conclude(e)
	if e.request != nil {
		b.failures = 0
	}
	b.next()
}

// conclude sends what comes last: held output, the result or the error, the
// reply and idle.
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
	if e.expressions != nil {
		content["user_expressions"] = e.expressions
	}
	if e.page != nil {
		content["payload"] = []any{map[string]any{"source": "page", "data": e.page, "start": 0}}
	}
	if e.result != nil && !e.Silent {
		b.publish(e.request, "execute_result", map[string]any{"execution_count": e.count, "data": e.result.data, "metadata": e.result.metadata})
	}
	if f := e.failure; f != nil {
		b.publish(e.request, "error", f.content())
		content = f.content()
		content["status"], content["execution_count"] = "error", e.count
	}
	if e.StoreHistory && e.result != nil && e.result.text != "" {
		b.History.Output(e.count, e.result.text)
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
		if !e.begun {
			b.status(e.request, "busy")
		}
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
	b.queue = slices.DeleteFunc(b.queue, func(e *execution) bool { return e.request == nil })
}

// killAfter is how long a program may take to end itself after an interrupt.
const killAfter = 400 * time.Millisecond

// Interrupt interrupts the running cell as Ctrl-C does, whatever it is about;
// what has not ended after a moment, or at the second interrupt, is killed.
// Waiting cells are aborted, after the running one: replies come in the order
// of the requests. It must be called by the goroutine of Run; see
// [Bridge.Signal].
func (b *Bridge) Interrupt() {
	e := b.running
	if e == nil || e.request == nil {
		b.abortQueue()
		return
	}
	e.abort = true
	e.interrupted++
	e.cancel()
	if e.interrupted > 1 {
		b.backend.Kill()
		return
	}
	if e.step == nil {
		return // nothing of GoNB's runs; what compiles has ended with e.ctx
	}
	b.backend.Interrupt()
	time.AfterFunc(killAfter, func() {
		b.do(func() {
			if b.running == e && b.backend != nil {
				b.backend.Kill()
			}
		})
	})
}

// Signal is Interrupt for other goroutines.
func (b *Bridge) Signal() { b.do(b.Interrupt) }

// evaluate runs the user expressions of a cell that went well. It is called by
// the goroutine of the cell.
func (b *Bridge) evaluate(e *execution) {
	e.expressions = map[string]any{}
	own := e.result
	defer func() { e.result = own }()
	for _, name := range slices.Sorted(maps.Keys(e.UserExpressions)) {
		e.result = nil
		if f := b.compiled(e, e.UserExpressions[name]); f != nil {
			content := f.content()
			content["status"] = "error"
			e.expressions[name] = content
			continue
		}
		value := map[string]any{"status": "ok", "data": map[string]string{}, "metadata": map[string]any{}}
		if e.result != nil {
			value["data"], value["metadata"] = e.result.data, e.result.metadata
		}
		e.expressions[name] = value
	}
}

// String names the execution in logs.
func (e *execution) String() string { return fmt.Sprintf("cell [%d]", e.count) }
