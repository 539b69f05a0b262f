package layer

import (
	"fmt"
	"slices"

	"spikebook/snn"
)

// modal is the step mode of a layer with a state.
type modal struct{ name, mode string }

func modalOf(name string) modal { return modal{name, snn.SingleStep} }

// StepMode returns the step mode, "s" or "m".
func (m *modal) StepMode() string { return m.mode }

// SetStepMode sets the step mode. The state stays.
func (m *modal) SetStepMode(mode string) error {
	if err := snn.CheckStepMode(mode); err != nil {
		return fmt.Errorf("%s: %w", m.name, err)
	}
	m.mode = mode
	return nil
}

// sequence returns an input as a sequence, [T, N, ...], in single-step mode of one step.
func (m *modal) sequence(x *snn.Tensor) *snn.Tensor {
	switch {
	case x == nil:
		panic(m.shapef("the input is nil; expected a tensor"))
	case m.mode == snn.SingleStep:
		return x.Reshape(append([]int{1}, x.Shape()...)...)
	case len(x.Shape()) == 0 || x.Shape()[0] == 0:
		panic(m.shapef("the input has shape %v, expected a sequence [T, N, ...] with T >= 1 in multi-step mode", x.Shape()))
	}
	return x
}

// refuseOther panics if the shape of a step is another one than those before had.
func (m *modal) refuseOther(shape, before []int) {
	if !slices.Equal(shape, before) {
		panic(m.shapef("the input of a step has shape %v, but earlier ones had shape %v; call Reset() before an input of another shape", shape, before))
	}
}

func (m *modal) shapef(format string, args ...any) *snn.ShapeError {
	return snn.Shapef(m.name+".Forward", format, args...)
}
