package layer

import (
	"fmt"
	"slices"

	"spikebook/snn"
)

// Recurrent feeds the output of a module back to its input. In each step
//
//	y[t] = Module(f(y[t-1], x[t]))
//
// where y is 0 before the first step. In multi-step mode the steps of a sequence [T, N,
// ...] are taken one by one, whatever the step mode of the module; in single-step mode it
// must be that of the module, too. The backend of the module must be one that takes single
// steps: "cpu".
type Recurrent struct {
	snn.Stepper

	Module   snn.Module
	Synapses *Linear // of [NewLinearRecurrent], else nil

	join  func(y, x *snn.Tensor) *snn.Tensor // if there are no synapses
	y     *snn.Tensor                        // of the step before
	shape []int                              // of its input
}

var _ interface {
	snn.Module
	snn.StepModer
	snn.Container
	snn.Detacher
} = (*Recurrent)(nil)

// NewElementWiseRecurrent returns a module whose output is joined with its next input by
// a function of y and x, in this order, such as (*snn.Tensor).Add. Input and output of
// the module have one shape. Modules that the function uses are not part of the network:
// Reset, SetStepMode and the like do not reach them. It panics with a *snn.ShapeError if
// either is nil.
func NewElementWiseRecurrent(module snn.Module, f func(y, x *snn.Tensor) *snn.Tensor) *Recurrent {
	refuseNoModule(elementWise, module)
	if f == nil {
		panic(snn.Shapef("New"+elementWise, "the function is nil; expected one of y and x, such as (*snn.Tensor).Add"))
	}
	return &Recurrent{Stepper: snn.NewStepper(elementWise), Module: module, join: f}
}

// NewLinearRecurrent returns a module from inputs [..., in] to outputs [..., out], before
// which stands a linear layer from its input and its last output, [..., in+out], to [...,
// in]: Synapses, made as [NewLinear] makes it. It panics with a *snn.ShapeError if module
// is nil, or in or out below 1.
func NewLinearRecurrent(module snn.Module, in, out int, options ...Option) *Recurrent {
	refuseNoModule(linear, module)
	if in < 1 || out < 1 {
		panic(snn.Shapef("New"+linear, "%d inputs and %d outputs, expected at least 1 of each", in, out))
	}
	return &Recurrent{Stepper: snn.NewStepper(linear), Module: module, Synapses: NewLinear(in+out, in, options...)}
}

func refuseNoModule(name string, m snn.Module) {
	if m == nil {
		panic(snn.Shapef("New"+name, "the module is nil; expected one such as a layer of neurons"))
	}
}

// beside puts two tensors together along the last dimension.
func beside(x, y *snn.Tensor) *snn.Tensor {
	last := len(x.Shape()) - 1
	return snn.Concat(x.Transpose(0, last), y.Transpose(0, last)).Transpose(0, last)
}

// Forward returns the outputs for x: in single-step mode of one step, [N, ...], in
// multi-step mode of a sequence, [T, N, ...]. The state goes on until Reset. It panics
// with a *snn.ShapeError if the shape of a step has changed since.
func (r *Recurrent) Forward(x *snn.Tensor) *snn.Tensor {
	if r.Module == nil || r.Synapses == nil && r.join == nil {
		panic(snn.Shapef(r.kind()+".Forward", "there is no module or no function, expected a value that NewElementWiseRecurrent or NewLinearRecurrent made"))
	}
	snn.AsSequence(r, r.kind(), x, r.shape)
	if r.StepMode() == snn.MultiStep {
		return snn.MultiStepForward(x, oneStep{r})
	}
	if err := snn.CheckStepModes(r.Module, snn.SingleStep); err != nil {
		panic(snn.Shapef(r.kind()+".Forward", "%v", err))
	}
	return r.step(x)
}

func (r *Recurrent) step(x *snn.Tensor) *snn.Tensor {
	shape := slices.Clone(x.Shape())
	expected := r.outputs(shape)
	y := r.y
	if y == nil {
		y = snn.Zeros(expected...)
	}
	if r.Synapses == nil {
		x = r.join(y, x)
	} else {
		x = r.Synapses.Forward(beside(x, y))
	}
	y = r.Module.Forward(x)
	if !slices.Equal(y.Shape(), expected) {
		panic(snn.Shapef(r.kind()+".Forward", "the module made shape %v of a step of shape %v, expected %v", y.Shape(), shape, expected))
	}
	r.y, r.shape = y.Clone(), shape // what is given out, the caller may change
	return y
}

// outputs returns the shape of what comes out for an input of a shape.
func (r *Recurrent) outputs(shape []int) []int {
	if r.Synapses == nil {
		return shape
	}
	w, last := r.Synapses.Weight.Shape(), len(shape)-1 // [in, in+out]
	if last < 0 || shape[last] != w[0] {
		panic(snn.Shapef(r.kind()+".Forward", "the input of a step has shape %v, expected [..., %d]", shape, w[0]))
	}
	return append(slices.Clone(shape[:last]), w[1]-w[0])
}

// The kinds of a Recurrent.
const elementWise, linear = "ElementWiseRecurrent", "LinearRecurrent"

func (r *Recurrent) kind() string {
	if r.Synapses == nil {
		return elementWise
	}
	return linear
}

// oneStep is the module for a single step of a Recurrent.
type oneStep struct{ *Recurrent }

func (s oneStep) Forward(x *snn.Tensor) *snn.Tensor { return s.step(x) }

// StepMode is what [snn.MultiStepForward] need not change.
func (oneStep) StepMode() string { return snn.SingleStep }

// Modules returns the module, and the synapses if there are some.
func (r *Recurrent) Modules() []snn.Module {
	if r.Synapses == nil {
		return []snn.Module{r.Module}
	}
	return []snn.Module{r.Synapses, r.Module}
}

// Reset forgets the last output and resets the module.
func (r *Recurrent) Reset() {
	r.y, r.shape = nil, nil
	r.Module.Reset()
}

// Detach cuts the last output off from the computation that it comes from.
func (r *Recurrent) Detach() {
	if r.y != nil {
		r.y = r.y.Detach()
	}
}

// String prints the module and what it contains.
func (r *Recurrent) String() string {
	if r.Synapses == nil {
		return fmt.Sprintf("%s(%v, step_mode=%s)", r.kind(), r.Module, r.StepMode())
	}
	return fmt.Sprintf("%s(%v, %v, step_mode=%s)", r.kind(), r.Synapses, r.Module, r.StepMode())
}
