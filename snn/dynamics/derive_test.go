package dynamics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// slope is the derivative of f at x by differences, to four orders.
func slope(x float64, f func(x float64) float64) float64 {
	h := 1e-4 * max(1, math.Abs(x))
	return (8*(f(x+h)-f(x-h)) - (f(x+2*h) - f(x-2*h))) / (12 * h)
}

// near says whether a gradient is the slope, in numbers of about the size
// scale.
func near(got, want, tolerance, scale float64) bool {
	return math.Abs(got-want) <= tolerance*max(scale, math.Abs(want))
}

// Each rule alone: the gradient of every operand is the slope, times what
// reaches the result.
func TestRules(t *testing.T) {
	a, b, c := Input("a"), Input("b"), Input("c")
	tested := map[Op]bool{}
	for _, test := range []struct {
		e      Expr
		points [][3]float64
	}{
		{a.Add(b), [][3]float64{{1, 2}, {-3, 0.5}}},
		{a.Sub(b), [][3]float64{{1, 2}, {-3, 0.5}}},
		{a.Mul(b), [][3]float64{{1, 2}, {-3, 0.5}, {0, 2}}},
		{a.Div(b), [][3]float64{{1, 2}, {-3, 0.5}, {0, -2}}},
		{a.Neg(), [][3]float64{{1}, {-3}}},
		{a.Square(), [][3]float64{{1}, {-3}, {0}}},
		{a.Abs(), [][3]float64{{1}, {-3}}},
		{a.Sqrt(), [][3]float64{{1}, {0.3}, {9}}},
		{a.Exp(), [][3]float64{{1}, {-3}, {0}}},
		{a.Log(), [][3]float64{{1}, {0.3}, {9}}},
		{a.Tanh(), [][3]float64{{1}, {-3}, {0}}},
		{a.Sigmoid(), [][3]float64{{1}, {-3}, {0}}},
		{a.Sin(), [][3]float64{{1}, {-3}, {0}}},
		{a.Cos(), [][3]float64{{1}, {-3}, {0.1}}},
		{a.Atan(), [][3]float64{{1}, {-3}, {0}}},
		{a.Erf(), [][3]float64{{1}, {-0.7}, {0}, {2}}},
		{a.Power(b), [][3]float64{{1, 2}, {0.3, -1.5}, {2, 0.5}}},
		{a.Power(Const(3)), [][3]float64{{-2}, {0.5}, {0}}},
		{a.Min(b), [][3]float64{{1, 2}, {2, 1}}},
		{a.Max(b), [][3]float64{{1, 2}, {2, 1}}},
		{a.Select(b, c), [][3]float64{{1, 2, 3}, {0.5, 2, 3}}},
		{a.Less(Const(0)).Select(b, c), [][3]float64{{1, 2, 3}, {-1, 2, 3}}},
		{a.Mix(b, c), [][3]float64{{1, 2, 3}, {0.3, -2, 3}, {-1, 2, 2}}},
		{a.Round().Mul(b), [][3]float64{{1.2, 2}, {1.7, -1}}},
		{a.Floor().Mul(b), [][3]float64{{1.2, 2}, {1.7, -1}}},
		{a.Sign().Mul(b), [][3]float64{{1.2, 2}, {-1.7, -1}}},
		{a.LessEqual(c).Mul(b), [][3]float64{{1.2, 2}, {-1.7, -1}}},
		{a.Equal(c).Mul(b), [][3]float64{{1.2, 2}, {-1.7, -1}}},
		{a.Heaviside().Mul(b), [][3]float64{{1.2, 2}, {-1.7, -1}}},
		{a.Detach().Mul(a).Add(b), [][3]float64{{1.2, 2}, {-1.7, -1}}},
		{WithGradient(a.Floor(), a.Mul(b), c), [][3]float64{{1.2, 2, 3}, {-1.7, -1, 0.5}}},
		{WithGradient(a, a.Neg(), a.Exp()).Mul(a), [][3]float64{{1.2}, {-1.7}}},
	} {
		walk(test.e.n, func(n *node) { tested[n.op] = true })
		upstream := Input("upstream")
		gradients := adjoint([]seed{{test.e, upstream}})
		m := meaningOf(test.e)
		for _, point := range test.points {
			leaves := map[string]float64{"upstream": -1.5}
			for k, name := range []string{"a", "b", "c"} {
				leaves[name] = point[k]
			}
			then := m.evaluate64(leaves, nil)
			for _, name := range []string{"a", "b", "c"} {
				at := leaves[name]
				want := -1.5 * slope(at, func(x float64) float64 {
					leaves[name] = x
					return m.evaluate64(leaves, then)[m.roots[0]]
				})
				leaves[name] = at
				var got float64
				if g, ok := gradients[leafKey{OpInput, name}]; ok {
					got = result64(g, leaves)
				}
				if !near(got, want, 1e-7, 1) {
					t.Errorf("%v at %v by %s: got %v, want %v", test.e, point, name, got, want)
				}
			}
		}
	}
	for op := OpConst + 1; op < opCount; op++ {
		if !tested[op] {
			t.Errorf("%v is not tested", op)
		}
	}
}

