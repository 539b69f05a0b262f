package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/gpu/device"
)

var someStats = device.Stats{Allocated: 1, Reserved: 2, Peak: 3, Allocations: 4, Uploads: 5, Downloads: 6, UploadBytes: 7, DownloadBytes: 8, Launches: 9, Modules: 10}

var someInfo = device.Info{Name: "some device", Emulated: true, Capability: [2]int{8, 6}, Memory: 1 << 33, Driver: "535.1"}

// messages holds each message that is not a reply, with all fields set.
var messages = []Message{
	&Greeting{Version: 3},
	&Hello{Device: NoDevice},
	&List{}, &Report{}, &Fence{}, &Sync{}, &Stats{}, &Close{}, &Nothing{},
	&Area{Bytes: 5},
	&Alloc{Block: 1, Bytes: 2, Label: "weights", Wait: true},
	&Free{Block: 7},
	&Upload{To: Address(1, 2), Offset: 3, Bytes: 4},
	&Download{From: Address(1, 2), Offset: 3, Bytes: 4},
	&Copy{To: 1, From: math.MaxUint64, Bytes: 3},
	&Module{Offset: 8, Bytes: 9},
	&Launch{Module: 1, Launch: device.Launch{
		Kernel: "step", Grid: [3]int{1, 2, 3}, Block: [3]int{4, 5, 6}, Shared: 7,
		Args: []any{device.Pointer(1), int32(-2), uint32(3), int64(-4), uint64(5), float32(-0.5), math.Inf(1)},
	}},
	&Keep{Block: 9},
	&Adopt{Block: 1, Token: device.Token{Worker: 2, Memory: 3}},
	&Drop{Token: device.Token{Worker: 2, Memory: 3}},
	&Welcome{Info: someInfo},
	&Devices{Infos: []device.Info{someInfo, {}}},
	&Used{Stats: someStats},
	&Kept{Token: device.Token{Worker: 2, Memory: 3}},
	&Adopted{Held: true},
	&Reported{Worker: Worker{
		PID: 1, Seconds: 2, Served: 3, Kept: 4, KeptBytes: 5,
		Devices: []Opened{{Index: 1, Info: someInfo, Lost: "a fault", Stats: someStats}},
		Clients: []Client{{PID: 6, Device: 1, Stats: someStats}},
	}},
}

// replies holds replies of each kind.
var replies = []*Reply{
	{Free: 1, Payload: &Nothing{}},
	{Free: 2, Payload: &Kept{Token: device.Token{Worker: 2, Memory: 3}}},
	{Lost: true, Err: &device.Error{Op: "Launch", Kernel: "step", Reason: "it failed"}},
	{Err: &device.OutOfMemoryError{Label: "weights", Asked: 1, Free: 2, Device: "some device", Holders: []device.Holder{{Label: "state", Bytes: 3, Count: 4}}}},
}

// body returns the frame of m without its header, which is checked.
func body(t *testing.T, m Message) []byte {
	t.Helper()
	frame, err := Append([]byte("before"), m)
	if err != nil {
		t.Fatal(err)
	}
	frame = frame[len("before"):]
	size, err := Size(frame)
	if err != nil || size != len(frame)-HeaderSize {
		t.Fatalf("%T: size %d, %v, want %d", m, size, err, len(frame)-HeaderSize)
	}
	return frame[HeaderSize:]
}

// fresh returns an empty message of the type of m.
func fresh(m Message) Message {
	return reflect.New(reflect.TypeOf(m).Elem()).Interface().(Message)
}

func TestMessages(t *testing.T) {
	kinds := make(map[byte]bool)
	for _, m := range messages {
		if kinds[m.kind()] {
			t.Errorf("%T has the kind of another message", m)
		}
		kinds[m.kind()] = true
		b := body(t, m)
		got := fresh(m)
		if err := Decode(b, got); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v, %v, want %+v", got, err, m)
		}
		for n := range b {
			if err := Decode(b[:n], fresh(m)); err == nil {
				t.Errorf("%T decodes from %d of %d bytes", m, n, len(b))
			}
		}
		if err := Decode(append(b, 0), fresh(m)); err == nil || !strings.Contains(err.Error(), "left over") {
			t.Errorf("%T with a byte too many: %v", m, err)
		}
	}
	for kind := kindGreeting; kind <= kindAdopted; kind++ {
		if !kinds[kind] && kind != kindReply {
			t.Errorf("no message here is of the kind %d", kind)
		}
	}
}

func TestReplies(t *testing.T) {
	for _, m := range replies {
		got := &Reply{}
		if m.Payload != nil {
			got.Payload = fresh(m.Payload)
		}
		if err := Decode(body(t, m), got); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v, %v, want %+v", got, err, m)
		}
	}
	other := &Reply{Err: errors.New("a plain error")}
	got := &Reply{}
	if err := Decode(body(t, other), got); err != nil || !strings.Contains(got.Err.Error(), "a plain error") {
		t.Errorf("%v, %v, want the text of the error", got.Err, err)
	}
	if err := Decode(body(t, replies[1]), &Reply{Payload: new(Adopted)}); err == nil {
		t.Error("a reply decodes as one of another kind")
	}
}

