package surrogate

import (
	"math"

	"spikebook/snn/dynamics"
)

type nonzeroSignLogAbs struct {
	Base
	alpha float64
}

// NonzeroSignLogAbs returns the surrogate with primitive ±ln(alpha*|x| + 1),
// with the sign of x and plus at 0, and gradient 1 / (1/alpha + |x|), whose
// maximum is alpha. Its primitive is not bounded. SpikingJelly's default is
// NonzeroSignLogAbs(1). It panics with a *dynamics.Error unless alpha is
// positive and finite.
func NonzeroSignLogAbs(alpha float64) Function {
	return &nonzeroSignLogAbs{alpha: positive("NonzeroSignLogAbs", "alpha", alpha)}
}

func (s *nonzeroSignLogAbs) Primitive(x dynamics.Expr) dynamics.Expr {
	log := func(u dynamics.Expr) dynamics.Expr { return u.Mul(constant(s.alpha)).Add(one()).Log() }
	return x.Less(zero()).Select(log(x.Min(zero()).Neg()).Neg(), log(x.Max(zero())))
}

func (s *nonzeroSignLogAbs) Gradient(x dynamics.Expr) dynamics.Expr {
	return one().Div(x.Abs().Add(constant(1 / s.alpha)))
}

func (s *nonzeroSignLogAbs) String() string {
	return s.text("NonzeroSignLogAbs", parameter{"alpha", s.alpha})
}

type piecewiseLeakyReLU struct {
	Base
	w, c float64
}

// PiecewiseLeakyReLU returns the surrogate with gradient 1/(2w) where |x| < w,
// else c; its primitive is x/(2w) + 1/2 there, and goes on with slope c.
// SpikingJelly's default is PiecewiseLeakyReLU(1, 0.01). It panics with a
// *dynamics.Error unless w is positive and c is finite.
func PiecewiseLeakyReLU(w, c float64) Function {
	return &piecewiseLeakyReLU{w: positive("PiecewiseLeakyReLU", "w", w), c: finite("PiecewiseLeakyReLU", "c", c)}
}

func (s *piecewiseLeakyReLU) Primitive(x dynamics.Expr) dynamics.Expr {
	w := constant(s.w)
	inner := x.Clamp(constant(-s.w), w).Mul(constant(0.5 / s.w)).Add(half())
	left, right := sloped(x.Add(w), s.c), sloped(x.Sub(w), s.c).Add(one())
	return x.Less(constant(-s.w)).Select(left, w.Less(x).Select(right, inner))
}

func (s *piecewiseLeakyReLU) Gradient(x dynamics.Expr) dynamics.Expr {
	return x.Abs().Less(constant(s.w)).Select(constant(0.5/s.w), constant(s.c))
}

func (s *piecewiseLeakyReLU) String() string {
	return s.text("PiecewiseLeakyReLU", parameter{"w", s.w}, parameter{"c", s.c})
}

type squarewave struct {
	Base
	n      int
	period float64
}

// SquarewaveFourierSeries returns the surrogate whose primitive is the Fourier
// series of a square wave of the given period, 1/2 + 2/pi * sum(sin((2i-1)wx) /
// (2i-1)) with w = 2*pi/period and i from 1 to n-1, and whose gradient is its
// derivative. SpikingJelly's default is SquarewaveFourierSeries(2, 8), which is
// one term. It panics with a *dynamics.Error unless n is from 2 to 100 and the
// period positive and finite.
func SquarewaveFourierSeries(n int, period float64) Function {
	if n < 2 || n > 100 {
		refuse("SquarewaveFourierSeries", "n", float64(n), "a number from 2 to 100; there are n-1 terms")
	}
	return &squarewave{n: n, period: positive("SquarewaveFourierSeries", "period", period)}
}

func (s *squarewave) Primitive(x dynamics.Expr) dynamics.Expr {
	sum := zero()
	for k := 1; k < 2*s.n-2; k += 2 {
		sum = sum.Add(s.angle(x, k).Sin().Div(constant(float64(k))))
	}
	return sum.Mul(constant(2 / math.Pi)).Add(half())
}

func (s *squarewave) Gradient(x dynamics.Expr) dynamics.Expr {
	sum := zero()
	for k := 1; k < 2*s.n-2; k += 2 {
		sum = sum.Add(s.angle(x, k).Cos())
	}
	return sum.Mul(constant(4 / s.period))
}

func (s *squarewave) angle(x dynamics.Expr, k int) dynamics.Expr {
	return x.Mul(constant(float64(k) * 2 * math.Pi / s.period))
}

func (s *squarewave) String() string {
	return s.text("SquarewaveFourierSeries", parameter{"n", float64(s.n)}, parameter{"period", s.period})
}

type leakyKReLU struct {
	Base
	leak, k float64
}

