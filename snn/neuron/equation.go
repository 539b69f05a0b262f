package neuron

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"spikebook/snn/dynamics"
)

// equation is a neuron whose charge is a line of mathematics, and maybe its
// reset and further states, too.
type equation struct {
	Base
	formula string
	reset   string // empty: that of Base
	states  []stateFormula
	own     []string // names of its parameters
}

// stateFormula is a further state.
type stateFormula struct {
	name, next string
	initial    float64
}

// parse reads a formula of the parameters, the states and the names given.
func (n *equation) parse(formula string, names map[string]dynamics.Expr) dynamics.Expr {
	all := map[string]dynamics.Expr{vThreshold: n.VThreshold(), vReset: n.VReset()}
	for _, p := range n.own {
		all[p] = n.Param(p)
	}
	for _, s := range n.states {
		all[s.name] = n.State(s.name)
	}
	maps.Copy(all, names)
	e, err := dynamics.Parse(formula, all)
	if err != nil {
		panic(err)
	}
	return e
}

// NeuronalCharge parses the formula.
func (n *equation) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return n.parse(n.formula, map[string]dynamics.Expr{stateName: v, inputName: x})
}

// NeuronalReset parses the formula of the reset, if there is one.
func (n *equation) NeuronalReset(h, s dynamics.Expr) dynamics.Expr {
	if n.reset == "" {
		return n.Base.NeuronalReset(h, s)
	}
	return n.parse(n.reset, map[string]dynamics.Expr{"h": h, "s": s})
}

// NeuronalStates parses the formulas of the further states.
func (n *equation) NeuronalStates(step Step) []State {
	var list []State
	for _, s := range n.states {
		list = append(list, State{s.name, dynamics.Const(s.initial), n.parse(s.next, map[string]dynamics.Expr{
			stateName: step.V, inputName: step.X, "h": step.H, "s": step.S,
		})})
	}
	return list
}

// Equation returns a layer of neurons whose charge is a line of mathematics:
// H[t] as a function of the potential v and the input x, such as
//
//	neuron.Equation("v + (x - (v - v_rest))/tau", neuron.Param("tau", 2), neuron.Param("v_rest", 0))
//
// The syntax is that of dynamics.Parse. Besides v and x it may use v_threshold,
// v_reset, the parameters that are given with [Param] or [ParamTensor], and the
// states that are given with [StateEquation]. Fire and reset are those of
// [Base], unless [ResetEquation] gives another reset. It panics with an
// *OptionError if a formula is wrong; the error points at the place.
func Equation(formula string, options ...Option) *Layer {
	given := defaults()
	for _, o := range options {
		if o != nil { // New says what is wrong with nil
			o(given)
		}
	}
	refuse := func(format string, args ...any) {
		panic(&OptionError{"Equation(" + formula + ")", fmt.Sprintf(format, args...)})
	}
	meaning := []string{stateName, inputName, "h", "s", "pi"}
	for _, name := range given.given {
		if slices.Contains(meaning, name) {
			refuse("a parameter cannot be called %q, which has a meaning; choose another name", name)
		}
	}
	for _, s := range given.stateFormulas {
		switch {
		case s.name == "":
			refuse("a state has no name; expected neuron.StateEquation(name, next, initial)")
		case slices.Contains(meaning, s.name) || s.name == vThreshold || s.name == vReset:
			refuse("a state cannot be called %q, which has a meaning; choose another name", s.name)
		case !isName(s.name):
			refuse("a state cannot be called %q, which no formula can use; expected a name of letters, digits and _", s.name)
		case slices.Contains(given.given, s.name):
			refuse("%q is a parameter and a state, too; give one of them another name", s.name)
		case math.IsNaN(s.initial):
			refuse("state %s begins with NaN, expected a number", s.name)
		}
	}
	n := &equation{formula: formula, reset: given.resetFormula, states: given.stateFormulas, own: given.given}
	return New(n, options...)
}

// isName says whether a formula can use a name.
func isName(name string) bool {
	_, err := dynamics.Parse(name, map[string]dynamics.Expr{name: dynamics.State(name)})
	return err == nil
}

// StateEquation gives a neuron made by [Equation] another state than the
// potential: next is its value after a step, a formula as that of the charge,
// in which h is the potential after charging, H[t], and s the spike, S[t]. In
// all formulas its name stands for the value before the step.
//
//	neuron.Equation("v + (x - v - w)/tau", neuron.Param("tau", 2),
//		neuron.StateEquation("w", "0.9*w + 0.1*h + s", 0))
func StateEquation(name, next string, initial float64) Option {
	return func(c *config) { c.stateFormulas = append(c.stateFormulas, stateFormula{name, next, initial}) }
}

// ResetEquation gives a neuron made by [Equation] another reset: the potential
// after a step as a formula of h, the potential after charging, H[t], and s,
// the spike, S[t], such as "where(s, v_reset, h)" or "h - s*v_threshold/2".
func ResetEquation(formula string) Option {
	return func(c *config) { c.resetFormula = formula }
}
