// Package bridge stands between a Jupyter front end and GoNB: it answers what
// GoNB leaves unanswered, gives it cells one at a time, and turns what comes
// back into one well-formed stream of outputs. It has no sockets and starts no
// processes itself, so that a test can be either side of it; it knows nothing
// of neurons.
package bridge

import (
	"context"
	"fmt"
	"log/slog"

	"spikebook/kernel/history"
	"spikebook/kernel/jupyter"
	"time"
)

// Front is the side of the front ends; *jupyter.Server is one.
type Front interface {
	Received() <-chan jupyter.Received
	Send(jupyter.Channel, *jupyter.Message) error
	Subscribed() <-chan struct{} // closed when someone hears what is published
	Room(context.Context) error  // waits until no front end is far behind
}

// Backend is one life of GoNB.
type Backend interface {
	Received() <-chan jupyter.Received
	Send(jupyter.Channel, *jupyter.Message) error

	Interrupt() // what runs gets SIGINT, and so does what is started until Calm
	Calm()
	Kill() // what runs is killed, GoNB is not

	Done() <-chan struct{} // closed when GoNB has ended
	Cause() error          // why it did
	Stop()                 // ends GoNB and waits
}

// Config is what a Bridge is made from.
type Config struct {
	// Info is the content of kernel_info_reply.
	Info map[string]any

	// Start starts GoNB. It may take a while.
	Start func(context.Context) (Backend, error)

	// Preload returns what each new GoNB is told before all cells, without
	// output. It is called for each start.
	Preload func(context.Context) ([]string, error)

	// Startup returns the source of a cell that runs before all others, without
	// output, once; "" if there is none.
	Startup func() (string, error)

	// Notebook compiles the cells and keeps their values. Without one, GoNB is
	// given the cells as they are.
	Notebook Notebook

	// History keeps the inputs; nil is one of this session alone.
	History History

	Log *slog.Logger
}

// Bridge is a kernel. All its state belongs to the goroutine in Run.
type Bridge struct {
	Config
	front   Front
	session string
	ctx     context.Context // of Run
	calls   chan func()     // run by Run, in order
	ended   chan struct{}

	// GoNB
	backend  Backend
	relayed  <-chan jupyter.Received // what it sends
	starting bool
	failures int // of starts, in a row

	// cells
	queue   []*execution
	running *execution
	count   int               // the execution count
	warning string            // shown with the next cell
	cells   map[string]origin // what was run, by the hash of its source
	begun   bool              // the start-up cell is queued

	// other requests
	comms map[string]string // open comms: identifier to target

	stopping bool
}

// origin is the source of a cell that was run, to explain errors with. The
// latest of several equal ones counts.
type origin struct {
	count int
	text  string
}

// New returns a kernel for the front ends on front.
func New(front Front, c Config) *Bridge {
	if c.History == nil {
		c.History = history.Open(history.Memory, c.Log)
	}
	return &Bridge{
		Config:  c,
		front:   front,
		session: jupyter.NewSession(),
		calls:   make(chan func()),
		ended:   make(chan struct{}),
		cells:   map[string]origin{},
		comms:   map[string]string{},
	}
}

// Run serves the front ends until one of them asks for shutdown or ctx ends.
// GoNB has ended when Run returns.
func (b *Bridge) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.ctx = ctx
	b.start()
	subscribed := b.front.Subscribed()
	for !b.stopping {
		var received <-chan jupyter.Received
		var gone <-chan struct{}
		if b.backend != nil {
			received, gone = b.relayed, b.backend.Done()
		}
		select {
		case m := <-b.front.Received():
			subscribed = nil // whoever asks has seen that the kernel has started
			b.fromFront(m)
		case <-subscribed:
			subscribed = nil
			b.publish(nil, "status", map[string]any{"execution_state": "starting"})
		case m := <-received:
			b.fromBackend(m)
		case <-gone:
			b.backendEnded()
		case call := <-b.calls:
			call()
		case <-ctx.Done():
			b.stopping = true
		}
	}
	cancel()
	close(b.ended)
	if b.backend != nil {
		b.backend.Stop()
	}
	for b.starting { // what is being started must be stopped, too
		(<-b.calls)()
	}
}

