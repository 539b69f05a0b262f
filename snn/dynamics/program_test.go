package dynamics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// interpret is what a definition means: one neuron, one step, one operation
// after the other.
func interpret(e Expr, leaves map[string]float32) float32 {
	known := map[*node]float32{}
	var value func(n *node) float32
	value = func(n *node) float32 {
		if v, ok := known[n]; ok {
			return v
		}
		var v float32
		switch n.op {
		case OpInput, OpState, OpParam:
			v = leaves[n.name]
		case OpConst:
			v = n.value
		default:
			var args [3]float32
			for i, a := range n.args[:operations[n.op].arity] {
				args[i] = value(a)
			}
			v = meaning[n.op](args[0], args[1], args[2])
		}
		known[n] = v
		return v
	}
	return value(e.n)
}

// simulate runs a definition neuron by neuron, step by step. It changes the
// states of r and fills its output and traces.
func simulate(d Definition, params []string, r Run) {
	for i := range r.N {
		for t := range r.T {
			at := t*r.N + i
			leaves := map[string]float32{d.Input: r.X[at]}
			for k, s := range d.States {
				leaves[s.Name] = r.States[k][i]
			}
			for k, name := range params {
				leaves[name] = r.Params[k]
			}
			r.Out[at] = interpret(d.Output, leaves)
			for k, s := range d.States {
				r.States[k][i] = interpret(s.Next, leaves)
				if r.Trace != nil && r.Trace[k] != nil {
					r.Trace[k][at] = r.States[k][i]
				}
			}
		}
	}
}

var number = rapid.OneOf(rapid.SampledFrom(special), rapid.Float32Range(-3, 3))

// definitionGen draws a definition of up to three states: a pool of
// expressions grows by random operations on what is in it, so that parts are
// shared, and output and states are drawn from the pool, so that they may be
// leaves, equal, or swapped.
var definitionGen = rapid.Custom(func(t *rapid.T) Definition {
	d := Definition{Input: "x", States: make([]StateEquation, rapid.IntRange(0, 3).Draw(t, "states"))}
	pool := []Expr{Input("x"), Param("p"), Param("q"), Const(float64(number.Draw(t, "constant"))), Const(1)}
	for k := range d.States {
		d.States[k].Name = string(rune('a' + k))
		pool = append(pool, State(d.States[k].Name), State(d.States[k].Name)) // two nodes of one state
	}
	for range rapid.IntRange(0, 25).Draw(t, "operations") {
		pick := func() Expr { return rapid.SampledFrom(pool).Draw(t, "operand") }
		op := Op(rapid.IntRange(int(OpAdd), int(OpMix)).Draw(t, "operation"))
		e := apply(op, []Expr{pick(), pick(), pick()}[:operations[op].arity]...)
		pool = append(pool, e)
	}
	late := func(label string) Expr { // large expressions are more interesting
		if rapid.Bool().Draw(t, label) {
			return pool[len(pool)-1]
		}
		return rapid.SampledFrom(pool).Draw(t, label)
	}
	d.Output = late("output")
	for k := range d.States {
		d.States[k].Next = late("next")
	}
	return d
})

// runOf makes the arguments of a run from a pool of numbers.
func runOf(p *Program, steps, n int, numbers []float32) Run {
	at := 0
	take := func(n int) []float32 {
		s := make([]float32, n)
		for i := range s {
			s[i] = numbers[at%len(numbers)]
			at++
		}
		return s
	}
	r := Run{T: steps, N: n, Params: take(len(p.Params())), X: take(steps * n), Out: make([]float32, steps*n)}
	for range p.States() {
		r.States = append(r.States, take(n))
		r.Trace = append(r.Trace, make([]float32, steps*n))
	}
	return r
}

func cloneRun(r Run) Run {
	r.Out = slices.Clone(r.Out)
	states, traces := r.States, r.Trace
	r.States, r.Trace = nil, nil
	for i := range states {
		r.States, r.Trace = append(r.States, slices.Clone(states[i])), append(r.Trace, slices.Clone(traces[i]))
	}
	return r
}

