package dynamics

import (
	"fmt"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// neuronOf is a spiking neuron with the charge h; the states besides v stay as
// they are.
func neuronOf(h Expr, soft, detach bool, states ...string) Definition {
	threshold, reset := Param("v_threshold"), Param("v_reset")
	s := h.Sub(threshold).Spike(steep{})
	r := s
	if detach {
		r = s.Detach()
	}
	next := r.Mix(reset, h)
	if soft {
		next = h.Sub(r.Mul(threshold))
	}
	d := Definition{Inputs: []string{"x"}, Outputs: []Expr{s}, States: []StateEquation{{"v", next}}}
	for _, name := range states {
		d.States = append(d.States, StateEquation{name, State(name)})
	}
	return d
}

func differentiated(t *testing.T, d Definition, params ...string) *Derivative {
	t.Helper()
	der, err := d.Differentiate(d.Inputs, params, nil)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// What is saved for the backward pass: of IF and LIF the charged potential
// alone, in whatever way it is reset.
func TestSaved(t *testing.T) {
	v, x, w, tau, reset := State("v"), Input("x"), State("w"), Param("tau"), Param("v_reset")
	charges := []struct {
		name   string
		h      Expr
		params []string
		want   string
	}{
		{"IF", v.Add(x), nil, "[{-1 1}]"},
		{"LIF", v.Add(x.Sub(v.Sub(reset)).Div(tau)), nil, "[{-1 1}]"},
		{"LIF without decaying input", v.Sub(v.Sub(reset).Div(tau)).Add(x), nil, "[{-1 1}]"},
		// Of v + x**2 also x, which is there.
		{"square", v.Add(x.Square()), nil, "[{0 -1} {-1 1}]"},
		// With a learnable time constant h and x - v would do, but v and x cost less.
		{"ParametricLIF", v.Add(x.Sub(v).Mul(tau.Sigmoid())), []string{"tau"}, "[{-1 1} {0 -1}]"},
		{"two states", v.Mul(w).Add(x), nil, "[{0 -1} {-1 1} {-1 2}]"},
	}
	for _, c := range charges {
		for _, soft := range []bool{false, true} {
			for _, detach := range []bool{false, true} {
				der := differentiated(t, neuronOf(c.h, soft, detach, "w"), c.params...)
				if got := fmt.Sprint(der.Saved); got != c.want {
					t.Errorf("%s, soft %v, detach %v: saved %v, want %v", c.name, soft, detach, got, c.want)
				}
			}
		}
	}
	x2 := x.Add(x)
	u := Uniform("u")
	for _, test := range []struct {
		name string
		d    Definition
		want string
	}{
		{"leak without spike", Definition{Inputs: []string{"x"}, Outputs: []Expr{v}, States: []StateEquation{{"v", v.Add(x.Sub(v).Div(tau))}}}, "[]"},
		{"a product with a parameter", Definition{Inputs: []string{"x"}, Outputs: []Expr{x.Mul(tau.Exp())}}, "[]"},
		{"input, not a copy", Definition{Inputs: []string{"x"}, Outputs: []Expr{x2.Tanh().Mul(x2)}}, "[{0 -1}]"},
		{"input, though its tanh would do", Definition{Inputs: []string{"x"}, Outputs: []Expr{x.Tanh()}}, "[{0 -1}]"},
		{"value, not two inputs", Definition{Inputs: []string{"x", "y"}, Outputs: []Expr{x.Add(Input("y")).Sin()}}, "[{-1 1}]"},
		{"output that is there", Definition{Inputs: []string{"x"}, Outputs: []Expr{v.Exp()}, States: []StateEquation{{"v", v.Add(x)}}}, "[{-1 1}]"},
		{"random number", Definition{Inputs: []string{"x"}, Outputs: []Expr{x.Mul(u)}}, "[{1 -1}]"},
		{"random number, not its square root", Definition{Inputs: []string{"x"}, Outputs: []Expr{x.Mul(u.Sqrt())}}, "[{1 -1}]"},
		{"random number of a derivative", Definition{Inputs: []string{"x"}, Outputs: []Expr{WithGradient(x, x, u)}}, "[{1 -1}]"},
		{"constant", Definition{Inputs: []string{"x"}, Outputs: []Expr{x.Detach()}}, "[]"},
	} {
		if got := fmt.Sprint(differentiated(t, test.d).Saved); got != test.want {
			t.Errorf("%s: saved %v, want %v", test.name, got, test.want)
		}
	}
}

// TestCutIsMinimal: no other choice of values from which the backward pass can
// be computed costs less, and of those that cost as much none leaves less to
// compute.
func TestCutIsMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := definitionGen.Draw(t, "definition")
		back, err := d.backward([]string{"x"}, []string{"p"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := newValues()
		if _, err := v.roots(d); err != nil {
			t.Fatal(err)
		}
		r, err := v.roots(back)
		if err != nil {
			t.Fatal(err)
		}
		primal, same, need := v.primal(d), v.constantOverSteps(), v.needed(r, nil)
		var candidates []int
		for i := range v.list {
			if need[i] && primal[i] && !same[i] {
				candidates = append(candidates, i)
			}
		}
		if len(candidates) > 12 {
			t.Skip("too many choices")
		}
		// The cost of a choice, what is to be computed again, and whether it
		// suffices: whether all that is not saved is made of what is.
		judge := func(saved []int) (cost, again int, ok bool) {
			for _, i := range saved {
				cost += costValue
				if v.list[i].leaf == OpInput || v.list[i].leaf == OpUniform {
					cost += costInput - costValue
				}
			}
			need, isSaved := v.needed(r, saved), v.mark(saved)
			for _, i := range candidates {
				if need[i] && !isSaved[i] {
					if v.list[i].leaf != computed {
						return 0, 0, false
					}
					again++
				}
			}
			return cost, again, true
		}
		cost, again, ok := judge(v.cut(d, r))
		if !ok {
			t.Fatal("the cut does not suffice")
		}
		for set := range uint(1) << len(candidates) {
			if bits.OnesCount(set)*costInput > cost {
				continue
			}
			var saved []int
			for k, i := range candidates {
				if set>>k&1 == 1 {
					saved = append(saved, i)
				}
			}
			if c, a, ok := judge(saved); ok && (c < cost || c == cost && a < again) {
				t.Fatalf("saving %v costs %d and leaves %d, the cut costs %d and leaves %d\noutputs: %v\nstates: %v", saved, c, a, cost, again, d.Outputs, d.States)
			}
		}
	})
}

// TestFlow: the flow through small networks is as large as their smallest cut.
func TestFlow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const vertices = 7 // the source first, the sink last
		type edge struct{ from, to, capacity int }
		var edges []edge
		g := newFlow(vertices)
		for range rapid.IntRange(0, 20).Draw(t, "edges") {
			vertex := rapid.IntRange(0, vertices-1)
			e := edge{vertex.Draw(t, "from"), vertex.Draw(t, "to"), rapid.IntRange(0, 5).Draw(t, "capacity")}
			if e.from != e.to {
				edges = append(edges, e)
				g.edge(e.from, e.to, e.capacity)
			}
		}
		g.maximize(0, vertices-1)
		flow, in := 0, make([]int, vertices)
		for k, e := range edges {
			if g.left[2*k] < 0 || g.left[2*k+1] < 0 {
				t.Fatal("more flows than can")
			}
			sent := e.capacity - g.left[2*k]
			in[e.to] += sent
			in[e.from] -= sent
		}
		flow = in[vertices-1]
		if slices.ContainsFunc(in[1:vertices-1], func(n int) bool { return n != 0 }) {
			t.Fatalf("what flows into a vertex does not flow out: %v", in)
		}
		least := 1 << 30
		for set := range 1 << (vertices - 2) { // those that are on the side of the source
			side := set<<1 | 1
			cut := 0
			for _, e := range edges {
				if side>>e.from&1 == 1 && side>>e.to&1 == 0 {
					cut += e.capacity
				}
			}
			least = min(least, cut)
		}
		if flow != least {
			t.Fatalf("flow %d, smallest cut %d", flow, least)
		}
	})
}
