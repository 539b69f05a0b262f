// Package encoding turns values into spikes, which networks of spiking neurons take.
//
//	x := snn.FromSlice([]float32{0.1, 0.5, 0.9})
//	encoding.NewPoisson(100).Sequence(x)      // rates: [100, 3]
//	encoding.NewLatency(20).Sequence(x)       // one spike each, the larger the earlier: [20, 3]
//	encoding.NewWeightedPhase(8).Sequence(x)  // binary digits: [8, 3]
//
// An encoder is a module as well, the first of a network in either step mode. No
// gradient flows through it.
package encoding

import (
	"fmt"
	"slices"

	"spikebook/snn"
)

// Misuse is the snn.Misuse of a value that cannot be encoded.
type Misuse struct{ Text string }

func (e *Misuse) Error() string { return "encoding: " + e.Text }

// Misuse marks the type as a snn.Misuse.
func (*Misuse) Misuse() {}

func misuse(format string, args ...any) *Misuse { return &Misuse{fmt.Sprintf(format, args...)} }

// Encoder turns values [N, ...] into spikes over T steps, [T, N, ...]. In multi-step
// mode Forward returns them all. In single-step mode, which it begins with, Forward
// returns those of the next step, [N, ...], and begins again after T steps; Reset makes
// it begin at once.
type Encoder struct {
	snn.Stepper
	code
	name  string
	steps int

	stepwise, fixed bool // steps depend on nothing before them; spikes do not depend on the input

	x, spikes *snn.Tensor // of the sequence at hand
	t         int         // its next step
}

// code is how values become spikes. It is no function, because a notebook keeps encoders
// between its cells.
type code interface {
	// encode returns the spikes for values x in a number of steps, on the host.
	encode(x *snn.Tensor, steps int) *snn.Tensor
	// about returns what there is to say besides the number of steps.
	about() string
}

var _ interface {
	snn.Module
	snn.StepModer
} = (*Encoder)(nil)

func newEncoder(name string, steps int, c code) *Encoder {
	if steps < 1 {
		panic(misuse("%s over %d steps, expected at least 1", name, steps))
	}
	return &Encoder{Stepper: snn.NewStepper(name), code: c, name: name, steps: steps}
}

// Sequence returns the spikes of all steps for values x, [N, ...]: [T, N, ...], on the
// backend that x is on; those of NewPeriodic are where they were given. It panics with a
// *Misuse if a value is out of range. The step that single-step mode is at stays.
func (e *Encoder) Sequence(x *snn.Tensor) *snn.Tensor { return e.sequence(x, e.steps) }

func (e *Encoder) sequence(x *snn.Tensor, steps int) *snn.Tensor {
	if e.code == nil {
		panic(misuse("the encoder is a zero value, expected one that a function such as NewPoisson made"))
	}
	if e.fixed {
		return e.encode(nil, steps)
	}
	if x == nil {
		panic(misuse("%s: the input is nil, expected values [N, ...]", e.name))
	}
	return e.encode(x.Detach(), steps).To(x.Backend())
}

// Forward returns spikes for values x, [N, ...]: in multi-step mode those of all steps,
// [T, N, ...], in single-step mode those of the next. Until the last step x must stay the
// same; nil means the same, also for the next sequence. Forward panics with a *Misuse if
// it has changed, or if a value is out of range.
func (e *Encoder) Forward(x *snn.Tensor) *snn.Tensor {
	if e.StepMode() == snn.MultiStep {
		return e.Sequence(x)
	}
	if e.stepwise {
		return e.sequence(x, 1).Index(0)
	}
	if e.fixed {
		x = nil
	}
	switch {
	case e.t == 0 && (x != nil || e.spikes == nil):
		e.Reset() // whether x is taken or not
		e.spikes = e.Sequence(x)
		if x != nil {
			e.x = x.Detach().Clone()
		}
	case e.x != nil && x != nil && !(snn.SameShape(x, e.x) && slices.Equal(x.Data(), e.x.Data())):
		panic(misuse("%s: the input has changed after step %d of %d; call Reset() for a new one", e.name, e.t, e.steps))
	}
	s := e.spikes.Index(e.t).Clone()
	e.t = (e.t + 1) % e.steps
	return s
}

// Reset forgets the input: the next one may be another.
func (e *Encoder) Reset() { e.x, e.spikes, e.t = nil, nil, 0 }

// Steps returns the number of steps of a sequence, T.
func (e *Encoder) Steps() int { return e.steps }

// String prints the encoder.
func (e *Encoder) String() string {
	return fmt.Sprintf("%s(T=%d%s, step_mode=%s)", e.name, e.steps, e.about(), e.StepMode())
}

// inRange panics unless every value of x is between 0 and most.
func inRange(name string, x *snn.Tensor, most float32) {
	for i, v := range x.Data() {
		if !(v >= 0 && v <= most) {
			panic(misuse("%s: value %d is %v, expected 0 to %v; scale the values to that range, or use Clamp", name, i, v, most))
		}
	}
}

// over returns the shape of a sequence of the given number of steps of tensors like x.
func over(steps int, x *snn.Tensor) []int { return append([]int{steps}, x.Shape()...) }
