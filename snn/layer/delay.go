package layer

import (
	"fmt"

	"spikebook/snn"
)

// Delay gives out its input some steps later: y[t] = x[t-Steps]. What comes before the
// first input is 0.
type Delay struct {
	snn.Stepper
	steps   int
	waiting *snn.Tensor // the last inputs, [steps, N, ...]
}

var _ interface {
	snn.Module
	snn.StepModer
	snn.Detacher
} = (*Delay)(nil)

// NewDelay returns a delay of a number of steps, 0 or more. It panics with a
// *snn.ShapeError otherwise.
func NewDelay(steps int) *Delay {
	if steps < 0 {
		panic(snn.Shapef("NewDelay", "a delay of %d steps, expected at least 0", steps))
	}
	return &Delay{Stepper: snn.NewStepper("Delay"), steps: steps}
}

// Forward returns what came some steps before x: in single-step mode one step, [N, ...],
// in multi-step mode as many as x has, [T, N, ...]. What still waits comes with the next
// input, until Reset. It panics with a *snn.ShapeError if the shape of a step has changed
// since.
func (d *Delay) Forward(x *snn.Tensor) *snn.Tensor {
	var before []int
	if d.waiting != nil {
		before = d.waiting.Shape()[1:]
	}
	sequence := snn.AsSequence(d, "Delay", x, before)
	waiting := d.waiting
	if waiting == nil {
		waiting = snn.Zeros(append([]int{d.steps}, sequence.Shape()[1:]...)...)
	}
	all := snn.Concat(waiting, sequence)
	n := sequence.Shape()[0]
	d.waiting = all.Slice(n, n+d.steps).Clone() // not with the memory of all
	return all.Slice(0, n).Reshape(x.Shape()...)
}

// Reset forgets what waits.
func (d *Delay) Reset() { d.waiting = nil }

// Detach cuts what waits off from the computation that it comes from.
func (d *Delay) Detach() {
	if d.waiting != nil {
		d.waiting = d.waiting.Detach()
	}
}

// Steps returns the delay.
func (d *Delay) Steps() int { return d.steps }

// String prints the delay.
func (d *Delay) String() string {
	return fmt.Sprintf("Delay(steps=%d, step_mode=%s)", d.steps, d.StepMode())
}