func result64(e Expr, leaves map[string]float64) float64 {
	m := meaningOf(e)
	return m.evaluate64(leaves, nil)[m.roots[0]]
}

// What has no slope has a gradient of our choice, and where the slope is 0 times
// infinity it is 0.
func TestGradientAtKinks(t *testing.T) {
	names := map[string]Expr{"x": Input("x"), "y": Input("y"), "p": Input("p")}
	for _, test := range []struct {
		formula string
		by      string
		x, y, p float32
		want    float32
	}{
		{"abs(x)", "x", 0, 0, 0, 0},
		{"relu(x)", "x", 0, 0, 0, 0},
		{"relu(x)", "x", 1, 0, 0, 1},
		{"relu(x)", "x", -1, 0, 0, 0},
		{"min(x, y)", "x", 2, 2, 0, 1},
		{"min(x, y)", "y", 2, 2, 0, 0},
		{"max(x, y)", "x", 2, 2, 0, 1},
		{"max(x, y)", "y", 2, 2, 0, 0},
		{"clamp(x, 0, 1)", "x", 0, 0, 0, 1},
		{"clamp(x, 0, 1)", "x", 1, 0, 0, 1},
		{"clamp(x, 0, 1)", "x", 1.5, 0, 0, 0},
		{"clamp(x, 0, 1)", "x", -0.5, 0, 0, 0},
		{"sqrt(x)", "x", 0, 0, 0, inf},
		{"log(x)", "x", 0, 0, 0, inf},
		{"x**p", "x", 0, 0, 2, 0},
		{"x**p", "x", 0, 0, 1, 1},
		{"x**p", "x", 0, 0, 0.5, inf},
		{"x**p", "x", 0, 0, 0, 0},
		{"x**0", "x", 0, 0, 0, 0},
		{"x**p", "p", 0, 0, 2, 0},
		{"x**p", "p", 0, 0, 0, 0},
		{"x**p", "p", -1, 0, 2, nan},
		{"where(x > 0, x, exp(x))", "x", 0, 0, 0, 1},
		{"round(x) + floor(x) + sign(x) + heaviside(x) + (x < y) + (x <= y) + (x == y)", "x", 0, 0, 0, 0},
		{"round(x)", "x", nan, 0, 0, 0},
		{"tanh(x) + sigmoid(x) + erf(x) + atan(x)", "x", inf, 0, 0, 0},
		{"tanh(x) + sigmoid(x) + atan(x)", "x", 0, 0, 0, 2.25},
	} {
		e, err := Parse(test.formula, names)
		if err != nil {
			t.Fatal(err)
		}
		got := float32(0)
		if g, ok := adjoint([]seed{{e, Const(1)}})[leafKey{OpInput, test.by}]; ok {
			got = interpret(g, map[string]float32{"x": test.x, "y": test.y, "p": test.p})
		}
		if !equalBits(got, test.want) {
			t.Errorf("%s by %s at x=%v, y=%v, p=%v: got %v, want %v", test.formula, test.by, test.x, test.y, test.p, got, test.want)
		}
	}
}

// steep is a surrogate with values that are easy to write down.
type steep struct{}

func (steep) Primitive(x Expr) Expr { return x.Mul(Const(4)).Sigmoid() }
func (s steep) Gradient(x Expr) Expr {
	e := s.Primitive(x)
	return Const(4).Mul(e.Mul(Const(1).Sub(e)))
}
func (steep) String() string { return "steep" }

// relaxed is a surrogate that gives its primitive out.
type relaxed struct{ steep }

func (r relaxed) Forward(x Expr) Expr { return r.Primitive(x) }

