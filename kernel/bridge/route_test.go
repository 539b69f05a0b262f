package bridge

import (
	"slices"
	"testing"
	"time"

	"spikebook/kernel/jupyter"
)

func TestKernelInfoWhileACellRuns(t *testing.T) {
	started, proceed := make(chan struct{}), make(chan struct{})
	f := newKernel(t, map[string]func(*run){"slow": func(r *run) {
		close(started)
		<-proceed
		r.reply("ok", "")
		r.idle()
	}})
	slow := f.request(jupyter.Shell, "execute_request", map[string]any{"code": "slow"})
	<-started
	for _, ch := range []jupyter.Channel{jupyter.Shell, jupyter.Control} {
		a := f.await(f.request(ch, "kernel_info_request", nil))
		if a.reply.Channel != ch || a.field("implementation") != "spikebook" {
			t.Errorf("%s on %v: %s", a.reply.Header.Type, a.reply.Channel, a.reply.Content)
		}
	}
	close(proceed)
	if a := f.await(slow); !slices.Equal(a.types, []string{"busy", "execute_input", "busy", "busy", "execute_reply", "idle"}) {
		t.Errorf("got %q: busy must be the last status while a cell runs", a.types)
	}
}

func TestShutdown(t *testing.T) {
	f := newKernel(t, nil)
	f.execute("x")
	a := f.await(f.request(jupyter.Control, "shutdown_request", map[string]any{"restart": true}))
	if a.reply.Channel != jupyter.Control || a.field("restart") != true {
		t.Errorf("%s on %v", a.reply.Content, a.reply.Channel)
	}
	select {
	case <-f.over:
	case <-time.After(patience):
		t.Fatal("the kernel goes on")
	}
	if !f.lives[0].stopped {
		t.Error("GoNB goes on")
	}
}

func TestStartingIsHeard(t *testing.T) {
	f := newKernel(t, nil)
	close(f.heard)
	select {
	case m := <-f.from:
		if describe(m) != "starting" || string(m.ParentHeader) != "{}" {
			t.Errorf("%s with parent %s", describe(m), m.ParentHeader)
		}
	case <-time.After(patience):
		t.Fatal("nothing is published")
	}
}

func TestUnknownRequestsAreDropped(t *testing.T) {
	f := newKernel(t, nil)
	f.request(jupyter.Shell, "make_coffee_request", nil)
	f.request(jupyter.Shell, "execute_request", "not an object")
	if a := f.execute("x"); a.field("status") != "ok" {
		t.Errorf("reply %s", a.reply.Content)
	}
}

func TestQuestionsWithoutNotebook(t *testing.T) {
	f := newKernel(t, nil)
	a := f.await(f.request(jupyter.Shell, "complete_request", map[string]any{"code": "fmt.", "cursor_pos": 4}))
	if a.field("status") != "ok" || a.field("cursor_start") != 4.0 {
		t.Errorf("reply %s", a.reply.Content)
	}
	a = f.await(f.request(jupyter.Shell, "inspect_request", map[string]any{"code": "fmt", "cursor_pos": 3}))
	if a.field("found") != false {
		t.Errorf("reply %s", a.reply.Content)
	}
}
