package ptxsim

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"spikebook/gpu/device"
)

func TestInfo(t *testing.T) {
	if info := Open(Options{}).Info(); !info.Emulated || info.Name != "PTX interpreter on the CPU, not a GPU" || info.Memory != 1<<30 {
		t.Errorf("%+v", info)
	}
	if info := Open(Options{Name: "second", Memory: 1000}).Info(); info.Name != "second: PTX interpreter on the CPU, not a GPU" || info.Memory != 1000 {
		t.Errorf("%+v", info)
	}
}

func TestMemory(t *testing.T) {
	d := Open(Options{})
	a, b := alloc(t, d, 100, "a"), alloc(t, d, 300, "b")
	if a%256 != 0 || b%256 != 0 || b < a+100 {
		t.Errorf("addresses %#x and %#x", a, b)
	}
	data := make([]byte, 100)
	download := func(p device.Pointer) []byte {
		t.Helper()
		if err := d.Download(data, p); err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(download(b+200), bytes.Repeat([]byte{0xFF}, 100)) {
		t.Error("new memory has not all bits set")
	}
	if err := d.Upload(a+1, []byte{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	if err := d.Copy(b+10, a+2, 3); err != nil {
		t.Fatal(err)
	}
	if got := download(b)[9:14]; !bytes.Equal(got, []byte{255, 2, 3, 4, 255}) {
		t.Errorf("after a copy %v", got)
	}
	expectError(t, d.Upload(a+90, make([]byte, 11)), "Upload: 11 bytes at address", `go 1 bytes beyond the end of "a"`)
	expectError(t, d.Download(make([]byte, 1), a-1), "Download: 1 bytes", `begin 1 bytes before the start of "a"`)
	expectError(t, d.Copy(a, b+250, 51), "Copy: from: 51 bytes", `beyond the end of "b"`)
	expectError(t, d.Copy(0, b, 1), "Copy: to: 1 bytes at address 0x0 are in no allocation")
	expectError(t, d.Copy(a, b, -1), "Copy: to: -1 bytes")
	expectError(t, d.Free(a+4), `begin 4 bytes after the start of "a"`, "expected what Alloc returned")
	if err := d.Free(a); err != nil {
		t.Fatal(err)
	}
	expectError(t, d.Free(a), `are in "a", 100 bytes at`, "which was freed")
	expectError(t, d.Upload(a, data), "which was freed")
	_, err := d.Alloc(0, "nothing")
	expectError(t, err, "0 bytes for nothing, expected at least 1")
	stats, err := d.Stats()
	want := device.Stats{Allocated: 300, Reserved: 512, Peak: 400, Allocations: 2, Uploads: 1, Downloads: 2, UploadBytes: 4, DownloadBytes: 200}
	if err != nil || stats != want {
		t.Errorf("%+v, error %v, expected %+v", stats, err, want)
	}
}

func TestOutOfMemory(t *testing.T) {
	d := Open(Options{Memory: 1024, Name: "small"})
	alloc(t, d, 100, "x")
	alloc(t, d, 256, "y")
	alloc(t, d, 200, "x")
	for _, bytes := range []int64{257, 1 << 62, 1<<63 - 1} {
		_, err := d.Alloc(bytes, "z")
		var e *device.OutOfMemoryError
		if !errors.As(err, &e) {
			t.Fatalf("error %v, expected that there is no memory left", err)
		}
		if e.Asked != bytes || e.Free != 256 || e.Label != "z" || !strings.HasPrefix(e.Device, "small: ") ||
			!slices.Equal(e.Holders, []device.Holder{{Label: "x", Bytes: 300, Count: 2}, {Label: "y", Bytes: 256, Count: 1}}) {
			t.Errorf("%+v", e)
		}
	}
	alloc(t, d, 256, "z")
}

func TestLaunchChecks(t *testing.T) {
	d := Open(Options{})
	_, _, _, good := lifRun(t, d, 100, 3)
	plain := func(l *device.Launch, body string) {
		*l = device.Launch{Module: kernelText(body), Kernel: "test", Grid: [3]int{1, 1, 1}, Block: [3]int{1, 1, 1}, Args: []any{device.Pointer(0), uint32(0)}}
	}
	for _, c := range []struct {
		change func(*device.Launch)
		want   string
	}{
		{func(l *device.Launch) { l.Module = "nonsense" }, "its module: line 1: expected .version"},
		{func(l *device.Launch) { l.Kernel = "fil" }, "there is no such kernel in the module, which has lif"},
		{func(l *device.Launch) { l.Args = l.Args[1:] }, "5 arguments, expected 6"},
		{func(l *device.Launch) { l.Args[0] = uint32(1) }, "argument 0, x, is a uint32, expected a device.Pointer or uint64"},
		{func(l *device.Launch) { l.Args[3] = int32(1) }, "argument 3, neurons, is a int32, expected a uint32"},
		{func(l *device.Launch) { l.Args[5] = 0.5 }, "argument 5, decay, is a float64, expected a float32"},
		{func(l *device.Launch) { l.Args[5] = nil }, "argument 5, decay, is a <nil>"},
		{func(l *device.Launch) { l.Grid[0] = 0 }, "a grid of 0 blocks in x"},
		{func(l *device.Launch) { l.Grid[1] = 65536 }, "a grid of 65536 blocks in y, expected 1 to 65535"},
		{func(l *device.Launch) { l.Grid = [3]int{65536, 65535, 2} }, "a grid of 8589803520 blocks, expected less than"},
		{func(l *device.Launch) { l.Block = [3]int{1, 1, 65} }, "a block of 65 threads in z, expected 1 to 64"},
		{func(l *device.Launch) { l.Block[0] = 257 }, "257 threads in a block, expected 256 at most, as its .maxntid says"},
		{func(l *device.Launch) { plain(l, "ret;"); l.Block = [3]int{32, 33, 1} }, "1056 threads in a block, expected 1024 at most"},
		{func(l *device.Launch) { l.Shared = 48<<10 + 1 }, "49153 bytes of shared memory beside the 0 that it declares, expected 49152 at most"},
		{func(l *device.Launch) { plain(l, "ret;"); l.Shared = 44<<10 + 1 }, "45057 bytes of shared memory beside the 4096"},
		{func(l *device.Launch) { l.Shared = -1 }, "-1 bytes of shared memory"},
		{func(l *device.Launch) {
			plain(l, "ret;")
			l.Module = strings.Replace(l.Module, "n)\n{", "n)\n.reqntid 32\n{", 1)
		}, "a block of [1 1 1] threads, expected [32 1 1], as its .reqntid says"},
	} {
		l := good
		l.Args = slices.Clone(good.Args)
		c.change(&l)
		expectError(t, d.Launch(l), "Launch of kernel "+l.Kernel, c.want)
	}
	if err := d.Launch(good); err != nil {
		t.Errorf("after launches that were refused: %v", err)
	}
	if stats, err := d.Stats(); err != nil || stats.Launches != 1 {
		t.Errorf("%d launches, error %v, expected 1", stats.Launches, err)
	}
}

// TestArguments has one of each type, and what kernels get of them.
func TestArguments(t *testing.T) {
	d := Open(Options{})
	p := alloc(t, d, 64, "y")
	types := []string{"u64", "s64", "u32", "s32", "f32", "f64", "b32", "b64"}
	var parameters, body strings.Builder
	offset := 0
	for _, k := range types {
		parameters.WriteString(", .param ." + k + " " + k)
		register := "%r"
		if kinds[k].bits == 64 {
			register = "%d"
			offset = (offset + 7) &^ 7
		}
		fmt.Fprintf(&body, "ld.param.%s %s, [%s];\nst.global.%s [%%y+%d], %s;\n", k, register, k, k, offset, register)
		offset += kinds[k].bits / 8
	}
	err := d.Launch(device.Launch{
		Module: head + ".entry k(.param .u64 y" + parameters.String() + ") {\n.reg .b64 %d, %y;\n.reg .b32 %r;\nld.param.u64 %y, [y];\n" + body.String() + "}",
		Kernel: "k", Grid: [3]int{1, 1, 1}, Block: [3]int{1, 1, 1},
		Args: []any{p, uint64(1), int64(-2), uint32(3), int32(-4), float32(1), 2.0, float32(-1), device.Pointer(7)},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, offset)
	if err := d.Download(got, p); err != nil {
		t.Fatal(err)
	}
	want := "\x01\x00\x00\x00\x00\x00\x00\x00" + "\xfe\xff\xff\xff\xff\xff\xff\xff" + "\x03\x00\x00\x00" + "\xfc\xff\xff\xff" +
		"\x00\x00\x80\x3f" + "\xff\xff\xff\xff" + "\x00\x00\x00\x00\x00\x00\x00\x40" + "\x00\x00\x80\xbf" + "\xff\xff\xff\xff" + "\x07\x00\x00\x00\x00\x00\x00\x00"
	if string(got) != want {
		t.Errorf("arguments\n%x, expected\n%x", got, want)
	}
}

// TestConcurrentUse has several goroutines on one device.
func TestConcurrentUse(t *testing.T) {
	d := Open(Options{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			_, s, v, l := lifRun(t, d, 200, 2)
			for range 5 {
				if err := d.Launch(l); err != nil {
					t.Error(err)
				}
			}
			if err := errors.Join(d.Free(s.at), d.Free(v.at)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if stats, err := d.Stats(); err != nil || stats.Launches != 20 || stats.Modules != 1 {
		t.Errorf("%+v, error %v", stats, err)
	}
}
