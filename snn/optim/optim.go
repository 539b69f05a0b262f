// Package optim changes parameters by their gradients.
package optim

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"spikebook/snn"
	"spikebook/snn/dynamics"
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

// checked panics unless there are parameters, all of them leaves, each of them once.
func checked(params []*snn.Tensor) parameters {
	if len(params) == 0 {
		panic(&Misuse{"there are no parameters, expected at least one; snn.Parameters(net) returns those of a network"})
	}
	seen := map[*snn.Tensor]int{}
	for i, p := range params {
		if p == nil {
			panic(&Misuse{fmt.Sprintf("parameter %d is nil, expected a tensor", i)})
		}
		if !p.IsLeaf() {
			panic(&Misuse{fmt.Sprintf("parameter %d, of shape %v, is the result of a computation, which has no gradient to step by; give the tensors that it is computed from, or Detach().RequireGrad() of it", i, p.Shape())})
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

// number is a field of an optimizer that anyone may set.
type number struct {
	name  string
	value float32
}

// refuse panics with a *Misuse if one of the numbers is below 0, or is not below a bound.
func refuse(bound float64, numbers ...number) {
	for _, n := range numbers {
		if !(n.value >= 0) || float64(n.value) >= bound {
			expected := "a number of at least 0"
			if !math.IsInf(bound, 1) {
				expected += fmt.Sprintf(" and below %v", bound)
			}
			panic(&Misuse{fmt.Sprintf("%s is %v, expected %s", n.name, n.value, expected)})
		}
	}
}

// update returns the kernel of a step: from the gradient g it computes the
// parameter p, and what the optimizer remembers of it.
func update(states func(g, p dynamics.Expr) []dynamics.StateEquation) func() *snn.Kernel {
	return sync.OnceValue(func() *snn.Kernel {
		k, err := snn.NewKernel(dynamics.Definition{Inputs: []string{"g"}, States: states(dynamics.Input("g"), dynamics.State("p"))})
		if err != nil {
			panic(err) // a bug: the steps below compile
		}
		return k
	})
}

// apply changes a parameter and what is remembered of it, where they are: on the
// CPU or on a device.
func apply(k *snn.Kernel, p *snn.Tensor, numbers map[string]float64, memory ...*snn.Tensor) {
	c := snn.Call{Steps: 1, Shape: p.Shape(), Inputs: []*snn.Tensor{p.Grad().Detach()}, States: []*snn.Tensor{p.Detach()}, Overwrite: true}
	c.States = append(c.States, memory...)
	for _, name := range k.Params() {
		c.Params = append(c.Params, snn.Scalar(float32(numbers[name])))
	}
	k.Run(c)
}

// memory returns a place for what is remembered of each parameter.
func memory(list []*snn.Tensor, i int, p *snn.Tensor) *snn.Tensor {
	if list[i] == nil {
		list[i] = snn.Zeros(p.Shape()...).To(p.Backend())
	}
	return list[i]
}

// SGD is stochastic gradient descent, with momentum if that is not 0:
//
//	M ← Momentum·M + G,  P ← P - LearningRate·M
//
// where M is 0 before the first step. With Nesterov P takes the step of
// G + Momentum·M instead: where M will lead is looked at first.
type SGD struct {
	parameters
	LearningRate, Momentum, WeightDecay float32
	Nesterov                            bool
	velocity                            []*snn.Tensor
}

// NewSGD returns an SGD without momentum. It panics with a *Misuse unless the
// learning rate is positive and there are parameters, leaves, each of them once.
func NewSGD(params []*snn.Tensor, learningRate float64) *SGD {
	return &SGD{parameters: checked(params), LearningRate: rate(learningRate)}
}

var (
	learningRate, momentum, weightDecay = dynamics.Param("learning_rate"), dynamics.Param("momentum"), dynamics.Param("weight_decay")

	plain = update(func(g, p dynamics.Expr) []dynamics.StateEquation {
		return []dynamics.StateEquation{{Name: "p", Next: p.Sub(learningRate.Mul(decayed(g, p)))}}
	})
	withMomentum = update(func(g, p dynamics.Expr) []dynamics.StateEquation {
		m := momentum.Mul(dynamics.State("m")).Add(decayed(g, p))
		return []dynamics.StateEquation{{Name: "p", Next: p.Sub(learningRate.Mul(m))}, {Name: "m", Next: m}}
	})
	withNesterov = update(func(g, p dynamics.Expr) []dynamics.StateEquation {
		m := momentum.Mul(dynamics.State("m")).Add(decayed(g, p))
		return []dynamics.StateEquation{{Name: "p", Next: p.Sub(learningRate.Mul(decayed(g, p).Add(momentum.Mul(m))))}, {Name: "m", Next: m}}
	})
)

// decayed is a gradient with that of the weight decay.
func decayed(g, p dynamics.Expr) dynamics.Expr { return g.Add(weightDecay.Mul(p)) }

// Step changes each parameter that has a gradient. It panics with a *Misuse, and changes
// none, if a field is negative or not finite.
func (o *SGD) Step() {
	refuse(math.Inf(1), number{"LearningRate", o.LearningRate}, number{"Momentum", o.Momentum}, number{"WeightDecay", o.WeightDecay})
	if o.velocity == nil {
		o.velocity = make([]*snn.Tensor, len(o.parameters))
	}
	numbers := map[string]float64{"learning_rate": float64(o.LearningRate), "momentum": float64(o.Momentum), "weight_decay": float64(o.WeightDecay)}
	for i, p := range o.parameters {
		switch {
		case p.Grad() == nil:
		case o.Momentum == 0:
			apply(plain(), p, numbers)
		case o.Nesterov:
			apply(withNesterov(), p, numbers, memory(o.velocity, i, p))
		default:
			apply(withMomentum(), p, numbers, memory(o.velocity, i, p))
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
	mean, square                                     []*snn.Tensor
}

// NewAdam returns an Adam with beta1 0.9, beta2 0.999 and epsilon 1e-8. It
// panics with a *Misuse unless the learning rate is positive and there are
// parameters, leaves, each of them once.
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

// adam is a step of Adam. Of what changes from step to step, numbers are worked
// out once for all values: step_size is the learning rate over 1-beta1ⁿ, root the
// square root of 1-beta2ⁿ, and shrink what weight decay leaves of a parameter.
var adam = update(func(g, p dynamics.Expr) []dynamics.StateEquation {
	one := dynamics.Const(1)
	beta1, beta2 := dynamics.Param("beta1"), dynamics.Param("beta2")
	g = decayed(g, p)
	m := beta1.Mul(dynamics.State("m")).Add(one.Sub(beta1).Mul(g))
	v := beta2.Mul(dynamics.State("v")).Add(one.Sub(beta2).Mul(g).Mul(g))
	denominator := v.Sqrt().Div(dynamics.Param("root")).Add(dynamics.Param("epsilon"))
	return []dynamics.StateEquation{
		{Name: "p", Next: p.Mul(dynamics.Param("shrink")).Sub(dynamics.Param("step_size").Mul(m).Div(denominator))},
		{Name: "m", Next: m}, {Name: "v", Next: v},
	}
})

// Step changes each parameter that has a gradient. It panics with a *Misuse, and changes
// none, if a field is negative or not finite, or if Beta1 or Beta2 is not below 1.
func (o *Adam) Step() {
	refuse(math.Inf(1), number{"LearningRate", o.LearningRate}, number{"Epsilon", o.Epsilon}, number{"WeightDecay", o.WeightDecay})
	refuse(1, number{"Beta1", o.Beta1}, number{"Beta2", o.Beta2})
	if o.mean == nil {
		n := len(o.parameters)
		o.steps, o.mean, o.square = make([]int, n), make([]*snn.Tensor, n), make([]*snn.Tensor, n)
	}
	for i, p := range o.parameters {
		if p.Grad() == nil {
			continue
		}
		o.steps[i]++
		n := float64(o.steps[i])
		numbers := map[string]float64{
			"beta1": float64(o.Beta1), "beta2": float64(o.Beta2), "epsilon": float64(o.Epsilon),
			"step_size": float64(o.LearningRate) / (1 - math.Pow(float64(o.Beta1), n)),
			"root":      math.Sqrt(1 - math.Pow(float64(o.Beta2), n)),
			"shrink":    1, "weight_decay": float64(o.WeightDecay),
		}
		if o.Decoupled {
			numbers["shrink"], numbers["weight_decay"] = 1-float64(o.LearningRate)*float64(o.WeightDecay), 0
		}
		apply(adam(), p, numbers, memory(o.mean, i, p), memory(o.square, i, p))
	}
}
