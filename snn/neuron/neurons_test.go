package neuron_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// SlowIF is a user's neuron with a second state, a reset of its own and a
// default.
type SlowIF struct{ neuron.Base }

func (n *SlowIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Add(x).Sub(n.State("a"))
}

func (n *SlowIF) NeuronalReset(h, s dynamics.Expr) dynamics.Expr {
	return h.Sub(s.Mul(n.VThreshold()).Mul(n.Param("share")))
}

func (n *SlowIF) NeuronalStates(s neuron.Step) []neuron.State {
	return []neuron.State{{Name: "a", Initial: n.Param("share"), Next: n.State("a").Mul(dynamics.Const(0.75)).Add(s.S.Mul(dynamics.Const(0.25)))}}
}

func (*SlowIF) Defaults() map[string]float64 { return map[string]float64{"share": 0.5} }

// all makes a layer of each kind.
var all = map[string]func(o ...neuron.Option) *neuron.Layer{
	"IF": neuron.NewIF, "LIF": neuron.NewLIF, "ParametricLIF": neuron.NewParametricLIF, "QIF": neuron.NewQIF, "EIF": neuron.NewEIF,
	"Izhikevich": func(o ...neuron.Option) *neuron.Layer {
		return neuron.NewIzhikevich(append([]neuron.Option{neuron.Param("a", 0.2), neuron.Param("b", 0.3)}, o...)...)
	},
	"AdEx": neuron.NewAdEx, "KLIF": neuron.NewKLIF, "CUBALIF": neuron.NewCUBALIF, "ILIF": neuron.NewILIF,
	"LIAF":            func(o ...neuron.Option) *neuron.Layer { return neuron.NewLIAF(dynamics.Expr.Tanh, o...) },
	"HalfThresholdIF": neuron.NewHalfThresholdIF, "ActivationAwareIF": neuron.NewActivationAwareIF, "ComplementaryLIF": neuron.NewComplementaryLIF,
	"RAF": neuron.NewRAF, "TernaryIF": neuron.NewTernaryIF, "TernaryLIF": neuron.NewTernaryLIF, "SimpleIF": neuron.NewSimpleIF, "SimpleLIF": neuron.NewSimpleLIF,
	"RefractoryLIF": neuron.NewRefractoryLIF, "SLTTLIF": neuron.NewSLTTLIF, "OTTTLIF": neuron.NewOTTTLIF,
	"NonSpikingIF": neuron.NewNonSpikingIF, "NonSpikingLIF": neuron.NewNonSpikingLIF,
	"GatedLIF": func(o ...neuron.Option) *neuron.Layer { return neuron.NewGatedLIF(6, o...) },
	"SlowIF":   func(o ...neuron.Option) *neuron.Layer { return neuron.New(&SlowIF{}, o...) },
	"Equation": func(o ...neuron.Option) *neuron.Layer {
		return neuron.Equation("v + (x - v - w)/tau", append([]neuron.Option{
			neuron.Param("tau", 3), neuron.StateEquation("w", "0.9*w + 0.1*h + s/4", 0.125), neuron.ResetEquation("where(s > 0, v_reset, h)"),
		}, o...)...)
	},
}

// onlyMulti are the kinds that have no single-step mode.
var onlyMulti = []string{"NonSpikingIF", "NonSpikingLIF", "GatedLIF"}

// online are the kinds whose gradient is not the slope: it does not go back in
// time.
var online = []string{"SLTTLIF", "OTTTLIF"}

const testSteps = 6

func input(seed, n int) *snn.Tensor {
	snn.Seed(seed)
	return snn.Randn(testSteps, n).AddScalar(0.4)
}

// A sequence is its steps, one after the other, bit by bit: outputs, potentials
// and all states.
func TestSequenceIsSteps(t *testing.T) {
	for name, f := range all {
		if slices.Contains(onlyMulti, name) {
			continue
		}
		snn.Seed(5)
		s, m := f(neuron.StoreVSeq(true)), f(neuron.StepMode("m"), neuron.StoreVSeq(true))
		x := input(1, 37)
		y := snn.MultiStepForward(x, s)
		bits(t, name, m.Forward(x), y)
		bits(t, name+": potentials", m.VSeq(), s.VSeq())
		for _, state := range s.States() {
			bits(t, name+": state "+state, m.State(state), s.State(state))
		}
		if y.Abs().Sum().Item() == 0 {
			t.Errorf("%s does not spike in the test", name)
		}
		m.Reset()
		bits(t, name+" after Reset", m.Forward(x), y)
	}
}

