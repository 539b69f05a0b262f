// Package dynamics is the form in which a neuron is defined: expressions over
// the values of one neuron at one step, and the programs that evaluate them
// for many neurons and steps. It does not know any neuron, nor what a spike is
// for.
//
// An expression is built by calling methods: v.Add(x.Sub(v).Div(tau)). One
// definition is evaluated by the CPU engine, printed as LaTeX and, later,
// differentiated and turned into a CUDA kernel. All arithmetic is float32;
// products are never fused into the sums around them, so that every machine
// computes the same bits.
package dynamics

import (
	"fmt"
	"math"
)

// Expr is an expression. Expressions do not change and may be shared. The zero
// Expr is none: see [Expr.IsZero].
type Expr struct{ n *node }

// IsZero reports whether e is the zero Expr, which stands for no expression.
func (e Expr) IsZero() bool { return e.n == nil }

// node is one operation of an expression.
type node struct {
	op        Op
	args      [3]*node
	name      string    // of an input, state, parameter or symbol
	value     float32   // of a constant
	surrogate Surrogate // of a spike
	depth     int
}

// Surrogate stands in for the step function where a gradient is wanted; see
// snn/surrogate.
type Surrogate interface {
	// Primitive is the smooth function whose derivative is Gradient.
	Primitive(x Expr) Expr

	// Gradient is what is used as the derivative of the step at x.
	Gradient(x Expr) Expr

	String() string
}

func leaf(op Op, name string) Expr { return Expr{&node{op: op, name: name}} }

// Input is a value that a neuron gets anew at each step.
func Input(name string) Expr { return leaf(OpInput, name) }

// State is a value that a neuron keeps from step to step; in an expression it
// is the value before the step.
func State(name string) Expr { return leaf(OpState, name) }

// Param is a value that all neurons of a layer share, and that may change
// between calls, such as a time constant.
func Param(name string) Expr { return leaf(OpParam, name) }

// Const is a number. It is rounded to float32.
func Const(v float64) Expr { return Expr{&node{op: OpConst, value: float32(v)}} }

// MaxDepth is how deeply operations may be nested.
const MaxDepth = 10000

func apply(op Op, args ...Expr) Expr {
	n := &node{op: op}
	for i, a := range args {
		if a.n == nil {
			panic(errorf("operand %d of %v is the zero Expr; make it with Input, State, Param or Const", i+1, op))
		}
		n.args[i] = a.n
		n.depth = max(n.depth, a.n.depth+1)
	}
	if n.depth > MaxDepth {
		panic(errorf("the expression is nested more than %d deep; is one step meant?", MaxDepth))
	}
	return Expr{n}
}

// Error is a mistake in a definition. Functions that build expressions panic
// with it; New of snn/neuron adds the name of the neuron.
type Error struct {
	Op   string // what found it, such as "dynamics.Parse"
	Text string // what is wrong, what was expected, what to do
}

func (e *Error) Error() string { return e.Op + ": " + e.Text }

// Misuse marks the type as a snn.Misuse.
func (*Error) Misuse() {}

func errorf(format string, args ...any) *Error {
	return &Error{"dynamics", fmt.Sprintf(format, args...)}
}

// Add returns e + f.
func (e Expr) Add(f Expr) Expr { return apply(OpAdd, e, f) }

// Sub returns e - f.
func (e Expr) Sub(f Expr) Expr { return apply(OpSub, e, f) }

// Mul returns e * f.
func (e Expr) Mul(f Expr) Expr { return apply(OpMul, e, f) }

// Div returns e / f.
func (e Expr) Div(f Expr) Expr { return apply(OpDiv, e, f) }

// Neg returns -e.
func (e Expr) Neg() Expr { return apply(OpNeg, e) }

// Square returns e * e.
func (e Expr) Square() Expr { return apply(OpSquare, e) }

// MaxPower is the largest exponent of [Expr.Pow].
const MaxPower = 16

// Pow returns e to a whole power from 1 to MaxPower, as a product: the even
// powers are squares. It panics with an *Error for another exponent.
func (e Expr) Pow(n int) Expr {
	switch {
	case n < 1 || n > MaxPower:
		panic(errorf("the exponent is %d, expected a whole number from 1 to %d", n, MaxPower))
	case n == 1:
		return e
	case n%2 == 0:
		return e.Pow(n / 2).Square()
	}
	return e.Pow(n - 1).Mul(e)
}

// Abs returns the absolute value of e.
func (e Expr) Abs() Expr { return apply(OpAbs, e) }

// Exp returns e to the base of the natural logarithm.
func (e Expr) Exp() Expr { return apply(OpExp, e) }

// Log returns the natural logarithm of e.
func (e Expr) Log() Expr { return apply(OpLog, e) }

// Sqrt returns the square root of e.
func (e Expr) Sqrt() Expr { return apply(OpSqrt, e) }

// Tanh returns the hyperbolic tangent of e.
func (e Expr) Tanh() Expr { return apply(OpTanh, e) }

// Sigmoid returns 1 / (1 + exp(-e)).
func (e Expr) Sigmoid() Expr { return apply(OpSigmoid, e) }

// Atan returns the arcus tangent of e.
func (e Expr) Atan() Expr { return apply(OpAtan, e) }

// Min returns the smaller of e and f; NaN if one of them is.
func (e Expr) Min(f Expr) Expr { return apply(OpMin, e, f) }

// Max returns the larger of e and f; NaN if one of them is.
func (e Expr) Max(f Expr) Expr { return apply(OpMax, e, f) }

// Spike returns 1 where e >= 0, else 0; NaN gives 0. s stands in for its
// derivative.
func (e Expr) Spike(s Surrogate) Expr {
	x := apply(OpSpike, e)
	x.n.surrogate = s
	return x
}

// Mix returns e*f + (1-e)*g: f where e is 1 and g where e is 0, also when the
// other is infinite. That is a hard reset which an infinite potential does not
// turn into NaN.
func (e Expr) Mix(f, g Expr) Expr { return apply(OpMix, e, f, g) }

// float32 forms of the functions that Go has for float64 only. Rounding the
// float64 result once is within one unit in the last place.
func viaFloat64(f func(float64) float64) func(a, b, c float32) float32 {
	return func(a, _, _ float32) float32 { return float32(f(float64(a))) }
}

func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
