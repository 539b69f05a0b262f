package surrogate

import (
	"math"

	"spikebook/snn/dynamics"
)

// constant is a number in an expression.
func constant(v float64) dynamics.Expr { return dynamics.Const(v) }

type sigmoid struct {
	Base
	alpha float64
}

// Sigmoid returns the surrogate with primitive sigmoid(alpha*x) and gradient
// alpha * sigmoid(alpha*x) * (1 - sigmoid(alpha*x)), whose maximum is alpha/4.
// Neurons that name no surrogate use Sigmoid(4), as in SpikingJelly. It panics
// with a *dynamics.Error unless alpha is positive and finite.
func Sigmoid(alpha float64) Function {
	return &sigmoid{alpha: positive("Sigmoid", "alpha", alpha)}
}

func (s *sigmoid) Primitive(x dynamics.Expr) dynamics.Expr {
	return x.Mul(constant(s.alpha)).Sigmoid()
}

func (s *sigmoid) Gradient(x dynamics.Expr) dynamics.Expr {
	p := s.Primitive(x)
	return one().Sub(p).Mul(p).Mul(constant(s.alpha))
}

func (s *sigmoid) String() string { return s.text("Sigmoid", parameter{"alpha", s.alpha}) }

type atan struct {
	Base
	alpha float64
}

// ATan returns the surrogate with primitive atan(pi/2*alpha*x)/pi + 1/2 and
// gradient alpha / 2 / (1 + (pi/2*alpha*x)^2), whose maximum is alpha/2.
// SpikingJelly's default is ATan(2). It panics with a *dynamics.Error unless
// alpha is positive and finite.
//
// Source: W. Fang et al., "Incorporating learnable membrane time constant to
// enhance learning of spiking neural networks", ICCV 2021.
func ATan(alpha float64) Function { return &atan{alpha: positive("ATan", "alpha", alpha)} }

func (s *atan) Primitive(x dynamics.Expr) dynamics.Expr {
	return s.scaled(x).Atan().Div(constant(math.Pi)).Add(half())
}

func (s *atan) Gradient(x dynamics.Expr) dynamics.Expr {
	return constant(s.alpha / 2).Div(s.scaled(x).Square().Add(one()))
}

func (s *atan) scaled(x dynamics.Expr) dynamics.Expr {
	return x.Mul(constant(math.Pi / 2 * s.alpha))
}

func (s *atan) String() string { return s.text("ATan", parameter{"alpha", s.alpha}) }

type erf struct {
	Base
	alpha float64
}

// Erf returns the surrogate with primitive (1 + erf(alpha*x)) / 2 and gradient
// alpha / sqrt(pi) * exp(-(alpha*x)^2), whose maximum is alpha/sqrt(pi).
// SpikingJelly's default is Erf(2). It panics with a *dynamics.Error unless
// alpha is positive and finite.
//
// Source: Y. Wu et al., "Spatio-temporal backpropagation for training
// high-performance spiking neural networks", Frontiers in Neuroscience 12, 2018.
func Erf(alpha float64) Function { return &erf{alpha: positive("Erf", "alpha", alpha)} }

func (s *erf) Primitive(x dynamics.Expr) dynamics.Expr {
	return x.Mul(constant(s.alpha)).Erf().Add(one()).Mul(half())
}

func (s *erf) Gradient(x dynamics.Expr) dynamics.Expr {
	return x.Mul(constant(s.alpha)).Square().Neg().Exp().Mul(constant(s.alpha / math.Sqrt(math.Pi)))
}

func (s *erf) String() string { return s.text("Erf", parameter{"alpha", s.alpha}) }

type softSign struct {
	Base
	alpha float64
}

// SoftSign returns the surrogate with primitive (alpha*x / (1 + |alpha*x|) +
// 1) / 2 and gradient alpha / 2 / (1 + |alpha*x|)^2, whose maximum is alpha/2.
// SpikingJelly's default is SoftSign(2). It panics with a *dynamics.Error
// unless alpha is positive and finite.
func SoftSign(alpha float64) Function {
	return &softSign{alpha: positive("SoftSign", "alpha", alpha)}
}

