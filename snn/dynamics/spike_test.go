package dynamics

import (
	"math"
	"testing"
)

// The gradients of a spiking neuron are those of the equations of
// backpropagation through time, with the gradient of the surrogate in the place
// of that of the step; with a detached reset the part through the reset is
// missing.
func TestSpike(t *testing.T) {
	v, x, tau, reset := State("v"), Input("x"), Param("tau"), Param("v_reset")
	h := v.Add(x.Sub(v.Sub(reset)).Div(tau))
	const threshold, vReset, tauValue = 1, -0.25, 2.5
	for _, soft := range []bool{false, true} {
		for _, detach := range []bool{false, true} {
			p := &problem{
				d: neuronOf(h, soft, detach), steps: 6,
				inputs:  map[string][]float64{"x": {2.5, 3.5, -1, 2, 4, 0.5}},
				params:  map[string]float64{"tau": tauValue, "v_threshold": threshold, "v_reset": vReset},
				states:  []float64{0.25},
				weights: [][]float64{{1, -2, 0.5, 1, 3, -1}}, lastWeight: []float64{0.75},
			}
			p.m = meaningOf(p.d.all()...)
			p.run(func(_ int, x []float64) { p.then = append(p.then, x) })

			// Forward, and back, by hand.
			var hs, ss, vs []float64
			potential, spikes := p.states[0], 0.0
			for _, x := range p.inputs["x"] {
				vs = append(vs, potential)
				h := potential + (x-(potential-vReset))/tauValue
				s := 0.0
				if potential = h; h >= threshold {
					s = 1
					if potential = vReset; soft {
						potential = h - threshold
					}
				}
				hs, ss = append(hs, h), append(ss, s)
				spikes += s
			}
			if spikes == 0 || spikes == float64(p.steps) {
				t.Fatalf("%v spikes", spikes)
			}
			want := gradients{inputs: map[string][]float64{"x": make([]float64, p.steps)}}
			gv, gTau, gReset := p.lastWeight[0], 0.0, 0.0
			for i := p.steps - 1; i >= 0; i-- {
				e := 1 / (1 + math.Exp(-4*(hs[i]-threshold)))
				surrogate := 4 * e * (1 - e)
				through := 1 - ss[i] // the reset
				reset := vReset - hs[i]
				if soft {
					through, reset = 1, -threshold
				} else {
					gReset += gv * ss[i]
				}
				if !detach {
					through += reset * surrogate
				}
				gh := gv*through + p.weights[0][i]*surrogate
				want.inputs["x"][i] = gh / tauValue
				gTau -= gh * (p.inputs["x"][i] - (vs[i] - vReset)) / (tauValue * tauValue)
				gReset += gh / tauValue
				gv = gh * (1 - 1/tauValue)
			}
			want.states, want.params = []float64{gv}, []float64{gTau, gReset}

			params := []string{"tau", "v_reset"}
			back, err := p.d.backward(p.d.Inputs, params, nil)
			if err != nil {
				t.Fatal(err)
			}
			p.compare(t, "float64", p.adjoint64(back), want, 1e-12)
			p.compare(t, "engine", p.engine(differentiated(t, p.d, params...), params), want, 1e-6)
		}
	}
}

// A spike is the step, what the surrogate gives out in its place, or without a
// surrogate a step that no gradient passes.
func TestSpikeForms(t *testing.T) {
	x := Input("x")
	gradient := func(e Expr) string {
		g, ok := adjoint([]seed{{e, Input("g")}})[leafKey{OpInput, "x"}]
		if !ok {
			return "none"
		}
		return g.String()
	}
	for _, test := range []struct {
		e             Expr
		text, by      string
		at0, at1, at2 float32
	}{
		{x.Spike(nil), "heaviside(x)", "none", 0, 1, 1},
		{x.Spike(steep{}), "heaviside(x)", "g * (4 * (sigmoid(x * 4) * (1 - sigmoid(x * 4))))", 0, 1, 1},
		{x.Spike(relaxed{}), "sigmoid(x * 4)", "g * (4 * (sigmoid(x * 4) * (1 - sigmoid(x * 4))))", 0.01798621, 0.5, 0.98201376},
		{x.Spike(steep{}).Detach(), "heaviside(x)", "none", 0, 1, 1},
	} {
		if test.e.String() != test.text || gradient(test.e) != test.by {
			t.Errorf("got %v with the gradient %v, want %v with %v", test.e, gradient(test.e), test.text, test.by)
		}
		for at, want := range map[float32]float32{-1: test.at0, 0: test.at1, 1: test.at2} {
			if got := interpret(test.e, map[string]float32{"x": at}); math.Abs(float64(got-want)) > 1e-7 {
				t.Errorf("%v at %v is %v, want %v", test.e, at, got, want)
			}
		}
	}
}
