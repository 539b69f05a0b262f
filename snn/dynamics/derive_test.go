package dynamics

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// interpret64 is interpret in float64, for smooth operations. Operations that
// steer the derivative are as in a forward pass, but a spike is its smooth
// primitive, the sigmoid of four times its argument.
func interpret64(e Expr, leaves map[string]float64) float64 {
	known := map[*node]float64{}
	walk(e.n, func(n *node) {
		var a [3]float64
		for i, arg := range n.args[:operations[n.op].arity] {
			a[i] = known[arg]
		}
		truth := func(b bool) float64 {
			if b {
				return 1
			}
			return 0
		}
		f := map[Op]func() float64{
			OpInput: func() float64 { return leaves[n.name] }, OpState: func() float64 { return leaves[n.name] }, OpParam: func() float64 { return leaves[n.name] },
			OpConst: func() float64 { return float64(n.value) },
			OpAdd:   func() float64 { return a[0] + a[1] }, OpSub: func() float64 { return a[0] - a[1] },
			OpMul: func() float64 { return a[0] * a[1] }, OpDiv: func() float64 { return a[0] / a[1] },
			OpNeg: func() float64 { return -a[0] }, OpSquare: func() float64 { return a[0] * a[0] },
			OpAbs: func() float64 { return math.Abs(a[0]) }, OpSqrt: func() float64 { return math.Sqrt(a[0]) },
			OpExp: func() float64 { return math.Exp(a[0]) }, OpLog: func() float64 { return math.Log(a[0]) },
			OpTanh: func() float64 { return math.Tanh(a[0]) }, OpSigmoid: func() float64 { return 1 / (1 + math.Exp(-a[0])) },
			OpSin: func() float64 { return math.Sin(a[0]) }, OpCos: func() float64 { return math.Cos(a[0]) },
			OpAtan: func() float64 { return math.Atan(a[0]) }, OpErf: func() float64 { return math.Erf(a[0]) },
			OpPow: func() float64 { return math.Pow(a[0], a[1]) }, OpMin: func() float64 { return min(a[0], a[1]) },
			OpMax: func() float64 { return max(a[0], a[1]) }, OpSign: func() float64 { return math.Copysign(1, a[0]) },
			OpLess: func() float64 { return truth(a[0] < a[1]) }, OpLessEqual: func() float64 { return truth(a[0] <= a[1]) },
			OpSelect: func() float64 {
				if a[0] != 0 {
					return a[1]
				}
				return a[2]
			},
			OpMix:    func() float64 { return a[0]*a[1] + (1-a[0])*a[2] },
			OpDetach: func() float64 { return a[0] }, OpGradient: func() float64 { return a[0] },
		}[n.op]
		known[n] = f()
	})
	return known[e.n]
}

// smoothGen draws a definition whose operations have derivatives, and whose
// values stay small.
var smoothGen = rapid.Custom(func(t *rapid.T) Definition {
	d := Definition{Inputs: []string{"x", "y"}, States: make([]StateEquation, rapid.IntRange(1, 3).Draw(t, "states"))}
	pool := []Expr{Input("x"), Input("y"), Param("p"), Param("q"), Const(0.7), Const(1.3)}
	for k := range d.States {
		d.States[k].Name = string(rune('a' + k))
		pool = append(pool, State(d.States[k].Name))
	}
	for range rapid.IntRange(3, 15).Draw(t, "operations") {
		pick := func() Expr { return rapid.SampledFrom(pool).Draw(t, "operand") }
		positive := func() Expr { return pick().Square().Add(Const(0.5)) }
		small := func(e Expr) Expr { return e.Tanh() }
		pool = append(pool, []func() Expr{
			func() Expr { return pick().Add(pick()) }, func() Expr { return pick().Sub(pick()) },
			func() Expr { return small(pick()).Mul(pick()) }, func() Expr { return pick().Div(positive()) },
			func() Expr { return pick().Neg() }, func() Expr { return small(pick()).Square() },
			func() Expr { return small(pick()).Exp() }, func() Expr { return positive().Log() },
			func() Expr { return positive().Sqrt() }, func() Expr { return pick().Tanh() }, func() Expr { return pick().Sigmoid() },
			func() Expr { return pick().Sin() }, func() Expr { return pick().Cos() }, func() Expr { return pick().Atan() },
			func() Expr { return pick().Erf() }, func() Expr { return positive().Power(small(pick())) },
			func() Expr { return pick().Sigmoid().Mix(pick(), pick()) },
		}[rapid.IntRange(0, 16).Draw(t, "operation")]())
	}
	last := func() Expr { return pool[len(pool)-1-rapid.IntRange(0, 3).Draw(t, "which")] }
	d.Outputs = []Expr{last(), last()}
	for k := range d.States {
		d.States[k].Next = last().Tanh()
	}
	return d
})

// problem is a definition with numbers, one neuron, and what the outputs and
// last states count in the loss.
type problem struct {
	d          Definition
	steps      int
	x          map[string][]float64 // inputs: one for each step
	states     []float64
	params     map[string]*float64
	out        [][]float64 // weights of the outputs, by output and step
	lastStates []float64
}