// Primitive is 1 - 1/(2 + 2*alpha*x) on the right, and its mirror image on the
// left: so it has its limits where alpha*x is infinite.
func (s *softSign) Primitive(x dynamics.Expr) dynamics.Expr {
	return mirrored(x.Mul(constant(s.alpha)), func(u dynamics.Expr) dynamics.Expr { return half().Div(u.Add(one())) })
}

// mirrored is 1 - tail(x) on the right, and tail(-x) on the left. Each side is
// a function of its own, so that its derivative is right at 0, too.
func mirrored(x dynamics.Expr, tail func(u dynamics.Expr) dynamics.Expr) dynamics.Expr {
	return x.Less(zero()).Select(tail(x.Min(zero()).Neg()), one().Sub(tail(x.Max(zero()))))
}

func (s *softSign) Gradient(x dynamics.Expr) dynamics.Expr {
	return constant(s.alpha / 2).Div(s.slope(x).Square())
}

func (s *softSign) slope(x dynamics.Expr) dynamics.Expr {
	return x.Mul(constant(s.alpha)).Abs().Add(one())
}

func (s *softSign) String() string { return s.text("SoftSign", parameter{"alpha", s.alpha}) }

type superSpike struct {
	noPrimitive
	alpha float64
}

// SuperSpike returns the surrogate with gradient alpha / (1 + |x|)^2 and no
// primitive. SpikingJelly's default is SuperSpike(1). It panics with a
// *dynamics.Error unless alpha is positive and finite.
//
// Source: F. Zenke and S. Ganguli, "SuperSpike: supervised learning in
// multilayer spiking neural networks", Neural Computation 30, 2018.
func SuperSpike(alpha float64) Function {
	return &superSpike{alpha: positive("SuperSpike", "alpha", alpha)}
}

func (s *superSpike) Gradient(x dynamics.Expr) dynamics.Expr {
	return constant(s.alpha).Div(x.Abs().Add(one()).Square())
}

func (s *superSpike) SetSpiking(spiking bool) { s.setSpiking("SuperSpike", spiking) }

func (s *superSpike) String() string { return s.text("SuperSpike", parameter{"alpha", s.alpha}) }

type piecewiseQuadratic struct {
	Base
	alpha float64
}

// PiecewiseQuadratic returns the surrogate whose gradient is a triangle,
// max(0, alpha - alpha^2*|x|); its primitive is two pieces of a parabola between
// 0 and 1. SpikingJelly's default is PiecewiseQuadratic(1). It panics with a
// *dynamics.Error unless alpha is positive and finite.
//
// Source: S. Esser et al., "Convolutional networks for fast, energy-efficient
// neuromorphic computing", PNAS 113, 2016.
func PiecewiseQuadratic(alpha float64) Function {
	return &piecewiseQuadratic{alpha: positive("PiecewiseQuadratic", "alpha", alpha)}
}

// Primitive is u - u*|u|/2 + 1/2 of u = alpha*x between -1 and 1.
func (s *piecewiseQuadratic) Primitive(x dynamics.Expr) dynamics.Expr {
	u := x.Mul(constant(s.alpha)).Clamp(constant(-1), one())
	return u.Sub(u.Mul(u.Abs()).Mul(half())).Add(half())
}

// Gradient does not square alpha, which may be large.
func (s *piecewiseQuadratic) Gradient(x dynamics.Expr) dynamics.Expr {
	return one().Sub(x.Mul(constant(s.alpha)).Abs()).Max(zero()).Mul(constant(s.alpha))
}

func (s *piecewiseQuadratic) String() string {
	return s.text("PiecewiseQuadratic", parameter{"alpha", s.alpha})
}

type piecewiseExp struct {
	Base
	alpha float64
}

// PiecewiseExp returns the surrogate with primitive exp(alpha*x)/2 on the left
// and 1 - exp(-alpha*x)/2 on the right, and gradient alpha/2 *
// exp(-alpha*|x|), whose maximum is alpha/2. SpikingJelly's default is
// PiecewiseExp(1). It panics with a *dynamics.Error unless alpha is positive and
// finite.
//
// Source: S. Shrestha and G. Orchard, "SLAYER: spike layer error reassignment in
// time", NeurIPS 2018.
func PiecewiseExp(alpha float64) Function {
	return &piecewiseExp{alpha: positive("PiecewiseExp", "alpha", alpha)}
}