// differentiableGen draws a definition with all operations, whose values stay
// small and away from what has no derivative.
var differentiableGen = rapid.Custom(func(t *rapid.T) Definition {
	d := Definition{Inputs: []string{"x", "y"}, States: make([]StateEquation, rapid.IntRange(1, 3).Draw(t, "states"))}
	pool := []Expr{Input("x"), Input("y"), Param("p"), Param("q"), Uniform("u"), Const(0.7), Const(1.3)}
	for k := range d.States {
		d.States[k].Name = string(rune('a' + k))
		pool = append(pool, State(d.States[k].Name))
	}
	pick := func() Expr { return rapid.SampledFrom(pool).Draw(t, "operand") }
	positive := func() Expr { return pick().Square().Add(Const(0.5)) }
	small := func() Expr { return pick().Tanh() }
	ways := []func() Expr{
		func() Expr { return pick().Add(pick()) }, func() Expr { return pick().Sub(pick()) },
		func() Expr { return small().Mul(pick()) }, func() Expr { return pick().Div(positive()) },
		func() Expr { return pick().Neg() }, func() Expr { return small().Square() }, func() Expr { return pick().Abs() },
		func() Expr { return small().Exp() }, func() Expr { return positive().Log() },
		func() Expr { return positive().Sqrt() }, small, func() Expr { return pick().Sigmoid() },
		func() Expr { return pick().Sin() }, func() Expr { return pick().Cos() }, func() Expr { return pick().Atan() },
		func() Expr { return pick().Erf() }, func() Expr { return positive().Power(small()) },
		func() Expr { return pick().Sigmoid().Mix(pick(), pick()) },
		func() Expr { return pick().Min(pick()) }, func() Expr { return pick().Max(pick()) },
		func() Expr { return pick().Less(pick()).Select(pick(), pick()) }, func() Expr { return pick().LessEqual(pick()).Mul(pick()) },
		func() Expr { return pick().Equal(pick()).Add(pick()) }, func() Expr { return pick().Round().Add(pick()) },
		func() Expr { return pick().Floor().Sub(pick()) }, func() Expr { return pick().Sign().Mul(pick()) },
		func() Expr { return pick().Heaviside().Mix(pick(), pick()) }, func() Expr { return pick().Detach().Mul(small()) },
		func() Expr { return WithGradient(pick(), pick(), small()) }, func() Expr { return pick().Spike(steep{}) },
		func() Expr { return pick().Spike(relaxed{}) },
	}
	for range rapid.IntRange(3, 20).Draw(t, "operations") {
		pool = append(pool, ways[rapid.IntRange(0, len(ways)-1).Draw(t, "operation")]())
	}
	last := func() Expr { return pool[len(pool)-1-rapid.IntRange(0, 3).Draw(t, "which")] }
	d.Outputs = []Expr{last(), last()}
	for k := range d.States {
		d.States[k].Next = last().Tanh()
	}
	return d
})

// problem is a definition with numbers, for one neuron, and how much its outputs
// and last states count in the loss.
type problem struct {
	d          Definition
	m          *meaning
	steps      int
	inputs     map[string][]float64 // one value for each step
	params     map[string]float64
	states     []float64
	weights    [][]float64 // of the outputs, by output and step
	lastWeight []float64   // of the states after the last step
	then       [][]float64 // the values of all steps as they are
}

// newProblem draws numbers. They are not those that rapid likes: ties and zeros
// have tests of their own.
func newProblem(d Definition, steps int, seed uint64) *problem {
	random := rand.New(rand.NewPCG(seed, 1))
	list := func(n int) (l []float64) {
		for range n {
			l = append(l, float64(float32(random.Float64()*2-1)))
		}
		return l
	}
	p := &problem{d: d, m: meaningOf(d.all()...), steps: steps}
	p.inputs = map[string][]float64{"x": list(steps), "y": list(steps), "u": list(steps)}
	p.params = map[string]float64{"p": list(1)[0], "q": list(1)[0]}
	p.states, p.lastWeight = list(len(d.States)), list(len(d.States))
	for range d.Outputs {
		p.weights = append(p.weights, list(steps))
	}
	p.run(func(_ int, x []float64) { p.then = append(p.then, x) })
	return p
}

// leavesAt are the leaves of a step, but for the states.
func (p *problem) leavesAt(t int) map[string]float64 {
	leaves := map[string]float64{}
	for name, v := range p.params {
		leaves[name] = v
	}
	for name, v := range p.inputs {
		leaves[name] = v[t]
	}
	return leaves
}

