//go:build linux

package main

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spikebook/gpu/device"
	"spikebook/gpu/remote"
	"spikebook/gpu/worker"
)

// TestMain makes the test binary the command when it is called with a flag of it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-socket" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startWorker runs the command with more arguments.
func startWorker(t *testing.T, args ...string) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpu") // that of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	p, err := worker.Start(worker.Options{
		Command: append([]string{os.Args[0], "-socket", socket}, args...), Socket: socket,
		Ended: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return socket
}

// scale multiplies each value with the same factor.
const scale = `.version 6.0
.target sm_70
.address_size 64

.visible .entry scale(
	.param .u64 values,
	.param .u32 count,
	.param .f32 factor
)
{
	.reg .pred %p<2>;
	.reg .f32 %f<4>;
	.reg .b32 %r<6>;
	.reg .b64 %rd<5>;

	ld.param.u64 %rd1, [values];
	ld.param.u32 %r1, [count];
	ld.param.f32 %f1, [factor];
	mov.u32 %r2, %ctaid.x;
	mov.u32 %r3, %ntid.x;
	mov.u32 %r4, %tid.x;
	mad.lo.s32 %r5, %r2, %r3, %r4;
	setp.ge.u32 %p1, %r5, %r1;
	@%p1 bra END;
	cvta.to.global.u64 %rd2, %rd1;
	mul.wide.u32 %rd3, %r5, 4;
	add.s64 %rd4, %rd2, %rd3;
	ld.global.f32 %f2, [%rd4];
	mul.rn.f32 %f3, %f2, %f1;
	st.global.f32 [%rd4], %f3;
END:
	ret;
}
`

// TestEmulated runs a kernel in another process, on the interpreter.
func TestEmulated(t *testing.T) {
	socket := startWorker(t, "-emulate", "2")
	infos, err := remote.Devices(socket)
	if err != nil {
		t.Fatal(err)
	}
	if len(infos) != 2 || infos[0].Name == infos[1].Name {
		t.Errorf("devices %+v, want two with their own names", infos)
	}
	for _, info := range infos {
		if !info.Emulated || !strings.Contains(info.Name, "not a GPU") {
			t.Errorf("device %+v does not say that it is no GPU", info)
		}
	}
	d, err := remote.Open(socket, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const count = 100
	data := make([]byte, 4*count)
	for i := range count {
		binary.LittleEndian.PutUint32(data[4*i:], math.Float32bits(float32(i)))
	}
	p, err := d.Alloc(int64(len(data)), "values")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Upload(p, data); err != nil {
		t.Fatal(err)
	}
	if err := d.Launch(device.Launch{
		Module: scale, Kernel: "scale", Grid: [3]int{4, 1, 1}, Block: [3]int{32, 1, 1},
		Args: []any{p + 4, uint32(count - 1), float32(0.5)},
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Download(data, p); err != nil {
		t.Fatal(err)
	}
	for i := range count {
		if got, want := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])), float32(i)/2; got != want {
			t.Errorf("value %d is %v, want %v", i, got, want)
		}
	}
	// An access outside of all memory loses the device, and only that.
	if err := d.Launch(device.Launch{
		Module: scale, Kernel: "scale", Grid: [3]int{4, 1, 1}, Block: [3]int{32, 1, 1},
		Args: []any{p, uint32(count + 1), float32(1)},
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(); err == nil || !strings.Contains(err.Error(), "kernel scale") {
		t.Errorf("error %v, want one that names the kernel", err)
	}
	again, err := remote.Open(socket, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Sync(); err != nil {
		t.Error(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := remote.Open(socket, 2); err == nil || !strings.Contains(err.Error(), "no device 2") {
		t.Errorf("error %v, want that there is no device 2", err)
	}
}
