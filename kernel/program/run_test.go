package program

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"spikebook/kernel/session/wire"
)

func TestOrder(t *testing.T) {
	h := listen(t)
	var j journal
	run := h.Expect(wire.Request{Dir: "/d", AllowInput: true}, j.events("x", "y", "z", "Ada"))
	f := dial(t, h)
	if want := (wire.Request{Dir: "/d", AllowInput: true}); !reflect.DeepEqual(f.request, want) {
		t.Errorf("request %+v, want %+v", f.request, want)
	}
	answer := func(question, want wire.Message) {
		t.Helper()
		f.send(question)
		if got := f.receive(); got != want {
			t.Errorf("%+v is answered by %+v, want %+v", question, got, want)
		}
	}
	f.print("a")
	answer(wire.Input{Prompt: "1"}, wire.Line{Text: "x"})
	f.print("b\xe2\x82")
	answer(wire.Input{Prompt: "2"}, wire.Line{Text: "y"})
	f.print("\xacc")
	answer(wire.Input{Prompt: "3"}, wire.Line{Text: "z"})
	f.print("name? ")
	answer(wire.Input{Prompt: "p", Password: true}, wire.Line{Text: "Ada"})
	answer(wire.Input{}, wire.Line{EOF: true})
	f.errOut.WriteString("d")
	answer(wire.Input{Prompt: "4"}, wire.Line{EOF: true})
	f.print("f")
	f.errOut.WriteString("g")
	answer(wire.Sync{}, wire.Sync{})
	f.send(wire.Failure{Message: "first", Frames: []string{"f"}})
	f.send(wire.Failure{Message: "second"})
	f.send(wire.Done{Generation: 3, Notes: []string{"n"}, Result: map[string]string{"text/plain": "y"}})
	f.print("e")
	f.exit()
	want := Result{
		Connected: true, PID: os.Getpid(), Done: true, Generation: 3, Notes: []string{"n"},
		Failure: &wire.Failure{Message: "first", Frames: []string{"f"}}, Bundle: map[string]string{"text/plain": "y"},
	}
	if got := run.Result(); !reflect.DeepEqual(got, want) {
		t.Errorf("result %+v, want %+v", got, want)
	}
	if got, want := j.String(), `stdout: a|input "1" false|stdout: b|input "2" false|stdout: €c|input "3" false|`+
		`stdout: name? |input "p" true|input "" false|stderr: d|input "4" false|stdout: f|stderr: g|stdout: e`; got != want {
		t.Errorf("events\n%s, want\n%s", got, want)
	}
}

func TestDrain(t *testing.T) {
	h := listen(t)
	var j journal
	run := h.Expect(wire.Request{}, j.events())
	run.Drain() // nobody is there yet
	f := dial(t, h)
	want := "stdout: "
	for range 100 {
		f.print("some ")
		want += "some "
		if run.Drain(); j.String() != want {
			t.Fatalf("after Drain: %q, want %q", j.String(), want)
		}
	}
	f.exit()
	run.Result()
	run.Drain() // nobody is there any more
}

// A program may leave others that hold its outputs, and its connection.
func TestFinish(t *testing.T) {
	h := listen(t)
	var j journal
	run := h.Expect(wire.Request{}, j.events())
	f := dial(t, h)
	f.print("a")
	f.send(wire.Done{Generation: 9, Result: map[string]string{"text/plain": strings.Repeat("x", 100_000)}})
	f.errOut.WriteString("b\xe2")
	got := run.Finish()
	if !got.Done || got.Generation != 9 || len(got.Bundle["text/plain"]) != 100_000 || got.Err != nil {
		t.Errorf("result: done %v, generation %d, error %v", got.Done, got.Generation, got.Err)
	}
	if got := j.String(); got != "stdout: a|stderr: b\xe2" {
		t.Errorf("events %q", got)
	}
	if _, err := f.out.WriteString("late"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing after Finish: error %v, want EPIPE", err)
	}
	if got := h.Expect(wire.Request{}, Events{}).Finish(); !reflect.DeepEqual(got, Result{}) {
		t.Errorf("result of a program that never came: %+v", got)
	}
}