// smoothing makes a surrogate that can be differentiated by differences.
func smoothing() neuron.Option {
	s := surrogate.Sigmoid(4)
	s.SetSpiking(false)
	return neuron.SurrogateFunction(s)
}

// weights are what each value counts in a loss.
func weights(y *snn.Tensor) *snn.Tensor {
	w := snn.Zeros(y.Shape()...)
	for i := range w.Data() {
		w.Data()[i] = float32(i%5)/4 - 0.5
	}
	return w
}

// A forgotten reset is harmless: gradients end where they have been computed.
func TestForgottenReset(t *testing.T) {
	gradients := func(between func(l *neuron.Layer)) []float32 {
		l := neuron.NewLIF(neuron.StepMode("m"), neuron.SoftReset())
		w := snn.Ones(4).RequireGrad()
		for batch := range 3 {
			l.Forward(input(batch, 4).Mul(w)).Sum().Backward()
			between(l)
		}
		return w.Grad().Data()
	}
	forgotten := gradients(func(*neuron.Layer) {})
	if detached := gradients(func(l *neuron.Layer) { snn.DetachNet(l) }); !slices.Equal(forgotten, detached) {
		t.Errorf("without Reset %v, with Detach %v", forgotten, detached)
	}
	if reset := gradients(func(l *neuron.Layer) { l.Reset() }); slices.Equal(forgotten, reset) {
		t.Error("the test does not see a reset")
	}
}

// Gradients flow from step to step in single-step mode, too.
func TestGradientsOfSteps(t *testing.T) {
	run := func(mode string) (x *snn.Tensor, tau float32) {
		l := neuron.NewLIF(neuron.Learn("tau"), neuron.StepMode(mode))
		x = input(3, 6).RequireGrad()
		var y *snn.Tensor
		if mode == "m" {
			y = l.Forward(x)
		} else {
			y = snn.MultiStepForward(x, l)
		}
		y.Mul(weights(y)).Sum().Add(l.V().Sum()).Backward()
		return x.Grad(), l.Parameters()[0].Grad().Item()
	}
	xs, ts := run("s")
	xm, tm := run("m")
	for i := range xs.Data() {
		if math.Abs(float64(xs.Data()[i]-xm.Data()[i])) > 1e-6 || math.Abs(float64(ts-tm)) > 1e-5 {
			t.Fatalf("single steps %v and %v, the sequence %v and %v", xs, ts, xm, tm)
		}
	}
}

// A parameter of channels gets the gradient of each.
func TestChannels(t *testing.T) {
	tau := snn.FromSlice([]float32{2, 4}, 2, 1).RequireGrad()
	l := neuron.NewLIF(neuron.ParamTensor("tau", tau), neuron.StepMode("m"))
	x := snn.Full(0.8, 4, 2, 3)
	l.Forward(x)
	l.V().Sum().Backward()
	for c, one := range []float64{2, 4} {
		single := neuron.NewLIF(neuron.Tau(one), neuron.Learn("tau"), neuron.StepMode("m"))
		single.Forward(snn.Full(0.8, 4, 3))
		single.V().Sum().Backward()
		if got, want := tau.Grad().Data()[c], single.Parameters()[0].Grad().Item(); math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("channel %d: the gradient is %v, alone %v", c, got, want)
		}
	}
}

// Two neurons learn to fire at the rates that they should.
func TestTraining(t *testing.T) {
	l := neuron.NewLIF(neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.ATan(2)))
	w := snn.Full(0.5, 2).RequireGrad()
	target := snn.FromSlice([]float32{0.2, 0.5})
	x := snn.Ones(40, 2)
	var first, last float32
	for epoch := range 100 {
		l.Reset()
		loss := snn.MSELoss(l.Forward(x.Mul(w)).Mean(0), target)
		w.ZeroGrad()
		loss.Backward()
		for i, g := range w.Grad().Data() {
			w.Data()[i] -= g
		}
		if last = loss.Item(); epoch == 0 {
			first = last
		}
	}
	if last > 2e-3 || first < 0.05 {
		t.Errorf("the loss went from %v to %v", first, last)
	}
}

func TestPoissonPass(t *testing.T) {
	run := func() *snn.Tensor {
		snn.Seed(11)
		l := neuron.NewIF(neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.PoissonPass()), neuron.VThreshold(0), neuron.SoftReset())
		return l.Forward(snn.Full(0.01, 50, 400))
	}
	y := run()
	bits(t, "spikes from the same seed", run(), y)
	if rate := float64(y.Index(19).Mean().Item()); math.Abs(rate-0.2) > 0.08 { // the potential is 0.2 then
		t.Errorf("the rate is %v, want about 0.2", rate)
	}
}

