package bridge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"spikebook/display/figure"
	"spikebook/kernel/jupyter"
)

func TestCell(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"print": func(r *run) {
		r.stream("stdout", "hello\n")
		r.reply("ok", "")
		r.idle()
	}})
	a := f.execute("print")
	if want := []string{"busy", "execute_input", "stdout hello\n", "execute_reply", "idle"}; !slices.Equal(a.types, want) {
		t.Errorf("got %q, want %q", a.types, want)
	}
	if a.field("status") != "ok" || a.field("execution_count") != 1.0 {
		t.Errorf("reply %s", a.reply.Content)
	}
	if a.reply.Channel != jupyter.Shell || string(a.reply.Identities[0]) != "me" {
		t.Errorf("reply on %v to %q", a.reply.Channel, a.reply.Identities)
	}
}

// The reply comes over another socket than the outputs and may overtake them.
func TestOutputsAfterGoNBsReply(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"late": func(r *run) {
		r.reply("ok", "")
		r.stream("stdout", "late\n")
		r.idle()
	}})
	if a := f.execute("late"); !slices.Equal(a.types[2:], []string{"stdout late\n", "execute_reply", "idle"}) {
		t.Errorf("got %q", a.types)
	}
}

func TestSilentCellsAreNotCounted(t *testing.T) {
	f := newKernel(t, nil)
	a := f.await(f.request(jupyter.Shell, "execute_request", map[string]any{"code": "x", "silent": true}))
	if slices.Contains(a.types, "execute_input") {
		t.Errorf("a silent cell was announced: %q", a.types)
	}
	if a := f.execute("y"); a.field("execution_count") != 1.0 {
		t.Errorf("reply %s, want execution_count 1", a.reply.Content)
	}
}

func TestBlankCellsDoNotReachGoNB(t *testing.T) {
	f := newKernel(t, nil)
	if a := f.execute(" \n\t"); a.field("status") != "ok" {
		t.Errorf("reply %s", a.reply.Content)
	}
	f.execute("x")
	if ran := f.lives[0].ran; !slices.Equal(ran, []string{"x"}) {
		t.Errorf("GoNB ran %q", ran)
	}
}

// What the dying program wrote may come after GoNB's verdict.
func TestPanicAfterGoNBsReply(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"panic(1)": func(r *run) {
		r.reply("error", "exit status 2")
		r.stream("stderr", "panic: boom\n\ngoroutine 1 [running]:\n")
		r.stream("stderr", "exit status 2\n")
		r.idle()
	}})
	if name, value, _ := f.execute("panic(1)").error(t); name != "panic" || value != "boom" {
		t.Errorf("%s: %s", name, value)
	}
}

// A message of several lines keeps its shape.
func TestPanicWithCaret(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"parse": func(r *run) {
		r.stream("stderr", "panic: expected a number\n\t    v + * x\n\t        ^\n\ngoroutine 1 [running]:\n")
		r.fail("exit status 2")
	}})
	want := "panic: expected a number\n    v + * x\n        ^\n"
	if _, _, traceback := f.execute("parse").error(t); traceback != want {
		t.Errorf("got\n%s\nwant\n%s", traceback, want)
	}
}

func TestInterruptedShellCommand(t *testing.T) {
	started := make(chan struct{})
	f := newKernel(t, map[string]func(*run){"!sleep": func(r *run) {
		close(started)
		<-r.interrupted
		r.stream("stderr", "^C\nsignal: interrupt\n")
		r.reply("ok", "")
		r.idle()
	}})
	request := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "!sleep"})
	<-started
	f.await(f.request(jupyter.Control, "interrupt_request", nil))
	if name, _, _ := f.await(request).error(t); name != "Interrupted" {
		t.Errorf("the error is called %q", name)
	}
}

func TestExit(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"exit": func(r *run) {
		r.stream("stderr", "the user's own words\n")
		r.stream("stderr", "exit status 3\n")
		r.fail("exit status 3")
	}})
	a := f.execute("exit")
	if name, value, _ := a.error(t); name != "ExitError" || value != "the cell's program ended with exit status 3" {
		t.Errorf("%s: %s", name, value)
	}
	if !slices.Contains(a.types, "stderr the user's own words\n") {
		t.Errorf("got %q", a.types)
	}
	if a := f.execute("next"); a.field("status") != "ok" {
		t.Errorf("the next cell: %s", a.reply.Content)
	}
}

// Whoever writes the words of a dying program without dying must not lose them.
func TestHeldOutputOfALivingProgram(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"log": func(r *run) {
		r.stream("stderr", "a\npanic: not really\nb")
		r.stream("stderr", "exit status 9\n")
		r.reply("ok", "")
		r.idle()
	}})
	a := f.execute("log")
	var all strings.Builder
	for _, s := range a.types {
		all.WriteString(strings.TrimPrefix(s, "stderr "))
	}
	if !strings.Contains(all.String(), "a\npanic: not really\nbexit status 9\n") {
		t.Errorf("got %q", a.types)
	}
}