func (s *piecewiseExp) Primitive(x dynamics.Expr) dynamics.Expr {
	return mirrored(x.Mul(constant(s.alpha)), func(u dynamics.Expr) dynamics.Expr { return u.Neg().Exp().Mul(half()) })
}

func (s *piecewiseExp) Gradient(x dynamics.Expr) dynamics.Expr {
	return x.Abs().Mul(constant(-s.alpha)).Exp().Mul(constant(s.alpha / 2))
}

func (s *piecewiseExp) String() string { return s.text("PiecewiseExp", parameter{"alpha", s.alpha}) }

type qPseudoSpike struct {
	Base
	alpha float64
}

// QPseudoSpike returns the surrogate with gradient (1 + 2*|x| /
// (alpha-1))^-alpha, whose maximum is 1; its primitive is (1 + 2*|x| /
// (alpha-1))^(1-alpha) / 2 on the left, and 1 minus that on the right.
// SpikingJelly's default is QPseudoSpike(2). It panics with a *dynamics.Error
// unless alpha is finite and above 1.
//
// Source: J. Herranz-Celotti and J. Rouat, "Surrogate gradients design", 2022.
func QPseudoSpike(alpha float64) Function {
	if !(float32(alpha) > 1) || math.IsInf(float64(float32(alpha)), 0) {
		refuse("QPseudoSpike", "alpha", alpha, "a number above 1")
	}
	return &qPseudoSpike{alpha: alpha}
}

func (s *qPseudoSpike) Primitive(x dynamics.Expr) dynamics.Expr {
	return mirrored(x, func(u dynamics.Expr) dynamics.Expr { return s.base(u).Power(constant(1 - s.alpha)).Mul(half()) })
}

func (s *qPseudoSpike) Gradient(x dynamics.Expr) dynamics.Expr {
	return s.base(x.Abs()).Power(constant(-s.alpha))
}

func (s *qPseudoSpike) base(u dynamics.Expr) dynamics.Expr {
	return u.Mul(constant(2 / (s.alpha - 1))).Add(one())
}

func (s *qPseudoSpike) String() string { return s.text("QPseudoSpike", parameter{"alpha", s.alpha}) }

type s2nn struct {
	Base
	alpha, beta float64
}

// S2NN returns the surrogate with primitive sigmoid(alpha*x) on the left and
// beta*ln(x + 1 + 1e-5) + 1/2 on the right, and gradient alpha *
// sigmoid(alpha*x) * (1 - sigmoid(alpha*x)) and beta/(x+1). SpikingJelly's
// default is S2NN(4, 1). It panics with a *dynamics.Error unless alpha and beta
// are positive and finite.
//
// Source: K. Suetake et al., "S2NN: time step reduction of spiking surrogate
// gradients for training energy efficient single-step neural networks", 2022.
func S2NN(alpha, beta float64) Function {
	return &s2nn{alpha: positive("S2NN", "alpha", alpha), beta: positive("S2NN", "beta", beta)}
}

func (s *s2nn) Primitive(x dynamics.Expr) dynamics.Expr {
	right := x.Max(zero()).Add(one()).Add(constant(1e-5)).Log().Mul(constant(s.beta)).Add(half())
	return x.Less(zero()).Select(x.Mul(constant(s.alpha)).Sigmoid(), right)
}

func (s *s2nn) Gradient(x dynamics.Expr) dynamics.Expr {
	p := x.Mul(constant(s.alpha)).Sigmoid()
	left := one().Sub(p).Mul(p).Mul(constant(s.alpha))
	return x.Less(zero()).Select(left, constant(s.beta).Div(x.Max(zero()).Add(one())))
}

func (s *s2nn) String() string {
	return s.text("S2NN", parameter{"alpha", s.alpha}, parameter{"beta", s.beta})
}
