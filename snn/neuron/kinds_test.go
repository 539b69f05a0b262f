package neuron_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
	"spikebook/snn/surrogate"
)

// own are the parameters that each kind has besides v_threshold and v_reset.
var own = map[string][]string{
	"LIF": {"tau"}, "ParametricLIF": {"w"}, "QIF": {"tau", "a0", "v_rest", "v_c"}, "EIF": {"tau", "delta_T", "theta_rh", "v_rest"},
	"Izhikevich": {"tau", "a0", "v_rest", "v_c", "tau_w", "a", "b", "w_rest"},
	"AdEx":       {"tau", "delta_T", "theta_rh", "v_rest", "tau_w", "a", "b", "w_rest"},
	"KLIF":       {"tau", "k"}, "CUBALIF": {"c_decay", "v_decay"}, "ILIF": {"tau"}, "LIAF": {"tau"}, "ActivationAwareIF": {"v_offset"},
	"ComplementaryLIF": {"tau"}, "RAF": {"b", "omega", "dt"}, "TernaryLIF": {"tau"}, "SimpleLIF": {"tau"}, "RefractoryLIF": {"tau"}, "SLTTLIF": {"tau"}, "OTTTLIF": {"tau"},
	"NonSpikingLIF": {"tau"}, "SlowIF": {"share"}, "Equation": {"tau"},
	"GatedLIF": {"alpha", "beta", "gamma", "tau", "linear_decay", "v_subreset", "conduct"},
}

// slopes compares gradients with differences of the fourth order in float32: the
// loss is added up in float64, the step is a compromise between both errors. No
// gradient is one of zeros.
func slopes(t *testing.T, what string, leaf *snn.Tensor, loss func() float64) {
	t.Helper()
	gradient := leaf.Grad()
	if gradient == nil {
		gradient = snn.Zeros(leaf.Shape()...)
	}
	for i, g := range gradient.Data() {
		const h = 1.0 / 64
		at := leaf.Data()[i]
		side := func(steps float32) (v float64) {
			leaf.Data()[i] = at + steps*h
			snn.NoGrad(func() { v = loss() })
			leaf.Data()[i] = at
			return v
		}
		want := (side(-2) - 8*side(-1) + 8*side(1) - side(2)) / (12 * h)
		if math.Abs(want-float64(g)) > 1e-3*max(1, math.Abs(want)) {
			t.Errorf("%s: gradient %d is %v, the slope %v", what, i, g, want)
			return
		}
	}
}

// total is the weighted sum of values in float64.
func total(y *snn.Tensor) (sum float64) {
	for i, w := range weights(y).Data() {
		sum += float64(w) * float64(y.Data()[i])
	}
	return sum
}

// resets are the options of both resets that a kind has, with the parameters
// that it can learn.
func resets(name string) map[string][]neuron.Option {
	learn := append([]string{"v_threshold"}, own[name]...)
	options := map[string][]neuron.Option{"soft": {neuron.SoftReset(), neuron.Learn(learn...)}}
	if !slices.Contains([]string{"ILIF", "HalfThresholdIF", "ComplementaryLIF", "GatedLIF"}, name) {
		options["hard"] = []neuron.Option{neuron.VReset(-0.1), neuron.Learn(append(learn, "v_reset")...)}
	}
	return options
}

// Every parameter of every kind can be learnt: its gradient, and those of the
// input and of the states before the first step, are the slopes; also where the
// states begin as the parameters say.
func TestAllGradients(t *testing.T) {
	for name, f := range all {
		if slices.Contains(online, name) {
			continue
		}
		for reset, options := range resets(name) {
			for _, given := range []bool{false, true} {
				snn.Seed(5)
				l := f(append(options, neuron.StepMode("m"), smoothing(), neuron.StoreVSeq(true))...)
				x := input(3, 4).Scale(0.5)
				if name == "KLIF" { // away from the kink of its rectifier
					x = x.Abs().AddScalar(0.5)
				}
				leaves, states := map[string]*snn.Tensor{"x": x.RequireGrad()}, map[string]*snn.Tensor{}
				for i, state := range l.States() {
					restarts := name == "NonSpikingIF" || name == "NonSpikingLIF" || name == "GatedLIF" && state == "s"
					if given && !restarts && state != "r" { // the steps that are left: a whole number
						states[state] = snn.FromSlice([]float32{0.1, -0.2, 0.3, float32(i) / 4}).RequireGrad()
						leaves["state "+state] = states[state]
					}
				}
				for i, p := range l.Parameters() {
					leaves[fmt.Sprint("parameter ", i)] = p
				}
				run := func() []*snn.Tensor {
					l.Reset()
					for state, first := range states {
						l.SetState(state, first)
					}
					results := []*snn.Tensor{l.Forward(x), l.VSeq()}
					for _, state := range l.States() {
						results = append(results, l.State(state))
					}
					return results
				}
				loss := snn.Scalar(0)
				for _, y := range run() {
					loss = loss.Add(y.Mul(weights(y)).Sum())
				}
				loss.Backward()
				for what, leaf := range leaves {
					slopes(t, fmt.Sprintf("%s, %s reset, states given %v, %s", name, reset, given, what), leaf, func() (sum float64) {
						for _, y := range run() {
							sum += total(y)
						}
						return sum
					})
				}
			}
		}
	}
}

