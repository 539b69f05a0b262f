package neuron_test

import (
	"fmt"
	"testing"

	"spikebook/snn"
	"spikebook/snn/neuron"
)

// BenchmarkForward is a layer in multi-step mode. The bytes are those of input
// and output.
func BenchmarkForward(b *testing.B) {
	const T, N = 16, 65536
	snn.Seed(1)
	x := snn.Rand(T, N)
	for _, kind := range []struct {
		name  string
		layer *neuron.Layer
	}{
		{"IF", neuron.NewIF(neuron.StepMode("m"))},
		{"LIF", neuron.NewLIF(neuron.StepMode("m"))},
		{"LIFSoft", neuron.NewLIF(neuron.StepMode("m"), neuron.SoftReset())},
		{"LIFStoreVSeq", neuron.NewLIF(neuron.StepMode("m"), neuron.StoreVSeq(true))},
		{"Exp", neuron.Equation("v + exp(-v)*x/2", neuron.StepMode("m"))},
	} {
		b.Run(fmt.Sprintf("%s/T=%d/N=%d", kind.name, T, N), func(b *testing.B) {
			b.SetBytes(2 * 4 * T * N)
			for b.Loop() {
				kind.layer.Forward(x)
			}
		})
	}
}

// BenchmarkStep is one neuron for one step: what calling Forward costs.
func BenchmarkStep(b *testing.B) {
	layer, x := neuron.NewLIF(), snn.Full(0.7, 1)
	b.SetBytes(2 * 4)
	b.ReportAllocs()
	for b.Loop() {
		layer.Forward(x)
	}
}
