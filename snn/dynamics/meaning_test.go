package dynamics

import (
	"fmt"
	"math"
	"slices"

	"pgregory.net/rapid"
)

// meaning is what expressions mean: one operation after the other, operands
// first. What an operation of float32 is, snn/vector says and tests.
type meaning struct {
	nodes []*node
	args  [][3]int
	roots []int
}

func meaningOf(list ...Expr) *meaning {
	m, at, done := &meaning{}, map[*node]int{}, map[*node]bool{}
	for _, e := range list {
		walkInto(done, e.n, func(n *node) {
			var args [3]int
			for k, a := range n.args[:operations[n.op].arity] {
				args[k] = at[a]
			}
			at[n] = len(m.nodes)
			m.nodes, m.args = append(m.nodes, n), append(m.args, args)
		})
		m.roots = append(m.roots, at[e.n])
	}
	return m
}

// all are the outputs of a definition, and behind them the next states.
func (d Definition) all() []Expr {
	list := slices.Clone(d.Outputs)
	for _, s := range d.States {
		list = append(list, s.Next)
	}
	return list
}

// evaluate returns the values of the roots.
func (m *meaning) evaluate(leaves map[string]float32) []float32 {
	x := make([]float32, len(m.nodes))
	for i, n := range m.nodes {
		a, b, c := x[m.args[i][0]], x[m.args[i][1]], x[m.args[i][2]]
		switch n.op {
		case OpInput, OpState, OpParam, OpUniform:
			x[i] = leaves[n.name]
		case OpConst:
			x[i] = n.value
		case OpSquare:
			x[i] = a * a
		default:
			x[i] = operations[n.op].vector.Value(a, b, c)
		}
	}
	roots := make([]float32, len(m.roots))
	for i, r := range m.roots {
		roots[i] = x[r]
	}
	return roots
}

func interpret(e Expr, leaves map[string]float32) float32 { return meaningOf(e).evaluate(leaves)[0] }

// evaluate64 returns the values of all nodes in float64. If it is given those
// of another run, it returns what a derivative sees of the definition: steps,
// comparisons and choices are as they were then, what is detached is what it was
// then, and what has a derivative of its own follows that one.
func (m *meaning) evaluate64(leaves map[string]float64, then []float64) []float64 {
	x := make([]float64, len(m.nodes))
	at := then
	if at == nil {
		at = x
	}
	for i, n := range m.nodes {
		args := m.args[i]
		a, b, c := x[args[0]], x[args[1]], x[args[2]]
		a0, b0 := at[args[0]], at[args[1]]
		choose := func(first bool, b, c float64) float64 {
			if first {
				return b
			}
			return c
		}
		switch n.op {
		case OpInput, OpState, OpParam, OpUniform:
			x[i] = leaves[n.name]
		case OpConst:
			x[i] = float64(n.value)
		case OpAdd:
			x[i] = a + b
		case OpSub:
			x[i] = a - b
		case OpMul:
			x[i] = a * b
		case OpDiv:
			x[i] = a / b
		case OpNeg:
			x[i] = -a
		case OpSquare:
			x[i] = a * a
		case OpAbs:
			x[i] = a * choose(a0 > 0, 1, choose(a0 < 0, -1, 0))
		case OpSqrt:
			x[i] = math.Sqrt(a)
		case OpExp:
			x[i] = math.Exp(a)
		case OpLog:
			x[i] = math.Log(a)
		case OpTanh:
			x[i] = math.Tanh(a)
		case OpSigmoid:
			x[i] = 1 / (1 + math.Exp(-a))
		case OpSin:
			x[i] = math.Sin(a)
		case OpCos:
			x[i] = math.Cos(a)
		case OpAtan:
			x[i] = math.Atan(a)
		case OpErf:
			x[i] = math.Erf(a)
		case OpPow:
			x[i] = math.Pow(a, b)
		case OpMin:
			x[i] = choose(a0 <= b0, a, b)
		case OpMax:
			x[i] = choose(a0 >= b0, a, b)
		case OpRound:
			x[i] = math.RoundToEven(a0)
		case OpFloor:
			x[i] = math.Floor(a0)
		case OpSign:
			x[i] = choose(a0 > 0, 1, choose(a0 < 0, -1, a0))
		case OpLess:
			x[i] = choose(a0 < b0, 1, 0)
		case OpLessEqual:
			x[i] = choose(a0 <= b0, 1, 0)
		case OpEqual:
			x[i] = choose(a0 == b0, 1, 0)
		case OpSelect:
			x[i] = choose(a0 != 0, b, c)
		case OpHeaviside:
			x[i] = choose(a0 >= 0, 1, 0)
		case OpMix:
			x[i] = a*b + (1-a)*c
		case OpDetach:
			x[i] = a0
		case OpGradient:
			if x[i] = a; then != nil {
				x[i] = a0 + then[args[2]]*(b-b0)
			}
		default:
			panic(fmt.Sprint("no meaning of ", n.op))
		}
	}
	return x
}