// differ returns where two runs differ.
func differ(got, want Run) string {
	for i := range want.Out {
		if !equalBits(got.Out[i], want.Out[i]) {
			return fmt.Sprintf("output %d is %v, want %v", i, got.Out[i], want.Out[i])
		}
	}
	for k := range want.States {
		for i := range want.States[k] {
			if !equalBits(got.States[k][i], want.States[k][i]) {
				return fmt.Sprintf("state %d of neuron %d is %v, want %v", k, i, got.States[k][i], want.States[k][i])
			}
		}
		for i := range want.Trace[k] {
			if !equalBits(got.Trace[k][i], want.Trace[k][i]) {
				return fmt.Sprintf("trace %d of state %d is %v, want %v", i, k, got.Trace[k][i], want.Trace[k][i])
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
		steps, n := rapid.IntRange(0, 5).Draw(t, "T"), rapid.IntRange(0, 9).Draw(t, "N")
		r := runOf(p, steps, n, rapid.SliceOfN(number, 30, 30).Draw(t, "numbers"))
		want := cloneRun(r)
		simulate(d, p.Params(), want)
		for _, block := range []int{1, 2, 5, blockSize} {
			got := cloneRun(r)
			x := slices.Clone(r.X)
			p.run(got, block, 1)
			if where := differ(got, want); where != "" {
				t.Fatalf("blocks of %d: %s\noutput: %v\nstates: %v", block, where, d.Output, d.States)
			}
			for i := range x {
				if !equalBits(x[i], r.X[i]) {
					t.Fatal("the input was changed")
				}
			}
		}
		one := cloneRun(r) // T steps are T runs of one step
		for k := range steps {
			row := one
			row.T, row.X, row.Out = 1, one.X[k*n:(k+1)*n], one.Out[k*n:(k+1)*n]
			row.Trace = nil
			for i := range one.Trace {
				row.Trace = append(row.Trace, one.Trace[i][k*n:(k+1)*n])
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
	s := h.Sub(threshold).Spike(nil)
	return Definition{Input: "x", Output: s, States: []StateEquation{{"v", s.Mix(reset, h)}}}
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
	r := runOf(p, steps, n, numbers)
	want := cloneRun(r)
	p.run(want, blockSize, 1)
	if !slices.Contains(want.Out, 1) || !slices.Contains(want.Out, 0) {
		t.Fatal("the test does not spike")
	}
	for _, workers := range []int{2, 3, 4, 100} {
		for _, block := range []int{1, 100, blockSize, 1 << 20} {
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
	r := runOf(p, 1000, 300, special)
	m := p.machine(blockSize)
	m.load(r.Params)
	if n := testing.AllocsPerRun(20, func() { m.run(&r, 0, 300) }); n != 0 {
		t.Errorf("1000 steps allocate %v times", n)
	}
	m.free()
}

// Registers are shared: a program needs those of its leaves, its output, and
// what is alive at one time.
func TestRegisters(t *testing.T) {
	p := compiled(t, lif())
	if p.registers != 8 { // v, x, tau, v_threshold, v_reset, the spike, h, and what it is compared by
		t.Errorf("LIF needs %d registers, want 8", p.registers)
	}
	if p.next[0] != p.states[0] {
		t.Error("the potential is not computed in its place")
	}
	e := Input("x")
	for range 1000 {
		e = e.Add(Const(1)).Square()
	}
	if p = compiled(t, Definition{Input: "x", Output: e}); p.registers > 5 {
		t.Errorf("a chain needs %d registers", p.registers)
	}
}

// Equal parts are computed once.
func TestCommonParts(t *testing.T) {
	sum := func() Expr { return State("v").Add(Input("x")) }
	p := compiled(t, Definition{Input: "x", Output: sum().Mul(sum()), States: []StateEquation{{"v", sum()}}})
	if len(p.code) != 2 {
		t.Errorf("%d instructions, want 2", len(p.code))
	}
	// 0 and -0 are equal numbers, but not the same.
	p = compiled(t, Definition{Input: "x", Output: Const(0).Mul(Const(math.Copysign(0, -1)))})
	if len(p.constants) != 2 {
		t.Errorf("%d constants, want 2", len(p.constants))
	}
}

func TestCompileErrors(t *testing.T) {
	x, v := Input("x"), State("v")
	huge := make([]Expr, 0, maxInstructions) // not deep, but large
	for i := range cap(huge) {
		huge = append(huge, x.Add(Const(float64(i))).Exp())
	}
	for len(huge) > 1 {
		for i := range len(huge) / 2 {
			huge[i] = huge[2*i].Add(huge[2*i+1])
		}
		huge = huge[:len(huge)/2]
	}
	for _, test := range []struct {
		d    Definition
		want string
	}{
		{Definition{Input: "x"}, "dynamics: the output is the zero Expr; make it with Input, State, Param or Const"},
		{Definition{Input: "x", Output: x, States: []StateEquation{{Name: "v"}}}, "dynamics: state v is the zero Expr; make it with Input, State, Param or Const"},
		{Definition{Input: "x", Output: Input("y")}, `dynamics: the output uses input "y"; the input is "x"`},
		{Definition{Input: "x", Output: x, States: []StateEquation{{"v", State("w")}}}, `dynamics: state v uses state "w", which has no equation; the states are ["v"]`},
		{Definition{Input: "x", Output: x, States: []StateEquation{{"v", v}, {"v", v}}}, `dynamics: state "v" is defined twice`},
		{Definition{Input: "x", Output: huge[0]}, "dynamics: the output makes more than 100000 operations; is one step meant?"},
	} {
		if _, err := Compile(test.d); err == nil || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
	p := compiled(t, lif())
	for _, change := range []func(r *Run){
		func(r *Run) { r.N++ }, func(r *Run) { r.T++ }, func(r *Run) { r.Params = nil }, func(r *Run) { r.States = nil },
		func(r *Run) { r.X = r.X[1:] }, func(r *Run) { r.Out = nil }, func(r *Run) { r.States[0] = nil },
		func(r *Run) { r.Trace = r.Trace[:0] }, func(r *Run) { r.Trace[0] = r.Trace[0][1:] },
	} {
		r := runOf(p, 2, 3, special)
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
	p := compiled(t, Definition{Input: "x", Output: e})
	r := runOf(p, 1, 3, []float32{0.5, 1, 2})
	p.Run(r)
	if want := []float32{10000.5, 10001, 10002}; !slices.Equal(r.Out, want) {
		t.Errorf("got %v, want %v", r.Out, want)
	}
}

// The verifier finds each register that a pass could get wrong.
func TestVerify(t *testing.T) {
	v, w, x, q := State("v"), State("w"), Input("x"), Param("q")
	h := v.Add(x.Sub(w).Mul(q)).Max(Const(0.25))
	d := Definition{Input: "x", Output: h.Sub(Const(1)).Spike(nil), States: []StateEquation{{"v", h.Mul(x)}, {"w", v}}}
	virtual, err := lower(d)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	expect := func(what string, change func(p *Program, register int) *int) {
		for register := range allocate(virtual).registers {
			p := allocate(virtual)
			field := change(p, register)
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
		expect(fmt.Sprintf("operand a of %d", i), func(p *Program, _ int) *int { return &p.code[i].a })
		if operations[virtual.code[i].op].arity > 1 {
			expect(fmt.Sprintf("operand b of %d", i), func(p *Program, _ int) *int { return &p.code[i].b })
		}
		expect(fmt.Sprintf("destination of %d", i), func(p *Program, _ int) *int { return &p.code[i].dst })
	}
	for i := range d.States {
		expect(fmt.Sprintf("next of state %d", i), func(p *Program, _ int) *int { return &p.next[i] })
	}
	expect("output", func(p *Program, _ int) *int { return &p.output })
	if tried < 50 {
		t.Errorf("only %d changes were tried", tried)
	}
	p := allocate(virtual)
	p.code = p.code[1:]
	if err := verify(virtual, p); err == nil {
		t.Error("a lost instruction passes")
	}
	p = allocate(virtual)
	p.code[0].op = OpDiv
	if err := verify(virtual, p); err == nil {
		t.Error("another operation passes")
	}
}

// harmless reports whether a program still computes its definition.
func harmless(d Definition, p *Program) bool {
	r := runOf(p, 3, 2, []float32{0.3, 0.9, -0.4, 1.7, 2.2, 0.6, 0.8})
	want := cloneRun(r)
	simulate(d, p.Params(), want)
	p.Run(r)
	return differ(r, want) == ""
}

func BenchmarkRun(b *testing.B) {
	p, err := Compile(lif())
	if err != nil {
		b.Fatal(err)
	}
	const steps, n = 16, 65536
	r := runOf(p, steps, n, []float32{2, 1, 0, 0.3, 1.9, 0.8, 1.1, 0.2, 2.2, 1.5, 0.7})
	for _, block := range []int{64, 128, 256, 512, 1024} {
		b.Run(fmt.Sprintf("block=%d", block), func(b *testing.B) {
			b.SetBytes(2 * 4 * steps * n)
			for b.Loop() {
				p.run(r, block, 1)
			}
		})
	}
}
