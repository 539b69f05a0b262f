package neuron

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// Parallel is a layer of parallel spiking neurons: all steps of a sequence are
// computed at once, by a matrix over the steps, and there is no reset.
//
//	H = W·X + B          over the steps, X of shape [T, N, ...]
//	S = Θ(H)
//
// Its weights are learnt. In multi-step mode, which it begins with, it has no
// state. MaskedPSN, with lambda = 1, and SlidingPSN have single-step mode, too,
// where they remember their last inputs until Reset; PSN, which looks ahead, has
// not.
//
// Source: W. Fang et al., "Parallel spiking neurons with high efficiency and
// ability to learn long-term dependencies", NeurIPS 2023.
type Parallel struct {
	name         string
	Weight, Bias *snn.Tensor
	mask         *snn.Tensor // of MaskedPSN: 1 where the weight always counts
	lambda       float32     // of MaskedPSN: how much the mask counts, from 0 to 1
	sliding      bool        // Weight holds the last steps, [k]
	surrogate    surrogate.Function
	fire         *snn.Kernel
	smooth       bool
	order        int // how many steps a step depends on
	stepMode     string
	recent       []*snn.Tensor // in single-step mode the inputs that still count
	steps        int           // and how many there have been
}

var _ interface {
	snn.Module
	snn.StepModer
	snn.Backender
	snn.Detacher
} = (*Parallel)(nil)

// NewPSN returns a layer of parallel spiking neurons for sequences of the given
// number of steps: Weight of shape [T, T] with Kaiming's uniform distribution,
// U(-1/sqrt(T), 1/sqrt(T)), and Bias [T, 1] of -1. If s is nil the surrogate is
// ATan(2). It panics with an *OptionError if steps is below 1.
func NewPSN(steps int, s surrogate.Function) *Parallel {
	p := newParallel("PSN", steps, s)
	p.Weight, p.Bias = uniformWeight(steps), snn.Full(-1, steps, 1).RequireGrad()
	return p
}

// NewMaskedPSN returns a layer of parallel spiking neurons in which each step
// depends on the k last ones: of the weights outside of that band, 1 - lambda is
// left. lambda is 0 at first; see SetLambda.
func NewMaskedPSN(k, steps int, s surrogate.Function) *Parallel {
	p := newParallel("MaskedPSN", steps, s)
	p.setOrder(k)
	p.Weight, p.Bias = uniformWeight(steps), snn.Full(-1, steps, 1).RequireGrad()
	p.mask = snn.Zeros(steps, steps)
	for i := range steps {
		for j := max(0, i-k+1); j <= i; j++ {
			p.mask.Data()[i*steps+j] = 1
		}
	}
	return p
}

// NewSlidingPSN returns a layer of parallel spiking neurons in which each step
// depends on the k last ones in the same way, for sequences of any length:
// Weight of shape [k], at first 1 for the step at hand, 1/2 for the one before,
// and so on, and Bias of one value, -1.
func NewSlidingPSN(k int, s surrogate.Function) *Parallel {
	p := newParallel("SlidingPSN", 1, s)
	p.setOrder(k)
	p.sliding, p.Weight, p.Bias = true, snn.Zeros(k), snn.Full(-1).RequireGrad()
	for i := range k {
		p.Weight.Data()[k-1-i] = float32(math.Pow(0.5, float64(i)))
	}
	p.Weight.RequireGrad()
	return p
}

func newParallel(name string, steps int, s surrogate.Function) *Parallel {
	if s == nil {
		s = surrogate.ATan(2)
	}
	p := &Parallel{name: name, surrogate: s, order: steps, stepMode: snn.MultiStep}
	if steps < 1 {
		panic(&OptionError{name, fmt.Sprintf("the number of steps is %d, expected at least 1", steps)})
	}
	p.compile()
	return p
}

func (p *Parallel) setOrder(k int) {
	if k < 1 {
		panic(&OptionError{p.name, fmt.Sprintf("k is %d, expected at least 1", k)})
	}
	p.order = k
}

func uniformWeight(steps int) *snn.Tensor {
	bound := 1 / float32(math.Sqrt(float64(steps)))
	return snn.Rand(steps, steps).Scale(2 * bound).AddScalar(-bound).RequireGrad()
}

