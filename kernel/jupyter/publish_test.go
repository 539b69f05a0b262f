package jupyter

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// subscriber is a front end that has only IOPub, and reads when it is told to.
type subscriber struct{ zmq4.Socket }

func subscribe(t *testing.T, c Connection, topics ...string) subscriber {
	s := subscriber{zmq4.NewSub(t.Context(), quiet(discard))}
	t.Cleanup(func() { s.Close() })
	if err := s.Dial(c.endpoint(c.IOPubPort)); err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		if err := s.SetOption(zmq4.OptionSubscribe, topic); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s subscriber) next(t *testing.T) *Message {
	t.Helper()
	frames, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(frames.Frames, []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s subscriber) forget(t *testing.T, topic string) {
	t.Helper()
	if err := s.SetOption(zmq4.OptionUnsubscribe, topic); err != nil {
		t.Fatal(err)
	}
}

// await waits for what happens in another goroutine.
func await(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.After(20 * time.Second); !ok(); {
		select {
		case <-deadline:
			t.Fatal("it does not happen")
		case <-time.After(time.Millisecond):
		}
	}
}

func serve(t *testing.T, stall time.Duration, log *slog.Logger) (*Server, Connection) {
	c := NewConnection(t.TempDir())
	c.Key = key
	s, err := listen(t.Context(), c, log, stall)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func publish(t *testing.T, s *Server, msgType, text string) {
	t.Helper()
	if err := s.Send(IOPub, New("kernel", msgType, nil, map[string]string{"text": text})); err != nil {
		t.Error(err)
	}
}

// Each new subscription is answered, before anything else and to none but the
// one who asked.
func TestWelcome(t *testing.T) {
	s, c := serve(t, stallTime, discard)
	defer s.Close()
	all := subscribe(t, c, "")
	<-s.Subscribed()
	m := all.next(t)
	if m.Header.Type != "iopub_welcome" || string(m.Content) != `{"subscription":""}` || string(m.ParentHeader) != "{}" {
		t.Errorf("the first message is %s %s, parent %s", m.Header.Type, m.Content, m.ParentHeader)
	}
	one := subscribe(t, c, "kernel.stream", "kernel.stream", "a", "b")
	for _, topic := range []string{"kernel.stream", "a", "b"} {
		if m := one.next(t); string(m.Content) != `{"subscription":"`+topic+`"}` || string(m.Identities[0]) != topic {
			t.Errorf("got %s for %q, want the welcome for %q", m.Content, m.Identities, topic)
		}
	}
	publish(t, s, "status", "")
	publish(t, s, "stream", "")
	if m := one.next(t); m.Header.Type != "stream" {
		t.Errorf("who listens to streams got %s", m.Header.Type)
	}
	for _, want := range []string{"status", "stream"} {
		if m := all.next(t); m.Header.Type != want {
			t.Errorf("who listens to everything got %s, want %s", m.Header.Type, want)
		}
	}
	for _, want := range []bool{true, false} { // it was subscribed twice
		one.forget(t, "kernel.stream")
		marker := map[bool]string{true: "a", false: "b"}[want]
		one.forget(t, marker) // its effect shows that the one before has arrived
		await(t, func() bool { return !slices.Contains(topics(s), marker) })
		if got := slices.Contains(topics(s), "kernel.stream"); got != want {
			t.Errorf("it listens to streams: %v, want %v", got, want)
		}
	}
}

// topics returns what anyone listens to.
func topics(s *Server) (all []string) {
	s.iopub.mu.Lock()
	defer s.iopub.mu.Unlock()
	for _, t := range s.iopub.subscribers {
		for topic := range t {
			all = append(all, topic)
		}
	}
	return all
}

// Much output waits for a slow front end, within bounds, and the other channels
// do not wait for it.
func TestSlowSubscriber(t *testing.T) {
	s, c := serve(t, stallTime, discard)
	defer s.Close()
	slow := subscribe(t, c, "")
	<-s.Subscribed()
	const messages, size = 40, 1 << 20
	text := strings.Repeat("x", size)
	published := make(chan struct{})
	go func() {
		defer close(published)
		for range messages {
			if err := s.Room(t.Context()); err != nil {
				t.Error(err)
			}
			publish(t, s, "stream", text)
		}
	}()

	done := make(chan struct{})
	defer close(done)
	client, err := Dial(t.Context(), c, discard)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	go echo(s, done)
	if _, err := client.Request(Control, "interrupt_request", nil); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() { // this front end reads all
		for {
			select {
			case m := <-client.Received():
				if m.Channel == Control {
					close(answered)
				}
			case <-done:
				return
			}
		}
	}()
	<-answered
	for _, p := range s.sockets[IOPub].Peers() {
		if err := p.Wait(ended(t), iopubBusy+2*size); err != nil {
			t.Errorf("more than %d MiB wait for a front end", iopubBusy>>20+2)
		}
	}

	for n := 0; n < messages; {
		if m := slow.next(t); m.Header.Type == "stream" {
			n++
		}
	}
	<-published
}

// ended is a context that has ended.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// A front end that reads no more is dropped; the kernel goes on.
func TestStalledSubscriber(t *testing.T) {
	var log bytes.Buffer
	s, c := serve(t, 100*time.Millisecond, slog.New(slog.NewTextHandler(&log, nil)))
	stalled := subscribe(t, c, "")
	<-s.Subscribed()
	stalled.next(t)
	text := strings.Repeat("x", 1<<20)
	for range 60 { // more than the queues here and in the library hold
		publish(t, s, "stream", text)
	}
	s.Close()
	if !strings.Contains(log.String(), "has stopped reading") {
		t.Errorf("the log does not say that it was dropped: %s", &log)
	}
}

// What was published last arrives, though the server is closed at once.
func TestCloseFlushes(t *testing.T) {
	s, c := serve(t, stallTime, discard)
	listener := subscribe(t, c, "")
	<-s.Subscribed()
	const messages = 50
	for range messages {
		publish(t, s, "stream", strings.Repeat("x", 100<<10))
	}
	publish(t, s, "last", "")
	go s.Close()
	for listener.next(t).Header.Type != "last" {
	}
}

// Who has subscribed to too much is not served more.
func TestTopicsAreLimited(t *testing.T) {
	s, c := serve(t, stallTime, discard)
	defer s.Close()
	var many []string
	for i := range 2 * maxTopics {
		many = append(many, strings.Repeat("x", i+1))
	}
	greedy := subscribe(t, c, many...)
	for range maxTopics {
		greedy.next(t)
	}
	publish(t, s, "status", "") // not heard
	greedy.forget(t, many[0])
	await(t, func() bool { return !slices.Contains(topics(s), many[0]) })
	if n := len(topics(s)); n != maxTopics-1 {
		t.Errorf("%d topics are kept, want %d", n, maxTopics-1)
	}
}
