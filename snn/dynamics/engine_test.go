package dynamics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn/vector"
)

// TestEngineIsInterpreter: for any definition the engine computes the bits
// that the interpreter computes, whatever the size of a block, the number of
// workers and the outputs that are wanted.
func TestEngineIsInterpreter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := definitionGen.Draw(t, "definition")
		p, err := Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		steps, n := rapid.IntRange(0, 5).Draw(t, "T"), rapid.OneOf(rapid.Just(1), rapid.IntRange(0, 20), rapid.IntRange(0, 100)).Draw(t, "N")
		r := runOf(len(d.Outputs), p, steps, n, rapid.SliceOfN(rapid.OneOf(number, rapid.Just(float32(2))), 30, 30).Draw(t, "numbers"))
		r.Reverse = rapid.Bool().Draw(t, "reverse")
		before := startingValues(t, r)
		want := cloneRun(r)
		simulate(d, p, want)
		for _, block := range []int{1, 16, 32, maxBlock} {
			for _, worth := range []int{math.MaxInt, 0} { // instructions, and loops of machine code
				clear(plans.of)
				setting(t, &worthLoop, worth, func() {
					got := cloneRun(r)
					p.run(got, block, 1)
					if where := differ(got, want); where != "" {
						t.Fatalf("blocks of %d, loops for %d: %s\noutputs: %v\nstates: %v", block, worth, where, d.Outputs, d.States)
					}
				})
			}
		}
		got := cloneRun(r)
		for k := range got.Outputs {
			if rapid.Bool().Draw(t, "unwanted") {
				got.Outputs[k] = nil
			}
		}
		if n == 1 {
			one := cloneRun(got)
			p.Run(one)
			if where := differ(one, want); where != "" {
				t.Fatalf("one neuron: %s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
			}
			if steps == 1 {
				one := cloneRun(r)
				stepAlone(p, one)
				if where := differ(one, want); where != "" {
					t.Fatalf("one step of one neuron: %s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
				}
			}
		}
		p.run(got, 16, 3)
		if where := differ(got, want); where != "" {
			t.Fatalf("3 workers, some outputs: %s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
		}
		apart := cloneRun(r)
		apart.Before = before
		for k := range apart.States {
			apart.States[k] = rapid.SampledFrom([][]float32{nil, make([]float32, n)}).Draw(t, "after")
		}
		p.run(apart, 32, 1)
		if where := differ(apart, want); where != "" {
			t.Fatalf("states before the run that are apart: %s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
		}
		if n == 1 {
			p.RunSingle(&apart)
			if where := differ(apart, want); where != "" {
				t.Fatalf("states of one neuron that are apart: %s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
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

// startingValues returns the states of a run as Run.Before. Of some it makes one
// value.
func startingValues(t *rapid.T, r Run) (before [][]float32) {
	for _, s := range r.States {
		if s = slices.Clone(s); r.N > 0 && rapid.Bool().Draw(t, "one value") {
			s = s[:1]
		}
		before = append(before, s)
	}
	for k, s := range before {
		for i := range r.States[k] {
			r.States[k][i] = s[min(i, len(s)-1)]
		}
	}
	return before
}

// stepAlone is a run of one step of one neuron by Step.
func stepAlone(p *Program, r Run) {
	first := func(rows [][]float32) (values []float32) {
		for _, row := range rows {
			values = append(values, row[0])
		}
		return values
	}
	states, outputs := first(r.States), first(r.Outputs)
	p.Step(first(r.Inputs), first(r.Params), states, outputs)
	for i, v := range states {
		r.States[i][0] = v
	}
	for i, v := range outputs {
		r.Outputs[i][0] = v
	}
}

// A step that gets another number of values than it should says what it expects.
func TestStepMisuse(t *testing.T) {
	p := compiled(t, lif())
	defer func() {
		err, ok := recover().(*Error)
		if !ok || !strings.Contains(err.Error(), `a step got 0 inputs, 3 parameters, 1 states and 1 outputs; expected inputs ["x"]`) {
			t.Errorf("got %v", err)
		}
	}()
	p.Step(nil, make([]float32, 3), make([]float32, 1), make([]float32, 1))
}

// setting calls f with another value of a variable.
func setting(t rapid.TB, variable *int, value int, f func()) {
	t.Helper()
	before := *variable
	*variable = value
	defer func() { *variable = before }()
	f()
}

// Outputs that are written past the caches are the same.
func TestStreams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := definitionGen.Draw(t, "definition")
		p, err := Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		const steps, n = 3, 160
		r := runOf(len(d.Outputs), p, steps, n, rapid.SliceOfN(number, 30, 30).Draw(t, "numbers"))
		want := cloneRun(r)
		p.run(want, 64, 1)
		got := cloneRun(r)
		for i := range got.Outputs {
			memory := make([]float32, 1<<14) // so much begins at a page
			got.Outputs[i] = memory[:steps*n]
		}
		setting(t, &streamBytes, 0, func() {
			if vector.Path() != "plain" && len(got.Outputs) > 0 && !p.streams(&got) {
				t.Fatal("nothing is streamed")
			}
			setting(t, &worthLoop, 0, func() { p.run(got, 64, 1) })
		})
		if where := differ(got, want); where != "" {
			t.Fatalf("%s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
		}
	})
}

// The results do not depend on how the blocks are spread over processors.
func TestWorkers(t *testing.T) {
	p := compiled(t, lif())
	const steps, n = 5, 20_077
	numbers := make([]float32, 1013)
	for i := range numbers {
		numbers[i] = float32(math.Sin(float64(i)))*2 + 0.5
	}
	r := runOf(1, p, steps, n, numbers)
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

// A machine that was used before, with other parameters, for another program or
// for other neurons, computes what a new one does.
func TestMachines(t *testing.T) {
	x, tau := Input("x"), Param("tau")
	other := Definition{Inputs: []string{"x"}, Outputs: []Expr{x.Mul(tau.Exp()).Add(Const(7))}, States: []StateEquation{{"a", State("a").Div(tau).Add(Const(3))}}}
	definitions := []Definition{lif(), other}
	programs := []*Program{compiled(t, lif()), compiled(t, other)}
	rapid.Check(t, func(t *rapid.T) {
		for range rapid.IntRange(1, 12).Draw(t, "runs") {
			k := rapid.IntRange(0, 1).Draw(t, "program")
			n := rapid.SampledFrom([]int{1, 3, 16, 40}).Draw(t, "N")
			r := runOf(1, programs[k], 2, n, rapid.SliceOfN(number, 9, 9).Draw(t, "numbers"))
			for i := range r.Params {
				value := rapid.SampledFrom([]float32{2, 4, 3, 0, 1}).Draw(t, "parameter")
				if r.Params[i] = []float32{value}; rapid.Bool().Draw(t, "one for each") {
					r.Params[i] = slices.Repeat([]float32{value, 2}, n)[:n]
				}
			}
			want := cloneRun(r)
			simulate(definitions[k], programs[k], want)
			programs[k].Run(r)
			if where := differ(r, want); where != "" {
				t.Fatal(where)
			}
		}
	})
}

// A program may be run, and an expression compiled and printed, by several
// goroutines at once.
func TestConcurrent(t *testing.T) {
	d := lif()
	p := compiled(t, d)
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			for i := range 20 {
				q := p
				if i%5 == 0 {
					q = compiled(t, d)
					if _, err := d.Differentiate(d.Inputs, nil, nil); err != nil {
						t.Error(err)
					}
					_ = d.Outputs[0].LaTeX() + d.Outputs[0].String()
				}
				r := runOf(1, q, 3, 1+i*k, []float32{float32(1 + k), 0.5, 2, 1.1, -0.3})
				want := cloneRun(r)
				simulate(d, q, want)
				q.run(r, 16, 1+i%3)
				if where := differ(r, want); where != "" {
					t.Error(where)
				}
			}
		})
	}
	wg.Wait()
}

// A machine that is there allocates nothing, however many steps it runs.
func TestAllocations(t *testing.T) {
	p := compiled(t, lif())
	r := runOf(1, p, 1000, 300, special)
	m := p.machine(maxBlock)
	m.load(&r)
	if n := testing.AllocsPerRun(20, func() { m.run(&r, 0, 300) }); n != 0 {
		t.Errorf("1000 steps allocate %v times", n)
	}
	m.free()
}

// BenchmarkRun is the program of a LIF neuron on memory that is there.
func BenchmarkRun(b *testing.B) {
	p, err := Compile(lif())
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range [][2]int{{1, 1}, {16, 1}, {16, 1024}, {16, 65536}, {128, 65536}, {16, 1 << 20}} {
		steps, n := size[0], size[1]
		r := runOf(1, p, steps, n, []float32{2, 1, 0, 0.3, 1.9, 0.8, 1.1, 0.2, 2.2, 1.5, 0.7})
		for i, name := range p.Params() {
			r.Params[i] = []float32{map[string]float32{"tau": 2, "v_threshold": 1}[name]}
		}
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("T=%d/N=%d/workers=%d", steps, n, workers), func(b *testing.B) {
				b.SetBytes(int64(2 * 4 * steps * n))
				for b.Loop() {
					p.run(r, p.blockSize(&r, workers), workers)
				}
			})
		}
	}
}
