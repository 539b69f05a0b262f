//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/cu"

	"spikebook/gpu/device"
	"spikebook/gpu/fakecuda"
)

// TestWithoutDevice starts the program where there is nothing to run on.
func TestWithoutDevice(t *testing.T) {
	onFake(t)
	for name, c := range map[string]struct {
		setting string
		want    string
	}{
		"no driver":           {"SPIKEBOOK_LIBCUDA=/nonexistent/libcuda.so.1", "Devices: libcuda.so.1 cannot be loaded (/nonexistent/libcuda.so.1: cannot open shared object file"},
		"another library":     {"SPIKEBOOK_LIBCUDA=libc.so.6", "Devices: libcuda.so.1 has no function cuInit"},
		"no device":           {fakecuda.Devices + "=0", "Devices: the driver finds no GPU"},
		"too old":             {fakecuda.Version + "=10020", "Devices: the NVIDIA driver is too old: it has CUDA 10.2, and 11.0 is needed"},
		"after an update":     {fakecuda.Fail + "=cuInit:1:803", "Devices: libcuda.so.1 and the driver in the kernel are of different versions"},
		"two devices":         {fakecuda.Devices + "=2", fakecuda.Name + " 1 true [7 0] 1073741824 CUDA 12.9}] <nil>"},
		"a device unreadable": {fakecuda.Fail + "=cuDeviceGetName:1:999", "Devices: device 0: Unknown"},
	} {
		program := exec.Command(os.Args[0])
		program.Env = append(os.Environ(), printDevices+"=1", c.setting)
		if out, err := program.CombinedOutput(); err != nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v, %s\nwant %s", name, err, out, c.want)
		}
	}
}

// session is a use of a device from Open to Close, with every call of the driver
// that this package makes.
func session() (err error) {
	d, err := Open(0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	x, err := d.Alloc(64, "x")
	if err != nil {
		return err
	}
	y, err := d.Alloc(64, "y")
	if err != nil {
		return err
	}
	data := encode(slices.Repeat([]float32{1}, 16))
	err = errors.Join(d.Upload(x, data), d.Copy(y, x, 64), d.Launch(launch(y, x, 2, 16)), d.Sync(), d.Download(data, y), d.Free(x), d.Free(y))
	if err == nil && !slices.Equal(data, encode(slices.Repeat([]float32{3}, 16))) {
		err = errors.New("the device computed something else")
	}
	return err
}

// TestFaults lets each call of the driver fail: the session returns an error, leaves
// nothing behind, and the next one works.
func TestFaults(t *testing.T) {
	onFake(t)
	calls := []string{
		"cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute",
		"cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2", "cuCtxSetCurrent", "cuStreamCreate", "cuStreamSynchronize", "cuStreamDestroy_v2",
		"cuMemAlloc_v2", "cuMemFree_v2", "cuMemcpyHtoD_v2", "cuMemcpyDtoH_v2", "cuMemcpyDtoDAsync_v2",
		"cuModuleLoadDataEx", "cuModuleUnload", "cuModuleGetFunction", "cuLaunchKernel",
	}
	const notPermitted, launchFailed = 800, 719
	for _, name := range calls {
		for _, code := range []int{notPermitted, launchFailed} {
			for n := 1; ; n++ {
				failures := count(t, fakecuda.Failures)
				abandoned := count(t, fakecuda.Abandoned)
				t.Setenv(fakecuda.Fail, fmt.Sprintf("%s:%d:%d", name, n, code))
				err := session()
				t.Setenv(fakecuda.Fail, "")
				if count(t, fakecuda.Failures) == failures {
					if n == 1 {
						t.Errorf("%s was not called", name)
					}
					if err != nil {
						t.Errorf("%s did not fail at call %d, but the session: %v", name, n, err)
					}
					break
				}
				var failed *device.Error
				if !errors.As(err, &failed) || failed.Op == "" {
					t.Errorf("%s failed with %d at call %d, the session returns: %v", name, code, n, err)
				}
				left := count(t, fakecuda.Contexts)
				if name == "cuDevicePrimaryCtxRelease_v2" {
					left-- // nothing more can be done about it
					if err := cu.Device(0).ReleasePrimaryCtx(); err != nil {
						t.Fatal(err)
					}
				}
				if left > 0 {
					t.Fatalf("%s failed with %d at call %d, and %d contexts are left", name, code, n, left)
				}
				// What was not given back goes with the context: by the one call that
				// failed, or by all of them where the context could not be made current.
				if left := count(t, fakecuda.Abandoned) - abandoned; left > 1 && name != "cuCtxSetCurrent" {
					t.Errorf("%s failed with %d at call %d, and %d things were left to the context", name, code, n, left)
				}
				if err := session(); err != nil {
					t.Errorf("after %s failed with %d at call %d: %v", name, code, n, err)
				}
			}
		}
	}
	if allocations, modules, streams := count(t, fakecuda.Allocations), count(t, fakecuda.Modules), count(t, fakecuda.Streams); allocations+modules+streams > 0 {
		t.Errorf("%d allocations, %d modules and %d streams are left", allocations, modules, streams)
	}
}

// TestNothingLeft counts what a session, in which nothing fails, leaves.
func TestNothingLeft(t *testing.T) {
	onFake(t)
	eagerAndLazy(t, func(t *testing.T) {
		abandoned := count(t, fakecuda.Abandoned)
		if err := session(); err != nil {
			t.Fatal(err)
		}
		if left, contexts := count(t, fakecuda.Abandoned)-abandoned, count(t, fakecuda.Contexts); left > 0 || contexts > 0 {
			t.Errorf("%d things and %d contexts are left", left, contexts)
		}
	})
}

func TestOutOfMemory(t *testing.T) {
	onFake(t)
	t.Setenv(fakecuda.Memory, "65536")
	d := open(t)
	var first device.Pointer
	for i := range 3 {
		at, err := d.Alloc(16384, []string{"weights", "spikes", "spikes"}[i])
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = at
		}
	}
	_, err := d.Alloc(20000, "membrane")
	want := "out of memory on " + fakecuda.Name + " 0: membrane asked for 20000 bytes, 16384 are free; most is held by spikes (32768 bytes in 2), weights (16384 bytes in 1)"
	var full *device.OutOfMemoryError
	if !errors.As(err, &full) || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	// The block that is freed is too small, but with the rest of the memory it does.
	if err := d.Free(first); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Alloc(20000, "membrane"); err != nil {
		t.Error(err)
	}
}

