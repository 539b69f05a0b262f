package dynamics

import (
	"math"
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
