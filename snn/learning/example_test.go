package learning_test

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/learning"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
)

// The third input makes the neuron fire. The first one fires a step before that, the
// second one a step after: the first synapse grows and the second one shrinks.
func ExampleNewSTDP() {
	fc := layer.NewLinear(3, 1, layer.Bias(false))
	copy(fc.Weight.Data(), []float32{0.5, 0.5, 1})
	one := func(w *snn.Tensor) *snn.Tensor { return snn.Ones(w.Shape()...) }
	rule := learning.NewSTDP(fc, neuron.NewIF(), 2, 2, learning.FPre(one), learning.FPost(one))
	snn.SetStepMode(rule, "m")
	x := snn.FromSlice([]float32{
		1, 0, 0,
		0, 0, 1,
		0, 1, 0,
	}, 3, 3) // [T, In]
	fmt.Println(rule.Forward(x).Flatten(0))
	fmt.Println(rule.DeltaW())
	sgd := optim.NewSGD(snn.Parameters(rule), 0.5)
	rule.Step()
	sgd.Step()
	fmt.Println(fc.Weight)
	// Output:
	// [0 1 0]
	// [[ 0.5 -0.5    0]]
	// [[0.75 0.25    1]]
}

// A reward after the spikes counts for what they made eligible.
func ExampleNewMSTDP() {
	fc := layer.NewLinear(1, 1, layer.Bias(false))
	fc.Weight.Fill(1)
	rule := learning.NewMSTDP(fc, neuron.NewIF(), 2, 2, learning.FPre(func(w *snn.Tensor) *snn.Tensor { return w.Scale(0.5) }))
	snn.NoGrad(func() {
		for t := range 3 {
			rule.Forward(snn.Ones(1, 1)) // [N, In]
			fmt.Printf("step %d: reward 1 changes the weight by %.3f\n", t, rule.DeltaW(snn.Scalar(1)).Item())
		}
	})
	// Output:
	// step 0: reward 1 changes the weight by 0.000
	// step 1: reward 1 changes the weight by 0.500
	// step 2: reward 1 changes the weight by 0.803
}
