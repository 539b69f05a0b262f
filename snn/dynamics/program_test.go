package dynamics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn/vector"
)

// interpret is what a definition means: one neuron, one step, one operation
// after the other. What an operation is, snn/vector says and tests.
func interpret(e Expr, leaves map[string]float32) float32 {
	known := map[*node]float32{}
	walk(e.n, func(n *node) {
		var args [3]float32
		for i, a := range n.args[:operations[n.op].arity] {
			args[i] = known[a]
		}
		switch n.op {
		case OpInput, OpState, OpParam, OpUniform:
			known[n] = leaves[n.name]
		case OpConst:
			known[n] = n.value
		case OpSquare:
			known[n] = args[0] * args[0]
		default:
			known[n] = operations[n.op].vector.Value(args[0], args[1], args[2])
		}
	})
	return known[e.n]
}

// simulate runs a definition neuron by neuron, step by step. It changes the
// states of r and fills its outputs.
func simulate(d Definition, p *Program, r Run) {
	for i := range r.N {
		for k := range r.T {
			t := k
			if r.Reverse {
				t = r.T - 1 - k
			}
			leaves := map[string]float32{}
			for k, name := range p.Inputs() {
				if x := r.Inputs[k]; len(x) == r.T*r.N {
					leaves[name] = x[t*r.N+i]
				} else {
					leaves[name] = x[t]
				}
			}
			for k, s := range d.States {
				leaves[s.Name] = r.States[k][i]
			}
			for k, name := range p.Params() {
				leaves[name] = r.Params[k][min(i, len(r.Params[k])-1)]
			}
			for k, e := range d.Outputs {
				r.Outputs[k][t*r.N+i] = interpret(e, leaves)
			}
			for k, s := range d.States {
				r.States[k][i] = interpret(s.Next, leaves)
			}
		}
	}
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
		switch op := Op(rapid.IntRange(int(OpAdd), int(opCount)+1).Draw(t, "operation")); op {
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
func runOf(d Definition, p *Program, steps, n int, numbers []float32) Run {
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
	for range d.Outputs {
		r.Outputs = append(r.Outputs, make([]float32, steps*n))
	}
	for range p.States() {
		r.States = append(r.States, take(n))
	}
	return r
}

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
			if !equalBits(got.Outputs[k][i], want.Outputs[k][i]) {
				return fmt.Sprintf("value %d of output %d is %v, want %v", i, k, got.Outputs[k][i], want.Outputs[k][i])
			}
		}
	}
	for k := range want.States {
		for i := range want.States[k] {
			if !equalBits(got.States[k][i], want.States[k][i]) {
				return fmt.Sprintf("state %d of neuron %d is %v, want %v", k, i, got.States[k][i], want.States[k][i])
			}
		}
	}
	return ""
}

// TestEngineIsInterpreter: for any definition the engine computes the bits
// that the interpreter computes, whatever the size of a block.
func TestEngineIsInterpreter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := definitionGen.Draw(t, "definition")
		p, err := Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		steps, n := rapid.IntRange(1, 5).Draw(t, "T"), rapid.IntRange(0, 20).Draw(t, "N")
		r := runOf(d, p, steps, n, rapid.SliceOfN(rapid.OneOf(number, rapid.Just(float32(2))), 30, 30).Draw(t, "numbers"))
		r.Reverse = rapid.Bool().Draw(t, "reverse")
		want := cloneRun(r)
		simulate(d, p, want)
		for _, block := range []int{16, 32, maxBlock} {
			got := cloneRun(r)
			p.run(got, block, 1)
			if where := differ(got, want); where != "" {
				t.Fatalf("blocks of %d: %s\noutputs: %v\nstates: %v", block, where, d.Outputs, d.States)
			}
		}
		one := cloneRun(r) // T steps are T runs of one step
		for k := range steps {
			step := k
			if r.Reverse {
				step = steps - 1 - k
			}
			row := one
			row.T, row.Inputs, row.Outputs = 1, nil, nil
			for _, x := range one.Inputs {
				m := len(x) / steps
				row.Inputs = append(row.Inputs, x[step*m:(step+1)*m])
			}
			for _, x := range one.Outputs {
				row.Outputs = append(row.Outputs, x[step*n:(step+1)*n])
			}
			p.Run(row)
		}
		if where := differ(one, want); where != "" {
			t.Fatalf("step by step: %s", where)
		}
	})
}