// do runs f in the goroutine of Run and waits for it. It reports whether f was
// run: it is not when the kernel has ended.
func (b *Bridge) do(f func()) bool {
	done := make(chan struct{})
	select {
	case b.calls <- func() { f(); close(done) }:
		<-done
		return true
	case <-b.ended:
		return false
	}
}

// slowStart is how long a start may take before a cell that waits for it says so.
const slowStart = 3 * time.Second

// start starts GoNB without waiting for it, unless that is under way.
func (b *Bridge) start() {
	if b.starting {
		return
	}
	b.starting = true
	go func() {
		slow := time.AfterFunc(slowStart, func() { b.do(b.explainStart) })
		backend, err := b.Start(b.ctx)
		slow.Stop()
		b.calls <- func() { b.started(backend, err) }
	}()
}

// explainStart says in the cell that waits why it does.
func (b *Bridge) explainStart() {
	if b.starting && !b.stopping && len(b.queue) > 0 && b.queue[0].begun {
		b.stream(b.queue[0], "stderr", "The kernel is getting ready. It compiles what cells use, if that is not in Go's build cache: this may take minutes, once.\n")
	}
}

// maxFailures is how often in a row GoNB is started in vain.
const maxFailures = 3

func (b *Bridge) started(backend Backend, err error) {
	b.starting = false
	switch {
	case b.stopping:
		if backend != nil {
			backend.Stop()
		}
		return
	case err != nil:
		b.Log.Error("GoNB does not start", "error", err)
		b.failures++
		b.failQueue(&failure{
			name:  "KernelError",
			value: fmt.Sprintf("GoNB, which compiles and runs the cells, does not start: %v", err),
			trace: []string{"`spikebook doctor` says what is missing. The next cell tries again."},
		})
		return
	}
	b.backend, b.relayed = backend, b.relay(backend)
	preload, err := b.Preload(b.ctx)
	if err != nil {
		b.warn(err.Error())
	}
	var internal []*execution
	for _, code := range preload {
		internal = append(internal, &execution{ExecuteRequest: ExecuteRequest{Code: code, Silent: true}, plain: true})
	}
	if code := b.startup(); code != "" {
		internal = append(internal, &execution{ExecuteRequest: ExecuteRequest{Code: code, Silent: true}})
	}
	b.queue = append(internal, b.queue...)
	b.next()
}

// startup returns the start-up cell, once.
func (b *Bridge) startup() string {
	if b.begun || b.Startup == nil {
		return ""
	}
	b.begun = true
	code, err := b.Startup()
	if err != nil {
		b.warn(err.Error())
	}
	return code
}

// backendEnded is called when GoNB has died. It is started again.
func (b *Bridge) backendEnded() {
	cause := b.backend.Cause()
	b.Log.Error("GoNB ended", "cause", cause)
	b.backend = nil
	b.closeComms()
	b.failures++
	f := &failure{
		name:  "KernelError",
		value: "GoNB, which compiles and runs the cells, has ended unexpectedly",
		trace: []string{
			fmt.Sprintf("cause: %v", cause),
			"It is being started again. The variables are as they were before this cell.",
		},
	}
	wasPreload := b.running != nil && b.running.request == nil
	if e := b.running; e != nil {
		e.died = f
		if e.step != nil {
			e.step.fail(errEnded)
			e.step = nil
		}
	} else {
		b.warn(f.value + ". " + f.trace[1])
	}
	b.dropPreload()
	if wasPreload && b.failures >= maxFailures {
		b.failQueue(&failure{name: "KernelError", value: fmt.Sprintf("GoNB ends as soon as it is started: %v", cause), trace: []string{"`spikebook doctor` says what is missing."}})
		return
	}
	b.start()
}

// warn keeps a text that is shown with the next cell.
func (b *Bridge) warn(text string) {
	b.Log.Warn(text)
	b.warning += text + "\n"
}

// publish sends a message to every front end. parent is the request that
// caused it, or nil.
func (b *Bridge) publish(parent *jupyter.Message, msgType string, content any) {
	b.send(jupyter.IOPub, jupyter.New(b.session, msgType, parent, content))
}

func (b *Bridge) send(ch jupyter.Channel, m *jupyter.Message) {
	if err := b.front.Send(ch, m); err != nil {
		b.Log.Warn("front end", "error", err)
	}
}

// status publishes the state of the kernel while it handles a request.
func (b *Bridge) status(parent *jupyter.Message, state string) {
	b.publish(parent, "status", map[string]any{"execution_state": state})
}
