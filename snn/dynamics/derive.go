package dynamics

import (
	"fmt"
	"math"
	"slices"
)

// derivatives has a rule for each operation that passes a gradient on: what
// reaches the operands when g reaches e, which is the operation of a, b and c.
// A zero Expr means nothing. Operations without a rule are constant almost
// everywhere.
var derivatives = [opCount]func(a, b, c, e, g Expr) [3]Expr{
	OpAdd: func(_, _, _, _, g Expr) [3]Expr { return [3]Expr{g, g} },
	OpSub: func(_, _, _, _, g Expr) [3]Expr { return [3]Expr{g, g.Neg()} },
	OpMul: func(a, b, _, _, g Expr) [3]Expr { return [3]Expr{g.Mul(b), g.Mul(a)} },
	OpDiv: func(_, b, _, e, g Expr) [3]Expr { return [3]Expr{g.Div(b), g.Mul(e).Div(b).Neg()} },
	OpNeg: func(_, _, _, _, g Expr) [3]Expr { return [3]Expr{g.Neg()} },
	OpSquare: func(a, _, _, _, g Expr) [3]Expr {
		return [3]Expr{g.Mul(a.Add(a))}
	},
	OpAbs:     func(a, _, _, _, g Expr) [3]Expr { return [3]Expr{g.Mul(a.Sign())} },
	OpSqrt:    func(_, _, _, e, g Expr) [3]Expr { return [3]Expr{g.Div(e.Add(e))} },
	OpExp:     func(_, _, _, e, g Expr) [3]Expr { return [3]Expr{g.Mul(e)} },
	OpLog:     func(a, _, _, _, g Expr) [3]Expr { return [3]Expr{g.Div(a)} },
	OpTanh:    func(_, _, _, e, g Expr) [3]Expr { return [3]Expr{g.Mul(Const(1).Sub(e.Square()))} },
	OpSigmoid: func(_, _, _, e, g Expr) [3]Expr { return [3]Expr{g.Mul(Const(1).Sub(e).Mul(e))} },
	OpSin:     func(a, _, _, _, g Expr) [3]Expr { return [3]Expr{g.Mul(a.Cos())} },
	OpCos:     func(a, _, _, _, g Expr) [3]Expr { return [3]Expr{g.Mul(a.Sin()).Neg()} },
	OpAtan:    func(a, _, _, _, g Expr) [3]Expr { return [3]Expr{g.Div(a.Square().Add(Const(1)))} },
	OpErf: func(a, _, _, _, g Expr) [3]Expr {
		return [3]Expr{g.Mul(a.Square().Neg().Exp().Mul(Const(2 / math.Sqrt(math.Pi))))}
	},
	OpPow: func(a, b, _, e, g Expr) [3]Expr { // 0 where it does not matter, not NaN: for a**0, and for 0**b
		byBase := b.Equal(Const(0)).Select(Const(0), b.Mul(a.Power(b.Sub(Const(1)))))
		byExponent := a.Equal(Const(0)).Select(Const(0), e.Mul(a.Log()))
		return [3]Expr{g.Mul(byBase), g.Mul(byExponent)}
	},
	OpMin:    func(a, b, _, _, g Expr) [3]Expr { return either(a.LessEqual(b), g) },
	OpMax:    func(a, b, _, _, g Expr) [3]Expr { return either(b.LessEqual(a), g) },
	OpSelect: func(a, _, _, _, g Expr) [3]Expr { e := either(a, g); return [3]Expr{{}, e[0], e[1]} },
	OpMix: func(a, b, c, _, g Expr) [3]Expr {
		return [3]Expr{g.Mul(b.Sub(c)), g.Mul(a), g.Mul(Const(1).Sub(a))}
	},
	OpGradient: func(_, _, c, _, g Expr) [3]Expr { return [3]Expr{{}, g.Mul(c)} },
}

// either passes g to the one that was chosen.
func either(first, g Expr) [3]Expr {
	return [3]Expr{first.Select(g, Const(0)), first.Select(Const(0), g)}
}

// adjoint returns the gradients of the leaves, by their nodes' operation and
// name, from those that reach the expressions of seeds.
func adjoint(seeds []seed) map[leafKey]Expr {
	var order []*node // operands first
	done := map[*node]bool{}
	for _, s := range seeds {
		walkInto(done, s.of.n, func(n *node) { order = append(order, n) })
	}
	gradient := map[*node]Expr{}
	add := func(n *node, g Expr) {
		if old, ok := gradient[n]; ok {
			g = old.Add(g)
		}
		gradient[n] = g
	}
	for _, s := range seeds {
		add(s.of.n, s.gradient)
	}
	leaves := map[leafKey]Expr{}
	for _, n := range slices.Backward(order) {
		g, reached := gradient[n]
		if !reached {
			continue
		}
		if operations[n.op].arity == 0 {
			key := leafKey{n.op, n.name}
			if old, ok := leaves[key]; ok {
				g = old.Add(g)
			}
			leaves[key] = g
			continue
		}
		rule := derivatives[n.op]
		if rule == nil {
			continue
		}
		arg := func(i int) Expr { return Expr{n.args[i]} }
		for i, part := range rule(arg(0), arg(1), arg(2), Expr{n}, g) {
			if part.n != nil && depends(n.args[i]) {
				add(n.args[i], part)
			}
		}
	}
	return leaves
}

