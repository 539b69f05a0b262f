package layer

import (
	"fmt"
	"math"
	"sync"

	"spikebook/snn"
	"spikebook/snn/dynamics"
)

// SynapseFilter turns spikes into a current: in each step
//
//	y[t] = y[t-1] - (1 - x[t])·y[t-1]/τ + x[t]
//
// where y is 0 before the first. A spike adds 1, and without one y decays.
type SynapseFilter struct {
	snn.Stepper

	// W is learnt if it is not nil: 1/τ is the sigmoid of its one value, so that τ stays
	// above 1.
	W *snn.Tensor

	tau float32
	y   *snn.Tensor // after the last step
}

var _ interface {
	snn.Module
	snn.StepModer
	snn.Parametrized
	snn.Detacher
} = (*SynapseFilter)(nil)

// NewSynapseFilter returns a filter with the time constant tau, in steps, at least 1. It
// panics with a *snn.ShapeError otherwise.
func NewSynapseFilter(tau float64) *SynapseFilter {
	if !(tau >= 1) || math.IsInf(tau, 0) {
		panic(snn.Shapef("NewSynapseFilter", "tau is %v, expected a number of steps, at least 1", tau))
	}
	return &SynapseFilter{Stepper: snn.NewStepper("SynapseFilter"), tau: float32(tau)}
}

// NewLearnableSynapseFilter returns a filter whose time constant, above 1, is learnt. It
// panics with a *snn.ShapeError if tau is another one.
func NewLearnableSynapseFilter(tau float64) *SynapseFilter {
	if !(tau > 1) || math.IsInf(tau, 0) {
		panic(snn.Shapef("NewLearnableSynapseFilter", "tau is %v, expected a number of steps above 1", tau))
	}
	f := NewSynapseFilter(tau)
	f.W = snn.Scalar(float32(-math.Log(tau - 1))).RequireGrad()
	return f
}

// filters are the kernels with a time constant, and with its W.
var filters = [2]func() *snn.Kernel{
	filter(func(decay dynamics.Expr) dynamics.Expr { return decay.Div(dynamics.Param("tau")) }),
	filter(func(decay dynamics.Expr) dynamics.Expr { return decay.Mul(dynamics.Param("w").Sigmoid()) }),
}

func filter(slowly func(decay dynamics.Expr) dynamics.Expr) func() *snn.Kernel {
	return sync.OnceValue(func() *snn.Kernel {
		x, y := dynamics.Input("x"), dynamics.State("y")
		next := y.Sub(slowly(dynamics.Const(1).Sub(x).Mul(y))).Add(x)
		k, err := snn.NewKernel(dynamics.Definition{
			Inputs: []string{"x"}, Outputs: []dynamics.Expr{next}, States: []dynamics.StateEquation{{Name: "y", Next: next}},
		})
		if err != nil {
			panic(err) // a bug: it compiles
		}
		k.Name = "synapse_filter"
		return k
	})
}

// Forward returns the current for spikes x: in single-step mode after one step, [N, ...],
// in multi-step mode after each of a sequence, [T, N, ...], where x is. The state goes on
// until Reset. It panics with a *snn.ShapeError if the shape of a step has changed since.
func (f *SynapseFilter) Forward(x *snn.Tensor) *snn.Tensor {
	var before []int
	if f.y != nil {
		before = f.y.Shape()
	}
	sequence := snn.AsSequence(f, "SynapseFilter", x, before)
	y := f.y
	if y == nil {
		y = snn.Zeros(sequence.Shape()[1:]...)
	}
	k, param := filters[0](), snn.Scalar(f.tau)
	switch {
	case f.W == nil && f.tau == 0:
		panic(snn.Shapef("SynapseFilter.Forward", "there is no time constant, expected a value that NewSynapseFilter made"))
	case f.W != nil && f.W.Size() != 1:
		panic(snn.Shapef("SynapseFilter.Forward", "W has shape %v, expected one value", f.W.Shape()))
	case f.W != nil:
		k, param = filters[1](), f.W.Reshape()
	}
	outputs, states := k.Run(snn.Call{
		Steps: sequence.Shape()[0], Shape: sequence.Shape(), Inputs: []*snn.Tensor{sequence},
		States: []*snn.Tensor{y}, Params: []*snn.Tensor{param},
	})
	f.y = states[0]
	return outputs[0].Reshape(x.Shape()...)
}

// Reset forgets the current.
func (f *SynapseFilter) Reset() { f.y = nil }

// Detach cuts the current off from the computation that it comes from.
func (f *SynapseFilter) Detach() {
	if f.y != nil {
		f.y = f.y.Detach()
	}
}

// Parameters returns W if it is learnt.
func (f *SynapseFilter) Parameters() []*snn.Tensor {
	if f.W == nil {
		return nil
	}
	return []*snn.Tensor{f.W}
}

// Tau returns the time constant, in steps.
func (f *SynapseFilter) Tau() float64 {
	if f.W == nil {
		return float64(f.tau)
	}
	return 1 + math.Exp(-float64(f.W.Item()))
}

// String prints the filter.
func (f *SynapseFilter) String() string {
	return fmt.Sprintf("SynapseFilter(tau=%.6g, learnable=%t, step_mode=%s)", f.Tau(), f.W != nil, f.StepMode())
}