// Every parameter in the equations of a kind is one that it can learn.
func TestAllParametersLearn(t *testing.T) {
	for name, f := range all {
		for reset, options := range resets(name) {
			l := f(options...)
			for _, p := range append([]string{"v_threshold", "v_reset"}, own[name]...) {
				if q := l.ParamTensor(p); q != nil && !slices.Contains(l.Parameters(), q) {
					t.Errorf("%s, %s reset: %s is not learnt", name, reset, p)
				}
			}
			for _, p := range own[name] {
				if l.ParamTensor(p) == nil {
					t.Errorf("%s, %s reset: there is no %s", name, reset, p)
				}
			}
		}
	}
}

// The parallel neurons, too.
func TestParallelGradients(t *testing.T) {
	for name, f := range map[string]func(s surrogate.Function) *neuron.Parallel{
		"PSN": func(s surrogate.Function) *neuron.Parallel { return neuron.NewPSN(5, s) },
		"MaskedPSN": func(s surrogate.Function) *neuron.Parallel {
			p := neuron.NewMaskedPSN(2, 5, s)
			p.SetLambda(0.75)
			return p
		},
		"SlidingPSN": func(s surrogate.Function) *neuron.Parallel { return neuron.NewSlidingPSN(3, s) },
	} {
		snn.Seed(6)
		s := surrogate.Sigmoid(4)
		p := f(s)
		x := snn.Randn(5, 2, 3).RequireGrad()
		if y := p.Forward(x); !slices.Equal(y.Shape(), []int{5, 2, 3}) || y.Detach().Mul(snn.Ones(1).Sub(y.Detach())).Abs().Sum().Item() != 0 {
			t.Errorf("%s gives %v", name, y)
		}
		s.SetSpiking(false) // from the next input on
		y := p.Forward(x)
		y.Mul(weights(y)).Sum().Backward()
		for what, leaf := range map[string]*snn.Tensor{"x": x, "weight": p.Weight, "bias": p.Bias} {
			slopes(t, name+", "+what, leaf, func() float64 { return total(p.Forward(x)) })
		}
	}
}

// Single steps on the tape are the sequence on the tape, for every kind and
// with the step function.
func TestGradientsOfSingleSteps(t *testing.T) {
	for name, f := range all {
		if slices.Contains(onlyMulti, name) {
			continue
		}
		run := func(mode string) map[string]*snn.Tensor {
			snn.Seed(5)
			l := f(neuron.StepMode(mode), neuron.Learn(append([]string{"v_threshold"}, own[name]...)...), neuron.StoreVSeq(true))
			x := input(1, 7).RequireGrad()
			y := snn.MultiStepForward(x, l)
			if mode == "m" {
				l.Reset()
				y = l.Forward(x)
			}
			y.Mul(weights(y)).Sum().Add(l.VSeq().Mul(weights(y)).Sum()).Backward()
			grads := map[string]*snn.Tensor{"x": x.Grad()}
			for _, p := range append([]string{"v_threshold"}, own[name]...) {
				if q := l.ParamTensor(p); q != nil && q.Grad() != nil {
					grads[p] = q.Grad()
				}
			}
			return grads
		}
		s, m := run("s"), run("m")
		if len(s) != len(m) {
			t.Errorf("%s: gradients of %d and of %d tensors", name, len(s), len(m))
		}
		for what, want := range m {
			var scale float64 = 1
			for _, v := range want.Data() {
				scale = max(scale, math.Abs(float64(v)))
			}
			for i, v := range want.Data() {
				if got := s[what].Data()[i]; math.Abs(float64(got-v)) > 1e-5*scale || v != v {
					t.Errorf("%s: gradient %d of %s is %v in single steps, %v in a sequence", name, i, what, got, v)
					break
				}
			}
		}
	}
}

