package layer_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
)

// stateful are layers with a state, for inputs [..., 3].
var stateful = []func() snn.Module{
	func() snn.Module { return layer.NewSynapseFilter(3) },
	func() snn.Module { return layer.NewLearnableSynapseFilter(3) },
	func() snn.Module { return layer.NewDelay(0) },
	func() snn.Module { return layer.NewDelay(2) },
	func() snn.Module { return layer.NewElementWiseRecurrent(neuron.NewLIF(), (*snn.Tensor).Add) },
	func() snn.Module {
		return layer.NewElementWiseRecurrent(layer.NewDelay(1), func(y, x *snn.Tensor) *snn.Tensor { return x.Sub(y.Scale(0.5)) })
	},
	func() snn.Module {
		return layer.NewLinearRecurrent(snn.Sequential(layer.NewLinear(3, 2), neuron.NewLIF(), layer.NewSynapseFilter(2)), 3, 2)
	},
}

// Step by step, in pieces or as a whole, by Forward in either mode or by
// MultiStepForward, a sequence has the same outputs and gradients.
func TestStepModes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		make := stateful[rapid.IntRange(0, len(stateful)-1).Draw(t, "layer")]
		steps := rapid.IntRange(2, 6).Draw(t, "steps")
		shape := append([]int{steps}, rapid.SliceOfN(rapid.IntRange(1, 3), 0, 2).Draw(t, "shape")...)
		x := snn.Rand(append(shape, 3)...).Scale(2)
		snn.Seed(1)
		net := make()
		run := func(f func(x *snn.Tensor) *snn.Tensor) (y *snn.Tensor, gradients []float32) {
			snn.ResetNet(net)
			x := x.Clone().RequireGrad()
			y = f(x)
			y.Square().Sum().Backward()
			for _, leaf := range append(snn.Parameters(net), x) {
				gradients = append(gradients, leaf.Grad().Data()...)
			}
			snn.ZeroGrad(net)
			return y, gradients
		}
		_ = snn.SetStepMode(net, "m")
		want, gradients := run(net.Forward)
		for what, f := range map[string]func(x *snn.Tensor) *snn.Tensor{
			"pieces": func(x *snn.Tensor) *snn.Tensor {
				return snn.Concat(net.Forward(x.Slice(0, 1)), net.Forward(x.Slice(1, steps)))
			},
			"MultiStepForward": func(x *snn.Tensor) *snn.Tensor { return snn.MultiStepForward(x, net) },
			"steps": func(x *snn.Tensor) *snn.Tensor {
				_ = snn.SetStepMode(net, "s")
				defer snn.SetStepMode(net, "m")
				var ys []*snn.Tensor
				for s := range steps {
					ys = append(ys, net.Forward(x.Index(s)))
				}
				return snn.Stack(ys...)
			},
		} {
			y, g := run(f)
			if !snn.SameShape(y, want) || !slices.Equal(y.Data(), want.Data()) {
				t.Fatalf("%v, %s: %v, want %v", net, what, y, want)
			}
			for i, v := range g {
				if w := gradients[i]; math.Abs(float64(v-w)) > 1e-5*max(1, math.Abs(float64(w))) {
					t.Fatalf("%v, %s: gradient %d is %v, want %v", net, what, i, v, w)
				}
			}
		}
	})
}

// The filter's own constant is learnt towards that of a target.
func TestLearnableTau(t *testing.T) {
	spikes := snn.FromSlice([]float32{1, 0, 0, 1, 0, 0, 0, 0}, 8, 1)
	target, f := layer.NewSynapseFilter(5), layer.NewLearnableSynapseFilter(2)
	for _, m := range []snn.Module{target, f} {
		_ = snn.SetStepMode(m, "m")
	}
	if got := snn.Parameters(f); len(got) != 1 || got[0] != f.W || len(target.Parameters()) != 0 {
		t.Fatalf("parameters %v", got)
	}
	want := target.Forward(spikes)
	for range 300 {
		snn.ResetNet(f)
		f.W.ZeroGrad()
		snn.MSELoss(f.Forward(spikes), want).Backward()
		for i, g := range f.W.Grad().Data() {
			f.W.Data()[i] -= 5 * g
		}
	}
	if tau := f.Tau(); math.Abs(tau-5) > 0.05 {
		t.Errorf("tau is %v, want 5", tau)
	}
}