// compile makes the kernel of the fire.
func (p *Parallel) compile() {
	x := dynamics.Input(inputName)
	p.smooth = !p.surrogate.Spiking()
	base := Base{surrogate: p.surrogate, smooth: p.smooth}
	var err error
	p.fire, err = snn.NewKernel(dynamics.Definition{Inputs: []string{inputName}, Outputs: []dynamics.Expr{base.Spike(x)}})
	if err != nil {
		panic(&OptionError{p.name, err.Error()})
	}
	if params := p.fire.Params(); len(params) > 0 {
		panic(&OptionError{p.name, fmt.Sprintf("parameter %q of surrogate function %v has no value; use a number", params[0], p.surrogate)})
	}
}

// SetLambda sets how much the band of a MaskedPSN counts, from 0 to 1. It panics
// with an *OptionError for any other layer or number, and in single-step mode for
// all but 1.
func (p *Parallel) SetLambda(lambda float64) {
	switch {
	case p.mask == nil || !(lambda >= 0 && lambda <= 1):
		panic(&OptionError{p.name, fmt.Sprintf("lambda is %v, expected a number from 0 to 1, of a MaskedPSN", lambda)})
	case lambda < 1 && p.stepMode == snn.SingleStep:
		panic(&OptionError{p.name, fmt.Sprintf("lambda is %v, expected 1 in step mode \"s\"; call SetStepMode(\"m\") first", lambda)})
	}
	p.lambda = float32(lambda)
}

// Forward returns the spikes, in multi-step mode of a sequence [T, N, ...], in
// single-step mode of a step [N, ...]. It panics with a *snn.ShapeError if the
// layer is made for another number of steps, or the shape changes from step to
// step.
func (p *Parallel) Forward(x *snn.Tensor) *snn.Tensor {
	if x == nil {
		panic(p.shapef("the input is nil; expected a tensor"))
	}
	if p.smooth == p.surrogate.Spiking() {
		p.compile()
	}
	h := (*snn.Tensor)(nil)
	if p.stepMode == snn.SingleStep {
		h = p.step(x)
	} else {
		h = p.sequence(x)
	}
	outputs, _ := p.fire.Run(snn.Call{Steps: 1, Shape: h.Shape(), Inputs: []*snn.Tensor{h}})
	return outputs[0].Reshape(x.Shape()...)
}

func (p *Parallel) shapef(format string, args ...any) *snn.ShapeError {
	return snn.Shapef(p.name+".Forward", format, args...)
}

// sequence returns what fires, for all steps.
func (p *Parallel) sequence(x *snn.Tensor) *snn.Tensor {
	if len(x.Shape()) == 0 || x.Shape()[0] == 0 {
		panic(p.shapef("the input has shape %v, expected a sequence [T, N, ...] with T >= 1", x.Shape()))
	}
	steps := x.Shape()[0]
	if !p.sliding && p.Weight.Shape()[0] != steps {
		panic(p.shapef("the input of shape %v has %d steps, the layer is made for %d", x.Shape(), steps, p.Weight.Shape()[0]))
	}
	return p.weight(steps).MatMul(x.Reshape(steps, -1)).Add(p.Bias)
}

// step returns what fires in the next step.
func (p *Parallel) step(x *snn.Tensor) *snn.Tensor {
	switch {
	case len(p.recent) > 0 && !slices.Equal(p.recent[0].Shape(), x.Shape()):
		panic(p.shapef("the input of a step has shape %v, but earlier ones had shape %v; call Reset() before an input of another shape", x.Shape(), p.recent[0].Shape()))
	case p.mask != nil && p.steps == p.Weight.Shape()[0]:
		panic(p.shapef("this is step %d, the layer is made for %d; call Reset() before another sequence", p.steps+1, p.steps))
	}
	if !snn.Recording(x) {
		x = x.Clone() // which the caller may change
	}
	p.recent = append(slices.Clone(p.recent[max(0, len(p.recent)+1-p.order):]), x)
	p.steps++
	weight, bias, end := p.Weight, p.Bias, p.order
	if p.mask != nil {
		weight, bias, end = p.Weight.Index(p.steps-1), p.Bias.Index(p.steps-1), p.steps
	}
	n := len(p.recent)
	return weight.Slice(end-n, end).Reshape(1, n).MatMul(snn.Stack(p.recent...).Reshape(n, -1)).Add(bias)
}

// weight returns the matrix over the steps.
func (p *Parallel) weight(steps int) *snn.Tensor {
	switch {
	case p.mask != nil: // lambda·mask + (1 - lambda) of each weight
		return p.Weight.Mul(p.mask.Scale(p.lambda).AddScalar(1 - p.lambda))
	case p.sliding:
		return p.Weight.Band(steps)
	}
	return p.Weight
}