// A forgotten reset between batches of one size is what Detach would do, and of
// another size a mistake that says so; for every kind.
func TestForgottenResetOfAll(t *testing.T) {
	for name, f := range all {
		for _, mode := range []string{"s", "m"} {
			if mode == "s" && slices.Contains(onlyMulti, name) {
				continue
			}
			gradients := func(between func(l *neuron.Layer)) []float32 {
				snn.Seed(5)
				l := f(neuron.StepMode(mode))
				w := snn.Ones(4).RequireGrad()
				for batch := range 3 {
					x := input(batch, 4).Mul(w)
					y := x
					if mode == "s" {
						y = snn.MultiStepForward(x, l)
					} else {
						y = l.Forward(x)
					}
					y.Sum().Add(l.V().Sum()).Backward()
					between(l)
				}
				return w.Grad().Data()
			}
			forgotten := gradients(func(*neuron.Layer) {})
			if detached := gradients(func(l *neuron.Layer) { snn.DetachNet(snn.Sequential(l)) }); !slices.Equal(forgotten, detached) {
				t.Errorf("%s, mode %s: without Reset %v, with Detach %v", name, mode, forgotten, detached)
			}
		}
		snn.Seed(5)
		l := f(neuron.StepMode("m"))
		l.Forward(snn.Ones(testSteps, 4).RequireGrad()).Sum().Backward()
		want := l.Kind() + ".Forward: the input of a step has shape [5], but the state of the neurons has shape [4] from earlier inputs; call Reset() before an input of another shape"
		if got := misuse(t, func() { l.Forward(snn.Ones(testSteps, 5)) }); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		l.Reset()
		if y := l.Forward(snn.Ones(testSteps, 5)); !slices.Equal(y.Shape(), []int{testSteps, 5}) {
			t.Errorf("%s: after Reset the output has shape %v", name, y.Shape())
		}
	}
}

// A layer that records and then does not, or the other way round, gives what it
// gives without a tape.
func TestTapeDoesNotMatter(t *testing.T) {
	for name, f := range all {
		snn.Seed(5)
		plain := f(neuron.StepMode("m"))
		snn.Seed(5)
		taped := f(neuron.StepMode("m"))
		x := input(4, 9)
		for round := range 4 {
			var want, got *snn.Tensor
			snn.NoGrad(func() { want = plain.Forward(x) })
			if round%2 == 0 {
				got = taped.Forward(x.Detach().RequireGrad())
			} else {
				snn.NoGrad(func() { got = taped.Forward(x) })
			}
			bits(t, fmt.Sprint(name, ", round ", round), got, want)
			for _, state := range plain.States() {
				bits(t, name+": state "+state, taped.State(state), plain.State(state))
			}
		}
	}
}

// The parameters of channels get the sums over the other dimensions, for all
// that a kind has.
func TestChannelsOfAll(t *testing.T) {
	for name, f := range all {
		if name == "GatedLIF" { // begins with random parameters
			continue
		}
		for _, p := range append([]string{"v_threshold"}, own[name]...) {
			snn.Seed(5)
			first := f().ParamTensor(p)
			if first == nil {
				continue // not part of the equations
			}
			channels := snn.FromSlice([]float32{first.Item(), first.Item()}, 2, 1).RequireGrad()
			x := input(2, 2*3).Reshape(testSteps, 2, 3)
			run := func(l *neuron.Layer, x *snn.Tensor) {
				y := l.Forward(x)
				y.Square().Sum().Add(l.V().Sum()).Backward()
			}
			snn.Seed(5)
			run(f(neuron.StepMode("m"), neuron.ParamTensor(p, channels)), x)
			for c := range 2 {
				snn.Seed(5)
				alone := f(neuron.StepMode("m"), neuron.Learn(p))
				run(alone, x.Transpose(0, 1).Index(c))
				got, want := float64(channels.Grad().Data()[c]), float64(alone.ParamTensor(p).Grad().Item())
				if math.Abs(got-want) > 1e-5*max(1, math.Abs(want)) {
					t.Errorf("%s: gradient of %s of channel %d is %v, alone %v", name, p, c, got, want)
				}
			}
		}
	}
}

