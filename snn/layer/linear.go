// Package layer holds layers of synapses: what stands between layers of
// neurons.
package layer

import (
	"fmt"
	"math"

	"spikebook/snn"
)

// Linear is a fully connected layer: y = x·Weightᵀ + Bias for each row of x. It
// works in both step modes: x is [N, In] or [T, N, In].
type Linear struct {
	Weight *snn.Tensor // [Out, In]
	Bias   *snn.Tensor // [Out]; nil if there is none
}

// Option sets a property of a layer when it is made.
type Option func(*config)

type config struct{ bias bool }

// Bias says whether a layer has biases. The default is true.
func Bias(has bool) Option { return func(c *config) { c.bias = has } }

// NewLinear returns a layer with weights and biases from
// U(-1/sqrt(in), 1/sqrt(in)), drawn as snn.Rand draws. They require a gradient.
// It panics with a *snn.ShapeError if in or out is below 1.
func NewLinear(in, out int, options ...Option) *Linear {
	c := config{bias: true}
	for i, o := range options {
		if o == nil {
			panic(snn.Shapef("NewLinear", "option %d is nil; expected an option such as Bias(false)", i+1))
		}
		o(&c)
	}
	if in < 1 || out < 1 {
		panic(snn.Shapef("NewLinear", "%d inputs and %d outputs, expected at least 1 of each", in, out))
	}
	bound := 1 / float32(math.Sqrt(float64(in)))
	uniform := func(shape ...int) *snn.Tensor {
		return snn.Rand(shape...).Scale(2 * bound).AddScalar(-bound).RequireGrad()
	}
	l := &Linear{Weight: uniform(out, in)}
	if c.bias {
		l.Bias = uniform(out)
	}
	return l
}

// Forward returns the outputs for x, [..., In]: [..., Out].
func (l *Linear) Forward(x *snn.Tensor) *snn.Tensor {
	in := l.Weight.Shape()[1]
	if x == nil {
		panic(snn.Shapef("Linear.Forward", "the input is nil; expected a tensor"))
	}
	if n := len(x.Shape()); n == 0 || x.Shape()[n-1] != in {
		panic(snn.Shapef("Linear.Forward", "the input has shape %v, expected [..., %d]", x.Shape(), in))
	}
	if l.Bias == nil {
		return x.MatMulTransposed(l.Weight)
	}
	return x.Affine(l.Weight, l.Bias)
}

// Backend returns the backend that the weights are on.
func (l *Linear) Backend() string { return l.Weight.Backend() }

// SupportedBackends returns the backends that there are.
func (l *Linear) SupportedBackends() []string { return snn.Backends() }

// SetBackend moves the weights and biases to a backend. Forward works where its
// input is; one that is elsewhere is copied. The error of a backend that is not
// there says why.
func (l *Linear) SetBackend(backend string) error {
	if err := snn.CheckBackend(backend); err != nil {
		return fmt.Errorf("Linear: %w", err)
	}
	for _, p := range l.Parameters() {
		p.Move(backend)
	}
	return nil
}

// Reset does nothing: there is no state.
func (*Linear) Reset() {}

// Parameters returns the weights, and the biases if there are some.
func (l *Linear) Parameters() []*snn.Tensor {
	if l.Bias == nil {
		return []*snn.Tensor{l.Weight}
	}
	return []*snn.Tensor{l.Weight, l.Bias}
}

// String prints the layer.
func (l *Linear) String() string {
	shape := l.Weight.Shape()
	return fmt.Sprintf("Linear(in=%d, out=%d, bias=%t)", shape[1], shape[0], l.Bias != nil)
}
