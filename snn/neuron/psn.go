package neuron

import (
	"fmt"
	"math"

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
// Its weights are learnt. It has step mode "m" only, and no state.
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
}

var _ interface {
	snn.Module
	snn.StepModer
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
	p.order(k)
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
	p.order(k)
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
	p := &Parallel{name: name, surrogate: s}
	if steps < 1 {
		panic(&OptionError{name, fmt.Sprintf("the number of steps is %d, expected at least 1", steps)})
	}
	p.compile()
	return p
}

func (p *Parallel) order(k int) {
	if k < 1 {
		panic(&OptionError{p.name, fmt.Sprintf("k is %d, expected at least 1", k)})
	}
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
}

// SetLambda sets how much the band of a MaskedPSN counts, from 0 to 1. It panics
// with an *OptionError for any other layer or number.
func (p *Parallel) SetLambda(lambda float64) {
	if p.mask == nil || !(lambda >= 0 && lambda <= 1) {
		panic(&OptionError{p.name, fmt.Sprintf("lambda is %v, expected a number from 0 to 1, of a MaskedPSN", lambda)})
	}
	p.lambda = float32(lambda)
}

// Forward returns the spikes of a sequence [T, N, ...]. It panics with a
// *snn.ShapeError if the layer is made for another number of steps.
func (p *Parallel) Forward(x *snn.Tensor) *snn.Tensor {
	if x == nil {
		panic(snn.Shapef(p.name+".Forward", "the input is nil; expected a tensor"))
	}
	if len(x.Shape()) == 0 || x.Shape()[0] == 0 {
		panic(snn.Shapef(p.name+".Forward", "the input has shape %v, expected a sequence [T, N, ...] with T >= 1", x.Shape()))
	}
	steps := x.Shape()[0]
	if !p.sliding && p.Weight.Shape()[0] != steps {
		panic(snn.Shapef(p.name+".Forward", "the input of shape %v has %d steps, the layer is made for %d", x.Shape(), steps, p.Weight.Shape()[0]))
	}
	if p.smooth == p.surrogate.Spiking() {
		p.compile()
	}
	h := p.weight(steps).MatMul(x.Reshape(steps, -1)).Add(p.Bias)
	outputs, _ := p.fire.Run(snn.Call{Steps: 1, Shape: h.Shape(), Inputs: []*snn.Tensor{h}})
	return outputs[0].Reshape(x.Shape()...)
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

// Reset does nothing: there is no state.
func (p *Parallel) Reset() {}

// Parameters returns the weight and the bias.
func (p *Parallel) Parameters() []*snn.Tensor { return []*snn.Tensor{p.Weight, p.Bias} }

// StepMode returns "m".
func (*Parallel) StepMode() string { return snn.MultiStep }

// SetStepMode returns an error unless the mode is "m".
func (p *Parallel) SetStepMode(mode string) error {
	if err := snn.CheckStepMode(mode); err != nil || mode == snn.MultiStep {
		return err
	}
	return fmt.Errorf("%s: step mode %q is not possible: it computes all steps at once", p.name, mode)
}

// Surrogate returns the surrogate function.
func (p *Parallel) Surrogate() surrogate.Function { return p.surrogate }

// String prints the layer.
func (p *Parallel) String() string {
	return fmt.Sprintf("%s(weight of shape %v, surrogate=%v)", p.name, p.Weight.Shape(), p.surrogate)
}
