package neuron_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// Parallel neurons that can go step by step give the bits of a sequence, and its
// gradients but for the order in which those of a weight are added up.
func TestParallelSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps, k := rapid.IntRange(1, 9).Draw(t, "T"), rapid.IntRange(1, 11).Draw(t, "k")
		masked := rapid.Bool().Draw(t, "masked")
		seed := rapid.IntRange(0, 1000).Draw(t, "seed")
		shape := rapid.SliceOfN(rapid.IntRange(1, 3), 0, 3).Draw(t, "shape")
		run := func(mode string) (y *snn.Tensor, gradients []*snn.Tensor) {
			snn.Seed(seed)
			var p *neuron.Parallel
			if masked {
				p = neuron.NewMaskedPSN(k, steps, nil)
				p.SetLambda(1)
			} else {
				p = neuron.NewSlidingPSN(k, nil)
				copy(p.Weight.Data(), snn.Randn(k).Data())
			}
			p.Bias.Data()[0] = 0.25
			x := snn.Randn(append([]int{steps}, shape...)...).RequireGrad()
			if mode == "s" {
				y = snn.MultiStepForward(x, p)
			} else {
				y = p.Forward(x)
			}
			y.Mul(weights(y)).Sum().Backward()
			return y, []*snn.Tensor{x.Grad(), p.Weight.Grad(), p.Bias.Grad()}
		}
		y, gradients := run("m")
		got, others := run("s")
		bits(t, "spikes", got, y)
		for i, want := range gradients {
			for j, w := range want.Data() {
				if g := others[i].Data()[j]; math.Abs(float64(g-w)) > 1e-5 {
					t.Fatalf("gradient %d: value %d is %v step by step, %v of the sequence", i, j, g, w)
				}
			}
		}
	})
}

// What it remembers is its own, is forgotten by Reset and cut off by Detach.
func TestParallelState(t *testing.T) {
	p := neuron.NewSlidingPSN(2, surrogate.Sigmoid(4)) // x[t] + x[t-1]/2 - 1
	single(t, p)
	x := snn.FromSlice([]float32{1})
	bits(t, "the first step", p.Forward(x), snn.Ones(1))
	x.Data()[0] = -9 // which is not what was given
	bits(t, "the second step", p.Forward(snn.FromSlice([]float32{0.5})), snn.Ones(1))
	bits(t, "the third step", p.Forward(snn.FromSlice([]float32{0.5})), snn.Zeros(1))
	p.Reset()
	bits(t, "after Reset", p.Forward(snn.FromSlice([]float32{0.75})), snn.Zeros(1))

	first, second := snn.Ones(1).RequireGrad(), snn.Ones(1).RequireGrad()
	p.Reset()
	p.Forward(first)
	snn.DetachNet(p)
	p.Forward(second).Sum().Backward()
	if first.Grad() != nil || second.Grad() == nil {
		t.Errorf("after Detach the gradients are %v and %v", first.Grad(), second.Grad())
	}
	// Without it, a forgotten Reset: the gradient ends where Backward has been.
	p.Forward(first).Sum().Backward()
	p.Forward(second).Sum().Backward()
}

func single(t *testing.T, p *neuron.Parallel) {
	t.Helper()
	if err := p.SetStepMode("s"); err != nil {
		t.Fatal(err)
	}
}

func TestParallelMistakes(t *testing.T) {
	masked := neuron.NewMaskedPSN(2, 3, nil)
	masked.SetLambda(0.5)
	for mode, want := range map[string]string{
		"s": `MaskedPSN: step mode "s" is not possible with lambda = 0.5: a step depends on later ones; call SetLambda(1) first`,
		"x": `step mode "x" is unknown: expected "s" (one step, [N, ...]) or "m" (a sequence, [T, N, ...])`,
	} {
		if err := masked.SetStepMode(mode); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	masked.SetLambda(1)
	single(t, masked)
	sliding := neuron.NewSlidingPSN(2, nil)
	single(t, sliding)
	sliding.Forward(snn.Ones(3))
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { masked.SetLambda(0.5) }, `MaskedPSN: lambda is 0.5, expected 1 in step mode "s"; call SetStepMode("m") first`},
		{func() { sliding.Forward(snn.Ones(4)) }, "SlidingPSN.Forward: the input of a step has shape [4], but earlier ones had shape [3]; call Reset() before an input of another shape"},
		{func() {
			for range 4 {
				masked.Forward(snn.Ones(2))
			}
		}, "MaskedPSN.Forward: this is step 4, the layer is made for 3; call Reset() before another sequence"},
		{func() { neuron.NewMaskedPSN(1, 2, nil).Forward(snn.Ones(3, 2)) }, "MaskedPSN.Forward: the input of shape [3 2] has 3 steps, the layer is made for 2"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	masked.Reset()
	if y := masked.Forward(snn.Ones(5)); !slices.Equal(y.Shape(), []int{5}) {
		t.Errorf("after Reset: %v", fmt.Sprint(y))
	}
}
