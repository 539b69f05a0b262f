// Package optim changes parameters by their gradients.
package optim

import (
	"fmt"
	"math"
	"slices"

	"spikebook/snn"
)

// Optimizer changes parameters.
type Optimizer interface {
	// Step changes each parameter that has a gradient.
	Step()
	// ZeroGrad forgets the gradients.
	ZeroGrad()
}

// Misuse is the snn.Misuse of a number out of range.
type Misuse struct{ Text string }

func (e *Misuse) Error() string { return "optim: " + e.Text }

// Misuse marks the type as a snn.Misuse.
func (*Misuse) Misuse() {}

type parameters []*snn.Tensor

// checked panics unless there are parameters, each of them once.
func checked(params []*snn.Tensor) parameters {
	if len(params) == 0 {
		panic(&Misuse{"there are no parameters, expected at least one; snn.Parameters(net) returns those of a network"})
	}
	seen := map[*snn.Tensor]int{}
	for i, p := range params {
		if p == nil {
			panic(&Misuse{fmt.Sprintf("parameter %d is nil, expected a tensor", i)})
		}
		if first, twice := seen[p]; twice {
			panic(&Misuse{fmt.Sprintf("parameters %d and %d are the same tensor, which would take two steps at once; give it once", first, i)})
		}
		seen[p] = i
	}
	return slices.Clone(params)
}

// ZeroGrad forgets the gradients.
func (ps parameters) ZeroGrad() {
	for _, p := range ps {
		p.ZeroGrad()
	}
}

func rate(lr float64) float32 {
	rate := float32(lr)
	if !(rate > 0) || math.IsInf(float64(rate), 0) {
		panic(&Misuse{fmt.Sprintf("the learning rate is %v, expected a positive number", lr)})
	}
	return rate
}

// SGD is stochastic gradient descent, with momentum if that is not 0:
//
//	M ← Momentum·M + G,  P ← P - LearningRate·M
//
// where M is G in the first step. With Nesterov P takes the step of G + Momentum·M
// instead: where M will lead is looked at first.
type SGD struct {
	parameters
	LearningRate, Momentum, WeightDecay float32
	Nesterov                            bool
	velocity                            [][]float32
}

// NewSGD returns an SGD without momentum. It panics with a *Misuse unless the
// learning rate is positive and there are parameters, each of them once.
func NewSGD(params []*snn.Tensor, learningRate float64) *SGD {
	return &SGD{parameters: checked(params), LearningRate: rate(learningRate)}
}

// Step changes each parameter that has a gradient.
func (o *SGD) Step() {
	if o.velocity == nil {
		o.velocity = make([][]float32, len(o.parameters))
	}
	for i, p := range o.parameters {
		if p.Grad() == nil {
			continue
		}
		first := o.velocity[i] == nil
		if first && o.Momentum != 0 {
			o.velocity[i] = make([]float32, p.Size())
		}
		data := p.Data()
		for k, g := range p.Grad().Data() {
			g += float32(o.WeightDecay * data[k])
			if o.Momentum != 0 {
				m := &o.velocity[i][k]
				if *m = float32(o.Momentum**m) + g; first {
					*m = g
				}
				if o.Nesterov {
					g += float32(o.Momentum * *m)
				} else {
					g = *m
				}
			}
			data[k] -= float32(o.LearningRate * g)
		}
	}
}

// Adam is the optimizer of D. P. Kingma and J. Ba, "Adam: a method for
// stochastic optimization", ICLR 2015.
type Adam struct {
	parameters
	LearningRate, Beta1, Beta2, Epsilon, WeightDecay float32
	Decoupled                                        bool // weight decay as AdamW has it, not as part of the gradient
	steps                                            []int
	mean, square                                     [][]float32
}

// NewAdam returns an Adam with beta1 0.9, beta2 0.999 and epsilon 1e-8. It
// panics with a *Misuse unless the learning rate is positive and there are
// parameters, each of them once.
func NewAdam(params []*snn.Tensor, learningRate float64) *Adam {
	return &Adam{parameters: checked(params), LearningRate: rate(learningRate), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
}

// NewAdamW returns an Adam with decoupled weight decay, 0.01.
//
// Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization",
// ICLR 2019.
func NewAdamW(params []*snn.Tensor, learningRate float64) *Adam {
	o := NewAdam(params, learningRate)
	o.WeightDecay, o.Decoupled = 0.01, true
	return o
}

// Step changes each parameter that has a gradient.
func (o *Adam) Step() {
	if o.mean == nil {
		n := len(o.parameters)
		o.steps, o.mean, o.square = make([]int, n), make([][]float32, n), make([][]float32, n)
	}
	for i, p := range o.parameters {
		if p.Grad() == nil {
			continue
		}
		if o.mean[i] == nil {
			o.mean[i], o.square[i] = make([]float32, p.Size()), make([]float32, p.Size())
		}
		o.steps[i]++
		correct1 := 1 - math.Pow(float64(o.Beta1), float64(o.steps[i]))
		correct2 := math.Sqrt(1 - math.Pow(float64(o.Beta2), float64(o.steps[i])))
		data := p.Data()
		for k, g := range p.Grad().Data() {
			if o.Decoupled {
				data[k] -= float32(float32(o.LearningRate*o.WeightDecay) * data[k])
			} else {
				g += float32(o.WeightDecay * data[k])
			}
			m, v := &o.mean[i][k], &o.square[i][k]
			*m = float32(o.Beta1**m) + float32((1-o.Beta1)*g)
			*v = float32(o.Beta2**v) + float32(float32((1-o.Beta2)*g)*g)
			denominator := math.Sqrt(float64(*v))/correct2 + float64(o.Epsilon)
			data[k] -= float32(float64(o.LearningRate) / correct1 * float64(*m) / denominator)
		}
	}
}
