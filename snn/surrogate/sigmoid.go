package surrogate

import "spikebook/snn/dynamics"

type sigmoid struct{ alpha float64 }

// Sigmoid returns the surrogate with primitive sigmoid(alpha*x) and gradient
// alpha * sigmoid(alpha*x) * (1 - sigmoid(alpha*x)), whose maximum is alpha/4.
// Neurons that name no surrogate use Sigmoid(4). It panics with a
// *dynamics.Error unless alpha is positive and finite.
func Sigmoid(alpha float64) Function { return sigmoid{positive("Sigmoid", alpha)} }

func (s sigmoid) Primitive(x dynamics.Expr) dynamics.Expr {
	return x.Mul(dynamics.Const(s.alpha)).Sigmoid()
}

func (s sigmoid) Gradient(x dynamics.Expr) dynamics.Expr {
	p := s.Primitive(x)
	return dynamics.Const(1).Sub(p).Mul(p).Mul(dynamics.Const(s.alpha))
}

func (s sigmoid) String() string { return named("Sigmoid", s.alpha) }
