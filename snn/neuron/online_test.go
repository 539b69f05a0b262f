package neuron_test

import (
	"testing"

	"spikebook/snn"
	"spikebook/snn/neuron"
)

// SLTT computes what LIF computes, and its gradients, bit by bit, if LIF forgets
// before each step where its potential comes from; in both step modes.
func TestOnline(t *testing.T) {
	for name, f := range map[string]func(...neuron.Option) *neuron.Layer{"SLTTLIF": neuron.NewSLTTLIF, "OTTTLIF": neuron.NewOTTTLIF} {
		for _, mode := range []string{"s", "m"} {
			options := []neuron.Option{neuron.Tau(3), neuron.DecayInput(true), neuron.SoftReset(), neuron.DetachReset(false), neuron.StoreVSeq(true)}
			want, got := input(4, 5).RequireGrad(), input(4, 5).RequireGrad()
			lif := neuron.NewLIF(options...)
			var ys []*snn.Tensor
			loss := func(y *snn.Tensor, l *neuron.Layer) { y.Mul(weights(y)).Sum().Add(l.VSeq().Square().Sum()).Backward() }
			for step := range testSteps {
				lif.Detach()
				ys = append(ys, lif.Forward(want.Index(step)))
			}
			y := snn.Stack(ys...)
			l := f(append(options, neuron.StepMode(mode))...)
			z := (*snn.Tensor)(nil)
			if mode == "s" {
				z = snn.MultiStepForward(got, l)
			} else {
				z = l.Forward(got)
			}
			bits(t, name+": spikes", z, y)
			bits(t, name+": potentials", l.VSeq(), lif.VSeq())
			loss(y, lif)
			loss(z, l)
			bits(t, name+": gradients", got.Grad(), want.Grad())
			if got.Grad().Abs().Sum().Item() == 0 {
				t.Errorf("%s: no gradient", name)
			}
		}
	}
}

// The trace of spikes, by hand, and that no gradient flows through it.
func TestTrace(t *testing.T) {
	l := neuron.NewOTTTLIF(neuron.StepMode("m"))
	x := snn.FromSlice([]float32{1, 0, 0, 1.5}, 4, 1).RequireGrad()
	bits(t, "spikes", l.Forward(x), snn.FromSlice([]float32{1, 0, 0, 1}, 4, 1))
	bits(t, "trace", l.State("trace"), snn.Full(1+0.125, 1))
	l.State("trace").Sum().Backward()
	if g := x.Grad(); g != nil && g.Abs().Sum().Item() != 0 {
		t.Errorf("the gradient of the trace is %v", g)
	}
}
