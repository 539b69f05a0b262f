package display_test

import (
	"fmt"
	"log"

	"spikebook/display"
	_ "spikebook/display/render" // draws figures in a program of its own; a cell does not need it
	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
)

// A constant input of 0.02 brings an IF neuron to its threshold every 50 or 51
// steps.
func ExamplePlotOneNeuronVS() {
	layer := neuron.NewIF()
	x := snn.Full(0.02, 1)
	var v, s []*snn.Tensor
	for range 150 {
		s = append(s, layer.Forward(x))
		v = append(v, layer.V())
	}
	fig := display.PlotOneNeuronVS(snn.Stack(v...), snn.Stack(s...), display.VThreshold(1), display.VReset(0))
	if err := fig.Save("voltage.svg"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output:
	// voltage of one neuron: T=150, v in [0, 0.99999958], 2 spikes at t=50, 101 (rate 0.0133), threshold 1, reset 0
}

// Each of 32 neurons has its own constant input, and so its own slope.
func ExamplePlot2DHeatmap() {
	snn.Seed(42)
	layer := neuron.NewIF()
	x := snn.Rand(32).Scale(0.125)
	var v []*snn.Tensor
	for range 50 {
		layer.Forward(x)
		v = append(v, layer.V())
	}
	fig := display.Plot2DHeatmap(snn.Stack(v...), display.Title("Membrane potentials"), display.ColorbarLabel("voltage"))
	if err := fig.Save("heatmap.svg"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output:
	// heatmap: 50 steps × 32 neurons, values in [0, 0.99729979]
}

// The spikes of 32 neurons, and at the right how often each of them fires.
func ExamplePlot1DSpikes() {
	snn.Seed(42)
	layer := neuron.NewIF()
	x := snn.Rand(32).Scale(0.125)
	var s []*snn.Tensor
	for range 50 {
		s = append(s, layer.Forward(x))
	}
	fig := display.Plot1DSpikes(snn.Stack(s...))
	if err := fig.Save("raster.svg"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output:
	// raster: 32 neurons, T=50, 72 spikes, firing rate 0.045 (max 0.1, neuron 4)
}

// What a neuron remembers of its input, for two time constants.
func ExamplePlotLines() {
	spikes := snn.FromSlice([]float32{0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}, 12, 1)
	slow, fast := layer.NewSynapseFilter(5), layer.NewSynapseFilter(2)
	for _, f := range []snn.Module{slow, fast} {
		snn.SetStepMode(f, "m")
	}
	y := snn.Stack(slow.Forward(spikes).Flatten(0), fast.Forward(spikes).Flatten(0)).Transpose(0, 1) // [T, N]
	fig := display.PlotLines(y, display.Names("tau 5", "tau 2"), display.Title("Two currents"), display.YLabel("current"))
	if err := fig.Save("lines.svg"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(fig)
	// Output: 2 curves: 12 steps, values in [0, 2.512]
}

// Outside of a notebook, Show prints.
func ExampleShow() {
	if err := display.Show(snn.FromSlice([]float32{0.5, 1, 2, 4}, 2, 2)); err != nil {
		log.Fatal(err)
	}
	// Output:
	// tensor of shape [2 2]
	// [[0.5   1]
	//  [  2   4]]
}
