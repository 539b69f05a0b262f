package surrogate

import (
	"maps"
	"slices"

	"spikebook/snn/dynamics"
)

// custom keeps its expressions, not functions: so it stays from cell to cell.
type custom struct {
	Base
	name                string
	gradient, primitive dynamics.Expr // of the symbol argument
}

// argument is the name of the symbol in the expressions of a custom surrogate.
const argument = "x"

// Custom returns a surrogate of your own, by its gradient alone:
//
//	surrogate.Custom("Triangle", func(x dynamics.Expr) dynamics.Expr {
//		return dynamics.Const(1).Sub(x.Abs()).Max(dynamics.Const(0))
//	})
//
// A second function may give the primitive, whose derivative is the gradient;
// without one SetSpiking(false) is not possible. The functions are called once.
// It panics with a *dynamics.Error if there is no gradient.
func Custom(name string, gradient func(x dynamics.Expr) dynamics.Expr, primitive ...func(x dynamics.Expr) dynamics.Expr) Function {
	x := dynamics.Input(argument)
	s := &custom{name: name}
	if gradient != nil {
		s.gradient = gradient(x)
	}
	for _, p := range primitive {
		if p != nil {
			s.primitive = p(x)
		}
	}
	return s.checked()
}

func (s *custom) checked() Function {
	if s.gradient.IsZero() {
		panic(&dynamics.Error{Op: "surrogate." + s.name, Text: "it has no gradient; return an expression of x"})
	}
	return s
}

// Equation returns a surrogate whose gradient is a line of mathematics of x, as
// dynamics.Parse reads it:
//
//	surrogate.Equation("alpha/2/(1 + (alpha*x)**2)", surrogate.Params{"alpha": 2})
//
// Each parameter is printed with the equation. It panics with a *dynamics.Error
// that points at what is wrong.
func Equation(gradient string, params ...Params) Function {
	const name = "Equation"
	given := Params{}
	for _, list := range params {
		maps.Copy(given, list)
	}
	names := map[string]dynamics.Expr{argument: dynamics.Input(argument)}
	text := gradient
	for _, p := range slices.Sorted(maps.Keys(given)) {
		if p == argument {
			refuse(name, p, given[p], "no such parameter: it is the argument of the surrogate")
		}
		names[p] = constant(finite(name, p, given[p]))
		text += ", " + p + "=" + number(given[p])
	}
	e, err := dynamics.Parse(gradient, names)
	if err != nil {
		panic(err)
	}
	s := &custom{name: name + "(" + text + ")", gradient: e}
	return s.checked()
}

// Params are the numbers of an [Equation], by name.
type Params map[string]float64

func (s *custom) Gradient(x dynamics.Expr) dynamics.Expr { return s.gradient.Replace(argument, x) }

func (s *custom) Primitive(x dynamics.Expr) dynamics.Expr {
	if s.primitive.IsZero() {
		return s.primitive
	}
	return s.primitive.Replace(argument, x)
}

func (s *custom) SetSpiking(spiking bool) {
	if s.primitive.IsZero() {
		without := noPrimitive{s.Base}
		without.setSpiking(s.name, spiking)
	}
	s.Base.SetSpiking(spiking)
}

func (s *custom) String() string {
	if s.smooth {
		return s.name + "(spiking=false)"
	}
	return s.name
}
