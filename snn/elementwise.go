package snn

import (
	"sync"

	"spikebook/snn/dynamics"
)

// function returns the kernel of a function of one value. It is compiled when
// it is needed for the first time.
func function(f func(x dynamics.Expr) dynamics.Expr) func() *Kernel {
	return sync.OnceValue(func() *Kernel {
		k, err := NewKernel(dynamics.Definition{Inputs: []string{"x"}, Outputs: []dynamics.Expr{f(dynamics.Input("x"))}})
		if err != nil {
			panic(err) // a bug: the functions below compile
		}
		return k
	})
}

var (
	kernelNeg     = function(dynamics.Expr.Neg)
	kernelAbs     = function(dynamics.Expr.Abs)
	kernelSquare  = function(dynamics.Expr.Square)
	kernelSqrt    = function(dynamics.Expr.Sqrt)
	kernelExp     = function(dynamics.Expr.Exp)
	kernelLog     = function(dynamics.Expr.Log)
	kernelTanh    = function(dynamics.Expr.Tanh)
	kernelSigmoid = function(dynamics.Expr.Sigmoid)
	kernelReLU    = function(func(x dynamics.Expr) dynamics.Expr { return dynamics.Const(0).Max(x) })
)

// each applies a kernel to each value of t.
func (t *Tensor) each(k func() *Kernel) *Tensor {
	outputs, _ := k().Run(Call{Steps: 1, Shape: t.shape, Inputs: []*Tensor{t}})
	return outputs[0]
}

var (
	kernelMaximum = pairwise(dynamics.Expr.Max)
	kernelMinimum = pairwise(dynamics.Expr.Min)
)

// pairwise returns the kernel of a function of two values.
func pairwise(f func(a, b dynamics.Expr) dynamics.Expr) func() *Kernel {
	return sync.OnceValue(func() *Kernel {
		k, err := NewKernel(dynamics.Definition{Inputs: []string{"a", "b"}, Outputs: []dynamics.Expr{f(dynamics.Input("a"), dynamics.Input("b"))}})
		if err != nil {
			panic(err) // a bug: the functions above compile
		}
		return k
	})
}

// pairs applies a kernel to each pair of values, broadcast as in Add.
func pairs(name string, k func() *Kernel, t, u *Tensor) *Tensor {
	refuseNil(name, t, u)
	if shape := common(name, t, u); !SameShape(t, u) {
		t, u = t.BroadcastTo(shape...), u.BroadcastTo(shape...)
	}
	outputs, _ := k().Run(Call{Steps: 1, Shape: t.shape, Inputs: []*Tensor{t, u}})
	return outputs[0]
}

// Maximum returns the larger one of each pair of values, broadcast as in Add;
// NaN if one of them is NaN. Where they are equal, the gradient goes to u.
func (t *Tensor) Maximum(u *Tensor) *Tensor { return pairs("Maximum", kernelMaximum, t, u) }

// Minimum returns the smaller one of each pair of values, as Maximum does the
// larger one.
func (t *Tensor) Minimum(u *Tensor) *Tensor { return pairs("Minimum", kernelMinimum, t, u) }

// Neg returns -t.
func (t *Tensor) Neg() *Tensor { return t.each(kernelNeg) }

// Abs returns the absolute value of each value. Its gradient at 0 is 0.
func (t *Tensor) Abs() *Tensor { return t.each(kernelAbs) }

// Square returns the square of each value.
func (t *Tensor) Square() *Tensor { return t.each(kernelSquare) }

// Sqrt returns the square root of each value; NaN for negative ones.
func (t *Tensor) Sqrt() *Tensor { return t.each(kernelSqrt) }

// Exp returns e to the power of each value.
func (t *Tensor) Exp() *Tensor { return t.each(kernelExp) }

// Log returns the natural logarithm of each value.
func (t *Tensor) Log() *Tensor { return t.each(kernelLog) }

// Tanh returns the hyperbolic tangent of each value.
func (t *Tensor) Tanh() *Tensor { return t.each(kernelTanh) }

// Sigmoid returns 1 / (1 + exp(-t)).
func (t *Tensor) Sigmoid() *Tensor { return t.each(kernelSigmoid) }

// ReLU returns each value that is positive, else 0. Its gradient at 0 is 0.
func (t *Tensor) ReLU() *Tensor { return t.each(kernelReLU) }

// Clamp returns each value, but not less than lo and not more than hi. Its
// gradient at the limits is 1.
func (t *Tensor) Clamp(lo, hi float32) *Tensor {
	return t.Map(func(x dynamics.Expr) dynamics.Expr {
		return x.Clamp(dynamics.Const(float64(lo)), dynamics.Const(float64(hi)))
	})
}

// Map applies an expression to each value; its gradient is the derivative of
// the expression. f is called once. Map panics with a *dynamics.Error if f uses
// anything but its argument and numbers.
func (t *Tensor) Map(f func(x dynamics.Expr) dynamics.Expr) *Tensor {
	if f == nil {
		panic(Shapef("Map", "the function is nil; expected one such as dynamics.Expr.Tanh"))
	}
	k, err := NewKernel(dynamics.Definition{Inputs: []string{"x"}, Outputs: []dynamics.Expr{f(dynamics.Input("x"))}})
	if err != nil {
		panic(err)
	}
	if params := k.Params(); len(params) > 0 {
		panic(&dynamics.Error{Op: "Map", Text: "the expression uses parameter " + params[0] + ", expected its argument and numbers only"})
	}
	return t.each(func() *Kernel { return k })
}

// Scale returns t * c.
func (t *Tensor) Scale(c float32) *Tensor {
	refuseNil("Scale", t)
	if t.place != nil {
		return t.Mul(Scalar(c))
	}
	out := Empty(t.shape...)
	for i, v := range t.values() {
		out.data[i] = v * c
	}
	if Recording(t) {
		record(scaled{c}, []*Tensor{t}, out)
	}
	return out
}

type scaled struct{ c float32 }

func (s scaled) Backward(grads []*Tensor) []*Tensor { return []*Tensor{grads[0].Scale(s.c)} }

// AddScalar returns t + c.
func (t *Tensor) AddScalar(c float32) *Tensor {
	refuseNil("AddScalar", t)
	if t.place != nil {
		return t.Add(Scalar(c))
	}
	out := Empty(t.shape...)
	for i, v := range t.values() {
		out.data[i] = v + c
	}
	if Recording(t) {
		record(same{}, []*Tensor{t}, out)
	}
	return out
}

// same passes the gradient on as it is.
type same struct{}

func (same) Backward(grads []*Tensor) []*Tensor { return grads }

// Pow returns each value to a whole power from 1 to 16, as a product.
func (t *Tensor) Pow(n int) *Tensor {
	return t.Map(func(x dynamics.Expr) dynamics.Expr { return x.Pow(n) })
}
