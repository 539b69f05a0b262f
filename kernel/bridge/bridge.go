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
	"time"

	"spikebook/kernel/jupyter"
)

// Front is the side of the front ends; *jupyter.Server is one.
type Front interface {
	Received() <-chan jupyter.Received
	Send(jupyter.Channel, *jupyter.Message) error
	Subscribed() <-chan struct{} // closed when someone hears what is published
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

	Program() string // the Go program made from the last cell, as it was compiled
}

// Config is what a Bridge is made from.
type Config struct {
	// Info is the content of kernel_info_reply.
	Info map[string]any

	// Start starts GoNB. It may take a while.
	Start func(context.Context) (Backend, error)

	// Preload returns the cells that each new GoNB runs before all others,
	// without output. It is called for each start: a user's start-up file may
	// have changed.
	Preload func(context.Context) ([]string, error)

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
	starting bool
	failures int       // of starts, in a row
	born     time.Time // when the backend was started

	// cells
	queue   []*execution
	running *execution
	count   int      // the execution count
	warning string   // shown with the next cell
	cells   []cell   // what was run in this life of GoNB
	history []string // inputs of this session, by execution count

	// other requests
	asked map[string]*question // by the identifier under which GoNB knows them
	comms map[string]string    // open comms: identifier to target

	stopping bool
}

// New returns a kernel for the front ends on front.
func New(front Front, c Config) *Bridge {
	return &Bridge{
		Config:  c,
		front:   front,
		session: jupyter.NewSession(),
		calls:   make(chan func()),
		ended:   make(chan struct{}),
		asked:   map[string]*question{},
		comms:   map[string]string{},
	}
}

// Run serves the front ends until one of them asks for shutdown or ctx ends.
// GoNB has ended when Run returns.
func (b *Bridge) Run(ctx context.Context) {
	defer close(b.ended)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.ctx = ctx
	b.start()
	subscribed := b.front.Subscribed()
	for !b.stopping {
		var received <-chan jupyter.Received
		var gone <-chan struct{}
		if b.backend != nil {
			received, gone = b.backend.Received(), b.backend.Done()
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

// start starts GoNB without waiting for it.
func (b *Bridge) start() {
	b.starting = true
	go func() {
		backend, err := b.Start(b.ctx)
		b.calls <- func() { b.started(backend, err) }
	}()
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
	b.backend, b.born = backend, time.Now()
	preload, err := b.Preload(b.ctx)
	if err != nil {
		b.warn(err.Error())
	}
	internal := make([]*execution, len(preload))
	for i, code := range preload {
		internal[i] = &execution{ExecuteRequest: ExecuteRequest{Code: code, Silent: true}}
	}
	b.queue = append(internal, b.queue...)
	b.next()
}

// backendEnded is called when GoNB has died. It is started again.
func (b *Bridge) backendEnded() {
	cause := b.backend.Cause()
	b.Log.Error("GoNB ended", "cause", cause)
	b.backend = nil
	b.cells = nil
	b.asked = map[string]*question{}
	b.failures++
	f := &failure{
		name:  "KernelError",
		value: "GoNB, which compiles and runs the cells, has ended unexpectedly",
		trace: []string{
			fmt.Sprintf("cause: %v", cause),
			"It is being started again. Declarations of earlier cells are gone: run their cells once more.",
		},
	}
	wasPreload := b.running != nil && b.running.request == nil
	if b.running != nil {
		b.running.failure = f
		b.finish()
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
