//go:build cuda

package cuda

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"spikebook/gpu/device"
	"spikebook/gpu/fakecuda"
)

func TestInfo(t *testing.T) {
	list, err := Devices()
	if err != nil {
		t.Fatal(err)
	}
	info := open(t).Info()
	if info != list[0] {
		t.Errorf("the open device is %+v, in the list it is %+v", info, list[0])
	}
	if info.Emulated != strings.Contains(info.Name, fakecuda.Name) || info.Memory <= 0 || info.Capability[0] < 3 || !strings.HasPrefix(info.Driver, "CUDA 1") {
		t.Errorf("%+v", info)
	}
	if _, err := Open(len(list)); err == nil || !strings.Contains(err.Error(), "the machine has") {
		t.Errorf("device %d of %d: %v", len(list), len(list), err)
	}
}

func TestCopies(t *testing.T) {
	eagerAndLazy(t, func(t *testing.T) {
		d := open(t)
		const size, part = 1 << 20, 1000
		want := make([]byte, size)
		rand.NewChaCha8([32]byte{1}).Read(want)
		a, err1 := d.Alloc(size, "bytes")
		b, err2 := d.Alloc(size+part, "bytes")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if a%256 != 0 || b%256 != 0 {
			t.Errorf("%#x or %#x is no multiple of 256", a, b)
		}
		got := make([]byte, size)
		err := errors.Join(d.Upload(a, want[:part]), d.Upload(a+part, want[part:]), d.Upload(a+5, nil), d.Copy(b+part, a, size), d.Download(got, b+part))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Error("other bytes came back")
		}
	})
}

func TestRanges(t *testing.T) {
	d := open(t)
	a := upload(t, d, "weights", make([]float32, 25)...)
	b := upload(t, d, "spikes", make([]float32, 25)...)
	buffer := make([]byte, 101)
	for name, err := range map[string]error{
		"Upload: bytes 0 to 101 of weights are not there: it has 100 bytes":                          d.Upload(a, buffer),
		"Download: bytes 50 to 101 of spikes are not there: it has 100 bytes":                        d.Download(buffer[:51], b+50),
		"Copy: bytes 4 to 104 of weights are not there: it has 100 bytes":                            d.Copy(a+4, b, 100),
		"Copy: bytes 99 to 101 of spikes are not there: it has 100 bytes":                            d.Copy(a, b+99, 2),
		"Copy: -1 bytes: there is no negative amount of memory":                                      d.Copy(a, b, -1),
		"Upload: 0x0 is in no allocation: it was freed already, or is of another device":             d.Upload(0, buffer),
		"Free: 0x1 is not the start of an allocation: it was freed already, or is of another device": d.Free(1),
	} {
		if err == nil || err.Error() != name {
			t.Errorf("%v\nwant %s", err, name)
		}
	}
	if err := errors.Join(d.Free(a), d.Sync()); err != nil {
		t.Fatal(err)
	}
	if err := d.Download(buffer[:1], a); err == nil || !strings.Contains(err.Error(), "freed already") {
		t.Errorf("Download of what was freed: %v", err)
	}
}

func TestKernel(t *testing.T) {
	eagerAndLazy(t, func(t *testing.T) {
		d := open(t)
		const n = 1000
		x, y := make([]float32, n), make([]float32, n)
		want := make([]float32, n)
		for i := range x {
			x[i], y[i] = rand.Float32()-0.5, rand.Float32()
			want[i] = y[i]
			for range 3 {
				want[i] = float32(x[i]*-0.7) + want[i]
			}
		}
		from, to := upload(t, d, "x", x...), upload(t, d, "y", y...)
		for range 3 {
			if err := d.Launch(launch(to, from, -0.7, n)); err != nil {
				t.Fatal(err)
			}
		}
		// The launches have their numbers still, though x is overwritten at once.
		if err := d.Upload(from, make([]byte, 4*n)); err != nil {
			t.Fatal(err)
		}
		if got := download(t, d, to, n); !slices.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got[:8], want[:8])
		}
	})
}

// TestOrder copies on the device between launches, and frees and allocates anew
// what the device has not read yet.
func TestOrder(t *testing.T) {
	eagerAndLazy(t, func(t *testing.T) {
		d := open(t)
		y := upload(t, d, "y", 0, 0)
		for i := range 5 {
			x := upload(t, d, "x", float32(i), 1)
			z := upload(t, d, "z", -1, -1)
			if err := errors.Join(d.Copy(z, x, 8), d.Launch(launch(y, z, 2, 2)), d.Free(x), d.Free(z)); err != nil {
				t.Fatal(err)
			}
		}
		if got := download(t, d, y, 2); got[0] != 20 || got[1] != 10 {
			t.Errorf("got %v, want [20 10]", got)
		}
		if s, err := d.Stats(); err != nil || s.Reserved != 3*256 {
			t.Errorf("%d bytes are reserved, %v; three blocks of 256 do", s.Reserved, err)
		}
	})
}

