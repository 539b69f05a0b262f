package snn

import (
	"errors"
	"fmt"
	"slices"
)

// Step modes. In single-step mode a layer takes the input of one step,
// [N, ...]; in multi-step mode a sequence, [T, N, ...].
const (
	SingleStep = "s"
	MultiStep  = "m"
)

// Module is a layer or a network of layers.
type Module interface {
	// Forward returns the output for an input.
	Forward(x *Tensor) *Tensor

	// Reset forgets all state, such as membrane potentials.
	Reset()
}

// StepModer is a module whose step mode can be chosen.
type StepModer interface {
	StepMode() string
	SetStepMode(mode string) error
}

// Backender is a module whose backend can be chosen.
type Backender interface {
	Backend() string
	SupportedBackends() []string
	SetBackend(backend string) error
}

// Container is a module that is made of others.
type Container interface {
	Modules() []Module
}

// Parametrized is a module with parameters that are learnt.
type Parametrized interface {
	Parameters() []*Tensor
}

// Detacher is a module whose state can be cut off from the computation that it
// comes from.
type Detacher interface {
	Detach()
}

// Parameters returns the parameters of a network that are learnt, each once.
func Parameters(net Module) []*Tensor {
	var list []*Tensor
	_ = each(net, func(m Module) error { // never fails
		if p, ok := m.(Parametrized); ok {
			for _, t := range p.Parameters() {
				if !slices.Contains(list, t) {
					list = append(list, t)
				}
			}
		}
		return nil
	})
	return list
}

// ZeroGrad forgets the gradients of all parameters of a network.
func ZeroGrad(net Module) {
	for _, t := range Parameters(net) {
		t.ZeroGrad()
	}
}

// DetachNet cuts the states of a network off from the computation that they come
// from: no gradient flows from later inputs to earlier ones.
func DetachNet(net Module) {
	_ = each(net, func(m Module) error { // never fails
		if d, ok := m.(Detacher); ok {
			d.Detach()
		}
		return nil
	})
}

// CheckStepMode returns an error unless mode is a step mode.
func CheckStepMode(mode string) error {
	if mode != SingleStep && mode != MultiStep {
		return fmt.Errorf("step mode %q is unknown: expected \"s\" (one step, [N, ...]) or \"m\" (a sequence, [T, N, ...])", mode)
	}
	return nil
}

// Stepper is the step mode of a module that embeds it: "s" at first.
type Stepper struct{ name, mode string }

// NewStepper returns a Stepper for a module of the given name, which its errors say.
func NewStepper(name string) Stepper { return Stepper{name, SingleStep} }

// StepMode returns the step mode, "s" or "m".
func (s *Stepper) StepMode() string {
	if s.mode == "" { // of a zero Stepper
		return SingleStep
	}
	return s.mode
}

// SetStepMode sets the step mode. The state stays.
func (s *Stepper) SetStepMode(mode string) error {
	if err := CheckStepMode(mode); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.mode = mode
	return nil
}

// AsSequence returns the input of a module as a sequence, [T, N, ...]: in single-step mode
// one of a single step. The module is of the given name, and step is the shape that a
// step has had since Reset, nil if there was none. AsSequence panics with a *ShapeError
// if x is nil, has no steps, or if its steps have another shape.
func AsSequence(m StepModer, name string, x *Tensor, step []int) *Tensor {
	op := name + ".Forward"
	if x == nil {
		panic(Shapef(op, "the input is nil; expected a tensor"))
	}
	if m.StepMode() == SingleStep {
		x = x.Reshape(append([]int{1}, x.Shape()...)...)
	}
	if len(x.Shape()) == 0 || x.Shape()[0] == 0 {
		panic(Shapef(op, "the input has shape %v, expected a sequence [T, N, ...] with T >= 1 in multi-step mode", x.Shape()))
	}
	if step != nil && !slices.Equal(x.Shape()[1:], step) {
		panic(Shapef(op, "the input of a step has shape %v, but earlier ones had shape %v; call Reset() before an input of another shape", x.Shape()[1:], step))
	}
	return x
}