func TestErrorStopsTheQueue(t *testing.T) {
	proceed := make(chan struct{})
	f := newKernel(t, map[string]func(*run){"bad": func(r *run) {
		<-proceed
		r.fail("exit status 1")
	}})
	bad := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "bad"})
	after := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "after"})
	close(proceed)
	f.await(bad).error(t)
	// With a count, JupyterLab would show the cell as run.
	if a := f.await(after); a.field("status") != "aborted" || a.field("execution_count") != nil {
		t.Errorf("reply %s", a.reply.Content)
	}
	if a := f.execute("later"); a.field("status") != "ok" {
		t.Errorf("a cell sent afterwards: %s", a.reply.Content)
	}
	if ran := f.lives[0].ran; slices.Contains(ran, "after") {
		t.Errorf("GoNB ran %q", ran)
	}
}

func TestStopOnErrorFalse(t *testing.T) {
	proceed := make(chan struct{})
	f := newKernel(t, map[string]func(*run){"bad": func(r *run) {
		<-proceed
		r.fail("exit status 1")
	}})
	bad := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "bad", "stop_on_error": false})
	after := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "after"})
	close(proceed)
	f.await(bad).error(t)
	if a := f.await(after); a.field("status") != "ok" {
		t.Errorf("reply %s", a.reply.Content)
	}
}

func TestInterrupt(t *testing.T) {
	started := make(chan struct{})
	f := newKernel(t, map[string]func(*run){"endless": func(r *run) {
		close(started)
		<-r.interrupted
		<-r.killed
		r.stream("stderr", "^C\nsignal: killed\n")
		r.fail("signal: killed")
	}})
	endless := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "endless"})
	<-started
	waiting := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "waiting"})
	for range 2 {
		a := f.await(f.request(jupyter.Control, "interrupt_request", nil))
		if a.reply.Channel != jupyter.Control || a.reply.Header.Type != "interrupt_reply" {
			t.Errorf("%s on %v", a.reply.Header.Type, a.reply.Channel)
		}
	}
	a := f.await(endless)
	if name, _, _ := a.error(t); name != "Interrupted" {
		t.Errorf("the error is called %q", name)
	}
	if slices.ContainsFunc(a.types, func(s string) bool { return strings.HasPrefix(s, "stderr") }) {
		t.Errorf("got %q", a.types)
	}
	if a := f.await(waiting); a.field("status") != "aborted" {
		t.Errorf("the waiting cell: %s", a.reply.Content)
	}
}

func TestGoNBDies(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"die": func(r *run) { r.die() }})
	name, value, traceback := f.execute("die").error(t)
	if name != "KernelError" || !strings.Contains(value, "ended unexpectedly") || !strings.Contains(traceback, "out of cheese") {
		t.Errorf("%s: %s\n%s", name, value, traceback)
	}
	if a := f.execute("next"); a.field("status") != "ok" || len(f.lives) != 2 {
		t.Errorf("after %d lives: %s", len(f.lives), a.reply.Content)
	}
}

// A cell that waits for GoNB is announced at once, and once; an interrupt ends it.
func TestGoNBStartsSlowly(t *testing.T) {
	proceed := make(chan struct{})
	f := newKernel(t, nil, func(f *frontEnd, c *Config) {
		start := c.Start
		c.Start = func(ctx context.Context) (Backend, error) {
			<-proceed
			return start(ctx)
		}
	})
	announced := func(request *jupyter.Message) {
		t.Helper()
		for seen := ""; seen != "busy execute_input"; {
			select {
			case m := <-f.from:
				f.backlog = append(f.backlog, m)
				if m.Parent().ID == request.Header.ID {
					seen = strings.TrimSpace(seen + " " + describe(m))
				}
			case <-time.After(patience):
				t.Fatalf("got %q while GoNB starts", seen)
			}
		}
	}
	stopped := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "stopped"})
	announced(stopped)
	f.await(f.request(jupyter.Control, "interrupt_request", nil))
	if a := f.await(stopped); a.field("status") != "aborted" {
		t.Errorf("the interrupted cell: %s", a.reply.Content)
	}
	first := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "first"})
	announced(first)
	second := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "second"})
	close(proceed)
	for i, r := range []*jupyter.Message{first, second} {
		a := f.await(r)
		if want := []string{"busy", "execute_input", "execute_reply", "idle"}; !slices.Equal(a.types, want) || a.field("execution_count") != float64(i+2) {
			t.Errorf("cell %d: %q, %s", i, a.types, a.reply.Content)
		}
	}
}

