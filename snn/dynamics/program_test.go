package dynamics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func compiled(t *testing.T, d Definition) *Program {
	t.Helper()
	p, err := Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Registers are shared: a program needs those of its leaves, its output, and
// what is alive at one time.
func TestRegisters(t *testing.T) {
	p := compiled(t, lif())
	if want := 8 + len(p.divisions); p.registers > want { // v, x, tau, v_threshold, v_reset, the spike, h, and what it is compared by
		t.Errorf("LIF needs %d registers, want %d", p.registers, want)
	}
	if p.next[0] != p.states[0] {
		t.Error("the potential is not computed in its place")
	}
	e := Input("x")
	for range 1000 {
		e = e.Add(Const(1)).Square()
	}
	if p = compiled(t, Definition{Inputs: []string{"x"}, Outputs: []Expr{e}}); p.registers > 5 {
		t.Errorf("a chain needs %d registers", p.registers)
	}
}

// Equal parts are computed once, and constants are folded where that changes no
// bit.
func TestValues(t *testing.T) {
	x, p := Input("x"), Param("p")
	negative := Const(math.Copysign(0, -1))
	for _, test := range []struct {
		e            Expr
		instructions int // of a step, without a vector.Fuse
	}{
		{x.Add(p).Mul(x.Add(p)), 2},
		{x.Add(p).Mul(p.Add(x)), 2},
		{x.Sub(p).Mul(p.Sub(x)), 3},
		{x.Add(Const(2).Mul(Const(3))), 1},
		{x.Mul(p.Exp().Add(Const(1))), 1}, // the rest is the same in all steps
		{x.Mul(Const(1)).Div(Const(1)).Sub(Const(0)).Add(negative), 0},
		{x.Add(Const(0)), 1}, // -0 + 0 is 0
		{x.Sub(negative), 1},
		{x.Mul(Const(0)), 1}, // infinity
		{x.Neg().Neg(), 0},
		{x.Mul(Const(-1)).Add(x.Neg()), 2},
		{x.Add(p.Sub(x).Neg()), 2}, // x - (p - x)
		{x.Neg().Add(x.Exp()), 2},
		{x.Sub(x.Exp().Neg()), 2},
		{x.Sub(x.Neg().Mul(p)), 2},
		{x.Exp().Neg().Div(x.Neg()), 2},
		{x.Neg().Sub(p), 2}, // -(x + p) has another zero
		{x.Less(p).Mix(x, p), 2},
		{x.Detach().Add(WithGradient(x, p, p)), 1},
		{x.Exp().Select(p, p), 0},
		{Const(1).Select(x, x.Neg()), 0},
		{Const(-1).Select(x, x.Neg()), 0},
		{Const(math.NaN()).Select(x, x.Neg()), 0},
		{Const(0).Select(x, x.Neg()), 1},
		{negative.Select(x, x.Neg()), 1},
		{Const(1).Mix(x, p), 0},
	} {
		v := newValues()
		r, err := v.roots(Definition{Inputs: []string{"x"}, Outputs: []Expr{test.e}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(v.instructions(r, nil).code); got != test.instructions {
			t.Errorf("%v: %d instructions, want %d", test.e, got, test.instructions)
		}
	}
	// 0 and -0 are equal numbers, but not the same.
	if p := compiled(t, Definition{Outputs: []Expr{Const(0), negative}}); len(p.constants) != 2 {
		t.Errorf("%d constants, want 2", len(p.constants))
	}
}

// Divisions that become products, alone or as part of a pair, change no bit.
func TestDivisions(t *testing.T) {
	x, y, tau := Input("x"), Input("y"), Param("tau")
	for _, e := range []Expr{
		lif().States[0].Next, x.Div(tau), x.Div(tau).Add(y), y.Sub(x.Div(tau)), x.Add(y).Div(tau), x.Div(tau).Div(y), x.Div(tau).Div(tau), x.Div(y).Div(tau),
		x.Div(tau).Add(y).Div(tau).Sub(x.Div(Const(4))), tau.Div(x).Add(y), tau.Div(x.Add(y)), Const(2).Div(x.Mul(y)),
	} {
		d := Definition{Inputs: []string{"x", "y"}, Outputs: []Expr{e, x.Sub(tau)}, States: []StateEquation{{"v", State("v").Add(x).Div(tau)}}}
		p := compiled(t, d)
		for _, value := range []float32{2, 3, 0.25, -8, 0, inf} {
			r := runOf(len(d.Outputs), p, 4, 37, []float32{0.3, 1.7, -0.9, 1e-44, 2.5e-38, 3e38, 0.1})
			for i, name := range p.Params() {
				r.Params[i] = []float32{map[string]float32{"tau": value, "v_threshold": 1}[name]}
			}
			want := cloneRun(r)
			simulate(d, p, want)
			p.Run(r)
			if where := differ(r, want); where != "" {
				t.Errorf("%v with tau %v: %s", e, value, where)
			}
		}
	}
}

// Division by a power of two is a product with the same bits.
func TestReciprocal(t *testing.T) {
	for _, x := range []float32{1, 2, -2, 0.5, 1024, 0x1p-126, 0x1p126} {
		r, exact := reciprocal(x)
		if !exact || r != 1/x {
			t.Errorf("reciprocal(%v) is %v, %v", x, r, exact)
		}
		for _, y := range special {
			if !equalBits(y/x, y*r) {
				t.Errorf("%v / %v is %v, the product %v", y, x, y/x, y*r)
			}
		}
	}
	for _, x := range []float32{0, 3, 0.1, 0x1p-127, 0x1p127, inf, nan} {
		if _, exact := reciprocal(x); exact {
			t.Errorf("the reciprocal of %v is exact", x)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	x, v := Input("x"), State("v")
	huge := make([]Expr, 0, maxValues) // not deep, but large
	for i := range cap(huge) {
		huge = append(huge, x.Add(Const(float64(i))).Exp())
	}
	for len(huge) > 1 {
		for i := range len(huge) / 2 {
			huge[i] = huge[2*i].Add(huge[2*i+1])
		}
		huge = huge[:len(huge)/2]
	}
	one := func(e Expr, states ...StateEquation) Definition {
		return Definition{Inputs: []string{"x"}, Outputs: []Expr{e}, States: states}
	}
	for _, test := range []struct {
		d    Definition
		want string
	}{
		{one(Expr{}), "dynamics: the output is the zero Expr; make it with Input, State, Param or Const"},
		{one(x, StateEquation{Name: "v"}), "dynamics: state v is the zero Expr; make it with Input, State, Param or Const"},
		{one(Input("y")), `dynamics: the output uses input "y"; the inputs are ["x"]`},
		{one(x, StateEquation{"v", State("w")}), `dynamics: state v uses state "w", which has no equation; the states are ["v"]`},
		{one(x, StateEquation{"v", v}, StateEquation{"v", v}), `dynamics: state "v" is defined twice`},
		{one(huge[0]), "dynamics: the definition makes more than 100000 operations; is one step meant?"},
		{Definition{Inputs: []string{"x", "y", "x"}, Outputs: []Expr{x}}, `dynamics: input "x" is there twice`},
		{Definition{Inputs: []string{"x"}, Outputs: append(slices.Repeat([]Expr{x}, 11), Input("y"))}, `dynamics: output 12 uses input "y"; the inputs are ["x"]`},
		{one(WithGradient(x, x, Input("z"))), `dynamics: the output uses input "z"; the inputs are ["x"]`},
		{one(x.Add(Param("v")), StateEquation{"v", v}), `dynamics: "v" is a parameter and a state, too; give one of them another name`},
	} {
		if _, err := Compile(test.d); err == nil || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
		if _, err := test.d.Differentiate([]string{"x"}, nil, nil); err == nil {
			t.Errorf("differentiated: %s", test.want)
		}
	}
	for _, test := range []struct {
		inputs, params []string
		outputs        []bool
		want           string
	}{
		{[]string{"y"}, nil, nil, `dynamics: there is no input "y"; the inputs are ["x"]`},
		{nil, []string{"tau", "tau"}, nil, `dynamics: the gradient of parameter "tau" is asked for twice`},
		{nil, nil, []bool{true, true}, `dynamics: outputs has 2 values, expected one for each of the 1 outputs`},
	} {
		if _, err := lif().Differentiate(test.inputs, test.params, test.outputs); err == nil || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
	p := compiled(t, lif())
	for _, change := range []func(r *Run){
		func(r *Run) { r.N++ }, func(r *Run) { r.T++ }, func(r *Run) { r.Params = nil }, func(r *Run) { r.States = nil },
		func(r *Run) { r.Inputs[0] = r.Inputs[0][1:] }, func(r *Run) { r.Outputs = nil }, func(r *Run) { r.States[0] = nil },
		func(r *Run) { r.Outputs[0] = r.Outputs[0][1:] }, func(r *Run) { r.Params[0] = make([]float32, 2) },
	} {
		r := runOf(1, p, 2, 3, special)
		change(&r)
		if got := misuse(t, func() { p.Run(r) }); !strings.HasPrefix(got, "dynamics: slices do not fit a run of ") {
			t.Errorf("got %s", got)
		}
	}
}

// Deep and wide expressions that are within the limits run.
func TestLarge(t *testing.T) {
	e := Input("x")
	for range MaxDepth {
		e = e.Add(Const(1))
	}
	d := Definition{Inputs: []string{"x"}, Outputs: []Expr{e}}
	p := compiled(t, d)
	r := runOf(len(d.Outputs), p, 1, 3, []float32{0.5, 1, 2})
	p.Run(r)
	if want := []float32{10000.5, 10001, 10002}; !slices.Equal(r.Outputs[0], want) {
		t.Errorf("got %v, want %v", r.Outputs[0], want)
	}
	if got := e.String(); got != "(too long to print)" {
		t.Errorf("prints %d characters", len(got))
	}
	if r := e.Replace("x", Input("y")); !r.dependsOn("y") || r.dependsOn("x") {
		t.Error("Replace does not reach the bottom")
	}
	if got := misuse(t, func() { e.Replace("x", Input("x").Neg()) }); !strings.Contains(got, "nested more than 10000 deep") {
		t.Errorf("got %s", got)
	}
	if _, err := d.Differentiate(d.Inputs, nil, nil); err != nil {
		t.Error(err)
	}
	// The gradient is deeper than the definition.
	e = Input("x")
	for range MaxDepth {
		e = e.Sin()
	}
	d.Outputs = []Expr{e}
	compiled(t, d)
	if _, err := d.Differentiate(d.Inputs, nil, nil); err == nil || !strings.Contains(err.Error(), "nested more than 10000 deep") {
		t.Errorf("got %v", err)
	}
}

func (e Expr) dependsOn(name string) (found bool) {
	walk(e.n, func(n *node) { found = found || n.name == name })
	return found
}

// largeDefinitions have about n inputs, states, outputs and spikes.
func largeDefinitions(n int) []Definition {
	x := Input("x")
	var inputs Definition
	states, outputs := Definition{Inputs: []string{"x"}}, Definition{Inputs: []string{"x"}}
	var terms, fires []Expr
	for i := range n {
		name, next := fmt.Sprint("s", i), fmt.Sprint("s", (i+1)%n)
		inputs.Inputs = append(inputs.Inputs, name)
		terms = append(terms, Input(name).Exp().Mul(Input(name).Tanh()).Div(Param("p"+name)))
		states.States = append(states.States, StateEquation{name, State(next).Mul(State(name)).Add(x)})
		threshold := Const(float64(i))
		fires = append(fires, x.Sub(x.Sub(threshold).Heaviside().Mul(threshold)))
	}
	for len(terms) > 1 {
		half := len(terms) / 2
		for i := range half {
			terms[i] = terms[2*i].Add(terms[2*i+1])
		}
		terms = terms[:half]
	}
	inputs.Outputs = terms
	e := x
	for range n / 4 {
		e = e.Add(x).Sin()
		outputs.Outputs = append(outputs.Outputs, e)
	}
	return []Definition{inputs, states, outputs, {Inputs: []string{"x"}, Outputs: fires}}
}

// The passes take time in proportion to the size of a definition. Of four times
// the size they took 13 times as long when some looked through a list for each
// operation.
func TestTime(t *testing.T) {
	took := func(n int) time.Duration {
		list := largeDefinitions(n)
		start := time.Now()
		for _, d := range list {
			compiled(t, d)
			differentiated(t, d)
		}
		return time.Since(start)
	}
	took(1 << 8)
	for range 4 { // other programs may disturb
		small, large := took(3<<9), took(3<<11)
		if large < 8*small {
			return
		}
		t.Logf("%v, and %v for four times the size", small, large)
	}
	t.Error("the time grows faster than the size")
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(lif()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDifferentiate(b *testing.B) {
	for b.Loop() {
		if _, err := lif().Differentiate([]string{"x"}, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