// simulate runs a definition neuron by neuron, step by step. It changes the
// states of r and fills its outputs, also those that a program may skip.
func simulate(d Definition, p *Program, r Run) {
	m := meaningOf(d.all()...)
	for i := range r.N {
		for k := range r.T {
			t := k
			if r.Reverse {
				t = r.T - 1 - k
			}
			leaves := map[string]float32{}
			for k, name := range p.Inputs() {
				leaves[name] = valueAt(r.Inputs[k], r, t, i)
			}
			for k, s := range d.States {
				leaves[s.Name] = r.States[k][i]
			}
			for k, name := range p.Params() {
				leaves[name] = r.Params[k][min(i, len(r.Params[k])-1)]
			}
			results := m.evaluate(leaves)
			for k := range d.Outputs {
				r.Outputs[k][t*r.N+i] = results[k]
			}
			for k := range d.States {
				r.States[k][i] = results[len(d.Outputs)+k]
			}
		}
	}
}

// valueAt is the value of an input.
func valueAt(x []float32, r Run, t, i int) float32 {
	if len(x) == r.T*r.N {
		return x[t*r.N+i]
	}
	return x[t]
}

var number = rapid.OneOf(rapid.SampledFrom(special), rapid.Float32Range(-3, 3))

// definitionGen draws a definition of up to three states: a pool of
// expressions grows by random operations on what is in it, so that parts are
// shared, and outputs and states are drawn from the pool, so that they may be
// leaves, equal, or swapped.
var definitionGen = rapid.Custom(func(t *rapid.T) Definition {
	d := Definition{Inputs: []string{"x", "y"}, States: make([]StateEquation, rapid.IntRange(0, 3).Draw(t, "states"))}
	pool := []Expr{Input("x"), Input("y"), Param("p"), Param("q"), Uniform("u"), Const(float64(number.Draw(t, "constant"))), Const(1), Const(0), Const(4)}
	for k := range d.States {
		d.States[k].Name = string(rune('a' + k))
		pool = append(pool, State(d.States[k].Name), State(d.States[k].Name)) // two nodes of one state
	}
	for range rapid.IntRange(0, 25).Draw(t, "operations") {
		pick := func() Expr { return rapid.SampledFrom(pool).Draw(t, "operand") }
		var e Expr
		switch op := Op(rapid.IntRange(int(OpAdd), int(opCount)+2).Draw(t, "operation")); op {
		case opCount + 2: // one whose derivative is a random number
			e = WithGradient(pick(), pick(), Uniform("w"))
		case opCount + 1: // a division that may become a product
			e = pick().Div(rapid.SampledFrom([]Expr{Param("p"), Const(4), Const(3)}).Draw(t, "divisor"))
		case opCount: // what is joined into one instruction
			h, threshold := pick(), pick()
			s := h.Sub(threshold).Heaviside()
			if e = s.Mix(pick(), h); rapid.Bool().Draw(t, "soft") {
				e = h.Sub(s.Mul(threshold))
			}
			pool = append(pool, s)
		default:
			e = apply(op, []Expr{pick(), pick(), pick()}[:operations[op].arity]...)
		}
		pool = append(pool, e)
	}
	late := func(label string) Expr { // large expressions are more interesting
		if rapid.Bool().Draw(t, label) {
			return pool[len(pool)-1]
		}
		return rapid.SampledFrom(pool).Draw(t, label)
	}
	for range rapid.IntRange(1, 3).Draw(t, "outputs") {
		d.Outputs = append(d.Outputs, late("output"))
	}
	for k := range d.States {
		d.States[k].Next = late("next")
	}
	return d
})

// runOf makes the arguments of a run from a pool of numbers. Every second input
// has one value for all neurons, every second parameter one for each.
func runOf(outputs int, p *Program, steps, n int, numbers []float32) Run {
	at := 0
	take := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = numbers[at%len(numbers)]
			at++
		}
		return s
	}
	r := Run{T: steps, N: n}
	for i := range p.Inputs() {
		r.Inputs = append(r.Inputs, take([]int{steps * n, steps}[i%2]))
	}
	for i := range p.Params() {
		r.Params = append(r.Params, take([]int{1, n}[i%2]))
	}
	for range outputs {
		r.Outputs = append(r.Outputs, make([]float32, steps*n))
	}
	for range p.States() {
		r.States = append(r.States, take(n))
	}
	return r
}

// cloneRun gives a run other outputs and states.
func cloneRun(r Run) Run {
	deep := func(lists [][]float32) [][]float32 {
		var copies [][]float32
		for _, l := range lists {
			copies = append(copies, slices.Clone(l))
		}
		return copies
	}
	r.Outputs, r.States = deep(r.Outputs), deep(r.States)
	return r
}

// differ returns where two runs differ.
func differ(got, want Run) string {
	for k := range want.Outputs {
		for i := range want.Outputs[k] {
			if got.Outputs[k] != nil && !equalBits(got.Outputs[k][i], want.Outputs[k][i]) {
				return fmt.Sprintf("value %d of output %d is %v, want %v", i, k, got.Outputs[k][i], want.Outputs[k][i])
			}
		}
	}
	for k := range want.States {
		for i := range want.States[k] {
			if got.States[k] != nil && !equalBits(got.States[k][i], want.States[k][i]) {
				return fmt.Sprintf("state %d of neuron %d is %v, want %v", k, i, got.States[k][i], want.States[k][i])
			}
		}
	}
	return ""
}

// lif is a definition of the size that matters.
func lif() Definition {
	v, x, tau, threshold, reset := State("v"), Input("x"), Param("tau"), Param("v_threshold"), Param("v_reset")
	h := v.Add(x.Sub(v.Sub(reset)).Div(tau))
	s := h.Sub(threshold).Heaviside()
	return Definition{Inputs: []string{"x"}, Outputs: []Expr{s}, States: []StateEquation{{"v", s.Mix(reset, h)}}}
}
