package dynamics

import (
	"testing"

	"pgregory.net/rapid"
)

// A backend that follows the listing computes what the engine does.
func TestListing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := definitionGen.Draw(t, "definition")
		p, err := Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		const steps = 3
		r := runOf(len(d.Outputs), p, steps, 1, rapid.SliceOfN(number, 30, 30).Draw(t, "numbers"))
		want := cloneRun(r)
		simulate(d, p, want)
		l := p.Listing()
		v := make([]float32, l.Registers)
		for at, value := range l.Constants {
			v[at] = value
		}
		for i, at := range l.Params {
			v[at] = r.Params[i][0]
		}
		for i, at := range l.States {
			v[at] = r.States[i][0]
		}
		runValues(l.Prologue, v)
		for k := range steps {
			for i, at := range l.Inputs {
				if at >= 0 {
					v[at] = r.Inputs[i][k]
				}
			}
			runValues(l.Code, v)
			for i, at := range l.Outputs {
				r.Outputs[i][k] = v[at]
			}
			for i, at := range l.Next {
				v[l.States[i]] = v[at]
			}
		}
		for i, at := range l.States {
			r.States[i][0] = v[at]
		}
		if where := differ(r, want); where != "" {
			t.Fatalf("%s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
		}
	})
}