// depends says whether a gradient that reaches a node is of use.
func depends(n *node) bool { return n.op != OpConst && n.op != OpUniform }

type seed struct{ of, gradient Expr }

type leafKey struct {
	op   Op
	name string
}

// A Derivative is what it takes to run a definition forward and back.
//
// Forward is the program of the definition with more outputs: what the backward
// pass needs, as few values as possible. Backward goes through the steps from
// the last to the first (Run.Reverse):
//
//   - its inputs are those of Saved, in that order, and behind them the
//     gradients of the outputs, as far as they were asked for;
//   - its outputs are the gradients of the inputs that were asked for;
//   - its states are the gradients of the states, in the order of the
//     definition: before the run those of the states after the last step, and
//     then of those before the first step. Behind them are the gradients of the
//     parameters that were asked for: one for each neuron, added up over the
//     steps, to begin with 0.
//
// Params of both programs are named; they have the same values. A random number
// that stands in a derivative alone ([WithGradient]) is an input of Forward, but
// none of the program of [Compile].
type Derivative struct {
	Forward, Backward *Program
	Saved             []Saved
}

// Saved is an input of the backward pass: what was the input of the forward
// pass with the number Input, or if Input is -1 its output with the number
// Output.
type Saved struct{ Input, Output int }

// Differentiate returns the programs for the gradients of the inputs and
// parameters that are named, and of all states. outputs says to which outputs
// of the definition gradients may come, one for each; nil means all. The error
// is an *Error.
func (d Definition) Differentiate(inputs, params []string, outputs []bool) (der *Derivative, err error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	defer catch(&err) // sums of gradients may be deeper than the definition
	back, err := d.backward(inputs, params, outputs)
	if err != nil {
		return nil, err
	}
	return split(d, back)
}

// backward returns the definition of a step of the backward pass. It uses the
// inputs and states of the forward pass.
func (d Definition) backward(inputs, params []string, outputs []bool) (back Definition, err error) {
	if outputs != nil && len(outputs) != len(d.Outputs) {
		return back, errorf("outputs has %d values, expected one for each of the %d outputs", len(outputs), len(d.Outputs))
	}
	var seeds []seed
	for i, e := range d.Outputs {
		if outputs == nil || outputs[i] {
			name := fmt.Sprint("gradient of output ", i)
			seeds = append(seeds, seed{e, Input(name)})
			back.Inputs = append(back.Inputs, name)
		}
	}
	gradientOf := func(state string) string { return "gradient of state " + state }
	for _, s := range d.States {
		seeds = append(seeds, seed{s.Next, State(gradientOf(s.Name))})
	}
	leaves := adjoint(seeds)
	of := func(op Op, name string) Expr {
		if g, ok := leaves[leafKey{op, name}]; ok {
			return g
		}
		return Const(0)
	}
	known := map[string]bool{}
	for _, name := range d.Inputs {
		known[name] = true
	}
	for _, name := range inputs {
		if !known[name] {
			return back, errorf("there is no input %q; the inputs are %q", name, d.Inputs)
		}
		back.Outputs = append(back.Outputs, of(OpInput, name))
	}
	for _, s := range d.States {
		back.States = append(back.States, StateEquation{gradientOf(s.Name), of(OpState, s.Name)})
	}
	asked := map[string]bool{}
	for _, name := range params {
		if asked[name] {
			return back, errorf("the gradient of parameter %q is asked for twice", name)
		}
		asked[name] = true
		sum := "gradient of parameter " + name
		back.States = append(back.States, StateEquation{sum, State(sum).Add(of(OpParam, name))})
	}
	return back, nil
}

// split makes the two programs of values that are numbered together, so that
// the backward pass can use any value of the forward pass.
func split(d, back Definition) (*Derivative, error) {
	v := newValues()
	forward, err := v.roots(d)
	if err != nil {
		return nil, err
	}
	backward, err := v.roots(back)
	if err != nil {
		return nil, err
	}
	backward.inputs = backward.inputs[:len(back.Inputs)] // the random numbers are those of the forward pass
	saved := v.cut(d, backward)
	isInput := map[value]int{}
	for k, x := range forward.inputs {
		isInput[x] = k
	}
	given := len(forward.outputs)
	for _, i := range saved {
		if x := v.list[i]; x.leaf != OpInput && x.leaf != OpUniform {
			forward.outputs = append(forward.outputs, i)
		}
	}
	need, isSaved := v.needed(forward, nil), v.mark(saved)
	for i, x := range v.list { // random numbers that only the backward pass has a use for
		if _, have := isInput[x]; !have && x.leaf == OpUniform && (need[i] || isSaved[i]) {
			isInput[x] = len(forward.inputs)
			forward.inputs = append(forward.inputs, x)
		}
	}
	der := &Derivative{}
	for _, i := range saved {
		if k, ok := isInput[v.list[i]]; ok {
			der.Saved = append(der.Saved, Saved{k, -1})
		} else {
			der.Saved = append(der.Saved, Saved{-1, given})
			given++
		}
	}
	if der.Forward, err = v.program(forward, nil); err != nil {
		return nil, err
	}
	der.Backward, err = v.program(backward, saved)
	return der, err
}