// TestExactBytes: what other versions must be able to read stays as it is.
func TestExactBytes(t *testing.T) {
	frame, err := Append(nil, &Greeting{Version: 0x01020304})
	want := append([]byte{13, 0, 0, 0, 1}, "SBookGPU\x04\x03\x02\x01"...)
	if err != nil || !bytes.Equal(frame, want) {
		t.Errorf("greeting %q, %v, want %q", frame, err, want)
	}
}

// TestLongTexts: a reply arrives whatever it says.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	holders := make([]device.Holder, 1000)
	for i := range holders {
		holders[i] = device.Holder{Label: long, Bytes: int64(i), Count: 1}
	}
	full := &device.OutOfMemoryError{Label: long, Device: long, Holders: holders}
	report := &Reported{}
	for i := range MaxDevices {
		report.Worker.Devices = append(report.Worker.Devices, Opened{Index: i, Info: device.Info{Name: long, Driver: long}, Lost: long})
		report.Worker.Clients = append(report.Worker.Clients, Client{Stats: someStats})
	}
	for _, m := range []*Reply{
		{Err: &device.Error{Op: long, Kernel: long, Reason: long}},
		{Err: full},
		{Payload: report},
	} {
		got := &Reply{Payload: new(Reported)}
		if err := Decode(body(t, m), got); err != nil {
			t.Error(err)
		}
	}
	if len(full.Holders) != len(holders) || len(holders[0].Label) != len(long) {
		t.Error("the error that was sent was changed")
	}
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		m    Message
		want string
	}{
		"kernel":          {&Launch{Launch: device.Launch{Kernel: strings.Repeat("x", MaxName+1)}}, "a length is 1025, want at most 1024"},
		"grid":            {&Launch{Launch: device.Launch{Grid: [3]int{0, -1, 0}}}, "-1 is not in the range"},
		"arguments":       {&Launch{Launch: device.Launch{Args: make([]any, MaxArgs+1)}}, "want at most 4096"},
		"argument's type": {&Launch{Launch: device.Launch{Args: []any{"text"}}}, "an argument is a string"},
		"bytes":           {&Copy{Bytes: -5}, "-5 is no amount"},
	} {
		t.Run(name, func(t *testing.T) {
			frame, err := Append([]byte("before"), test.m)
			if err == nil || !strings.Contains(err.Error(), test.want) || string(frame) != "before" {
				t.Errorf("frame %q, error %v, want %q", frame, err, test.want)
			}
		})
	}
	for size, valid := range map[uint32]bool{0: false, 1: true, MaxFrame: true, MaxFrame + 1: false, math.MaxUint32: false} {
		if _, err := Size(binary.LittleEndian.AppendUint32(nil, size)); (err == nil) != valid {
			t.Errorf("size %d: %v", size, err)
		}
	}
	if _, err := DecodeRequest(nil); err == nil {
		t.Error("nothing decodes as a request")
	}
}

func TestPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		block := rapid.Uint32Range(0, MaxBlocks-1).Draw(t, "block")
		offset := rapid.Int64Range(0, MaxBytes-1).Draw(t, "offset")
		if b, o, ok := Place(Address(block, offset)); b != block || o != offset || !ok {
			t.Errorf("place %d, %d, %v, want %d, %d", b, o, ok, block, offset)
		}
	})
	for _, p := range []device.Pointer{0, 1, MaxBytes - 1, Address(MaxBlocks, 0), math.MaxUint64} {
		if _, _, ok := Place(p); ok {
			t.Errorf("%#x is a place", uint64(p))
		}
	}
}

// FuzzDecode: what decodes is written as the same bytes.
func FuzzDecode(f *testing.F) {
	for _, m := range messages {
		if frame, err := Append(nil, m); err == nil {
			f.Add(frame[HeaderSize:])
		}
	}
	for _, m := range replies {
		if frame, err := Append(nil, m); err == nil {
			f.Add(frame[HeaderSize:])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > MaxFrame {
			return
		}
		decoded, err := DecodeRequest(data)
		if err != nil {
			for _, payload := range []Message{nil, new(Reported), new(Devices)} {
				m := &Reply{Payload: payload}
				if Decode(data, m) == nil {
					decoded = m
				}
			}
		}
		if decoded == nil {
			return
		}
		frame, err := Append(nil, decoded)
		if err != nil {
			t.Fatalf("%+v does not encode: %v", decoded, err)
		}
		if !bytes.Equal(frame[HeaderSize:], data) {
			t.Errorf("%q is written as %q", data, frame[HeaderSize:])
		}
	})
}
