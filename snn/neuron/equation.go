package neuron

import "spikebook/snn/dynamics"

// equation is a neuron whose charge is a line of mathematics.
type equation struct {
	Base
	formula string
	own     []string // names of its parameters
}

// NeuronalCharge parses the formula.
func (n *equation) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	names := map[string]dynamics.Expr{stateName: v, inputName: x, vThreshold: n.VThreshold(), vReset: n.VReset()}
	for _, p := range n.own {
		names[p] = n.Param(p)
	}
	h, err := dynamics.Parse(n.formula, names)
	if err != nil {
		panic(err)
	}
	return h
}

// Equation returns a layer of neurons whose charge is a line of mathematics:
// H[t] as a function of the potential v and the input x, such as
//
//	neuron.Equation("v + (x - (v - v_rest))/tau", neuron.Param("tau", 2), neuron.Param("v_rest", 0))
//
// The syntax is that of dynamics.Parse. Besides v and x it may use v_threshold,
// v_reset and the parameters that are given with [Param]. Fire and reset are
// those of [Base]. It panics with an *OptionError if the formula is wrong; the
// error points at the place.
func Equation(formula string, options ...Option) *Layer {
	n := &equation{formula: formula}
	given := defaults()
	for _, o := range options {
		o(given)
	}
	n.own = given.given
	return New(n, options...)
}