func TestGoNBDoesNotStart(t *testing.T) {
	broken := make(chan bool, 1)
	broken <- true
	f := newKernel(t, nil, func(f *frontEnd, c *Config) {
		start := c.Start
		c.Start = func(ctx context.Context) (Backend, error) {
			select {
			case <-broken:
				return nil, errors.New("no gonb here")
			default:
				return start(ctx)
			}
		}
	})
	// The first cell may come before or after the failure; then it is tried again.
	var a answer
	for range 2 {
		if a = f.execute("x"); a.field("status") == "error" {
			if _, value, trace := a.error(t); !strings.Contains(value, "no gonb here") || !strings.Contains(trace, "spikebook doctor") {
				t.Errorf("%s\n%s", value, trace)
			}
		}
	}
	if a.field("status") != "ok" {
		t.Errorf("the second try: %s", a.reply.Content)
	}
}

func TestPreloadRunsFirstAndSilently(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"preload": func(r *run) {
		r.stream("stdout", "noise\n")
		r.reply("ok", "")
		r.idle()
	}}, func(f *frontEnd, c *Config) {
		c.Preload = func(context.Context) ([]string, error) { return []string{"preload"}, nil }
	})
	a := f.execute("x")
	if a.field("execution_count") != 1.0 || slices.Contains(a.types, "stdout noise\n") {
		t.Errorf("%s after %q", a.reply.Content, a.types)
	}
	if ran := f.lives[0].ran; !slices.Equal(ran, []string{"preload", "x"}) {
		t.Errorf("GoNB ran %q", ran)
	}
}

func TestFailedPreloadIsSaidOnce(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"preload": func(r *run) { r.fail("exit status 1") }}, func(f *frontEnd, c *Config) {
		c.Preload = func(context.Context) ([]string, error) { return []string{"preload"}, nil }
	})
	a := f.execute("x")
	if !slices.ContainsFunc(a.types, func(s string) bool { return strings.HasPrefix(s, "stderr the preload failed: ") }) {
		t.Errorf("got %q", a.types)
	}
	if a := f.execute("y"); len(a.types) != 4 {
		t.Errorf("got %q", a.types)
	}
}

func TestFigures(t *testing.T) {
	started, shown := make(chan struct{}), make(chan error)
	f := newKernel(t, map[string]func(*run){"figure": func(r *run) {
		close(started)
		err := <-shown
		r.stream("stdout", "after\n")
		if err != nil {
			r.fail(err.Error())
			return
		}
		r.reply("ok", "")
		r.idle()
	}})
	if err := f.kernel.Figures().ShowBundle(map[string]string{"text/plain": "x"}, figure.Place{}); !errors.Is(err, errNoCell) {
		t.Errorf("without a cell: %v", err)
	}
	request := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "figure"})
	<-started
	shown <- f.kernel.Figures().ShowBundle(map[string]string{"text/plain": "x"}, figure.Place{})
	a := f.await(request)
	if want := []string{"busy", "execute_input", "display_data", "stdout after\n", "execute_reply", "idle"}; !slices.Equal(a.types, want) {
		t.Errorf("got %q, want %q", a.types, want)
	}
	if err := f.kernel.Figures().Show(&figure.Figure{}, figure.Place{}); err == nil {
		t.Error("an empty figure was drawn")
	}
}

// What was printed before a picture comes before it, however late it is looked
// at.
func TestFiguresComeAfterWhatWasPrinted(t *testing.T) {
	started := make(chan struct{})
	shown := make(chan error)
	f := newKernel(t, map[string]func(*run){"figure": func(r *run) {
		for range 20 {
			r.stream("stdout", "before\n")
		}
		close(started)
		if err := <-shown; err != nil {
			t.Error(err)
		}
		r.reply("ok", "")
		r.idle()
	}})
	request := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "figure"})
	<-started
	shown <- f.kernel.Figures().ShowBundle(map[string]string{"text/plain": "x"}, figure.Place{})
	types := f.await(request).types
	if at := slices.Index(types, "display_data"); at < 0 || slices.Contains(types[at:], "stdout before\n") {
		t.Errorf("got %q", types)
	}
}

func TestInput(t *testing.T) {
	f := newKernel(t, map[string]func(*run){"ask": func(r *run) {
		r.send(jupyter.Stdin, "input_request", map[string]any{"prompt": "name?", "password": false})
		r.reply("ok", "")
		r.idle()
	}})
	f.request(jupyter.Shell, "execute_request", map[string]any{"code": "ask"})
	for deadline := time.After(patience); ; {
		select {
		case m := <-f.from:
			if m.Channel == jupyter.Stdin && m.Header.Type == "input_request" && string(m.Identities[0]) == "me" {
				return
			}
		case <-deadline:
			t.Fatal("no input_request")
		}
	}
}