// run returns the loss, in float64. visit sees the values of each step.
func (p *problem) run(visit func(t int, x []float64)) (loss float64) {
	states := slices.Clone(p.states)
	for t := range p.steps {
		leaves := p.leavesAt(t)
		for k, s := range p.d.States {
			leaves[s.Name] = states[k]
		}
		var then []float64
		if len(p.then) == p.steps {
			then = p.then[t]
		}
		x := p.m.evaluate64(leaves, then)
		visit(t, x)
		for k := range p.d.Outputs {
			loss += p.weights[k][t] * x[p.m.roots[k]]
		}
		for k := range p.d.States {
			states[k] = x[p.m.roots[len(p.d.Outputs)+k]]
		}
	}
	for k, w := range p.lastWeight {
		loss += w * states[k]
	}
	return loss
}

// slope is the derivative of the loss by one of the numbers.
func (p *problem) slope(set func(x float64), at float64) float64 {
	defer set(at)
	return slope(at, func(x float64) float64 {
		set(x)
		return p.run(func(int, []float64) {})
	})
}

// gradients are those of the inputs by step, of the states and of the
// parameters.
type gradients struct {
	inputs         map[string][]float64
	states, params []float64
}

// adjoint64 goes through the definition of the backward pass in float64.
func (p *problem) adjoint64(back Definition) gradients {
	var before [][]float64 // the states before each step
	states := slices.Clone(p.states)
	p.run(func(_ int, x []float64) {
		before = append(before, slices.Clone(states))
		for k := range states {
			states[k] = x[p.m.roots[len(p.d.Outputs)+k]]
		}
	})
	m := meaningOf(back.all()...)
	g := gradients{map[string][]float64{}, slices.Concat(p.lastWeight, make([]float64, len(back.States)-len(p.states))), nil}
	for _, name := range p.d.Inputs {
		g.inputs[name] = make([]float64, p.steps)
	}
	for t := p.steps - 1; t >= 0; t-- {
		leaves := p.leavesAt(t)
		for k, s := range p.d.States {
			leaves[s.Name] = before[t][k]
		}
		for k, name := range back.Inputs {
			leaves[name] = p.weights[k][t]
		}
		for k, s := range back.States {
			leaves[s.Name] = g.states[k]
		}
		x := m.evaluate64(leaves, nil)
		for k, name := range p.d.Inputs {
			g.inputs[name][t] = x[m.roots[k]]
		}
		for k := range back.States {
			g.states[k] = x[m.roots[len(back.Outputs)+k]]
		}
	}
	g.states, g.params = g.states[:len(p.states)], g.states[len(p.states):]
	return g
}

