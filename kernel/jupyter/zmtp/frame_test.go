package zmtp

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

const testLimit = 1 << 20

func TestMessage(t *testing.T) {
	big := strings.Repeat("x", 300)
	for _, test := range []struct {
		name, in string
		frames   []string
		command  bool
		err      string
	}{
		{name: "one frame", in: "\x00\x02ab", frames: []string{"ab"}},
		{name: "empty frames", in: "\x01\x00\x01\x00\x00\x00", frames: []string{"", "", ""}},
		{name: "a long frame", in: "\x03\x00\x00\x00\x00\x00\x00\x01\x2c" + big + "\x00\x01b", frames: []string{big, "b"}},
		{name: "a command", in: "\x04\x05\x04PING", frames: []string{"\x04PING"}, command: true},
		{name: "nothing", in: "", err: "EOF"},
		{name: "half a header", in: "\x00", err: "unexpected EOF"},
		{name: "half a long header", in: "\x02\x00\x00", err: "unexpected EOF"},
		{name: "half a frame", in: "\x00\x05ab", err: "unexpected EOF"},
		{name: "half a message", in: "\x01\x02ab", err: "unexpected EOF"},
		{name: "a frame that is too large", in: "\x02\x00\x00\x00\x00\x00\x10\x00\x00", err: "frame of 1048576 bytes is larger than 1048576"},
		{name: "a size beyond all numbers", in: "\x02\xff\xff\xff\xff\xff\xff\xff\xff", err: "is larger than"},
		{name: "countless frames", in: strings.Repeat("\x01\x00", testLimit), err: "is larger than"},
		{name: "a large frame that does not come", in: "\x02\x00\x00\x00\x00\x00\x08\x00\x00abc", err: "after 3 of 524288 bytes"},
		{name: "flags of the future", in: "\x08\x00", err: "mean nothing"},
		{name: "a command of two frames", in: "\x05\x00\x00\x00", err: "mean nothing"},
		{name: "a command inside a message", in: "\x01\x00\x04\x00", err: "mean nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := reader{strings.NewReader(test.in), testLimit}
			frames, isCommand, err := r.message()
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil || isCommand != test.command || !slices.Equal(text(frames), test.frames) {
				t.Errorf("got %.40q, command %v, error %v", frames, isCommand, err)
			}
		})
	}
}

// What is announced but does not come costs no memory.
func TestAnnouncedSize(t *testing.T) {
	r := reader{strings.NewReader("\x02\x00\x00\x00\x00\x3f\x00\x00\x00"), 1 << 30}
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			r.Reader = strings.NewReader("\x02\x00\x00\x00\x00\x3f\x00\x00\x00")
			if _, _, err := r.message(); !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 1<<20 {
		t.Errorf("%d bytes were allocated for 1 GiB that was announced", allocated)
	}
}

func FuzzMessage(f *testing.F) {
	for _, frames := range [][]string{{""}, {"a", "", "b"}, {strings.Repeat("x", 256)}} {
		f.Add([]byte(Encode(raw(frames))))
	}
	f.Add([]byte("\x04\x06\x05READY"))
	f.Add([]byte("\x02\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := reader{bytes.NewReader(data), testLimit}
		for {
			frames, isCommand, err := r.message()
			if err != nil {
				return
			}
			if isCommand {
				if name, body, err := splitCommand(frames[0]); err == nil && name == "READY" {
					_, _ = splitProperties(body)
				}
				continue
			}
			again := reader{bytes.NewReader(Encode(frames)), testLimit}
			got, _, err := again.message()
			if err != nil || !slices.EqualFunc(got, frames, bytes.Equal) {
				t.Fatalf("%.60q became %.60q, error %v", frames, got, err)
			}
		}
	})
}

func text(frames [][]byte) (s []string) {
	for _, f := range frames {
		s = append(s, string(f))
	}
	return s
}

func raw(frames []string) (b [][]byte) {
	for _, f := range frames {
		b = append(b, []byte(f))
	}
	return b
}