func TestRefractory(t *testing.T) {
	l := neuron.NewRefractoryLIF(neuron.Param("refractory", 3), neuron.Tau(1), neuron.StepMode("m"))
	bits(t, "spikes", l.Forward(snn.Full(2, 9, 1)), snn.FromSlice([]float32{1, 0, 0, 0, 1, 0, 0, 0, 1}, 9, 1))
	bits(t, "steps left", l.State("r"), snn.Full(3, 1))
}

func TestDecode(t *testing.T) {
	x := snn.FromSlice([]float32{1, -5, 2, 4}, 4, 1) // potentials 1, -4, -2, 2
	for kind, want := range map[string]float32{neuron.LastMem: 2, neuron.MaxMem: 2, neuron.MaxAbsMem: -4, neuron.MeanMem: -0.75} {
		l := neuron.NewNonSpikingIF(neuron.Decode(kind))
		for range 2 { // each sequence begins anew
			bits(t, kind, l.Forward(x), snn.FromSlice([]float32{want}))
		}
	}
}

func TestParallel(t *testing.T) {
	snn.Seed(1)
	s := neuron.NewSlidingPSN(2, nil)
	x := snn.FromSlice([]float32{1, 0.4, 0.6, 2}, 4, 1) // x[t] + x[t-1]/2 - 1
	bits(t, "SlidingPSN", s.Forward(x), snn.FromSlice([]float32{1, 0, 0, 1}, 4, 1))
	m := neuron.NewMaskedPSN(1, 4, nil)
	m.SetLambda(1)
	m.Weight = snn.Ones(4, 4).RequireGrad()
	bits(t, "MaskedPSN", m.Forward(x), snn.FromSlice([]float32{1, 0, 0, 1}, 4, 1))
	p := neuron.NewPSN(4, surrogate.Sigmoid(4))
	y := p.Forward(x)
	y.Sum().Backward()
	if len(snn.Parameters(p)) != 2 || p.Weight.Grad() == nil || p.Bias.Grad() == nil {
		t.Error("PSN does not learn")
	}
	if err := p.SetStepMode("s"); err == nil || err.Error() != `PSN: step mode "s" is not possible: it computes all steps at once` {
		t.Errorf("got %v", err)
	}
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { p.Forward(snn.Ones(3, 1)) }, "PSN.Forward: the input of shape [3 1] has 3 steps, the layer is made for 4"},
		{func() { neuron.NewPSN(0, nil) }, "PSN: the number of steps is 0, expected at least 1"},
		{func() { neuron.NewSlidingPSN(0, nil) }, "SlidingPSN: k is 0, expected at least 1"},
		{func() { p.SetLambda(0.5) }, "PSN: lambda is 0.5, expected a number from 0 to 1, of a MaskedPSN"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}