// loss runs a problem in float64.
func (p *problem) loss() (loss float64) {
	states := slices.Clone(p.states)
	for t := range p.steps {
		leaves := map[string]float64{}
		for name, v := range p.params {
			leaves[name] = *v
		}
		for name, v := range p.x {
			leaves[name] = v[t]
		}
		for k, s := range p.d.States {
			leaves[s.Name] = states[k]
		}
		for k, e := range p.d.Outputs {
			loss += p.out[k][t] * interpret64(e, leaves)
		}
		for k, s := range p.d.States {
			states[k] = interpret64(s.Next, leaves)
		}
	}
	for k, w := range p.lastStates {
		loss += w * states[k]
	}
	return loss
}

// slope is the derivative of the loss by one of the numbers.
func (p *problem) slope(number *float64) float64 {
	const h = 1e-5
	at := *number
	defer func() { *number = at }()
	*number = at + h
	up := p.loss()
	*number = at - h
	return (up - p.loss()) / (2 * h)
}

// gradients runs the two programs of the derivative.
func (p *problem) gradients(t interface {
	Helper()
	Fatal(...any)
}) (inputs map[string][]float32, states []float32, params map[string]float32) {
	t.Helper()
	names := []string{"p", "q"}
	der, err := p.d.Differentiate(p.d.Inputs, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	single := func(list []float64) []float32 {
		var s []float32
		for _, v := range list {
			s = append(s, float32(v))
		}
		return s
	}
	args := func(program *Program) (list [][]float32) {
		for _, name := range program.Params() {
			list = append(list, []float32{float32(*p.params[name])})
		}
		return list
	}
	forward := Run{T: p.steps, N: 1, Params: args(der.Forward)}
	for _, name := range p.d.Inputs {
		forward.Inputs = append(forward.Inputs, single(p.x[name]))
	}
	for range len(der.Forward.outputs) {
		forward.Outputs = append(forward.Outputs, make([]float32, p.steps))
	}
	for _, s := range p.states {
		forward.States = append(forward.States, []float32{float32(s)})
	}
	der.Forward.Run(forward)

	backward := Run{T: p.steps, N: 1, Reverse: true, Params: args(der.Backward)}
	for _, s := range der.Saved {
		if s.Input >= 0 {
			backward.Inputs = append(backward.Inputs, forward.Inputs[s.Input])
		} else {
			backward.Inputs = append(backward.Inputs, forward.Outputs[s.Output])
		}
	}
	for _, w := range p.out {
		backward.Inputs = append(backward.Inputs, single(w))
	}
	for range p.d.Inputs {
		backward.Outputs = append(backward.Outputs, make([]float32, p.steps))
	}
	for _, w := range p.lastStates {
		backward.States = append(backward.States, []float32{float32(w)})
	}
	for range names {
		backward.States = append(backward.States, []float32{0})
	}
	der.Backward.Run(backward)
	inputs, params = map[string][]float32{}, map[string]float32{}
	for i, name := range p.d.Inputs {
		inputs[name] = backward.Outputs[i]
	}
	for i := range p.states {
		states = append(states, backward.States[i][0])
	}
	for i, name := range names {
		params[name] = backward.States[len(p.states)+i][0]
	}
	return inputs, states, params
}

// check compares the gradients with differences.
func (p *problem) check(t interface {
	Helper()
	Fatal(...any)
}) {
	t.Helper()
	inputs, states, params := p.gradients(t)
	scale := 1.0
	compare := func(what string, got float32, number *float64) {
		t.Helper()
		want := p.slope(number)
		scale = max(scale, math.Abs(want))
		if math.Abs(float64(got)-want) > 1e-4*scale && !math.IsNaN(want) && math.Abs(want) < 1e6 {
			t.Fatal(fmt.Sprintf("gradient of %s: got %v, want %v\noutputs: %v\nstates: %v", what, got, want, p.d.Outputs, p.d.States))
		}
	}
	for _, name := range []string{"p", "q"} {
		compare("parameter "+name, params[name], p.params[name])
	}
	for name, list := range p.x {
		for i := range list {
			compare(fmt.Sprint(name, " at step ", i), inputs[name][i], &list[i])
		}
	}
	for i := range p.states {
		compare("state "+p.d.States[i].Name, states[i], &p.states[i])
	}
}

// TestAdjoint: for any smooth definition the gradients are the slopes of the
// loss.
func TestAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &problem{d: smoothGen.Draw(t, "definition"), steps: rapid.IntRange(1, 4).Draw(t, "T")}
		draw := func() float64 { return float64(float32(rapid.Float64Range(-1, 1).Draw(t, "number"))) }
		list := func(n int) (l []float64) {
			for range n {
				l = append(l, draw())
			}
			return l
		}
		p.x = map[string][]float64{"x": list(p.steps), "y": list(p.steps)}
		p.params = map[string]*float64{"p": new(float64), "q": new(float64)}
		*p.params["p"], *p.params["q"] = draw(), draw()
		p.states, p.lastStates = list(len(p.d.States)), list(len(p.d.States))
		p.out = [][]float64{list(p.steps), list(p.steps)}
		p.check(t)
	})
}
