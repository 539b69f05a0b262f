package dynamics

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

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
