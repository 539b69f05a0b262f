package optim_test

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
	"spikebook/snn/surrogate"
)

// The weight of a synapse is learnt until the neuron fires in every second step.
func ExampleNewAdam() {
	w := snn.Full(0.2, 1).RequireGrad()
	lif := neuron.NewLIF(neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.ATan(2)))
	opt := optim.NewAdam([]*snn.Tensor{w}, 0.05)
	rate := func() *snn.Tensor {
		lif.Reset()
		return lif.Forward(snn.Ones(100, 1).Mul(w)).Mean()
	}
	fmt.Println("before:", rate().Item())
	for range 50 {
		opt.ZeroGrad()
		rate().AddScalar(-0.5).Square().Backward()
		opt.Step()
	}
	fmt.Println("after:", rate().Item())
	// Output:
	// before: 0
	// after: 0.5
}