// ResetNet resets modules and all that they contain.
func ResetNet(nets ...Module) {
	refuseNoModule("ResetNet", nets...)
	for _, net := range nets {
		_ = each(net, func(m Module) error { m.Reset(); return nil }) // never fails
	}
}

// SetStepMode sets the step mode of every module of a network that has one.
// The error names each module that refuses.
func SetStepMode(net Module, mode string) error {
	if err := CheckStepMode(mode); err != nil {
		return err
	}
	return each(net, func(m Module) error {
		if s, ok := m.(StepModer); ok {
			return s.SetStepMode(mode)
		}
		return nil
	})
}

// CheckStepModes returns an error unless every module of a network that has a step mode
// has the given one.
func CheckStepModes(net Module, mode string) error {
	return each(net, func(m Module) error {
		if s, ok := m.(StepModer); ok && s.StepMode() != mode {
			return fmt.Errorf("step mode %q of %v, expected %q; call snn.SetStepMode(…, %q) on the whole", s.StepMode(), m, mode, mode)
		}
		return nil
	})
}

// SetBackend sets the backend of every module of a network that has one. Set
// the step mode first: what is supported depends on it. The error names each
// module that refuses; those that do not have changed.
func SetBackend(net Module, backend string) error {
	return each(net, func(m Module) error {
		if b, ok := m.(Backender); ok {
			return b.SetBackend(backend)
		}
		return nil
	})
}

// each calls f for a module and, below it, all that it contains.
func each(m Module, f func(Module) error) error {
	err := f(m)
	if c, ok := m.(Container); ok {
		for _, part := range c.Modules() {
			err = errors.Join(err, each(part, f))
		}
	}
	return err
}

// MultiStepForward gives a module the steps of xSeq, [T, N, ...], one by one
// and returns the outputs put together, [T, ...]. The step modes of the module
// and of all that it contains do not matter; they are the same afterwards, also
// when a step panics.
func MultiStepForward(xSeq *Tensor, m Module) *Tensor {
	refuseNil("MultiStepForward", xSeq)
	refuseNoModule("MultiStepForward", m)
	if len(xSeq.Shape()) == 0 || xSeq.Shape()[0] == 0 {
		panic(Shapef("MultiStepForward", "the input has shape %v, expected a sequence [T, N, ...] with T >= 1", xSeq.Shape()))
	}
	var back []func() // to the step modes as they are
	defer func() {
		for _, b := range back {
			b()
		}
	}()
	err := each(m, func(m Module) error {
		s, ok := m.(StepModer)
		if !ok || s.StepMode() == SingleStep {
			return nil
		}
		mode := s.StepMode()
		back = append(back, func() { _ = s.SetStepMode(mode) }) // it was accepted before
		return s.SetStepMode(SingleStep)
	})
	if err != nil {
		panic(&StepModeError{err})
	}
	ys := make([]*Tensor, xSeq.Shape()[0])
	for t := range ys {
		ys[t] = m.Forward(xSeq.Index(t))
	}
	return Stack(ys...)
}

// Sequential returns a network that gives the output of each module to the
// next.
func Sequential(modules ...Module) Module {
	refuseNoModule("Sequential", modules...)
	return sequential(modules)
}

func refuseNoModule(op string, modules ...Module) {
	for i, m := range modules {
		if m == nil {
			panic(Shapef(op, "module %d is nil; expected one such as a layer", i+1))
		}
	}
}

type sequential []Module

func (s sequential) Forward(x *Tensor) *Tensor {
	for _, m := range s {
		x = m.Forward(x)
	}
	return x
}

func (s sequential) Reset() {
	for _, m := range s {
		m.Reset()
	}
}

func (s sequential) Modules() []Module { return s }
