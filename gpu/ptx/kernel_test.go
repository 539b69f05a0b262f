package ptx_test

import (
	"testing"

	"pgregory.net/rapid"

	"spikebook/gpu/ptx"
	"spikebook/gpu/ptx/ptxtest"
	"spikebook/snn/dynamics"
)

// ways are operations to make expressions of others.
var ways = []func(a, b, c dynamics.Expr) dynamics.Expr{
	func(a, b, _ dynamics.Expr) dynamics.Expr { return a.Add(b) },
	func(a, b, _ dynamics.Expr) dynamics.Expr { return a.Sub(b) },
	func(a, b, _ dynamics.Expr) dynamics.Expr { return a.Mul(b) },
	func(a, b, _ dynamics.Expr) dynamics.Expr { return a.Div(b) },
	func(a, _, _ dynamics.Expr) dynamics.Expr { return a.Div(dynamics.Param("p")) },
	func(a, b, _ dynamics.Expr) dynamics.Expr { return a.Max(b) },
	func(a, b, c dynamics.Expr) dynamics.Expr { return a.LessEqual(b).Select(c, a) },
	func(a, _, _ dynamics.Expr) dynamics.Expr { return a.Exp() },
	func(a, _, _ dynamics.Expr) dynamics.Expr { return a.Sin() },
	func(a, b, _ dynamics.Expr) dynamics.Expr { return a.Power(b) },
	func(a, b, c dynamics.Expr) dynamics.Expr { return a.Sub(b).Heaviside().Mix(c, a) },
	func(a, b, _ dynamics.Expr) dynamics.Expr { return a.Sub(a.Sub(b).Heaviside().Mul(b)) },
}

// definitionGen draws a definition whose outputs and states may be leaves, equal, or
// swapped.
var definitionGen = rapid.Custom(func(t *rapid.T) dynamics.Definition {
	d := dynamics.Definition{Inputs: []string{"x", "y"}}
	pool := []dynamics.Expr{
		dynamics.Input("x"), dynamics.Input("y"), dynamics.Param("p"), dynamics.Param("q"), dynamics.Const(0.3), dynamics.Const(1), dynamics.Uniform("u"),
	}
	states := []string{"a", "b", "c"}[:rapid.IntRange(0, 3).Draw(t, "states")]
	for _, name := range states {
		pool = append(pool, dynamics.State(name))
	}
	pick := func() dynamics.Expr { return rapid.SampledFrom(pool).Draw(t, "operand") }
	for range rapid.IntRange(0, 15).Draw(t, "operations") {
		pool = append(pool, rapid.SampledFrom(ways).Draw(t, "operation")(pick(), pick(), pick()))
	}
	d.Outputs = append(d.Outputs, pool[len(pool)-1])
	for range rapid.IntRange(0, 2).Draw(t, "outputs") {
		d.Outputs = append(d.Outputs, pick())
	}
	for _, name := range states {
		d.States = append(d.States, dynamics.StateEquation{Name: name, Next: pick()})
	}
	return d
})

// drawRun draws the arguments of a run.
func drawRun(t *rapid.T, p *dynamics.Program, outputs int) dynamics.Run {
	steps := rapid.IntRange(0, 4).Draw(t, "T")
	n := rapid.SampledFrom([]int{1, 2, 33, ptx.BlockSize, ptx.BlockSize + 1, 2*ptx.BlockSize - 1}).Draw(t, "N")
	number := rapid.OneOf(rapid.SampledFrom(special), rapid.Float32Range(-3, 3))
	numbers := rapid.SliceOfN(number, 30, 30).Draw(t, "numbers")
	at := 0
	take := func(n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = numbers[at%len(numbers)]
			at++
		}
		return values
	}
	size := func(whole, shared int) int { return []int{whole, shared}[rapid.IntRange(0, 1).Draw(t, "shared")] }
	r := dynamics.Run{T: steps, N: n, Reverse: rapid.Bool().Draw(t, "reverse")}
	for range p.Inputs() {
		r.Inputs = append(r.Inputs, take(size(steps*n, steps)))
	}
	for range p.Params() {
		r.Params = append(r.Params, take(size(n, 1)))
	}
	for range p.States() {
		r.States = append(r.States, take(n))
	}
	for range outputs {
		r.Outputs = append(r.Outputs, make([]float32, steps*n))
	}
	return r
}

// For any definition a kernel gives the bits that the engine gives, whatever the
// sizes, which outputs are wanted and which states summed; what is not wanted is not
// written.
func TestKernelIsEngine(t *testing.T) {
	d := open(t)
	rapid.Check(t, func(t *rapid.T) {
		definition := definitionGen.Draw(t, "definition")
		p, err := dynamics.Compile(definition)
		if err != nil {
			t.Fatal(err)
		}
		r := drawRun(t, p, len(definition.Outputs))
		wanted := make([]bool, len(r.Outputs))
		for i := range wanted {
			if wanted[i] = rapid.Bool().Draw(t, "wanted"); !wanted[i] {
				r.Outputs[i] = nil
			}
		}
		summed := make([]bool, len(r.States))
		for i := range summed {
			if summed[i] = rapid.Bool().Draw(t, "summed"); summed[i] {
				r.States[i] = nil
			}
		}
		k, err := ptx.New(p.Listing(), ptx.Options{Name: "test", Wanted: wanted, Summed: summed})
		if err != nil {
			t.Fatal(err)
		}
		if err := ptxtest.Compare(d, k, p, r); err != nil {
			t.Fatalf("%v\n%s", err, k.Module)
		}
	})
}
