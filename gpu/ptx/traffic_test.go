package ptx_test

import (
	"slices"
	"testing"

	"spikebook/gpu/ptx"
	"spikebook/gpu/ptx/ptxtest"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
)

// A step of a LIF neuron, forward and back, moves six values: forward the input, the
// spike and the potential, which is saved; back that, and the gradients of the spike
// and of the input. One that learns its time constant with all others needs the input
// back, too. For the sum over all neurons no more is moved than what each block leaves.
func TestTraffic(t *testing.T) {
	const more = 7
	for _, test := range []struct {
		name   string
		layer  *neuron.Layer
		params []string
		want   float64
	}{
		{"LIF", neuron.NewLIF(), nil, 24},
		{"ParametricLIF", neuron.NewParametricLIF(), nil, 24},
		{"ParametricLIF that learns", neuron.NewParametricLIF(), []string{"w"}, 28},
	} {
		gradients := func(params []string) *dynamics.Derivative {
			der, err := test.layer.Definition().Differentiate([]string{"x"}, params, []bool{true, false})
			if err != nil {
				t.Fatal(err)
			}
			return der
		}
		der := gradients(test.params)
		for _, n := range []int{100, 1000} {
			none := moved(t, der, 0, n)
			if got := float64(moved(t, der, more, n)-none) / float64(more*n); got != test.want {
				t.Errorf("%s: a step of a neuron moves %v bytes, expected %v", test.name, got, test.want)
			}
			sums := int64(0)
			if test.params != nil {
				sums = int64(16*ptx.Blocks(n) + 4) // float64, written and read; the result
			}
			if got := none - moved(t, gradients(nil), 0, n); got != sums {
				t.Errorf("%s: the sum over %d neurons moves %d bytes, expected %d", test.name, n, got, sums)
			}
		}
	}
}

// moved returns how many bytes of memory both passes read and write.
func moved(t *testing.T, der *dynamics.Derivative, steps, n int) int64 {
	d := open(t)
	pass := func(p *dynamics.Program, wanted, summed []bool, reverse bool) {
		k, err := ptx.New(p.Listing(), ptx.Options{Name: "LIF", Wanted: wanted, Summed: summed})
		if err != nil {
			t.Fatal(err)
		}
		r := ptxtest.NewRun(p, steps, n, wanted, func(n int) []float32 { return make([]float32, n) })
		for i := range r.States {
			if summed != nil && summed[i] {
				r.States[i] = nil
			}
		}
		r.Reverse = reverse
		if _, err := ptxtest.Run(d, k, r); err != nil {
			t.Fatal(err)
		}
	}
	wanted := slices.Repeat([]bool{true}, len(der.Forward.Listing().Outputs))
	wanted[1] = false // the potential after the step
	pass(der.Forward, wanted, nil, false)
	summed := slices.Repeat([]bool{true}, len(der.Backward.States()))
	for i := range der.Forward.States() {
		summed[i] = false // a gradient of the state
	}
	pass(der.Backward, nil, summed, true)
	read, written := d.Traffic()
	return read + written
}
