package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

var messages = []Message{
	Hello{Version: 1, PID: 4711},
	Request{Dir: "/tmp/x", Literals: []byte{0, 1, 0xff}, AllowInput: true},
	Request{KeepStdio: true},
	Refusal{Reason: "no"},
	Input{Prompt: "Näme? ", Password: true},
	Line{Text: "Ada"},
	Line{EOF: true},
	Sync{},
	Failure{Message: "m", Frames: []string{"a", "", "b"}},
	Done{Generation: 1 << 63, Notes: []string{"n"}, Result: map[string]string{"text/plain": "3"}},
	Done{},
}

func frame(t testing.TB, m Message) []byte {
	t.Helper()
	b, err := Append(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	var all []byte
	for _, m := range messages {
		b := frame(t, m)
		all = append(all, b...)
		got, size, err := Next(append(b, "next"...))
		if err != nil || size != len(b) || !reflect.DeepEqual(got, m) {
			t.Errorf("Next of %#v = %#v, %d, %v; want %d bytes", m, got, size, err, len(b))
		}
		for n := range len(b) {
			if got, size, err := Next(b[:n]); got != nil || size != 0 || err != nil {
				t.Errorf("Next of %d bytes of %#v = %#v, %d, %v; want nothing yet", n, m, got, size, err)
			}
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF
			}
			if _, err := Read(bytes.NewReader(b[:n])); !errors.Is(err, want) {
				t.Errorf("Read of %d bytes of %#v: error %v, want %v", n, m, err, want)
			}
		}
	}
	r := iotest.OneByteReader(bytes.NewReader(all))
	for _, m := range messages {
		if got, err := Read(r); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("Read = %#v, %v; want %#v", got, err, m)
		}
	}
}

// The bytes are a promise between binaries that were built at different times.
func TestBytes(t *testing.T) {
	for _, test := range []struct {
		m    Message
		want string
	}{
		{Hello{Version: 1, PID: 300}, "H\x00\x00\x00\x03\x01\xac\x02"},
		{Request{Dir: "d", Literals: []byte("lit"), AllowInput: true}, "R\x00\x00\x00\x08\x01d\x03lit\x01\x00"},
		{Done{Generation: 1, Result: map[string]string{"b": "2", "a": "1"}}, "D\x00\x00\x00\x0b\x01\x00\x02\x01a\x011\x01b\x012"},
		{Sync{}, "S\x00\x00\x00\x00"},
		{Failure{Message: "m", Frames: []string{"f"}}, "E\x00\x00\x00\x05\x01m\x01\x01f"},
	} {
		if got := frame(t, test.m); string(got) != test.want {
			t.Errorf("frame of %#v is %q, want %q", test.m, got, test.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, test := range []struct{ frame, want string }{
		{"?\x00\x00\x00\x00", `frame starts with '?', want one of "HRXILSED"`},
		{"H\xff\xff\xff\xff", "frame 'H' says that it has 4294967295 bytes, want at most 268435456"},
		{"H\x00\x00\x00\x00", "Hello frame of 0 bytes: it ends in the middle of a value"},
		{"H\x00\x00\x00\x06\x01\xff\xff\xff\xff\x7f", "Hello frame of 6 bytes: number 34359738367 is larger than 2147483647"},
		{"I\x00\x00\x00\x02\x00\x02", "Input frame of 2 bytes: flag is 2, want 0 or 1"},
		{"I\x00\x00\x00\x03\x00\x01\x01", "Input frame of 3 bytes: 1 bytes are left over"},
		{"S\x00\x00\x00\x01\x00", "Sync frame of 1 bytes: 1 bytes are left over"},
		{"X\x00\x00\x00\x02\x05x", "Refusal frame of 2 bytes: it ends in the middle of a value"},
		{"E\x00\x00\x00\x05\x00\x03\xff\xff\x01", "Failure frame of 5 bytes: it ends in the middle of a value"},
		{"D\x00\x00\x00\x05\x00\x00\x02\x00\x00", "Done frame of 5 bytes: it ends in the middle of a value"},
	} {
		_, size, err := Next([]byte(test.frame))
		if err == nil || err.Error() != test.want {
			t.Errorf("Next(%q): size %d, error %v; want %s", test.frame, size, err, test.want)
		}
		if _, err := Read(strings.NewReader(test.frame)); err == nil || err.Error() != test.want {
			t.Errorf("Read(%q): error %v; want %s", test.frame, err, test.want)
		}
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := appendFrame(nil, Refusal{Reason: "nine byte"}, 10); err != nil {
		t.Error(err)
	}
	_, err := appendFrame(nil, Refusal{Reason: "ten bytes!"}, 10)
	if want := "Refusal of 11 bytes is larger than the limit of 10: show part of the data"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range messages {
		f.Add(frame(f, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, size, err := Next(b)
		if err != nil {
			if m != nil {
				t.Fatalf("Next gives %#v with the error %v", m, err)
			}
			return
		}
		if size == 0 {
			return
		}
		read, err := Read(bytes.NewReader(b))
		if err != nil || !reflect.DeepEqual(read, m) {
			t.Fatalf("Read = %#v, %v; Next gave %#v", read, err, m)
		}
		again, _, err := Next(frame(t, m))
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%#v comes back as %#v, %v", m, again, err)
		}
	})
}