// TestTrim has memory given back to the driver that a kernel has not used yet.
func TestTrim(t *testing.T) {
	onFake(t)
	eagerAndLazy(t, func(t *testing.T) {
		t.Setenv(fakecuda.Memory, "1024")
		d := open(t)
		x, y := upload(t, d, "x", 1, 2), upload(t, d, "y", 1, 2)
		if err := errors.Join(d.Launch(launch(y, x, 1, 2)), d.Free(x)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Alloc(768, "z"); err != nil {
			t.Fatal(err)
		}
		if got := download(t, d, y, 2); got[0] != 2 || got[1] != 4 {
			t.Errorf("got %v, want [2 4]", got)
		}
	})
}

// TestLost lets a thread write outside of its memory: each call returns the error,
// which names the kernel, until the device is opened anew.
func TestLost(t *testing.T) {
	onFake(t)
	eagerAndLazy(t, func(t *testing.T) {
		d := open(t)
		x, y := upload(t, d, "x", 1, 2), upload(t, d, "y", 1, 2)
		if err := d.Launch(launch(y, x, 1, 1<<20)); err != nil {
			t.Fatal(err)
		}
		err := d.Sync()
		want := "of kernel axpy: a thread did what it must not, as to read or write outside of the memory that is allocated (LaunchFailed); the device must be opened anew"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("%v\nwant %s", err, want)
		}
		_, allocError := d.Alloc(4, "z")
		_, statsError := d.Stats()
		for _, later := range []error{allocError, statsError, d.Free(x), d.Upload(x, make([]byte, 4)), d.Download(make([]byte, 4), x), d.Copy(x, y, 4), d.Launch(launch(y, x, 1, 2)), d.Sync()} {
			if later != err {
				t.Errorf("a later call returns %v", later)
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err := session(); err != nil {
			t.Errorf("opened anew: %v", err)
		}
	})
}

// TestSuspects launches two kernels before anybody waits: the error names both. A
// driver that waits for each tells which it was.
func TestSuspects(t *testing.T) {
	onFake(t)
	t.Setenv(fakecuda.Lazy, "1")
	d := open(t)
	x, y := upload(t, d, "x", 1, 2), upload(t, d, "y", 1, 2)
	bad := launch(y, x, 1, 1<<20)
	bad.Kernel = "axpy2"
	if err := errors.Join(d.Launch(launch(y, x, 1, 2)), d.Launch(bad)); err != nil {
		t.Fatal(err)
	}
	want := "it was one of the kernels axpy, axpy2: with CUDA_LAUNCH_BLOCKING=1"
	if err := d.Download(make([]byte, 4), y); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}

	t.Setenv(fakecuda.Lazy, "0")
	t.Setenv(blocking, "1")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t)
	x, y = upload(t, d, "x", 1, 2), upload(t, d, "y", 1, 2)
	bad.Args = launch(y, x, 1, 1<<20).Args
	if err := d.Launch(launch(y, x, 1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := d.Launch(bad); err == nil || !strings.HasPrefix(err.Error(), "Launch of kernel axpy2: a thread did") {
		t.Errorf("with %s=1: %v", blocking, err)
	}
}

func TestClosed(t *testing.T) {
	d, err := Open(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if err := d.Sync(); err == nil || !strings.Contains(err.Error(), "the device is closed") {
		t.Errorf("Sync after Close: %v", err)
	}
}
