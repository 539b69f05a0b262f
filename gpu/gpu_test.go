package gpu_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"spikebook/gpu"
	"spikebook/snn"
	"spikebook/snn/neuron"
)

// Without a GPU its kernels can be interpreted.
func ExampleEmulate() {
	gpu.Emulate()
	layer := neuron.NewIF(neuron.StepMode("m"), neuron.Backend("cuda"))
	spikes := layer.Forward(snn.Full(0.4, 5, 1))
	fmt.Println(spikes.Reshape(-1), spikes.Backend())
	devices, err := gpu.Devices()
	fmt.Println(len(devices), devices[0].Emulated, err)
	// Output:
	// backend "cuda": PTX interpreter on the CPU, not a GPU
	// [0 0 1 0 0] cuda
	// 1 true <nil>
}

// Several devices for trying out what is on more than one.
func ExampleEmulateDevices() {
	gpu.EmulateDevices(2)
	devices, err := gpu.Devices()
	fmt.Println(len(devices), err)
	fmt.Println(snn.CheckBackend("cuda:7"))
	// Output:
	// backend "cuda": device 0: PTX interpreter on the CPU, not a GPU
	// backend "cuda:1": device 1: PTX interpreter on the CPU, not a GPU
	// 2 <nil>
	// there is no backend "cuda:7"; this program has 2 for devices: ["cuda" "cuda:1"]
}

// Those that were there before are gone. A notebook keeps how many there are: the
// kernel says so to each program, before backends are looked at.
func TestEmulateDevices(t *testing.T) {
	gpu.EmulateDevices(3)
	gpu.EmulateDevices(1)
	if names := snn.Backends(); !slices.Equal(names, []string{"cpu", "cuda"}) || gpu.State().Emulated != 1 {
		t.Errorf("there are %q, and %d is kept", names, gpu.State().Emulated)
	}
	for what, want := range map[string]int{"emulated 2": 2, "worker": 1} {
		gpu.State().Emulated = 1
		if gpu.Use(what); gpu.State().Emulated != want {
			t.Errorf("Use(%q) emulates %d devices", what, gpu.State().Emulated)
		}
	}
	var mistake *snn.DeviceError
	if err := snn.Maybe(func() { gpu.EmulateDevices(0) }); !errors.As(err, &mistake) || err.Error() != "gpu.EmulateDevices: 0 devices, expected at least 1" {
		t.Errorf("got %v", err)
	}
}
