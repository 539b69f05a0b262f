package cuda

import (
	"strings"
	"testing"

	"spikebook/gpu/probe"
)

func TestReason(t *testing.T) {
	machine := probe.Machine{Driver: "535.183.01", Devices: []string{"NVIDIA A100"}, Library: true, Nodes: true}
	forbidden := machine
	forbidden.Forbidden = "dev/nvidiactl"
	for _, c := range []struct {
		name    string
		start   start
		machine probe.Machine
		visible string
		want    []string // what the reason contains; none if there is no reason
	}{
		{"a device", start{version: 12020, devices: 1}, machine, "", nil},
		{"no driver", start{result: noDevice, problem: "no such file"}, probe.Machine{}, "", []string{"cannot be loaded (no such file)", "install the NVIDIA driver", "CPU"}},
		{"no library in a container", start{result: noDevice, problem: "no such file"}, probe.Machine{Driver: "535", Devices: machine.Devices}, "", []string{"libcuda.so.1 is missing", "--gpus all", "libcuda1"}},
		{"an old driver", start{version: 10020, devices: 1}, machine, "", []string{"too old: it has CUDA 10.2", "11.0 is needed", "driver 450.80"}},
		{"a driver that answers nothing", start{version: -1, devices: 1}, machine, "", []string{"does not tell its version", "nvidia-smi"}},
		{"the toolkit's stub", start{result: stubLibrary}, machine, "", []string{"stub", "LD_LIBRARY_PATH"}},
		{"another library", start{result: notFound}, machine, "", []string{"no function cuInit", "SPIKEBOOK_LIBCUDA"}},
		{"after an update", start{result: driverMismatch}, machine, "", []string{"different versions", "restart the machine"}},
		{"forward compatibility", start{result: noCompat}, machine, "", []string{"forward compatibility", "compat out of LD_LIBRARY_PATH"}},
		{"no permission", start{result: noDevice}, forbidden, "", []string{"may not open /dev/nvidiactl:", "ls -l /dev/nvidiactl", "group"}},
		{"hidden by the environment", start{version: 12020}, machine, "7", []string{"CUDA_VISIBLE_DEVICES=7", "nvidia-smi -L"}},
		{"no device", start{result: noDevice}, machine, "", []string{"finds no GPU (NVIDIA A100, NVIDIA driver 535.183.01)", "nvidia-smi"}},
		{"an unknown error", start{result: 999}, machine, "", []string{"its error is 999", "modprobe nvidia-uvm"}},
	} {
		got := c.start.reason(c.machine, c.visible)
		if (got == "") != (c.want == nil) {
			t.Errorf("%s: %q", c.name, got)
		}
		for _, part := range c.want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q does not contain %q", c.name, got, part)
			}
		}
	}
}
