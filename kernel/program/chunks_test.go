package program

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A recorder keeps what chunks passes on, with the time in milliseconds.
type recorder struct {
	chunks
	now time.Time
	got []string
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newRecorder() *recorder {
	r := &recorder{now: start}
	r.emit = func(name string, text []byte) {
		r.got = append(r.got, fmt.Sprintf("%d %s %q", r.now.Sub(start).Milliseconds(), name, text))
	}
	return r
}

// at moves the time on and flushes when that is due on the way.
func (r *recorder) at(ms int) {
	to := start.Add(time.Duration(ms) * time.Millisecond)
	if due := r.due(); !due.IsZero() && !due.After(to) {
		r.now = due
		r.flush(due)
	}
	r.now = to
}

func TestChunks(t *testing.T) {
	type write struct {
		ms     int
		stream int
		text   string
	}
	for _, test := range []struct {
		name   string
		writes []write
		want   []string
	}{
		{"after a pause at once", []write{{0, stdout, "a"}, {20, stdout, "b"}, {45, stdout, "c"}},
			[]string{`0 stdout "a"`, `20 stdout "b"`, `45 stdout "c"`}},
		{"a flood is coalesced", []write{{0, stdout, "a"}, {1, stdout, "b"}, {15, stdout, "c"}, {19, stdout, "d"}, {23, stdout, "e"}, {42, stdout, "f"}},
			[]string{`0 stdout "a"`, `21 stdout "bcd"`, `42 stdout "ef"`}},
		{"the streams stay in order", []write{{0, stdout, "a"}, {1, stdout, "b"}, {2, stderr, "c"}, {3, stdout, "d"}},
			[]string{`0 stdout "a"`, `2 stdout "b"`, `3 stderr "c"`, `23 stdout "d"`}},
		{"a rune is not cut", []write{{0, stdout, "x\xe2"}, {30, stdout, "\x82"}, {60, stdout, "\xacy"}},
			[]string{`0 stdout "x"`, `60 stdout "€y"`}},
		{"a rune is not cut by the other stream", []write{{0, stdout, "\xe2\x82"}, {30, stderr, "!"}, {60, stdout, "\xac"}},
			[]string{`30 stderr "!"`, `60 stdout "€"`}},
		{"a rune that stays incomplete", []write{{0, stdout, "x\xe2\x82"}}, []string{`0 stdout "x"`, `1000 stdout "\xe2\x82"`}},
		{"bytes that are no text", []write{{0, stdout, "\xff\xfe\x80\x80\x80\x80"}}, []string{`0 stdout "\xff\xfe\x80\x80\x80\x80"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRecorder()
			for _, w := range test.writes {
				r.at(w.ms)
				r.add(w.stream, []byte(w.text), r.now)
			}
			r.at(1000)
			r.end(r.now)
			if !reflect.DeepEqual(r.got, test.want) {
				t.Errorf("got %q, want %q", r.got, test.want)
			}
		})
	}
}

// Streams that take turns all the time are few pieces all the same: in order as
// long as that is possible, complete in any case.
func TestChunksOfManyTurns(t *testing.T) {
	for _, test := range []struct {
		name         string
		step         time.Duration
		ordered, all int // the pieces in order, and the most that there may be
	}{
		{"few", 0, 400, 401},
		{"many at once", 0, 1000, 1010},
		{"many in some time", 100 * time.Microsecond, 1000, 2500},
		{"slow enough", 3 * time.Millisecond, 20_000, 20_001},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			texts := map[string]int{}
			c := chunks{emit: func(name string, text []byte) {
				got = append(got, name)
				texts[name] += len(text)
			}}
			writes, now := 20_000, start
			if test.name == "few" {
				writes = 400
			}
			for i := range writes {
				now = now.Add(test.step)
				if due := c.due(); !due.IsZero() && !due.After(now) {
					c.flush(now)
				}
				c.add(i%streams, []byte("x"), now)
			}
			c.end(now)
			if texts["stdout"] != writes/2 || texts["stderr"] != writes/2 {
				t.Errorf("%v arrived, want %d of each", texts, writes/2)
			}
			if len(got) > test.all {
				t.Errorf("%d pieces, want at most %d", len(got), test.all)
			}
			for i, name := range got[:min(len(got), test.ordered)] {
				if name != streamNames[i%streams] {
					t.Fatalf("piece %d is of %s", i, name)
				}
			}
			if !c.due().IsZero() {
				t.Error("something is due after the end")
			}
		})
	}
}

// Whatever the writes are, the text arrives whole, in pieces that are bounded
// and of whole runes, and at the latest after the delay.
func TestChunksKeepEverything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	want := [streams][]byte{}
	for stream := range want {
		want[stream] = []byte(strings.Repeat("aé€😀\n", 40_000))
	}
	var got [streams][]byte
	c := chunks{emit: func(name string, text []byte) {
		if len(text) == 0 || len(text) > maxChunk || !utf8.Valid(text) {
			t.Fatalf("a piece of %d bytes, valid %v", len(text), utf8.Valid(text))
		}
		for stream := range got {
			if streamNames[stream] == name {
				got[stream] = append(got[stream], text...)
			}
		}
	}}
	left, now := want, start
	for len(left[stdout])+len(left[stderr]) > 0 {
		now = now.Add(time.Duration(random.IntN(10)) * time.Millisecond)
		if due := c.due(); !due.IsZero() && !due.After(now) {
			c.flush(now)
		}
		stream := random.IntN(streams)
		n := min(len(left[stream]), random.IntN(8)*random.IntN(20_000)+random.IntN(3))
		c.add(stream, left[stream][:n], now)
		left[stream] = left[stream][n:]
		for stream, b := range c.buf {
			if len(b) >= maxChunk {
				t.Fatalf("%d bytes of %s are held", len(b), streamNames[stream])
			}
		}
	}
	c.end(now)
	for stream := range want {
		if !bytes.Equal(got[stream], want[stream]) {
			t.Errorf("%s: %d bytes arrived, want %d, or they differ", streamNames[stream], len(got[stream]), len(want[stream]))
		}
	}
}
