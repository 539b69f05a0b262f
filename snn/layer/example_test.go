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
