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
// and of the input.
func TestTraffic(t *testing.T) {
	d := neuron.NewLIF().Definition()
	der, err := d.Differentiate([]string{"x"}, nil, []bool{true, false})
	if err != nil {
		t.Fatal(err)
	}
	const n, more = 100, 7
	bytes := moved(t, der, 1+more, n) - moved(t, der, 1, n)
	if got := float64(bytes) / (more * n); got != 24 {
		t.Errorf("a step of a neuron moves %v bytes, expected 24", got)
	}
}

// moved returns how many bytes of memory both passes read and write.
func moved(t *testing.T, der *dynamics.Derivative, steps, n int) int64 {
	d := open(t)
	pass := func(p *dynamics.Program, wanted []bool, reverse bool) {
		k, err := ptx.New(p.Listing(), ptx.Options{Name: "LIF", Wanted: wanted})
		if err != nil {
			t.Fatal(err)
		}
		r := ptxtest.NewRun(p, steps, n, wanted, func(n int) []float32 { return make([]float32, n) })
		r.Reverse = reverse
		if err := ptxtest.Run(d, k, r); err != nil {
			t.Fatal(err)
		}
	}
	wanted := slices.Repeat([]bool{true}, len(der.Forward.Listing().Outputs))
	wanted[1] = false // the potential after the step
	pass(der.Forward, wanted, false)
	pass(der.Backward, nil, true)
	read, written := d.Traffic()
	return read + written
}