// lif is a definition of the size that matters.
func lif() Definition {
	v, x, tau, threshold, reset := State("v"), Input("x"), Param("tau"), Param("v_threshold"), Param("v_reset")
	h := v.Add(x.Sub(v.Sub(reset)).Div(tau))
	s := h.Sub(threshold).Heaviside()
	return Definition{Inputs: []string{"x"}, Outputs: []Expr{s}, States: []StateEquation{{"v", s.Mix(reset, h)}}}
}

func compiled(t *testing.T, d Definition) *Program {
	t.Helper()
	p, err := Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The results do not depend on how the blocks are spread over processors.
func TestWorkers(t *testing.T) {
	p := compiled(t, lif())
	const steps, n = 5, 3*parallelWork/5 + 77 // enough for four
	numbers := make([]float32, 1013)
	for i := range numbers {
		numbers[i] = float32(math.Sin(float64(i)))*2 + 0.5
	}
	r := runOf(lif(), p, steps, n, numbers)
	want := cloneRun(r)
	p.run(want, maxBlock, 1)
	if !slices.Contains(want.Outputs[0], 1) || !slices.Contains(want.Outputs[0], 0) {
		t.Fatal("the test does not spike")
	}
	for _, workers := range []int{2, 3, 4, 100} {
		for _, block := range []int{16, 112, maxBlock, 1 << 20} {
			got := cloneRun(r)
			p.run(got, block, workers)
			if where := differ(got, want); where != "" {
				t.Errorf("%d workers, blocks of %d: %s", workers, block, where)
			}
		}
	}
}

// A machine that is there allocates nothing, however many steps it runs.
func TestAllocations(t *testing.T) {
	p := compiled(t, lif())
	r := runOf(lif(), p, 1000, 300, special)
	m := p.machine(maxBlock)
	m.load(&r)
	if n := testing.AllocsPerRun(20, func() { m.run(&r, 0, 300) }); n != 0 {
		t.Errorf("1000 steps allocate %v times", n)
	}
	m.free()
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
		{x.Less(p).Mix(x, p), 2},
		{x.Detach().Add(WithGradient(x, p, p)), 1},
		{x.Exp().Select(p, p), 0},
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
		x.Div(tau).Add(y).Div(tau).Sub(x.Div(Const(4))), tau.Div(x).Add(y),
	} {
		d := Definition{Inputs: []string{"x", "y"}, Outputs: []Expr{e, x.Sub(tau)}, States: []StateEquation{{"v", State("v").Add(x).Div(tau)}}}
		p := compiled(t, d)
		for _, value := range []float32{2, 3, 0.25, -8, 0, inf} {
			r := runOf(d, p, 4, 37, []float32{0.3, 1.7, -0.9, 1e-44, 2.5e-38, 3e38, 0.1})
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
		{one(x.Add(Param("v")), StateEquation{"v", v}), `dynamics: "v" is a parameter and a state, too; give one of them another name`},
	} {
		if _, err := Compile(test.d); err == nil || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
		if _, err := test.d.Differentiate([]string{"x"}, nil, nil); err == nil {
			t.Errorf("differentiated: %s", test.want)
		}
	}
	p := compiled(t, lif())
	for _, change := range []func(r *Run){
		func(r *Run) { r.N++ }, func(r *Run) { r.T++ }, func(r *Run) { r.Params = nil }, func(r *Run) { r.States = nil },
		func(r *Run) { r.Inputs[0] = r.Inputs[0][1:] }, func(r *Run) { r.Outputs = nil }, func(r *Run) { r.States[0] = nil },
		func(r *Run) { r.Outputs[0] = r.Outputs[0][1:] }, func(r *Run) { r.Params[0] = make([]float32, 2) },
	} {
		r := runOf(lif(), p, 2, 3, special)
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
	r := runOf(d, p, 1, 3, []float32{0.5, 1, 2})
	p.Run(r)
	if want := []float32{10000.5, 10001, 10002}; !slices.Equal(r.Outputs[0], want) {
		t.Errorf("got %v, want %v", r.Outputs[0], want)
	}
}

// The verifier finds each register that a pass could get wrong.
func TestVerify(t *testing.T) {
	v, w, x, q := State("v"), State("w"), Input("x"), Param("q")
	h := v.Add(x.Sub(w).Mul(q)).Max(Const(0.25))
	d := Definition{Inputs: []string{"x"}, Outputs: []Expr{h.Sub(Const(1)).Heaviside()}, States: []StateEquation{{"v", h.Mul(x)}, {"w", v}}}
	all := newValues()
	r, err := all.roots(d)
	if err != nil {
		t.Fatal(err)
	}
	virtual := all.instructions(r, nil)
	virtual.fuse()
	tried := 0
	expect := func(what string, change func(p *Program) *int) {
		for register := range allocate(virtual).registers {
			p := allocate(virtual)
			field := change(p)
			if *field == register {
				continue
			}
			*field = register
			tried++
			if err := verify(virtual, p); err == nil && !harmless(d, p) {
				t.Errorf("%s: register %d passes", what, register)
			}
		}
	}
	for i := range virtual.code {
		for k := range virtual.code[i].operands() {
			expect(fmt.Sprintf("operand %d of %d", k, i), func(p *Program) *int { return &p.code[i].args[k] })
		}
		expect(fmt.Sprintf("destination of %d", i), func(p *Program) *int { return &p.code[i].dst })
	}
	for i := range d.States {
		expect(fmt.Sprintf("next of state %d", i), func(p *Program) *int { return &p.next[i] })
	}
	expect("output", func(p *Program) *int { return &p.outputs[0].register })
	if tried < 50 {
		t.Errorf("only %d changes were tried", tried)
	}
	p := allocate(virtual)
	p.code = p.code[1:]
	if err := verify(virtual, p); err == nil {
		t.Error("a lost instruction passes")
	}
	p = allocate(virtual)
	p.code[0].op = vector.Div
	if err := verify(virtual, p); err == nil {
		t.Error("another operation passes")
	}
}

// harmless reports whether a program still computes its definition.
func harmless(d Definition, p *Program) bool {
	r := runOf(d, p, 3, 2, []float32{0.3, 0.9, -0.4, 1.7, 2.2, 0.6, 0.8})
	want := cloneRun(r)
	simulate(d, p, want)
	p.Run(r)
	return differ(r, want) == ""
}

// BenchmarkRun is the program of a LIF neuron on memory that is there.
func BenchmarkRun(b *testing.B) {
	p, err := Compile(lif())
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range [][2]int{{1, 1}, {16, 1}, {16, 1024}, {16, 65536}, {128, 65536}, {16, 1 << 20}} {
		steps, n := size[0], size[1]
		r := runOf(lif(), p, steps, n, []float32{2, 1, 0, 0.3, 1.9, 0.8, 1.1, 0.2, 2.2, 1.5, 0.7})
		for i, name := range p.Params() {
			r.Params[i] = []float32{map[string]float32{"tau": 2, "v_threshold": 1}[name]}
		}
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("T=%d/N=%d/workers=%d", steps, n, workers), func(b *testing.B) {
				b.SetBytes(int64(2 * 4 * steps * n))
				for b.Loop() {
					p.run(r, p.blockSize(), workers)
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(lif()); err != nil {
			b.Fatal(err)
		}
	}
}