// Reset forgets, Detach cuts off, what is given out is the caller's, and networks of
// containers find what is inside.
func TestStates(t *testing.T) {
	for _, make := range stateful {
		net := make()
		x := snn.Ones(2, 3)
		first := net.Forward(x).Detach().Clone()
		second := net.Forward(x).Detach().Clone()
		net.Reset()
		y := net.Forward(x)
		if !slices.Equal(y.Data(), first.Data()) {
			t.Errorf("%v: %v after Reset, want %v", net, y, first)
		}
		y.Fill(7)
		if got := net.Forward(x); !slices.Equal(got.Data(), second.Data()) {
			t.Errorf("%v: %v after who got the step before changed it, want %v", net, got, second)
		}
		snn.ResetNet(net)
		input := snn.Ones(2, 3).RequireGrad()
		net.Forward(input)
		snn.DetachNet(net)
		net.Forward(x).Sum().AddScalar(0).Add(snn.Scalar(1).RequireGrad()).Backward()
		if input.Grad() != nil {
			t.Errorf("%v: a gradient of what was before Detach", net)
		}
	}
	r := layer.NewLinearRecurrent(layer.NewLinear(3, 2), 3, 2, layer.Bias(false))
	if n := len(snn.Parameters(r)); n != 3 || r.Synapses.Bias != nil {
		t.Errorf("%d parameters, want 3", n)
	}
	if got, want := r.String(), "LinearRecurrent(Linear(in=5, out=3, bias=false), Linear(in=3, out=2, bias=true), step_mode=s)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMistakes(t *testing.T) {
	x := snn.Ones(2, 3)
	m := func(net snn.Module) snn.Module {
		if err := snn.SetStepMode(net, "m"); err != nil {
			t.Fatal(err)
		}
		return net
	}
	used := func(net snn.Module) snn.Module {
		net.Forward(x)
		return net
	}
	recurrent := func() snn.Module { return layer.NewElementWiseRecurrent(layer.NewDelay(1), (*snn.Tensor).Add) }
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { layer.NewDelay(-1) }, "NewDelay: a delay of -1 steps, expected at least 0"},
		{func() { layer.NewSynapseFilter(0.5) }, "NewSynapseFilter: tau is 0.5, expected a number of steps, at least 1"},
		{func() { layer.NewSynapseFilter(math.NaN()) }, "NewSynapseFilter: tau is NaN, expected a number of steps, at least 1"},
		{func() { layer.NewLearnableSynapseFilter(1) }, "NewLearnableSynapseFilter: tau is 1, expected a number of steps above 1"},
		{func() { f := layer.NewSynapseFilter(2); f.W = snn.Ones(3); f.Forward(x) }, "SynapseFilter.Forward: W has shape [3], expected one value"},
		{func() {
			layer.NewElementWiseRecurrent(snn.Sequential(neuron.NewIF(neuron.StepMode("m"))), (*snn.Tensor).Add).Forward(x)
		}, `ElementWiseRecurrent.Forward: step mode "m" of IF(v_threshold=1, v_reset=0, detach_reset=false, step_mode=m, backend=cpu, surrogate=Sigmoid(alpha=4)), expected "s"; call snn.SetStepMode(…, "s") on the whole`},
		{func() { layer.NewElementWiseRecurrent(layer.NewLinear(3, 1), (*snn.Tensor).Add).Forward(x) }, "ElementWiseRecurrent.Forward: the module made shape [2 1] of a step of shape [2 3], expected [2 3]"},
		{func() { layer.NewLinearRecurrent(layer.NewLinear(3, 4), 3, 2).Forward(x) }, "LinearRecurrent.Forward: the module made shape [2 4] of a step of shape [2 3], expected [2 2]"},
		{func() { layer.NewElementWiseRecurrent(nil, (*snn.Tensor).Add) }, "NewElementWiseRecurrent: the module is nil; expected one such as a layer of neurons"},
		{func() { layer.NewElementWiseRecurrent(neuron.NewIF(), nil) }, "NewElementWiseRecurrent: the function is nil; expected one of y and x, such as (*snn.Tensor).Add"},
		{func() { layer.NewLinearRecurrent(neuron.NewIF(), 0, 2) }, "NewLinearRecurrent: 0 inputs and 2 outputs, expected at least 1 of each"},
		{func() { layer.NewLinearRecurrent(neuron.NewIF(), 2, 2).Forward(x) }, "LinearRecurrent.Forward: the input of a step has shape [2 3], expected [..., 2]"},
		{func() { new(layer.Recurrent).Forward(x) }, "ElementWiseRecurrent.Forward: there is no module or no function, expected a value that NewElementWiseRecurrent or NewLinearRecurrent made"},
		{func() { new(layer.SynapseFilter).Forward(x) }, "SynapseFilter.Forward: there is no time constant, expected a value that NewSynapseFilter made"},
		{func() { recurrent().Forward(nil) }, "ElementWiseRecurrent.Forward: the input is nil; expected a tensor"},
		{func() { used(recurrent()).Forward(snn.Ones(3)) }, "ElementWiseRecurrent.Forward: the input of a step has shape [3], but earlier ones had shape [2 3]; call Reset() before an input of another shape"},
		{func() { layer.NewDelay(1).Forward(nil) }, "Delay.Forward: the input is nil; expected a tensor"},
		{func() { m(layer.NewDelay(1)).Forward(snn.Scalar(1)) }, "Delay.Forward: the input has shape [], expected a sequence [T, N, ...] with T >= 1 in multi-step mode"},
		{func() { m(layer.NewSynapseFilter(2)).Forward(snn.Ones(0, 3)) }, "SynapseFilter.Forward: the input has shape [0 3], expected a sequence [T, N, ...] with T >= 1 in multi-step mode"},
		{func() { used(layer.NewDelay(1)).Forward(snn.Ones(3)) }, "Delay.Forward: the input of a step has shape [3], but earlier ones had shape [2 3]; call Reset() before an input of another shape"},
		{func() { m(used(layer.NewSynapseFilter(2))).Forward(x) }, "SynapseFilter.Forward: the input of a step has shape [3], but earlier ones had shape [2 3]; call Reset() before an input of another shape"},
	} {
		err := snn.Maybe(test.f)
		var mistake *snn.ShapeError
		if !errors.As(err, &mistake) || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	// A refused input leaves no trace.
	r := layer.NewLinearRecurrent(layer.NewLinear(3, 2), 3, 2)
	if snn.Maybe(func() { r.Forward(snn.Ones(4)) }) == nil || snn.Maybe(func() { r.Forward(x) }) != nil {
		t.Error("after a refused input another one is refused, too")
	}
	if err := snn.SetStepMode(layer.NewDelay(1), "x"); err == nil || !strings.Contains(err.Error(), `step mode "x" is unknown`) {
		t.Errorf("step mode x: %v", err)
	}
	if err := layer.NewDelay(1).SetStepMode("x"); err == nil || !strings.HasPrefix(err.Error(), "Delay: step mode") {
		t.Errorf("step mode x: %v", err)
	}
}
