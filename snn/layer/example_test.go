package layer_test

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
)

// A layer of synapses in front of one of neurons takes a sequence as it takes a step.
func ExampleNewLinear() {
	fc := layer.NewLinear(3, 2, layer.Bias(false))
	copy(fc.Weight.Data(), []float32{2, 0, 0, 0, 1, 1}) // [Out, In]
	net := snn.Sequential(fc, neuron.NewIF())
	snn.SetStepMode(net, "m")
	x := snn.FromSlice([]float32{1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 1, 3) // [T, N, In]
	fmt.Println(net.Forward(x).Reshape(3, 2))
	// Output:
	// [[1 0]
	//  [0 1]
	//  [0 1]]
}

// A neuron that hears itself: once it fires, it goes on.
func ExampleNewElementWiseRecurrent() {
	net := layer.NewElementWiseRecurrent(neuron.NewIF(), (*snn.Tensor).Add)
	net.SetStepMode("m")
	pulse := snn.FromSlice([]float32{0.5, 1, 0, 0, 0}, 5, 1) // [T, N]
	fmt.Println(net.Forward(pulse).Flatten(0))
	// Output: [0 1 1 1 1]
}

// Each spike adds 1 to the current, which decays by 1/tau in each step.
func ExampleNewSynapseFilter() {
	f := layer.NewSynapseFilter(2)
	f.SetStepMode("m")
	spikes := snn.FromSlice([]float32{1, 0, 0, 1, 0}, 5, 1) // [T, N]
	fmt.Println(f.Forward(spikes).Flatten(0))
	// Output: [1 0.5 0.25 1.25 0.625]
}

func ExampleNewDelay() {
	d := layer.NewDelay(2)
	d.SetStepMode("m")
	x := snn.FromSlice([]float32{1, 2, 3, 4}, 4, 1) // [T, N]
	fmt.Println(d.Forward(x).Flatten(0))
	// Output: [0 0 1 2]
}
