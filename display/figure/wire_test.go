package figure

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

// sample returns a valid figure with a value that needs care on the wire.
func sample() *Figure {
	return &Figure{
		Kind: Heatmap, Title: "membrane potentials", XLabel: "simulating step", YLabel: "neuron index",
		Text:   "heatmap: 2 steps × 3 neurons",
		Series: []Series{{Name: "voltage", Shape: []int{2, 3}, Data: Values{0, 1, -2.5, math.MaxFloat32, float32(math.Inf(1)), 5}}},
		Width:  6, Height: 4, DPI: 96, XMax: 0.5, IntXTicks: true, YNames: []string{"a", "b", "ü"},
		ColorRange: Range{-1, 1}, Colorbar: true, ColorbarLabel: "mV",
	}
}

func TestMessageRoundTrip(t *testing.T) {
	for _, want := range []*Request{
		{Op: OpShow, Figure: sample()},
		{Op: OpRender, Format: PDF, Figure: sample()},
		{Op: OpBundle, Bundle: map[string]string{"text/plain": "IF", "text/markdown": "$v$"}},
	} {
		var b bytes.Buffer
		if err := Send(&b, want); err != nil {
			t.Fatal(err)
		}
		var got Request
		if err := Receive(&b, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(&got, want) {
			t.Errorf("%s: got %+v, want %+v", want.Op, got, want)
		}
	}
}

func TestValuesKeepTheirBits(t *testing.T) {
	want := Values{0, float32(math.Copysign(0, -1)), float32(math.NaN()), math.Float32frombits(0x7fa00001), math.SmallestNonzeroFloat32}
	b, err := want.GobEncode()
	if err != nil {
		t.Fatal(err)
	}
	var got Values
	if err := got.GobDecode(b); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if g, w := math.Float32bits(got[i]), math.Float32bits(want[i]); g != w {
			t.Errorf("value %d: got bits %#x, want %#x", i, g, w)
		}
	}
	if err := got.GobDecode(b[:7]); err == nil {
		t.Error("7 bytes: got no error")
	}
}

// header returns the start of a message with a body of n bytes.
func header(version byte, n uint32) string {
	return string(binary.BigEndian.AppendUint32([]byte{'S', 'B', 'F', version}, n))
}

func TestReceiveBroken(t *testing.T) {
	for _, tt := range []struct{ name, message, want string }{
		{"nothing", "", "read header: EOF"},
		{"short header", "SBF", "read header: unexpected EOF"},
		{"other protocol", "GET / HTTP/1.1", `message starts with "GET", want "SBF"`},
		{"other version", header(9, 0), "version 9, want 2"},
		{"giant", header(version, MaxMessage+1), "larger than the limit"},
		{"short body", header(version, 100) + "abc", "ends after 3 of 100 bytes"},
		{"no gob", header(version, 4) + "\x03\xff\xff\xff", "decode *figure.Request"},
		{"empty body", header(version, 0), "decode *figure.Request: EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Receive(strings.NewReader(tt.message), new(Request))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
	if err := Receive(strings.NewReader(header(9, 0)), new(Request)); !errors.Is(err, errVersion) {
		t.Errorf("other version: got %v, want it to say what to do", err)
	}
}

func TestFrameRefusesGiant(t *testing.T) {
	_, err := frame(&Reply{Data: make([]byte, 1000)}, 999)
	if err == nil || !strings.Contains(err.Error(), "larger than the limit of 999") {
		t.Errorf("got error %v, want one that names the limit", err)
	}
}

func TestRequestCheck(t *testing.T) {
	for _, tt := range []struct {
		name    string
		request Request
		want    string // empty: no error
	}{
		{"show", Request{Op: OpShow, Figure: sample()}, ""},
		{"render", Request{Op: OpRender, Format: SVG, Figure: sample()}, ""},
		{"bundle", Request{Op: OpBundle, Bundle: map[string]string{"text/plain": ""}}, ""},
		{"no operation", Request{}, `unknown operation ""`},
		{"show nothing", Request{Op: OpShow}, "figure is nil"},
		{"render a photograph", Request{Op: OpRender, Format: "jpg", Figure: sample()}, `unknown picture format "jpg"`},
		{"empty bundle", Request{Op: OpBundle}, "bundle is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.request.Check()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got error %v, want %q", err, tt.want)
			}
		})
	}
}

// FuzzReceive demands that no message makes the kernel panic, and that what is
// accepted survives another trip.
func FuzzReceive(f *testing.F) {
	for _, r := range []*Request{
		{Op: OpShow, Figure: sample()},
		{Op: OpBundle, Bundle: map[string]string{"text/plain": "x"}},
	} {
		var b bytes.Buffer
		if err := Send(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(header(version, 1<<20) + "short"))
	f.Fuzz(func(t *testing.T, message []byte) {
		var request Request
		if Receive(bytes.NewReader(message), &request) != nil {
			return
		}
		if request.Check() != nil {
			return
		}
		var b bytes.Buffer
		if err := Send(&b, &request); err != nil {
			t.Fatalf("accepted %q, but it cannot be sent: %v", message, err)
		}
		var again Request
		if err := Receive(&b, &again); err != nil {
			t.Fatalf("accepted %q once, but not twice: %v", message, err)
		}
		if again.Op != request.Op || again.Format != request.Format {
			t.Fatalf("got %+v after another trip, want %+v", again, request)
		}
	})
}