func TestArguments(t *testing.T) {
	const store = header + `
.visible .entry store(
	.param .u64 to, .param .s32 a, .param .u32 b, .param .f32 c, .param .s64 d, .param .u64 e, .param .f64 f
)
{
	.reg .f32 %f<2>;
	.reg .f64 %fd<2>;
	.reg .b32 %r<3>;
	.reg .b64 %rd<4>;
	ld.param.u64 %rd1, [to];
	ld.param.u32 %r1, [a];
	ld.param.u32 %r2, [b];
	ld.param.f32 %f1, [c];
	ld.param.u64 %rd2, [d];
	ld.param.u64 %rd3, [e];
	ld.param.f64 %fd1, [f];
	st.global.u32 [%rd1], %r1;
	st.global.u32 [%rd1+4], %r2;
	st.global.f32 [%rd1+8], %f1;
	st.global.u64 [%rd1+16], %rd2;
	st.global.u64 [%rd1+24], %rd3;
	st.global.f64 [%rd1+32], %fd1;
	ret;
}
`
	d := open(t)
	type values struct {
		A int32
		B uint32
		C float32
		_ uint32
		D int64
		E uint64
		F float64
	}
	want := values{A: -5, B: 1 << 31, C: float32(math.Pi), D: -1 << 40, E: 1<<64 - 3, F: -math.E}
	to := upload(t, d, "values", make([]float32, 10)...)
	err := d.Launch(device.Launch{
		Module: store, Kernel: "store", Grid: [3]int{1, 1, 1}, Block: [3]int{1, 1, 1},
		Args: []any{to, want.A, want.B, want.C, want.D, want.E, want.F},
	})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 40)
	if err := d.Download(data, to); err != nil {
		t.Fatal(err)
	}
	var got values
	if _, err := binary.Decode(data, binary.NativeEndian, &got); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestLaunchErrors(t *testing.T) {
	d := open(t)
	at := upload(t, d, "y", 1, 2)
	unknown := strings.Replace(axpy, "add.rn.f32", "addd.rn.f32", 1)
	for _, c := range []struct {
		name   string
		change func(*device.Launch)
		want   string
	}{
		{"too few arguments", func(l *device.Launch) { l.Args = l.Args[:3] }, "Launch of kernel axpy: 3 arguments for 4 parameters"},
		{"a wrong type", func(l *device.Launch) { l.Args[3] = 2 }, "Launch of kernel axpy: argument 3 is of type int, the parameter is .u32"},
		{"no such kernel", func(l *device.Launch) { l.Kernel = "gemm" }, "Launch of kernel gemm: the module has no entry of this name"},
		{"no blocks", func(l *device.Launch) { l.Grid[1] = 0 }, "no grid of [1 0 1] blocks of [32 1 1] threads"},
		{"too many blocks", func(l *device.Launch) { l.Grid[0] = 1 << 32 }, "no grid of [4294967296 1 1] blocks"},
		{"too many threads", func(l *device.Launch) { l.Block[0] = 1025 }, "blocks of [1025 1 1] threads"},
		{"no module", func(l *device.Launch) { l.Module = "axpy" }, "the driver does not accept the module (InvalidPtx: "},
		{"no such instruction", func(l *device.Launch) { l.Module = unknown }, "addd.rn.f32"},
		{"a parameter that is an array", func(l *device.Launch) { l.Module = header + ".entry axpy(.param .b8 x[3]) { ret; }" }, "parameter 0 of kernel axpy"},
	} {
		l := launch(at, at, 1, 2)
		c.change(&l)
		if err := d.Launch(l); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
	if got := download(t, d, at, 2); got[0] != 1 || got[1] != 2 {
		t.Errorf("launches that failed left %v", got)
	}
}

func TestStats(t *testing.T) {
	d := open(t)
	x, y := upload(t, d, "x", 1, 2, 3), upload(t, d, "y", 1, 2, 3)
	other := launch(y, x, 1, 3)
	other.Module += "\n"
	for range 2 {
		if err := errors.Join(d.Launch(launch(y, x, 1, 3)), d.Launch(other)); err != nil {
			t.Fatal(err)
		}
	}
	download(t, d, y, 2)
	if err := d.Free(x); err != nil {
		t.Fatal(err)
	}
	want := device.Stats{
		Allocated: 12, Reserved: 512, Peak: 24, Allocations: 2,
		Uploads: 2, UploadBytes: 24, Downloads: 1, DownloadBytes: 8, Launches: 4, Modules: 2,
	}
	if got, err := d.Stats(); err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

// TestGoroutines has eight goroutines with memory of their own on one device.
func TestGoroutines(t *testing.T) {
	d := open(t)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for round := range 10 {
				n := 1 + 100*g
				x, err1 := d.Alloc(int64(4*n), "x")
				y, err2 := d.Alloc(int64(4*n), "y")
				ones, data := encode(slices.Repeat([]float32{1}, n)), make([]byte, 4*n)
				err := errors.Join(err1, err2, d.Upload(x, ones), d.Upload(y, ones), d.Launch(launch(y, x, float32(g+round), n)), d.Sync(), d.Download(data, y), d.Free(x), d.Free(y))
				if err != nil {
					t.Error(err)
					return
				}
				if want := encode(slices.Repeat([]float32{float32(1 + g + round)}, n)); !bytes.Equal(data, want) {
					t.Errorf("goroutine %d read %v", g, data[:4])
				}
			}
		})
	}
	group.Wait()
}
