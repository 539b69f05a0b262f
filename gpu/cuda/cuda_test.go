//go:build cuda

package cuda

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"testing"

	"gorgonia.org/cu"

	"spikebook/gpu/device"
	"spikebook/gpu/fakecuda"
)

// printDevices is the environment variable with which the test's program says what
// Devices returns, and does no test.
const printDevices = "CUDA_TEST_PRINT_DEVICES"

func TestMain(m *testing.M) {
	list, err := Devices()
	switch {
	case os.Getenv(printDevices) != "":
		fmt.Println(list, err)
		os.Exit(0)
	case err != nil:
		fmt.Println(err)
		fmt.Println("`make test-gpu` runs these tests on a driver for the CPU.")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// onFake fails a test that asks for more than a real driver can do.
func onFake(t *testing.T) {
	t.Helper()
	if list, err := Devices(); err != nil {
		t.Fatal(err)
	} else if !list[0].Emulated {
		t.Fatalf("%s is real; this test needs package fakecuda's driver: make test-gpu", list[0].Name)
	}
}

// open opens a device, and closes it at the end of the test.
func open(t *testing.T) device.Device {
	t.Helper()
	d, err := Open(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// eagerAndLazy runs a test twice: lazily, a driver does work as late as it may.
func eagerAndLazy(t *testing.T, test func(*testing.T)) {
	for _, lazy := range []string{"0", "1"} {
		t.Run("lazy="+lazy, func(t *testing.T) {
			t.Setenv(fakecuda.Lazy, lazy)
			test(t)
		})
	}
}

// count reads one of fakecuda's counters.
func count(t *testing.T, attribute int) int {
	t.Helper()
	n, err := cu.Device(0).Attribute(cu.DeviceAttribute(attribute))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// upload allocates memory for numbers and puts them there.
func upload(t *testing.T, d device.Device, label string, numbers ...float32) device.Pointer {
	t.Helper()
	at, err := d.Alloc(int64(4*len(numbers)), label)
	if err == nil {
		err = d.Upload(at, encode(numbers))
	}
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func encode(numbers []float32) (data []byte) {
	for _, v := range numbers {
		data = binary.NativeEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// download returns so many numbers.
func download(t *testing.T, d device.Device, at device.Pointer, n int) []float32 {
	t.Helper()
	data := make([]byte, 4*n)
	if err := d.Download(data, at); err != nil {
		t.Fatal(err)
	}
	numbers := make([]float32, n)
	for i := range numbers {
		numbers[i] = math.Float32frombits(binary.NativeEndian.Uint32(data[4*i:]))
	}
	return numbers
}

// axpy is a module with two kernels, axpy and axpy2, of which each adds a times the
// n numbers at x to those at y.
const axpy = header + `
.visible .entry axpy` + axpyBody + `
.visible .entry axpy2` + axpyBody

const header = `.version 7.0
.target sm_70
.address_size 64
`

const axpyBody = `(
	.param .u64 to, .param .u64 from, .param .f32 factor, .param .u32 count
)
{
	.reg .pred %p<2>;
	.reg .f32 %f<5>;
	.reg .b32 %r<6>;
	.reg .b64 %rd<6>;
	mov.u32 %r1, %ctaid.x;
	mov.u32 %r2, %ntid.x;
	mov.u32 %r3, %tid.x;
	mad.lo.s32 %r4, %r1, %r2, %r3;
	ld.param.u32 %r5, [count];
	setp.ge.u32 %p1, %r4, %r5;
	@%p1 bra done;
	ld.param.u64 %rd1, [to];
	ld.param.u64 %rd2, [from];
	ld.param.f32 %f1, [factor];
	mul.wide.u32 %rd3, %r4, 4;
	add.s64 %rd4, %rd1, %rd3;
	add.s64 %rd5, %rd2, %rd3;
	ld.global.f32 %f2, [%rd5];
	mul.rn.f32 %f3, %f2, %f1;
	ld.global.f32 %f4, [%rd4];
	add.rn.f32 %f3, %f3, %f4;
	st.global.f32 [%rd4], %f3;
done:
	ret;
}
`

// launch returns the launch of axpy for n numbers.
func launch(y, x device.Pointer, a float32, n int) device.Launch {
	return device.Launch{
		Module: axpy, Kernel: "axpy", Grid: [3]int{(n + 31) / 32, 1, 1}, Block: [3]int{32, 1, 1},
		Args: []any{y, x, a, uint32(n)},
	}
}