// A network learns: one neuron fires at the rate that it should.
func TestNetworkLearns(t *testing.T) {
	for _, name := range []string{"IF", "LIF", "ParametricLIF", "KLIF", "CUBALIF", "AdEx", "RefractoryLIF", "GatedLIF", "PSN"} {
		snn.Seed(9)
		var spiking snn.Module
		if name == "PSN" {
			spiking = neuron.NewPSN(testSteps, nil)
		} else {
			spiking = all[name](neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.ATan(2)))
		}
		net := snn.Sequential(layer.NewLinear(8, 1), spiking)
		x := snn.Rand(testSteps, 16, 8)
		target := snn.Full(0.5, 16, 1)
		o := optim.NewAdam(snn.Parameters(net), 0.05)
		var losses []float32
		for range 60 {
			snn.ResetNet(net)
			loss := snn.MSELoss(net.Forward(x).Mean(0), target)
			o.ZeroGrad()
			loss.Backward()
			o.Step()
			losses = append(losses, loss.Item())
		}
		if first, last := losses[0], losses[len(losses)-1]; !(last < 0.05) || last > first {
			t.Errorf("%s: the loss went from %v to %v", name, first, last)
		}
	}
}

// Random neurons repeat what they do after the same seed, and not without.
func TestPoissonRepeats(t *testing.T) {
	run := func() (y, gradient *snn.Tensor) {
		l := neuron.NewIF(neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.PoissonPass()), neuron.VThreshold(0), neuron.SoftReset())
		x := snn.Full(0.02, 20, 50).RequireGrad()
		y = l.Forward(x)
		y.Sum().Backward()
		return y, x.Grad()
	}
	snn.Seed(1)
	y1, g1 := run()
	other, _ := run()
	snn.Seed(1)
	y2, g2 := run()
	bits(t, "spikes", y2, y1)
	bits(t, "gradients", g2, g1)
	if slices.Equal(other.Data(), y1.Data()) {
		t.Error("without a seed the spikes are the same")
	}
}

// The further state and the reset of an equation, by hand.
func TestEquationStates(t *testing.T) {
	l := neuron.Equation("v + x - w", neuron.VReset(-0.5),
		neuron.StateEquation("w", "w/2 + s", 0.25), neuron.ResetEquation("where(s > 0, v_reset, h)"))
	if got := l.State("w").Item(); got != 0.25 {
		t.Errorf("w begins with %v", got)
	}
	for step, want := range [][2]float32{{0.25, 0.125}, {-0.5, 1.0625}, {-0.5625, 0.53125}} {
		s := l.Forward(snn.Ones(1)).Item()
		if v, w := l.V().Item(), l.State("w").Item(); v != want[0] || w != want[1] || (s == 1) != (step == 1) {
			t.Errorf("step %d: v %v, w %v, spike %v; want %v", step, v, w, s, want)
		}
	}
	if l.Reset(); l.State("w").Item() != 0.25 || l.V().Item() != -0.5 {
		t.Error("Reset leaves a state")
	}
	l.SetState("w", snn.Full(1, 1))
	if l.Forward(snn.Ones(1)); l.V().Item() != -0.5 {
		t.Errorf("after SetState v is %v, want -0.5 + 1 - 1", l.V())
	}
}

// Detach before Backward: no gradient flows from later inputs to earlier ones,
// and all that is computed stays.
func TestDetachCuts(t *testing.T) {
	for name, f := range all {
		snn.Seed(5)
		l := f(neuron.StepMode("m"))
		snn.Seed(5)
		whole := f(neuron.StepMode("m"))
		first, second := input(1, 3).RequireGrad(), input(2, 3).RequireGrad()
		l.Forward(first)
		snn.DetachNet(snn.Sequential(l))
		y := l.Forward(second)
		l.V().Square().Sum().Add(y.Sum()).Backward()
		if first.Grad() != nil || second.Grad() == nil {
			t.Errorf("%s: gradients %v and %v", name, first.Grad(), second.Grad())
		}
		whole.Forward(first.Detach())
		bits(t, name, y, whole.Forward(second.Detach()))
	}
}

// What a layer computes for one input shares no part with what it computes for the
// next one after Reset: both can be differentiated, and the gradients add up.
func TestTwoComputations(t *testing.T) {
	for name, f := range all {
		for reset, options := range resets(name) {
			l := f(append(options, neuron.StepMode("m"))...)
			x := snn.Rand(6, 2000).RequireGrad()
			forward := func() *snn.Tensor {
				l.Reset()
				return l.Forward(x).Mean()
			}
			gradients := func() (all []*snn.Tensor) {
				for _, p := range append(l.Parameters(), x) {
					if all = append(all, snn.Zeros(p.Shape()...)); p.Grad() != nil {
						all[len(all)-1] = p.Grad()
					}
					p.ZeroGrad()
				}
				return all
			}
			forward().Backward()
			forward().Backward()
			want := gradients()
			first, second := forward(), forward()
			first.Backward()
			second.Backward()
			for i, g := range gradients() {
				bits(t, fmt.Sprintf("%s, %s reset: gradient %d", name, reset, i), g, want[i])
			}
		}
	}
}