// Reset forgets the inputs of earlier steps.
func (p *Parallel) Reset() { p.recent, p.steps = nil, 0 }

// Detach cuts the inputs of earlier steps off from the computation that they come
// from.
func (p *Parallel) Detach() {
	for i, x := range p.recent {
		p.recent[i] = x.Detach()
	}
}

// Parameters returns the weight and the bias.
func (p *Parallel) Parameters() []*snn.Tensor { return []*snn.Tensor{p.Weight, p.Bias} }

// StepMode returns the step mode, "s" or "m".
func (p *Parallel) StepMode() string { return p.stepMode }

// SetStepMode sets the step mode. It returns an error if the layer cannot have it:
// a PSN, or a MaskedPSN with lambda below 1, has no single-step mode. The inputs
// of earlier steps stay; multi-step mode does not look at them.
func (p *Parallel) SetStepMode(mode string) error {
	if err := snn.CheckStepMode(mode); err != nil {
		return err
	}
	switch {
	case mode == snn.SingleStep && !p.sliding && p.mask == nil:
		return fmt.Errorf("%s: step mode %q is not possible: it computes all steps at once", p.name, mode)
	case mode == snn.SingleStep && p.mask != nil && p.lambda < 1:
		return fmt.Errorf("%s: step mode %q is not possible with lambda = %v: a step depends on later ones; call SetLambda(1) first", p.name, mode, p.lambda)
	}
	p.stepMode = mode
	return nil
}

// Backend returns the backend that the weight and the bias are on.
func (p *Parallel) Backend() string { return p.Weight.Backend() }

// SupportedBackends returns the backends that there are, in both step modes.
func (p *Parallel) SupportedBackends() []string { return snn.Backends() }

// SetBackend moves the weight, the bias and the inputs of earlier steps to a backend:
// Forward works there, and copies an input that is elsewhere. The error of a backend that is not there says
// why.
func (p *Parallel) SetBackend(backend string) error {
	if err := snn.CheckBackend(backend); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	for _, t := range []*snn.Tensor{p.Weight, p.Bias, p.mask} {
		if t != nil {
			t.Move(backend)
		}
	}
	for i, x := range p.recent {
		p.recent[i] = x.To(backend)
	}
	return nil
}

// Surrogate returns the surrogate function.
func (p *Parallel) Surrogate() surrogate.Function { return p.surrogate }

// String prints the layer.
func (p *Parallel) String() string {
	var b strings.Builder
	for _, q := range p.properties() {
		b.WriteString(", " + q.name + "=" + q.value)
	}
	return p.name + "(" + strings.TrimPrefix(b.String(), ", ") + ")"
}

func (p *Parallel) properties() []property {
	all := []property{{"weight", extent(p.Weight)}, {"bias", extent(p.Bias)}}
	if p.mask != nil {
		all = append(all, property{"k", strconv.Itoa(p.order)}, property{"lambda", fmt.Sprint(p.lambda)})
	}
	return append(all, property{"step_mode", p.stepMode}, property{"backend", where(p.Backend())}, property{"surrogate", p.surrogate.String()})
}

// LaTeX returns the equations as LaTeX, without dollar signs.
func (p *Parallel) LaTeX() string {
	h := `H &= W X + B`
	fire := `S &= \Theta\left(H\right)`
	switch {
	case p.mask != nil:
		h = `H &= \left(\left(\lambda \cdot M + 1 - \lambda\right) \odot W\right) X + B \\` + "\n" +
			`M_{t,i} &= \begin{cases}1 & \text{if } t - k < i \le t \\ 0 & \text{else}\end{cases}`
	case p.sliding:
		h, fire = `H[t] &= \sum_{i=1}^{k} W_i \cdot X[t-k+i] + B`, `S[t] &= \Theta\left(H[t]\right)`
	}
	return `\begin{aligned}` + "\n" + h + ` \\` + "\n" + fire + "\n" + `\end{aligned}`
}

// MIMEBundle returns the layer as a notebook shows it: as Markdown with its
// equations, weights and step mode, and as plain text.
func (p *Parallel) MIMEBundle() map[string]string {
	text := "none"
	if p.steps > 0 {
		text = fmt.Sprintf("the last %d of %d inputs of shape %v", len(p.recent), p.steps, p.recent[0].Shape())
	}
	return bundle(p.name, p.LaTeX(), text, p.properties(), p.String())
}
