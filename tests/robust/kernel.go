package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"spikebook/kernel/headless"
)

// kernel is a kernel that lives.
type kernel struct {
	*headless.Kernel
	pid int
}

// start starts a kernel with a log of its own.
func start(ctx context.Context, program, log, dir string) (*kernel, error) {
	if err := os.Setenv("SPIKEBOOK_LOG", log); err != nil {
		return nil, err
	}
	k, err := headless.Start(ctx, []string{program, "run"}, dir)
	if err != nil {
		return nil, err
	}
	for _, p := range processes() {
		if p.parent == os.Getpid() {
			return &kernel{k, p.pid}, nil
		}
	}
	k.Close()
	return nil, errors.New("the kernel is not in the process table")
}

// answer is what a front end sees of a cell.
type answer struct {
	status string // "ok", "error" or "aborted"
	stdout string
	stderr string
	failed string // the error: its message, and the lines below
	took   time.Duration
}

func (a answer) ok() bool { return a.status == "ok" }

func (a answer) interrupted() bool { return strings.HasPrefix(a.failed, "Interrupted") }

func (a answer) String() string {
	if a.ok() {
		return "ok"
	}
	line, _, _ := strings.Cut(a.failed, "\n")
	return fmt.Sprintf("%s (%s)", a.status, line)
}

// errDisturbed is why a cell is interrupted by a message.
var errDisturbed = errors.New("interrupted by an event")

// disturbance is what happens to a cell while it runs. The function is called
// when the cell has printed "ready", or with soon set, at its beginning; over
// ends with the cell.
type disturbance struct {
	soon bool
	do   func(over context.Context, interrupt func())
}

// cellTime is how long a cell may take, on a slow machine.
const cellTime = time.Minute

var escape = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// execute runs a cell. It returns when the cell and its disturbance are over.
// The error is of a kernel that does not work.
func (k *kernel) execute(ctx context.Context, code string, d disturbance) (answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cellTime, fmt.Errorf("the cell hangs: it took longer than %v", cellTime))
	defer cancel()
	ctx, interrupt := context.WithCancelCause(ctx)
	defer interrupt(nil)
	over, end := context.WithCancel(context.Background())
	disturbed := make(chan struct{})
	begun := false
	disturb := func() {
		if d.do == nil || begun {
			return
		}
		begun = true
		go func() {
			defer close(disturbed)
			d.do(over, func() { interrupt(errDisturbed) })
		}()
	}
	if d.soon {
		disturb()
	}
	var a answer
	began := time.Now()
	reply, err := k.Execute(ctx, code, false, func(kind string, content json.RawMessage) {
		var m struct {
			Name, Text string
			Traceback  []string
		}
		_ = json.Unmarshal(content, &m) // what has another form is of no interest
		switch {
		case kind == "error":
			a.failed += escape.ReplaceAllString(strings.Join(m.Traceback, "\n"), "")
		case kind == "stream" && m.Name == "stderr":
			a.stderr += m.Text
		case kind == "stream":
			if a.stdout += m.Text; strings.Contains(a.stdout, "ready\n") {
				disturb()
			}
		}
	})
	a.took = time.Since(began)
	end()
	if begun {
		<-disturbed
	}
	if a.status = reply.Status; errors.Is(err, errDisturbed) && a.status != "" {
		err = nil
	}
	return a, err
}

// signal interrupts the kernel as a terminal does.
func (k *kernel) signal() { _ = syscall.Kill(k.pid, syscall.SIGINT) } // it may have died: that is seen elsewhere

// pause waits, but not longer than ctx.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// victim waits until a process below the kernel is as wanted.
func (k *kernel) victim(ctx context.Context, wanted func(process) bool) (process, bool) {
	for ; ctx.Err() == nil; pause(ctx, time.Millisecond) {
		for _, p := range below(k.pid) {
			if wanted(p) {
				return p, true
			}
		}
	}
	return process{}, false
}
