package surrogate

import (
	"math"

	"spikebook/snn/dynamics"
)

type atan struct{ alpha float64 }

// ATan returns the surrogate with primitive atan(pi/2*alpha*x)/pi + 1/2 and
// gradient alpha / 2 / (1 + (pi/2*alpha*x)^2), whose maximum is alpha/2.
// SpikingJelly's default is ATan(2). It panics with a *dynamics.Error unless
// alpha is positive and finite.
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
