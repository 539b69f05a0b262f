package cuda

import (
	"fmt"

	"spikebook/gpu/probe"
)

// What the driver returns where it cannot start.
const (
	stubLibrary    = 34
	noDevice       = 100
	notFound       = 500
	driverMismatch = 803
	noCompat       = 804
)

// oldest is the first driver that has all functions that are called, in the
// driver's own notation of CUDA 11.0.
const oldest = 11000

// start is what came of starting the driver.
type start struct {
	result  int    // of cuInit
	problem string // why libcuda.so.1 could not be loaded
	version int    // of the driver, as 12090 for CUDA 12.9; -1 if it does not tell
	devices int
}

// reason says why there is no device to be used and what to do about it, "" if
// there is one. It looks for the driver's files in root, the file system from / on.
func (s start) reason(machine probe.Machine, visible string) string {
	switch {
	case s.problem != "" && machine.Driver != "":
		return fmt.Sprintf("the machine has %s, but libcuda.so.1 cannot be loaded (%s): run a container with --gpus all and NVIDIA_DRIVER_CAPABILITIES=compute,utility; elsewhere install the driver's libraries (Debian, Ubuntu: libcuda1)", machine.Reason(), s.problem)
	case s.problem != "":
		return fmt.Sprintf("libcuda.so.1 cannot be loaded (%s): install the NVIDIA driver, or run neurons on the CPU", s.problem)
	case s.result == 0 && s.version < 0:
		return "the NVIDIA driver does not tell its version: see whether `nvidia-smi` works"
	case s.result == 0 && s.version < oldest:
		return fmt.Sprintf("the NVIDIA driver is too old: it has CUDA %s, and 11.0 is needed: install driver 450.80 or a later one", release(s.version))
	case s.result == 0 && s.devices > 0:
		return ""
	case s.result == stubLibrary:
		return "libcuda.so.1 is the stub that the CUDA toolkit has for linkers: take the folder stubs out of LD_LIBRARY_PATH"
	case s.result == notFound:
		return "libcuda.so.1 has no function cuInit, so it is not NVIDIA's: see LD_LIBRARY_PATH and SPIKEBOOK_LIBCUDA"
	case s.result == driverMismatch:
		return "libcuda.so.1 and the driver in the kernel are of different versions, as after an update: restart the machine"
	case s.result == noCompat:
		return "libcuda.so.1 is a forward compatibility library that this GPU is not allowed to use: take the folder compat out of LD_LIBRARY_PATH, or update the driver"
	}
	if machine.Forbidden != "" {
		return machine.Reason()
	}
	if visible != "" {
		return fmt.Sprintf("the driver finds no device with CUDA_VISIBLE_DEVICES=%s: unset it, or name a device that `nvidia-smi -L` lists", visible)
	}
	if s.result == 0 || s.result == noDevice {
		return "the driver finds no GPU (" + machine.Reason() + "): see whether `nvidia-smi` lists one"
	}
	return fmt.Sprintf("the driver does not start, its error is %d (%s): see whether `nvidia-smi` works; `modprobe nvidia-uvm` or a restart of the machine may help", s.result, machine.Reason())
}

// release writes a version of CUDA as people do.
func release(version int) string {
	return fmt.Sprintf("%d.%d", version/1000, version%1000/10)
}