func TestMalformed(t *testing.T) {
	hello, err := wire.Append(nil, wire.Hello{Version: wire.Version, PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	h := listen(t)
	for _, test := range []struct{ name, bytes, want string }{
		{"no frame", "GET / HTTP/1.1\r\n", "the cell's program sent what the kernel does not understand: frame starts with 'G'"},
		{"no hello", "I\x00\x00\x00\x02\x00\x00", "it starts with wire.Input, want wire.Hello"},
		{"hello twice", string(hello) + string(hello), "it says hello twice"},
		{"no process", "H\x00\x00\x00\x02\x02\x00", "its hello has no process id"},
		{"another version", "H\x00\x00\x00\x02\x63\x01", "the cell's program speaks version 99 of the protocol, want 2: the cell and the kernel were built"},
		{"a frame of the kernel", string(hello) + "X\x00\x00\x00\x01\x00", "wire.Refusal is for the kernel to send"},
		{"broken after hello", string(hello) + "I\x00\x00\x00\x02\x00\x09", "Input frame of 2 bytes: flag is 9, want 0 or 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := h.Expect(wire.Request{KeepStdio: true}, Events{})
			c, err := rawDial(h)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.WriteString(test.bytes); err != nil {
				t.Fatal(err)
			}
			got := run.Result()
			if got.Err == nil || !strings.Contains(got.Err.Error(), test.want) || got.Done {
				t.Errorf("result %+v, want an error with %q", got, test.want)
			}
		})
	}
	run := h.Expect(wire.Request{}, Events{})
	f := dial(t, h)
	f.send(wire.Done{})
	f.exit()
	if got := run.Result(); !got.Done || got.Err != nil {
		t.Errorf("the program after them: %+v", got)
	}
}

// A program that is killed may have sent half a frame. That is no fault of it.
func TestEndInTheMiddle(t *testing.T) {
	h := listen(t)
	run := h.Expect(wire.Request{}, Events{})
	f := dial(t, h)
	f.conn.WriteString("D\x00\x00")
	f.exit()
	if got := run.Result(); !got.Connected || got.Done || got.Err != nil {
		t.Errorf("result %+v", got)
	}
}

func TestLargeRequest(t *testing.T) {
	h := listen(t)
	literals := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB: more than a socket takes at once
	run := h.Expect(wire.Request{Literals: literals}, Events{})
	f := dial(t, h)
	if !bytes.Equal(f.request.Literals, literals) {
		t.Errorf("%d bytes of literals arrive, want %d, or they differ", len(f.request.Literals), len(literals))
	}
	f.exit()
	run.Result()
}

// While the kernel is slow, the program waits: nothing piles up in between.
func TestBackPressure(t *testing.T) {
	h := listen(t)
	called, proceed := make(chan struct{}), make(chan struct{})
	got := 0
	run := h.Expect(wire.Request{}, Events{Output: func(_ string, text []byte) {
		if got == 0 {
			close(called)
			<-proceed
		}
		got += len(text)
	}})
	f := dial(t, h)
	fd := int(f.out.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	written := 0
	fill := func() {
		for {
			n, err := syscall.Write(fd, make([]byte, 4096))
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if err != nil {
				break
			}
			written += n
		}
	}
	fill()
	<-called
	fill()
	if written > 4*maxChunk {
		t.Errorf("the program could write %d bytes, want at most %d", written, 4*maxChunk)
	}
	close(proceed)
	f.exit()
	if run.Result(); got != written {
		t.Errorf("%d bytes arrived, want %d", got, written)
	}
}

func TestOutputWhileInput(t *testing.T) {
	h := listen(t)
	asked, typed := make(chan struct{}), make(chan string)
	var j journal
	events := j.events()
	events.Input = func(context.Context, string, bool) (string, bool) {
		close(asked)
		return <-typed, false
	}
	run := h.Expect(wire.Request{AllowInput: true}, events)
	f := dial(t, h)
	f.send(wire.Input{})
	<-asked
	f.print("from another goroutine")
	run.Drain()
	typed <- "Ada"
	if got := f.receive(); got != (wire.Line{Text: "Ada"}) {
		t.Errorf("Input is answered by %+v", got)
	}
	f.exit()
	run.Result()
	if got := j.String(); got != "stdout: from another goroutine" {
		t.Errorf("events %q", got)
	}
}

func TestNoInputAllowed(t *testing.T) {
	h := listen(t)
	var j journal
	run := h.Expect(wire.Request{}, j.events("never"))
	f := dial(t, h)
	f.send(wire.Input{})
	if got := f.receive(); got != (wire.Line{EOF: true}) {
		t.Errorf("Input is answered by %+v, want EOF", got)
	}
	f.exit()
	if run.Result(); j.String() != "" {
		t.Errorf("events %q, want none", j.String())
	}
}

func TestClose(t *testing.T) {
	h := listen(t)
	t.Run("before the program", func(t *testing.T) {
		run := h.Expect(wire.Request{}, Events{})
		run.Close()
		run.Close()
		if got := run.Result(); !reflect.DeepEqual(got, Result{}) {
			t.Errorf("result %+v", got)
		}
	})
	t.Run("while it runs", func(t *testing.T) {
		run := h.Expect(wire.Request{}, Events{})
		dial(t, h)
		run.Close()
		if got := run.Result(); !got.Connected || got.Done || got.Err != nil {
			t.Errorf("result %+v", got)
		}
	})
	t.Run("while it asks", func(t *testing.T) {
		asked, cancelled := make(chan struct{}), make(chan struct{})
		run := h.Expect(wire.Request{AllowInput: true}, Events{Input: func(ctx context.Context, _ string, _ bool) (string, bool) {
			close(asked)
			<-ctx.Done()
			close(cancelled)
			return "late", false
		}})
		dial(t, h).send(wire.Input{})
		<-asked
		run.Close()
		<-cancelled
		run.Result()
	})
	t.Run("while an event takes its time", func(t *testing.T) {
		called, proceed := make(chan struct{}), make(chan struct{})
		run := h.Expect(wire.Request{}, Events{Output: func(string, []byte) {
			close(called)
			<-proceed
		}})
		dial(t, h).print("x")
		<-called
		run.Close()
		close(proceed)
		run.Result()
	})
}
