package worker

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"spikebook/gpu/remote"
)

const (
	// startLimit is how long a worker may take to answer.
	startLimit = 30 * time.Second
	// stopLimit is how long it may take to end when it is asked to.
	stopLimit = 2 * time.Second
	// answerPause is the pause between looks whether it answers.
	answerPause = 5 * time.Millisecond
	// A worker is started again after firstPause, which doubles while workers do
	// not live longer than steady.
	firstPause = 10 * time.Millisecond
	steady     = time.Second
)

// Options say what a [Process] runs.
type Options struct {
	Command []string // the program and its arguments, which name the socket
	Socket  string   // at which it answers
	// Ended is called each time the worker ends although nobody asked it to, with
	// the reason. It must not call Stop. It may be nil.
	Ended func(reason error)
	// LongestPause limits the pause before a worker is started again, which
	// grows while workers end soon. 0 stands for a minute.
	LongestPause time.Duration
}

// Process keeps a worker running: one that ends is started again. The worker ends
// with this process, however that ends.
type Process struct {
	options Options
	stop    func()
	stopped chan struct{} // closed when it is to stop
	done    chan struct{} // closed when it has stopped

	mu  sync.Mutex
	pid int
	err error
}

// Start starts a worker and returns when it answers. A worker that ends before
// that is an error, and is not started again.
func Start(options Options) (*Process, error) {
	if len(options.Command) == 0 {
		return nil, errors.New("start the GPU worker: the command is empty")
	}
	if options.LongestPause == 0 {
		options.LongestPause = time.Minute
	}
	stopped := make(chan struct{})
	p := &Process{
		options: options, stopped: stopped, done: make(chan struct{}),
		stop: sync.OnceFunc(func() { close(stopped) }),
	}
	answers := make(chan error)
	go p.run(answers)
	if err := <-answers; err != nil {
		p.Stop()
		return nil, fmt.Errorf("start the GPU worker: %w", err)
	}
	return p, nil
}

// PID returns the process of the worker, 0 while none answers.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Err returns why no worker answers, nil if one does.
func (p *Process) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Process) set(pid int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pid, p.err = pid, err
}

// Stop ends the worker, by force if it does not end by itself.
func (p *Process) Stop() {
	p.stop()
	<-p.done
}

// run runs workers one after the other. It sends to answers how the start of the
// first one went.
func (p *Process) run(answers chan<- error) {
	defer close(p.done)
	// The system ends a worker with the thread that started it.
	runtime.LockOSThread()
	pause := firstPause
	for {
		begin := time.Now()
		w, err := p.start()
		if err == nil {
			p.set(w.cmd.Process.Pid, nil)
		}
		if answers != nil {
			answers <- err
			if err != nil {
				return
			}
			answers = nil
		}
		if err == nil {
			err = p.watch(w)
		}
		p.set(0, err)
		if p.isStopped() {
			return
		}
		if p.options.Ended != nil {
			p.options.Ended(err)
		}
		if time.Since(begin) > steady {
			pause = firstPause
		}
		select {
		case <-p.stopped:
			return
		case <-time.After(pause):
			pause = min(2*pause, p.options.LongestPause)
		}
	}
}

func (p *Process) isStopped() bool {
	select {
	case <-p.stopped:
		return true
	default:
		return false
	}
}

// running is a worker that was started.
type running struct {
	cmd   *exec.Cmd
	said  lastLine
	ended chan struct{}
}

// start starts a worker and waits until it answers.
func (p *Process) start() (*running, error) {
	w := &running{cmd: exec.Command(p.options.Command[0], p.options.Command[1:]...), ended: make(chan struct{})}
	w.cmd.Stderr = &w.said
	w.cmd.SysProcAttr = childAttributes()
	w.cmd.WaitDelay = stopLimit
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = w.cmd.Wait() // reason looks at how it ended
		close(w.ended)
	}()
	limit := time.After(startLimit)
	for {
		stats, err := remote.Stats(p.options.Socket)
		if err == nil && stats.PID == w.cmd.Process.Pid {
			return w, nil
		}
		select {
		case <-w.ended:
			return nil, w.reason()
		case <-p.stopped:
			w.end()
			return nil, errors.New("it was stopped before it answered")
		case <-limit:
			w.end()
			return nil, fmt.Errorf("it did not answer at %s within %v", p.options.Socket, startLimit)
		case <-time.After(answerPause):
		}
	}
}

// watch waits until a worker ends, or ends it when it is to stop.
func (p *Process) watch(w *running) error {
	select {
	case <-w.ended:
		return w.reason()
	case <-p.stopped:
		w.end()
		return errors.New("the GPU worker was stopped")
	}
}

// end ends a worker: it is asked first.
func (w *running) end() {
	_ = w.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-w.ended:
	case <-time.After(stopLimit):
		_ = w.cmd.Process.Kill()
		<-w.ended
	}
}

// reason says why a worker ended.
func (w *running) reason() error {
	how := w.cmd.ProcessState.String()
	if line := w.said.String(); line != "" {
		return fmt.Errorf("the GPU worker ended (%s): %s", how, line)
	}
	return fmt.Errorf("the GPU worker ended (%s)", how)
}
