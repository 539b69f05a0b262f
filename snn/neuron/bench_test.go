package neuron_test

import (
	"fmt"
	"testing"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// sizes are steps and neurons: for one neuron what a call costs, then what fits
// into each cache, then what does not.
var sizes = [][2]int{
	{1, 1}, {16, 1}, {128, 1}, {1, 1000}, {16, 1000}, {128, 1000}, {16, 8192},
	{1, 1 << 16}, {16, 1 << 16}, {32, 1 << 16}, {128, 1 << 16}, {1, 1 << 20}, {16, 1 << 20}, {128, 1 << 20},
}

var benchmarked = []struct {
	name string
	new  func(...neuron.Option) *neuron.Layer
}{
	{"LIF", neuron.NewLIF},
	{"custom", func(o ...neuron.Option) *neuron.Layer { return neuron.Equation("v + x**2", o...) }},
	{"EIF", neuron.NewEIF},
}

// BenchmarkForward is a layer in multi-step mode, the memory of its output
// included. The bytes are those of input and output; BenchmarkCopy moves as
// many.
func BenchmarkForward(b *testing.B) {
	for _, kind := range benchmarked {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%s/T=%d/N=%d", kind.name, size[0], size[1]), func(b *testing.B) {
				l, x := kind.new(neuron.StepMode("m")), benchmarkInput(size)
				l.Forward(x)
				b.SetBytes(int64(2 * 4 * size[0] * size[1]))
				b.ReportAllocs()
				for b.Loop() {
					l.Forward(x)
				}
			})
		}
	}
}

// BenchmarkBackward is forward and backward with a gradient for the input.
func BenchmarkBackward(b *testing.B) {
	for _, kind := range benchmarked {
		for _, size := range sizes {
			b.Run(fmt.Sprintf("%s/T=%d/N=%d", kind.name, size[0], size[1]), func(b *testing.B) {
				l := kind.new(neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.ATan(2)))
				x := benchmarkInput(size).RequireGrad()
				g := snn.Ones(size[0], size[1])
				b.SetBytes(int64(2 * 4 * size[0] * size[1]))
				b.ReportAllocs()
				for b.Loop() {
					l.Forward(x).BackwardFrom(g)
					x.ZeroGrad()
				}
			})
		}
	}
}

// BenchmarkNetwork is a linear layer and 100 neurons behind it, for a batch of 10
// sequences of 1000 steps: forward alone, and with the gradients of the weights.
func BenchmarkNetwork(b *testing.B) {
	linear, neurons := layer.NewLinear(100, 100), neuron.NewLIF(neuron.StepMode("m"))
	x := benchmarkInput([2]int{1000, 10 * 100}).Reshape(1000, 10, 100)
	forward := func() *snn.Tensor {
		neurons.Reset()
		return neurons.Forward(linear.Forward(x))
	}
	b.Run("forward", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			snn.NoGrad(func() { forward() })
		}
	})
	b.Run("backward", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			forward().Mean().Backward()
			snn.ZeroGrad(linear)
		}
	})
}

// BenchmarkCopy is what the memory can do.
func BenchmarkCopy(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("T=%d/N=%d", size[0], size[1]), func(b *testing.B) {
			from, to := benchmarkInput(size).Data(), make([]float32, size[0]*size[1])
			copy(to, from) // fresh memory would be cleared first
			b.SetBytes(int64(2 * 4 * size[0] * size[1]))
			for b.Loop() {
				copy(to, from)
			}
		})
	}
}

// BenchmarkStep is one neuron for one step: what calling Forward costs.
func BenchmarkStep(b *testing.B) {
	l, x := neuron.NewLIF(), snn.Full(0.7, 1)
	b.ReportAllocs()
	for b.Loop() {
		l.Forward(x)
	}
}

// BenchmarkNew is a new neuron of one's own, up to its first output.
func BenchmarkNew(b *testing.B) {
	x := snn.Ones(4)
	for b.Loop() {
		neuron.Equation("v + (x - (v - v_reset))/tau", neuron.Param("tau", 2)).Forward(x)
	}
}

func benchmarkInput(size [2]int) *snn.Tensor {
	snn.Seed(1)
	return snn.Rand(size[0], size[1])
}
