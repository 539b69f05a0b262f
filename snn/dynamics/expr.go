// Package dynamics is the form in which a neuron is defined: expressions over
// the values of one neuron at one step, and the programs that evaluate them
// for many neurons and steps. It does not know any neuron, nor what a spike is
// for.
//
// An expression is built by calling methods: v.Add(x.Sub(v).Div(tau)). One
// definition is evaluated by the CPU engine ([Compile]), differentiated
// ([Definition.Differentiate]) and printed as LaTeX ([Expr.LaTeX]). All
// arithmetic is float32; products are never fused into the sums around them, so
// that every machine computes the same bits.
//
// A definition goes through these passes: expressions become values, equal ones
// once (values.go); the derivative adds values to them (derive.go) and chooses
// which are saved for the backward pass (cut.go); values become instructions
// (program.go), pairs of which become one (fuse.go), in as few registers as
// possible (allocate.go); verify.go checks the result, engine.go runs it.
package dynamics

import "fmt"

// Expr is an expression. Expressions do not change and may be shared. The zero
// Expr is none: see [Expr.IsZero].
type Expr struct{ n *node }

// IsZero reports whether e is the zero Expr, which stands for no expression.
func (e Expr) IsZero() bool { return e.n == nil }

// node is one operation of an expression.
type node struct {
	op    Op
	args  [3]*node
	name  string  // of an input, state or parameter
	value float32 // of a constant
	depth int
}

// Surrogate stands in for the step function where a gradient is wanted; see
// snn/surrogate. One with a method Forward(x Expr) Expr gives that out instead
// of the step.
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

// Param is a value that does not change during a run, such as a time constant:
// one for all neurons of a layer, or one for each.
func Param(name string) Expr { return leaf(OpParam, name) }

// Uniform is a random number from 0 to below 1, another one for each neuron and
// step. Whoever runs a program draws it: it is among [Program.Inputs] and
// [Program.Uniforms].
func Uniform(name string) Expr { return leaf(OpUniform, name) }

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

// catch turns a panic with an *Error into an error.
func catch(err *error) {
	switch p := recover().(type) {
	case nil:
	case *Error:
		*err = p
	default:
		panic(p)
	}
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

// Sin returns the sine of e, an angle in radians.
func (e Expr) Sin() Expr { return apply(OpSin, e) }

// Cos returns the cosine of e, an angle in radians.
func (e Expr) Cos() Expr { return apply(OpCos, e) }

// Atan returns the arcus tangent of e.
func (e Expr) Atan() Expr { return apply(OpAtan, e) }

// Erf returns the error function of e.
func (e Expr) Erf() Expr { return apply(OpErf, e) }

// Power returns e to the power of f, as math.Pow does; see [Expr.Pow] for whole
// exponents.
func (e Expr) Power(f Expr) Expr { return apply(OpPow, e, f) }

// Round returns the whole number nearest to e, the even one of two. Its
// derivative is 0.
func (e Expr) Round() Expr { return apply(OpRound, e) }

// Floor returns the largest whole number that is not above e. Its derivative
// is 0.
func (e Expr) Floor() Expr { return apply(OpFloor, e) }

// Sign returns 1, -1, or e itself where that is 0 or NaN. Its derivative is 0.
func (e Expr) Sign() Expr { return apply(OpSign, e) }

// Min returns the smaller of e and f; NaN if one of them is.
func (e Expr) Min(f Expr) Expr { return apply(OpMin, e, f) }

// Max returns the larger of e and f; NaN if one of them is.
func (e Expr) Max(f Expr) Expr { return apply(OpMax, e, f) }

// Clamp returns e, but not less than lo and not more than hi.
func (e Expr) Clamp(lo, hi Expr) Expr { return e.Max(lo).Min(hi) }

// Less returns 1 where e < f, else 0. The derivative of a comparison is 0.
func (e Expr) Less(f Expr) Expr { return apply(OpLess, e, f) }

// LessEqual returns 1 where e <= f, else 0.
func (e Expr) LessEqual(f Expr) Expr { return apply(OpLessEqual, e, f) }

// Greater returns 1 where e > f, else 0.
func (e Expr) Greater(f Expr) Expr { return f.Less(e) }

// GreaterEqual returns 1 where e >= f, else 0.
func (e Expr) GreaterEqual(f Expr) Expr { return f.LessEqual(e) }

// Equal returns 1 where e == f, else 0.
func (e Expr) Equal(f Expr) Expr { return apply(OpEqual, e, f) }

// Select returns f where e is not 0, else g. e is a comparison, as a rule; no
// gradient flows to it.
func (e Expr) Select(f, g Expr) Expr { return apply(OpSelect, e, f, g) }

// Heaviside returns 1 where e >= 0, else 0; NaN gives 0. Its derivative is 0.
func (e Expr) Heaviside() Expr { return apply(OpHeaviside, e) }

// Spike is the step that a neuron fires by, [Expr.Heaviside], or what s gives
// out in its place, with the gradient of s for a derivative; without one if s
// is nil.
func (e Expr) Spike(s Surrogate) Expr {
	spike := e.Heaviside()
	if s == nil {
		return spike
	}
	if f, ok := s.(interface{ Forward(x Expr) Expr }); ok {
		spike = f.Forward(e)
	}
	return WithGradient(spike, e, s.Gradient(e))
}

// Detach returns e without a gradient: the derivative treats it as a constant.
func (e Expr) Detach() Expr { return apply(OpDetach, e) }

// WithGradient returns value with another derivative: that with respect to arg
// is the derivative given, and there is none besides.
func WithGradient(value, arg, derivative Expr) Expr {
	return apply(OpGradient, value, arg, derivative)
}

// Mix returns e*f + (1-e)*g: f where e is 1 and g where e is 0, also when the
// other is infinite. That is a hard reset which an infinite potential does not
// turn into NaN.
func (e Expr) Mix(f, g Expr) Expr { return apply(OpMix, e, f, g) }

// Replace returns e with by in the place of each input, state, parameter or
// random number of that name.
func (e Expr) Replace(name string, by Expr) Expr {
	done := map[*node]*node{}
	walk(e.n, func(n *node) {
		if operations[n.op].arity == 0 {
			if done[n] = n; n.op != OpConst && n.name == name {
				done[n] = by.n
			}
			return
		}
		args := make([]Expr, operations[n.op].arity)
		same := true
		for i := range args {
			args[i] = Expr{done[n.args[i]]}
			same = same && args[i].n == n.args[i]
		}
		if done[n] = n; !same {
			done[n] = apply(n.op, args...).n
		}
	})
	return Expr{done[e.n]}
}

// walk calls visit for n and all that it is made of, each once, operands first.
// It uses a stack of its own: an expression may be deep.
func walk(n *node, visit func(*node)) {
	done := map[*node]bool{}
	walkInto(done, n, visit)
}

func walkInto(done map[*node]bool, n *node, visit func(*node)) {
	for stack := []*node{n}; len(stack) > 0; {
		n := stack[len(stack)-1]
		ready := true
		if !done[n] {
			for _, a := range n.args[:operations[n.op].arity] {
				if !done[a] {
					stack = append(stack, a)
					ready = false
				}
			}
		}
		if !ready {
			continue
		}
		stack = stack[:len(stack)-1]
		if !done[n] {
			done[n] = true
			visit(n)
		}
	}
}