// engine runs the two programs of the derivative.
func (p *problem) engine(der *Derivative, params []string) gradients {
	single := func(list []float64) (s []float32) {
		for _, v := range list {
			s = append(s, float32(v))
		}
		return s
	}
	double := func(list []float32) (s []float64) {
		for _, v := range list {
			s = append(s, float64(v))
		}
		return s
	}
	args := func(program *Program) (list [][]float32) {
		for _, name := range program.Params() {
			list = append(list, single([]float64{p.params[name]}))
		}
		return list
	}
	forward := Run{T: p.steps, N: 1, Params: args(der.Forward)}
	for _, name := range der.Forward.Inputs() {
		forward.Inputs = append(forward.Inputs, single(p.inputs[name]))
	}
	for range der.Forward.outputs {
		forward.Outputs = append(forward.Outputs, make([]float32, p.steps))
	}
	for _, s := range p.states {
		forward.States = append(forward.States, single([]float64{s}))
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
	for _, w := range p.weights {
		backward.Inputs = append(backward.Inputs, single(w))
	}
	for range p.d.Inputs {
		backward.Outputs = append(backward.Outputs, make([]float32, p.steps))
	}
	for _, w := range p.lastWeight {
		backward.States = append(backward.States, single([]float64{w}))
	}
	for range params {
		backward.States = append(backward.States, []float32{0})
	}
	der.Backward.Run(backward)
	g := gradients{inputs: map[string][]float64{}}
	for i, name := range p.d.Inputs {
		g.inputs[name] = double(backward.Outputs[i])
	}
	for i, s := range backward.States {
		if i < len(p.states) {
			g.states = append(g.states, double(s)...)
		} else {
			g.params = append(g.params, double(s)...)
		}
	}
	return g
}

// compare reports where gradients are not what is wanted. The numbers are added
// up to what the loss weighs them by, so small ones may be less exact.
func (p *problem) compare(t *rapid.T, what string, got, want gradients, tolerance float64) {
	t.Helper()
	scale := 1.0
	for _, list := range want.inputs {
		for _, v := range list {
			scale = max(scale, math.Abs(v))
		}
	}
	for _, v := range slices.Concat(want.states, want.params) {
		scale = max(scale, math.Abs(v))
	}
	check := func(name string, got, want []float64) {
		t.Helper()
		for i := range want {
			if !near(got[i], want[i], tolerance, scale) {
				t.Fatalf("%s: gradient %d of %s: got %v, want %v\noutputs: %v\nstates: %v", what, i, name, got, want, p.d.Outputs, p.d.States)
			}
		}
	}
	for name := range want.inputs {
		check(name, got.inputs[name], want.inputs[name])
	}
	check("states", got.states, want.states)
	check("parameters", got.params, want.params)
}

// TestAdjoint: for any definition the gradients are the slopes of the loss, and
// the engine computes them.
func TestAdjoint(t *testing.T) {
	params := []string{"p", "q"}
	rapid.Check(t, func(t *rapid.T) {
		d := differentiableGen.Draw(t, "definition")
		p := newProblem(d, rapid.IntRange(1, 4).Draw(t, "T"), rapid.Uint64().Draw(t, "seed"))
		want := gradients{inputs: map[string][]float64{}}
		for _, name := range d.Inputs {
			for i, at := range p.inputs[name] {
				want.inputs[name] = append(want.inputs[name], p.slope(func(x float64) { p.inputs[name][i] = x }, at))
			}
		}
		for i, at := range p.states {
			want.states = append(want.states, p.slope(func(x float64) { p.states[i] = x }, at))
		}
		for _, name := range params {
			want.params = append(want.params, p.slope(func(x float64) { p.params[name] = x }, p.params[name]))
		}
		back, err := d.backward(d.Inputs, params, nil)
		if err != nil {
			t.Fatal(err)
		}
		exact := p.adjoint64(back)
		p.compare(t, "float64", exact, want, 1e-6)
		der, err := d.Differentiate(d.Inputs, params, nil)
		if err != nil {
			t.Fatal(err)
		}
		if steady(p) { // else a step may fall on another side in float32
			p.compare(t, "engine", p.engine(der, params), exact, 2e-4)
		}
	})
}

// steady says whether no step or comparison of a run is close to where it jumps.
func steady(p *problem) bool {
	const margin = 1e-3
	for _, x := range p.then {
		for i, n := range p.m.nodes {
			a, b := x[p.m.args[i][0]], x[p.m.args[i][1]]
			close := false
			switch n.op {
			case OpHeaviside, OpSign, OpAbs:
				close = math.Abs(a) < margin
			case OpLess, OpLessEqual, OpEqual, OpMin, OpMax:
				close = math.Abs(a-b) < margin*max(1, math.Abs(a))
			case OpFloor:
				close = math.Abs(a-math.Round(a)) < margin*max(1, math.Abs(a))
			case OpRound:
				close = math.Abs(a-0.5-math.Round(a-0.5)) < margin*max(1, math.Abs(a))
			}
			if close {
				return false
			}
		}
	}
	return true
}

// TestDerivativeIsInterpreter: for any definition, also where the gradients make
// no sense, the engine computes the bits of the backward pass that the
// interpreter computes when it knows all values of the forward pass; so what is
// saved suffices, and what is computed again has the same bits.
func TestDerivativeIsInterpreter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := definitionGen.Draw(t, "definition")
		params := [][]string{nil, {"p"}, {"q", "p"}}[rapid.IntRange(0, 2).Draw(t, "parameters")]
		inputs := [][]string{nil, {"x"}, {"y", "x"}}[rapid.IntRange(0, 2).Draw(t, "inputs")]
		outputs := make([]bool, len(d.Outputs))
		for i := range outputs {
			outputs[i] = rapid.Bool().Draw(t, "output")
		}
		steps, n := rapid.IntRange(1, 4).Draw(t, "T"), rapid.IntRange(1, 20).Draw(t, "N")
		numbers := rapid.SliceOfN(rapid.OneOf(number, rapid.Just(float32(2))), 30, 30).Draw(t, "numbers")
		if where := checkDerivative(d, inputs, params, outputs, steps, n, numbers); where != "" {
			t.Fatalf("%s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
		}
	})
}

