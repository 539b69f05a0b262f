package neuron_test

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
)

func ExampleNewIF() {
	layer := neuron.NewIF(neuron.StepMode("m"), neuron.StoreVSeq(true))
	spikes := layer.Forward(snn.Full(0.02, 150, 1))
	for t := range 150 {
		if spikes.At(t, 0) == 1 {
			fmt.Println("spike at", t)
		}
	}
	fmt.Println(layer.VSeq().At(49, 0))
	// Output:
	// spike at 50
	// spike at 101
	// 0.9999996
}

func ExampleNewLIF() {
	layer := neuron.NewLIF(neuron.Tau(2))
	for range 4 {
		s := layer.Forward(snn.Full(1.5, 1))
		fmt.Println(s, layer.V())
	}
	// Output:
	// [0] [0.75]
	// [1] [0]
	// [0] [0.75]
	// [1] [0]
}

// SquareIF is the tutorial's neuron of its own.
type SquareIF struct{ neuron.Base }

func (*SquareIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr { return v.Add(x.Square()) }

func ExampleNew() {
	layer := neuron.New(&SquareIF{})
	for _, x := range []float32{.7452, .8062, .6730, .0942} {
		s := layer.Forward(snn.FromSlice([]float32{x}))
		fmt.Printf("%v %.4f\n", s, layer.V().Item())
	}
	// Output:
	// [0] 0.5553
	// [1] 0.0000
	// [0] 0.4529
	// [0] 0.4618
}

func ExampleEquation() {
	layer := neuron.Equation("v + (x - leak*v)/tau", neuron.Param("tau", 4), neuron.Param("leak", 0.5))
	fmt.Println(layer)
	for range 3 {
		layer.Forward(snn.Scalar(1))
	}
	fmt.Println(layer.V())
	// Output:
	// Equation(v + (x - leak*v)/tau)(v_threshold=1, v_reset=0, leak=0.5, tau=4, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))
	// 0.66015625
}
