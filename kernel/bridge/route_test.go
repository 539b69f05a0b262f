package bridge

import (
	"encoding/json"
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

func TestQuestionsBeforeGoplsIsThere(t *testing.T) {
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

func TestCompleteness(t *testing.T) {
	for _, test := range []struct{ code, status, indent string }{
		{"", "complete", ""},
		{"x", "invalid", ""},
		{"func f() {", "incomplete", "    "},
		{"func f() {\n\tif true {", "incomplete", "        "},
		{"func f() {\n}", "complete", ""},
		{"func )(", "invalid", ""},
		{"var s = `a", "incomplete", ""},
		{"/* a", "incomplete", ""},
		{"import (\n\"fmt\"", "incomplete", "    "},
		{"%%", "incomplete", ""},
		{"%%\nfmt.Println(1)", "incomplete", ""},
		{"%%\nfmt.Println(1)\n", "complete", ""},
		{"%%\nfor {", "incomplete", "    "},
		{"%%\nfor {\n}\n", "complete", ""},
		{"%%\nfmt.Println(1))\n", "invalid", ""},
		{"var x = 1\n%%\nfmt.Println(x)\n", "complete", ""},
		{"%help", "complete", ""},
		{"!ls", "complete", ""},
		{"!ls \\", "incomplete", ""},
		{"%%bash\necho {", "incomplete", ""},
		{"%%bash\necho {\n", "complete", ""},
	} {
		if status, indent := completeness(test.code); status != test.status || indent != test.indent {
			t.Errorf("%q: %s %q, want %s %q", test.code, status, indent, test.status, test.indent)
		}
	}
}

func TestHistory(t *testing.T) {
	f := newKernel(t, nil)
	for _, code := range []string{"a", "b/1", "a", "c"} {
		f.execute(code)
	}
	for _, test := range []struct {
		request map[string]any
		want    string
	}{
		{map[string]any{"hist_access_type": "tail", "n": 2}, `[[1,3,"a"],[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "tail"}, `[[1,1,"a"],[1,2,"b/1"],[1,3,"a"],[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "range", "session": 0, "start": 1, "stop": 3}, `[[1,1,"a"],[1,2,"b/1"]]`},
		{map[string]any{"hist_access_type": "range", "session": 7, "start": 1, "stop": 3}, `[]`},
		{map[string]any{"hist_access_type": "search", "pattern": "b*", "output": true}, `[[1,2,["b/1",null]]]`},
		{map[string]any{"hist_access_type": "search", "pattern": "?", "unique": true}, `[[1,3,"a"],[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "search", "pattern": "*", "n": 1}, `[[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "search", "pattern": "["}, `[]`},
	} {
		a := f.await(f.request(jupyter.Shell, "history_request", test.request))
		got, err := json.Marshal(a.field("history"))
		if err != nil || string(got) != test.want {
			t.Errorf("%v: got %s, want %s", test.request, got, test.want)
		}
	}
}

func TestComms(t *testing.T) {
	f := newKernel(t, nil)
	f.execute("x") // GoNB is there
	for _, target := range []string{"gonb_comm", "unheard of"} {
		f.request(jupyter.Shell, "comm_open", map[string]any{"comm_id": target + " 1", "target_name": target, "data": map[string]any{}})
	}
	a := f.await(f.request(jupyter.Shell, "comm_info_request", map[string]any{}))
	got, err := json.Marshal(a.field("comms"))
	if want := `{"gonb_comm 1":{"target_name":"gonb_comm"}}`; err != nil || string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
	closed := 0
	for _, m := range f.backlog {
		if m.Header.Type == "comm_close" {
			closed++
		}
	}
	if closed != 1 {
		t.Errorf("%d comms were closed, want the one with an unknown target", closed)
	}
}