// checkDerivative runs a derivative and returns what is wrong.
func checkDerivative(d Definition, inputs, params []string, outputs []bool, steps, n int, numbers []float32) string {
	der, err := d.Differentiate(inputs, params, outputs)
	if err != nil {
		return err.Error()
	}
	back, err := d.backward(inputs, params, outputs)
	if err != nil {
		return err.Error()
	}
	plain, err := Compile(d)
	if err != nil {
		return err.Error()
	}
	f := runOf(len(der.Forward.outputs), der.Forward, steps, n, numbers)
	before := cloneRun(f)
	der.Forward.Run(f)

	// The forward pass gives out what the program of Compile does.
	want := before
	want.Inputs, want.Params = before.Inputs[:len(plain.inputs)], nil
	for _, name := range plain.Params() {
		want.Params = append(want.Params, before.Params[slices.Index(der.Forward.Params(), name)])
	}
	want.Outputs = before.Outputs[:len(d.Outputs)]
	want = cloneRun(want)
	plain.Run(want)
	if where := differ(f, want); where != "" {
		return "forward: " + where
	}

	// Parameters may be missing in one of the programs.
	known := map[string][]float32{}
	for i, name := range der.Forward.Params() {
		known[name] = f.Params[i]
	}
	b := Run{T: steps, N: n, Reverse: true}
	for i, name := range der.Backward.Params() {
		if known[name] == nil {
			known[name] = [][]float32{{numbers[i]}, numbers[:min(n, len(numbers))]}[i%2]
			if len(known[name]) != n {
				known[name] = numbers[:1]
			}
		}
		b.Params = append(b.Params, known[name])
	}
	for _, s := range der.Saved {
		if s.Input >= 0 {
			b.Inputs = append(b.Inputs, f.Inputs[s.Input])
		} else {
			b.Inputs = append(b.Inputs, f.Outputs[s.Output])
		}
	}
	var upstream [][]float32
	for k := range back.Inputs {
		g := make([]float32, []int{steps * n, steps}[k%2])
		for i := range g {
			g[i] = numbers[(3*i+k)%len(numbers)]
		}
		upstream = append(upstream, g)
	}
	b.Inputs = append(b.Inputs, upstream...)
	for range back.Outputs {
		b.Outputs = append(b.Outputs, make([]float32, steps*n))
	}
	for k := range back.States {
		s := make([]float32, n)
		if k < len(d.States) {
			for i := range s {
				s[i] = numbers[(5*i+k)%len(numbers)]
			}
		}
		b.States = append(b.States, s)
	}
	want = cloneRun(b)
	if len(der.Backward.inputs) != len(b.Inputs) {
		return fmt.Sprintf("the backward pass has inputs %q, saved are %v", der.Backward.Inputs(), der.Saved)
	}
	if names := der.Backward.Uniforms(); len(names) > 0 {
		return fmt.Sprintf("the backward pass draws %q", names)
	}
	der.Backward.Run(b)

	forward, backward := meaningOf(d.all()...), meaningOf(back.all()...)
	for i := range n {
		var seen []map[string]float32
		states := make([]float32, len(d.States))
		for k := range states {
			states[k] = before.States[k][i]
		}
		for t := range steps {
			leaves := map[string]float32{}
			for k, name := range der.Forward.Inputs() {
				leaves[name] = valueAt(f.Inputs[k], f, t, i)
			}
			for name, v := range known {
				leaves[name] = v[min(i, len(v)-1)]
			}
			for k, s := range d.States {
				leaves[s.Name] = states[k]
			}
			seen = append(seen, leaves)
			copy(states, forward.evaluate(leaves)[len(d.Outputs):])
		}
		for t := steps - 1; t >= 0; t-- {
			leaves := seen[t]
			for k, name := range back.Inputs {
				leaves[name] = valueAt(upstream[k], b, t, i)
			}
			for k, s := range back.States {
				leaves[s.Name] = want.States[k][i]
			}
			results := backward.evaluate(leaves)
			for k := range back.Outputs {
				want.Outputs[k][t*n+i] = results[k]
			}
			for k := range back.States {
				want.States[k][i] = results[len(back.Outputs)+k]
			}
		}
	}
	if where := differ(b, want); where != "" {
		return "backward: " + where
	}
	return ""
}