func TestMistakesOfKinds(t *testing.T) {
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { neuron.NewQIF(neuron.Param("a0", 0)) }, "QIF: a0 is 0, expected a number above 0"},
		{func() { neuron.NewEIF(neuron.Param("delta_T", -1)) }, "EIF: delta_T is -1, expected a number above 0"},
		{func() { neuron.NewILIF(neuron.VReset(0)) }, "ILIF: its reset is soft, there is no v_reset; leave the option VReset out"},
		{func() { neuron.NewTernaryIF(neuron.VThreshold(0)) }, "TernaryIF: v_threshold is 0, expected a number above 0"},
		{func() { neuron.NewParametricLIF(neuron.InitTau(1)) }, "ParametricLIF: init_tau is 1, expected a number above 1"},
		{func() { neuron.NewIF(neuron.ScaleReset(true)) }, "IF: it has no option ScaleReset"},
		{func() { neuron.NewIF(neuron.Learn("tau")) }, `IF: it has no parameter "tau"; besides v_threshold and v_reset it has none`},
		{func() { neuron.NewIF(neuron.Decode("max-mem")) }, "IF: it has no option Decode: it gives out spikes; make a mean or a maximum of them by Mean(0) or Max(0)"},
		{func() { neuron.NewNonSpikingIF(neuron.Decode("max")) }, `NonSpikingIF: decoding "max" is unknown, expected "last-mem", "max-mem", "max-abs-mem" or "mean-mem"`},
		{func() { neuron.NewNonSpikingIF(neuron.StepMode("s")) }, `NonSpikingIF: step mode "s" is not possible: this neuron looks at the whole sequence; use neuron.StepMode("m")`},
		{func() { neuron.NewGatedLIF(0) }, "GatedLIF: it is made for no steps, expected the number of steps of a sequence"},
		{func() { neuron.NewGatedLIF(4).Forward(snn.Ones(3, 2)) }, "GatedLIF.Forward: parameter conduct has 4 steps, the input of shape [3 2] has 3"},
		{func() { neuron.NewLIAF(nil) }, "LIAF: the activation is nil; expected a function such as neuron.ReLU"},
		{func() { neuron.NewLIF(neuron.ParamTensor("tau", snn.Full(2, 3))).Forward(snn.Ones(4)) }, "LIF.Forward: parameter tau has shape [3], which does not broadcast to the shape of a step, [4]"},
		{func() { neuron.NewIF().SetV(nil) }, "IF: the tensor for state v is nil; expected one of the shape of a step, [N, ...]"},
		{func() { neuron.NewIF().State("w") }, `IF: it has no state "w"; it has v`},
		{func() { neuron.Equation("v + x", neuron.StateEquation("w", "w + y", 0)) }, "Equation(v + x): dynamics.Parse: \"y\" is unknown; there are h, s, v, v_reset, v_threshold, w, x\n    w + y\n        ^"},
		{func() { neuron.Equation("v + x*w", neuron.Param("w", 1), neuron.StateEquation("w", "w", 0)) }, `Equation(v + x*w): "w" is a parameter and a state, too; give one of them another name`},
		{func() { neuron.Equation("v + h*x", neuron.Param("h", 2)) }, `Equation(v + h*x): a parameter cannot be called "h", which has a meaning; choose another name`},
		{func() { neuron.Equation("v + x/pi", neuron.Param("pi", 2)) }, `Equation(v + x/pi): a parameter cannot be called "pi", which has a meaning; choose another name`},
		{func() { neuron.Equation("v + x", neuron.StateEquation("a b", "v", 0)) }, `Equation(v + x): a state cannot be called "a b", which no formula can use; expected a name of letters, digits and _`},
		{func() { neuron.Equation("v + x", neuron.StateEquation("a", "v", math.NaN())) }, `Equation(v + x): state a begins with NaN, expected a number`},
		{func() { neuron.Equation("v + x", nil) }, `Equation(v + x): option 1 is nil; expected an option such as VThreshold(1)`},
		{func() { neuron.New(&neuron.LIAF{}) }, `LIAF: it has no activation; make it by neuron.NewLIAF`},
		{func() {
			neuron.NewPSN(3, surrogate.Custom("P", func(x dynamics.Expr) dynamics.Expr { return x.Mul(dynamics.Param("kk")) }))
		}, `PSN: parameter "kk" of surrogate function P has no value; use a number`},
		{func() { neuron.Equation("v + x", neuron.StateEquation("s", "s", 0)) }, `Equation(v + x): a state cannot be called "s", which has a meaning; choose another name`},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}

// What is printed names what can be set.
func TestPrintKinds(t *testing.T) {
	l := neuron.NewIzhikevich(neuron.Learn("a"))
	want := "Izhikevich(v_threshold=1, v_reset=0, a=0 (learnt), a0=1, b=0, tau=2, tau_w=2, v_c=0.8, v_rest=-0.1, w_rest=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))"
	if got := l.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	wantLaTeX := `\begin{aligned}
H[t] &= V[t-1] + \frac{X[t] + \mathrm{a0} \cdot \left(V[t-1] - v_{\mathrm{rest}}\right) \cdot \left(V[t-1] - v_{\mathrm{c}}\right) - w[t-1]}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t] \\
w[t] &= w[t-1] + \frac{a \cdot \left(H[t] - v_{\mathrm{rest}}\right) - w[t-1]}{\tau_{\mathrm{w}}} + b \cdot S[t]
\end{aligned}`
	if got := l.LaTeX(); got != wantLaTeX {
		t.Errorf("got  %s\nwant %s", got, wantLaTeX)
	}
	l.Forward(snn.FromSlice([]float32{1, 2}))
	if got := l.MIMEBundle()["text/plain"]; !strings.Contains(got, "state: V of shape [2], ") || !strings.Contains(got, "; w of shape [2], 0") {
		t.Errorf("got %s", got)
	}
}
