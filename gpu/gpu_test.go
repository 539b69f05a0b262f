package gpu_test

import (
	"fmt"

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
