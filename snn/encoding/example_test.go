package encoding_test

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/encoding"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
)

// The larger a value, the earlier its only spike.
func ExampleNewLatency() {
	x := snn.FromSlice([]float32{0, 0.25, 0.5, 1})
	fmt.Println(encoding.NewLatency(5).Sequence(x))
	// Output:
	// [[0 0 0 1]
	//  [0 0 0 0]
	//  [0 0 1 0]
	//  [0 1 0 0]
	//  [1 0 0 0]]
}

// 0.625 is 101 in binary: one half and one eighth.
func ExampleNewWeightedPhase() {
	fmt.Println(encoding.NewWeightedPhase(3).Sequence(snn.FromSlice([]float32{0.625})).Flatten(0))
	// Output: [1 0 1]
}

// The mean over the steps comes near to the values.
func ExampleNewPoisson() {
	snn.Seed(1)
	x := snn.FromSlice([]float32{0, 0.3, 0.8, 1})
	rate := encoding.NewPoisson(10000).Sequence(x).Mean(0)
	for _, r := range rate.Data() {
		fmt.Printf("%.1f ", r)
	}
	// Output: 0.0 0.3 0.8 1.0
}

// An encoder is the first module of a network, in either step mode.
func ExampleEncoder() {
	fc := layer.NewLinear(2, 1, layer.Bias(false))
	fc.Weight.Fill(0.6)
	encoder := encoding.NewLatency(4)
	net := snn.Sequential(encoder, fc, neuron.NewIF())
	x := snn.FromSlice([]float32{1, 0.5}, 1, 2) // [N, In]
	for range encoder.Steps() {
		fmt.Print(net.Forward(x).Item(), " ")
	}
	snn.ResetNet(net)
	snn.SetStepMode(net, "m")
	fmt.Println(net.Forward(x).Flatten(0))
	// Output: 0 0 1 0 [0 0 1 0]
}