// LeakyKReLU returns the surrogate with primitive leak*x on the left and k*x on
// the right, and gradient leak and k. SpikingJelly's default is LeakyKReLU(0,
// 1). It panics with a *dynamics.Error unless both are finite.
func LeakyKReLU(leak, k float64) Function {
	return &leakyKReLU{leak: finite("LeakyKReLU", "leak", leak), k: finite("LeakyKReLU", "k", k)}
}

func (s *leakyKReLU) Primitive(x dynamics.Expr) dynamics.Expr {
	return x.Less(zero()).Select(sloped(x, s.leak), sloped(x, s.k))
}

// sloped is slope*x, and for a slope of 0 it is 0 where x is infinite, too.
func sloped(x dynamics.Expr, slope float64) dynamics.Expr {
	if slope == 0 {
		x = x.Clamp(constant(-math.MaxFloat32), constant(math.MaxFloat32))
	}
	return x.Mul(constant(slope))
}

func (s *leakyKReLU) Gradient(x dynamics.Expr) dynamics.Expr {
	return zero().LessEqual(x).Select(constant(s.k), constant(s.leak))
}

func (s *leakyKReLU) String() string {
	return s.text("LeakyKReLU", parameter{"leak", s.leak}, parameter{"k", s.k})
}

type fakeNumericalGradient struct {
	noPrimitive
	alpha float64
}

// FakeNumericalGradient returns the surrogate with gradient min(1/|x|, alpha)
// and no primitive: the difference quotient of the step, bounded. SpikingJelly's
// default is FakeNumericalGradient(0.3). It panics with a *dynamics.Error unless
// alpha is positive and finite.
func FakeNumericalGradient(alpha float64) Function {
	return &fakeNumericalGradient{alpha: positive("FakeNumericalGradient", "alpha", alpha)}
}

func (s *fakeNumericalGradient) Gradient(x dynamics.Expr) dynamics.Expr {
	return one().Div(x.Abs()).Min(constant(s.alpha))
}

func (s *fakeNumericalGradient) SetSpiking(spiking bool) {
	s.setSpiking("FakeNumericalGradient", spiking)
}

func (s *fakeNumericalGradient) String() string {
	return s.text("FakeNumericalGradient", parameter{"alpha", s.alpha})
}

type logTailedReLU struct {
	Base
	alpha float64
}

// LogTailedReLU returns the surrogate with primitive alpha*x up to 0, x up to 1
// and ln(x) + 1 above, and gradient alpha, 1 and 1/x. SpikingJelly's default is
// LogTailedReLU(0). It panics with a *dynamics.Error unless alpha is finite.
//
// Source: Y. Cai et al., "Deep learning with low precision by half-wave Gaussian
// quantization", CVPR 2017.
func LogTailedReLU(alpha float64) Function {
	return &logTailedReLU{alpha: finite("LogTailedReLU", "alpha", alpha)}
}

func (s *logTailedReLU) Primitive(x dynamics.Expr) dynamics.Expr {
	right := x.LessEqual(one()).Select(x, x.Max(one()).Log().Add(one()))
	return x.LessEqual(zero()).Select(sloped(x, s.alpha), right)
}

func (s *logTailedReLU) Gradient(x dynamics.Expr) dynamics.Expr {
	return x.LessEqual(zero()).Select(constant(s.alpha), one().Div(x.Max(one())))
}

func (s *logTailedReLU) String() string { return s.text("LogTailedReLU", parameter{"alpha", s.alpha}) }

type rect struct {
	Base
	alpha float64
}

// Rect returns the surrogate whose gradient is a rectangle: alpha where |x| <
// 1/(2*alpha), else 0; its primitive is alpha*x + 1/2 between 0 and 1.
// SpikingJelly's default is Rect(1). It panics with a *dynamics.Error unless
// alpha is positive and finite.
//
// Source: Y. Wu et al., "Spatio-temporal backpropagation for training
// high-performance spiking neural networks", Frontiers in Neuroscience 12, 2018.
func Rect(alpha float64) Function { return &rect{alpha: positive("Rect", "alpha", alpha)} }

// Primitive is 0 or 1 outside by the sign of x, so that a NaN stays one.
func (s *rect) Primitive(x dynamics.Expr) dynamics.Expr {
	inner := x.Mul(constant(s.alpha)).Add(half())
	return x.Abs().Less(constant(0.5/s.alpha)).Select(inner, x.Sign().Mul(half()).Add(half()))
}

func (s *rect) Gradient(x dynamics.Expr) dynamics.Expr {
	return x.Abs().Less(constant(0.5/s.alpha)).Select(constant(s.alpha), zero())
}

func (s *rect) String() string { return s.text("Rect", parameter{"alpha", s.alpha}) }
