package program

import (
	"context"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"spikebook/kernel/session/wire"
)

// Events are called while a program runs. All but Input are called by one
// goroutine, one at a time and in the order in which things happened; the
// program waits while they take their time. None may wait for [Run.Drain],
// [Run.Finish] or [Run.Result] of the same run. One that is nil is not called.
type Events struct {
	// Output takes what the program wrote to "stdout" or "stderr". The text
	// may end within a line but not within a rune; it must not be kept.
	Output func(name string, text []byte)
	// Input asks the user for a line. When the run ends before it is answered,
	// ctx is done.
	Input func(ctx context.Context, prompt string, password bool) (line string, eof bool)
}

// A Result is what is known of a program when its run has ended.
type Result struct {
	Connected  bool // the program was there
	PID        int
	Done       bool // the cell came to its end and stored its values
	Generation uint64
	Notes      []string
	Failure    *wire.Failure     // why the cell failed, if it was not a panic
	Bundle     map[string]string // the value of the last expression
	Err        error             // the program and the kernel did not understand each other
}

// A Run is one program, from when it is expected to its end. Its methods may be
// called from several goroutines.
type Run struct {
	request wire.Request
	events  Events
	ended   chan struct{}
	result  Result // once ended is closed

	mu        sync.Mutex
	connected bool
	over      bool
	orders    orders
	wake      *pipe // a byte in it says that there are orders
}

// orders are what other goroutines want of the one that serves the program.
type orders struct {
	abandon, finish bool
	conn            *os.File
	drained         []chan struct{}
	answers         []wire.Message
}

func newRun(request wire.Request, events Events) *Run {
	r := &Run{request: request, events: events, ended: make(chan struct{})}
	var err error
	if r.wake, err = newPipe(); err == nil {
		err = unix.SetNonblock(r.wake.w, true) // a pipe that is full says enough
	}
	if err != nil {
		r.result.Err = fmt.Errorf("wait for the program: %w", os.NewSyscallError("pipe", err))
		r.end()
		return r
	}
	go r.serve()
	return r
}

// order changes the orders, unless the run is over.
func (r *Run) order(change func(*orders)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return false
	}
	change(&r.orders)
	_, _ = unix.Write(r.wake.w, []byte{0}) // fails only when it is full
	return true
}

func (r *Run) takeOrders() orders {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.orders
	r.orders = orders{}
	return o
}

// connect gives the connection of a program to the run. It is false when the
// run has one already, or is over.
func (r *Run) connect(conn *os.File) (taken bool) {
	r.order(func(o *orders) {
		if !r.connected {
			r.connected, taken = true, true
			o.conn = conn
		}
	})
	return taken
}

// Drain passes on all that the program has written until now.
func (r *Run) Drain() {
	drained := make(chan struct{})
	if r.order(func(o *orders) { o.drained = append(o.drained, drained) }) {
		select {
		case <-drained:
		case <-r.ended:
		}
	}
}

// Finish ends the run: it passes on what the program has written and reported
// until now, and does not wait for more, not even from programs that the
// program left behind.
func (r *Run) Finish() Result {
	r.order(func(o *orders) { o.finish = true })
	return r.Result()
}

// Close ends the run and does not look at what is left. It does not wait for
// an event that is under way.
func (r *Run) Close() { r.order(func(o *orders) { o.abandon = true }) }

// Ended is closed when the run has ended: the program is gone, or it was told
// to end. No event is called after that; an Input may still be under way.
func (r *Run) Ended() <-chan struct{} { return r.ended }

// Result waits until the run has ended.
func (r *Run) Result() Result {
	<-r.ended
	return r.result
}

// end releases what order uses.
func (r *Run) end() {
	r.mu.Lock()
	r.over = true
	if r.orders.conn != nil {
		r.orders.conn.Close()
	}
	if r.wake != nil {
		r.wake.close()
	}
	r.mu.Unlock()
	close(r.ended)
}
