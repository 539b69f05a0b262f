// Package surrogate holds surrogate functions: what stands in for the step
// function of a spiking neuron where its derivative is wanted. A surrogate is
// two expressions; forward, every one of them is the step, which fires at 0. It
// does not know neurons.
//
// Surrogates are values: two layers never share one, as they do in
// SpikingJelly when both use the default.
package surrogate

import (
	"math"
	"strconv"

	"spikebook/snn/dynamics"
)

// Function is a surrogate function.
type Function = dynamics.Surrogate

type sigmoid struct{ alpha float64 }

// Sigmoid returns the surrogate with primitive sigmoid(alpha*x) and gradient
// alpha * sigmoid(alpha*x) * (1 - sigmoid(alpha*x)), whose maximum is alpha/4.
// Neurons that name no surrogate use Sigmoid(4). It panics unless alpha is
// positive and finite.
func Sigmoid(alpha float64) Function { return sigmoid{positive("Sigmoid", alpha)} }

func (s sigmoid) Primitive(x dynamics.Expr) dynamics.Expr {
	return x.Mul(dynamics.Const(s.alpha)).Sigmoid()
}

func (s sigmoid) Gradient(x dynamics.Expr) dynamics.Expr {
	p := s.Primitive(x)
	return dynamics.Const(1).Sub(p).Mul(p).Mul(dynamics.Const(s.alpha))
}

func (s sigmoid) String() string { return named("Sigmoid", s.alpha) }

type atan struct{ alpha float64 }

// ATan returns the surrogate with primitive atan(pi/2*alpha*x)/pi + 1/2 and
// gradient alpha / 2 / (1 + (pi/2*alpha*x)^2), whose maximum is alpha/2.
// SpikingJelly's default is ATan(2). It panics unless alpha is positive and
// finite.
//
// Source: W. Fang et al., "Incorporating learnable membrane time constant to
// enhance learning of spiking neural networks", ICCV 2021.
func ATan(alpha float64) Function { return atan{positive("ATan", alpha)} }

func (s atan) Primitive(x dynamics.Expr) dynamics.Expr {
	return s.scaled(x).Atan().Div(dynamics.Const(math.Pi)).Add(dynamics.Const(0.5))
}

func (s atan) Gradient(x dynamics.Expr) dynamics.Expr {
	return dynamics.Const(s.alpha / 2).Div(s.scaled(x).Square().Add(dynamics.Const(1)))
}

func (s atan) scaled(x dynamics.Expr) dynamics.Expr {
	return x.Mul(dynamics.Const(math.Pi / 2 * s.alpha))
}

func (s atan) String() string { return named("ATan", s.alpha) }

func named(name string, alpha float64) string {
	return name + "(alpha=" + strconv.FormatFloat(alpha, 'g', -1, 64) + ")"
}

func positive(name string, alpha float64) float64 {
	if !(alpha > 0) || math.IsInf(alpha, 0) {
		panic(&dynamics.Error{Text: "surrogate." + name + ": alpha is " + strconv.FormatFloat(alpha, 'g', -1, 64) + ", expected a positive number"})
	}
	return alpha
}
