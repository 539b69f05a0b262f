package dynamics

import (
	"slices"
	"testing"

	"spikebook/snn/vector"
)

// A fire and its reset become one instruction, and what only looks like them
// does not. The results are the same.
func TestFire(t *testing.T) {
	x, y, v, threshold, reset := Input("x"), Input("y"), State("v"), Param("v_threshold"), Param("v_reset")
	h := v.Add(x)
	spike := func(h, threshold Expr) Expr { return h.Sub(threshold).Heaviside() }
	s := spike(h, threshold)
	const none = vector.Copy
	for _, test := range []struct {
		what      string
		out, next Expr
		want      vector.Op // or none
	}{
		{"hard reset", s, s.Mix(reset, h), vector.FireHard},
		{"hard reset by a condition", s, s.Select(reset, h), vector.FireHard},
		{"soft reset", s, h.Sub(s.Mul(threshold)), vector.FireSoft},
		{"soft reset, the other way round", s, h.Sub(threshold.Mul(s)), vector.FireSoft},
		{"of the state itself", spike(v, threshold), spike(v, threshold).Mix(reset, v), vector.FireHard},
		{"the spike is the state", s.Mix(reset, v), spike(v, threshold), none},
		{"the spike is the state, the reset goes out", spike(v, threshold).Mix(reset, v), spike(v, threshold), vector.FireHard},
		{"nobody wants the spike", x, s.Mix(reset, h), vector.FireHard},
		{"nobody wants the potential", s, x, none},
		{"to the difference", spike(x.Exp(), threshold), spike(x.Exp(), threshold).Mix(x.Exp().Sub(threshold), x.Exp()), vector.FireHard},
		{"to an operand of the potential", spike(x.Exp().Neg(), y), spike(x.Exp().Neg(), y).Mix(x.Exp(), x.Exp().Neg()), vector.FireHard},
		{"to a value that depends on the spike", s, s.Mix(s.Add(x), h), none},
		{"to a value that is computed later", s.Mul(y), s.Mix(s.Mul(y), h), none},
		{"of another potential", s, s.Mix(reset, v.Sub(x)), none},
		{"by another threshold", s, h.Sub(s.Mul(reset)), none},
		{"from another potential", s, v.Sub(x).Sub(s.Mul(threshold)), none},
		{"the subtrahend goes out", s.Mul(threshold), h.Sub(s.Mul(threshold)), none},
		{"the subtrahend is the state", h.Sub(s.Mul(threshold)), s.Mul(threshold), none},
		{"the subtrahend alone", s.Mul(threshold), x, none},
		{"a threshold that is computed", spike(h, x.Mul(y)), spike(h, x.Mul(y)).Mix(reset, h), vector.FireHard},
		{"the wrong way round", s, s.Mul(threshold).Sub(h), none},
		{"upside down", s, s.Mix(h, reset), none},
		{"the difference goes out", h.Sub(threshold), s.Mix(reset, h), vector.FireHard},
		{"the difference is used again", h.Sub(threshold).Mul(s), h.Sub(s.Mul(threshold)), vector.FireSoft},
		{"a threshold that moves", s, h.Sub(s.Mul(x)), none},
		{"the input is the threshold", spike(h, y), h.Sub(spike(h, y).Mul(y)), vector.FireSoft},
		{"the potential is its own threshold", spike(h, h), h.Sub(spike(h, h).Mul(h)), vector.FireSoft},
		{"both resets", s.Mix(reset, h), h.Sub(s.Mul(threshold)), vector.FireHard},
	} {
		d := Definition{Inputs: []string{"x", "y"}, Outputs: []Expr{test.out}, States: []StateEquation{{"v", test.next}}}
		p := compiled(t, d)
		got := none
		for _, in := range p.code {
			if in.Op == vector.FireHard || in.Op == vector.FireSoft {
				got = in.Op
			}
		}
		if test.what == "the spike is the state" { // computed, but by an instruction that is there
			got = none
		}
		if got != test.want {
			t.Errorf("%s: got %v, want %v", test.what, got, test.want)
		}
		for _, numbers := range [][]float32{{0.4, 1, -0.3, 0.9, 1.7, 2.5, -1.1}, special, {1}, {nan, 1, 2, inf, -inf, 0.5}} {
			r := runOf(1, p, 4, 37, numbers)
			want := cloneRun(r)
			simulate(d, p, want)
			p.Run(r)
			if where := differ(r, want); where != "" {
				t.Errorf("%s: %s", test.what, where)
			}
		}
	}
}

// Two operations of arithmetic become one where there is an instruction for
// both, and nobody wants what is between them.
func TestFuse(t *testing.T) {
	x, y, z := Input("x"), Input("y"), Input("z")
	arithmetic := []func(a, b Expr) Expr{Expr.Add, Expr.Sub, Expr.Mul, Expr.Div}
	_, fuses := vector.Fuse(vector.Mul, vector.Add, 0)
	for i, first := range arithmetic {
		for k, second := range arithmetic {
			for slot, e := range []Expr{second(first(x, y), z), second(z, first(x, y))} {
				alone := Definition{Inputs: []string{"x", "y", "z"}, Outputs: []Expr{e}}
				wanted := Definition{Inputs: alone.Inputs, Outputs: []Expr{e, first(x, y)}}
				twice := Definition{Inputs: alone.Inputs, Outputs: []Expr{second(first(x, y), first(x, y))}}
				for n, d := range []Definition{alone, wanted, twice} {
					p := compiled(t, d)
					if want := n > 0 || !fuses; (len(p.code) == 2) != want && i+k > 0 {
						t.Errorf("%v, slot %d: %d instructions", d.Outputs, slot, len(p.code))
					}
					r := runOf(len(d.Outputs), p, 3, 50, slices.Concat(special, []float32{0.3, 1.7, 3}))
					want := cloneRun(r)
					simulate(d, p, want)
					p.Run(r)
					if where := differ(r, want); where != "" {
						t.Errorf("%v: %s", d.Outputs, where)
					}
				}
			}
		}
	}
}
