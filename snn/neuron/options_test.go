package neuron_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// Neurons with mistakes.
type (
	noCharge  struct{ neuron.Base }
	noFire    struct{ neuron.Base }
	noReset   struct{ neuron.Base }
	halfExpr  struct{ neuron.Base }
	otherName struct{ neuron.Base }
	pointer   struct{ *neuron.Base }
)

func (*noCharge) NeuronalCharge(_, _ dynamics.Expr) dynamics.Expr { return dynamics.Expr{} }
func (*noFire) NeuronalCharge(v, _ dynamics.Expr) dynamics.Expr   { return v }
func (*noFire) NeuronalFire(dynamics.Expr) dynamics.Expr          { return dynamics.Expr{} }
func (*noReset) NeuronalCharge(v, _ dynamics.Expr) dynamics.Expr  { return v }
func (*noReset) NeuronalReset(_, _ dynamics.Expr) dynamics.Expr   { return dynamics.Expr{} }
func (*halfExpr) NeuronalCharge(v, _ dynamics.Expr) dynamics.Expr { return v.Add(dynamics.Expr{}) }
func (*otherName) NeuronalCharge(v, _ dynamics.Expr) dynamics.Expr {
	return v.Add(dynamics.Input("y"))
}
func (*pointer) NeuronalCharge(v, _ dynamics.Expr) dynamics.Expr { return v }

func TestOptionErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { neuron.NewIF(neuron.VThreshold(nan)) }, "IF: v_threshold is NaN, expected a finite number"},
		{func() { neuron.NewIF(neuron.VThreshold(inf)) }, "IF: v_threshold is +Inf, expected a finite number"},
		{func() { neuron.NewIF(neuron.VThreshold(1e39)) }, "IF: v_threshold is 1e+39, which is too large for a float32"},
		{func() { neuron.NewIF(neuron.VReset(nan)) }, "IF: v_reset is NaN, expected a finite number"},
		{func() { neuron.NewIF(neuron.VThreshold(nan), neuron.VReset(-inf)) }, "IF: v_threshold is NaN, expected a finite number; v_reset is -Inf, expected a finite number"},
		{func() { neuron.NewLIF(neuron.Tau(0.5)) }, "LIF: tau is 0.5, expected at least 1"},
		{func() { neuron.NewLIF(neuron.Tau(nan)) }, "LIF: tau is NaN, expected a finite number"},
		{func() { neuron.NewIF(neuron.Tau(2)) }, `IF: it has no parameter "tau"; besides v_threshold and v_reset it has none`},
		{func() { neuron.NewLIF(neuron.Param("tua", 2)) }, `LIF: it has no parameter "tua"; besides v_threshold and v_reset it has tau`},
		{func() { neuron.NewIF(neuron.DecayInput(true)) }, "IF: it has no option DecayInput"},
		{func() { neuron.NewIF(neuron.Param("v", 1)) }, `IF: a parameter cannot be called "v", which is the potential`},
		{func() { neuron.Equation("v + x", neuron.Param("x", 1)) }, `Equation(v + x): a parameter cannot be called "x", which is the input`},
		{func() { neuron.NewIF(neuron.StepMode("multi")) }, `IF: step mode "multi" is unknown: expected "s" (one step, [N, ...]) or "m" (a sequence, [T, N, ...])`},
		{func() { neuron.NewIF(neuron.Backend("torch")) }, `IF: there is no backend "torch"; this program has ["cpu"]`},
		{func() { neuron.NewIF(neuron.Backend("cuda"), neuron.StepMode("m")) }, `IF: there is no backend "cuda": no NVIDIA GPU is in use, which ` + "`spikebook doctor`" + ` explains; gpu.Emulate(), or %backend cuda emulated in a notebook, runs GPU kernels on the CPU, slowly. This program has ["cpu"]`},
		{func() { neuron.NewIF(neuron.VThreshold(2), nil) }, "IF: option 2 is nil; expected an option such as VThreshold(1)"},
		{func() { neuron.NewIF(neuron.SurrogateFunction(nil)) }, "IF: the surrogate function is nil; expected one of package surrogate, such as surrogate.ATan(2)"},
		{func() { neuron.NewIF(neuron.VThreshold(nan), neuron.StepMode("x")) }, `IF: v_threshold is NaN, expected a finite number; step mode "x" is unknown: expected "s" (one step, [N, ...]) or "m" (a sequence, [T, N, ...])`},
		{func() { neuron.New(&noCharge{}) }, "noCharge: NeuronalCharge returns the zero Expr; return an expression of its arguments"},
		{func() { neuron.New(&noFire{}) }, "noFire: NeuronalFire returns the zero Expr; return an expression of its arguments"},
		{func() { neuron.New(&noReset{}) }, "noReset: NeuronalReset returns the zero Expr; return an expression of its arguments"},
		{func() { neuron.New(&halfExpr{}) }, "halfExpr: dynamics: operand 2 of add is the zero Expr; make it with Input, State, Param or Const"},
		{func() { neuron.New(&otherName{}) }, `otherName: dynamics: output 1 uses input "y"; the inputs are ["x"]`},
		{func() { neuron.New(&pointer{}) }, "pointer: its Base is nil; embed neuron.Base itself, not a pointer to it"},
		{func() { neuron.New((*SquareIF)(nil)) }, "neuron.New: the definition is nil; expected a neuron such as &SquareIF{}"},
		{func() { neuron.New(nil) }, "neuron.New: the definition is nil; expected a neuron such as &SquareIF{}"},
		{func() { neuron.New(&leaky{}) }, `leaky: parameter "leak" has no value; pass neuron.Param("leak", ...)`},
		{func() { neuron.Equation("v + y", neuron.Param("tau", 2)) }, `Equation(v + y): dynamics.Parse: "y" is unknown; there are tau, v, v_reset, v_threshold, x` + "\n    v + y\n        ^"},
		{func() { neuron.Equation("v + x", neuron.Param("gain", 2)) }, `Equation(v + x): it has no parameter "gain"; besides v_threshold and v_reset it has none`},
		{func() { neuron.NewIF(neuron.SurrogateFunction(surrogate.ATan(-1))) }, "surrogate.ATan: alpha is -1, expected a positive number"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	// A panic of the user's own code is not ours to explain.
	func() {
		defer func() {
			if p := recover(); p != "mine" {
				t.Errorf("recovered %v", p)
			}
		}()
		neuron.New(&leaky{broken: true})
	}()
}

// leaky is a neuron with a parameter of its own and another reset.
type leaky struct {
	neuron.Base
	broken bool
}

func (l *leaky) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	if l.broken {
		panic("mine")
	}
	return v.Mul(l.Param("leak")).Add(x)
}

// NeuronalFire fires at twice the threshold.
func (l *leaky) NeuronalFire(h dynamics.Expr) dynamics.Expr {
	return l.Base.NeuronalFire(h.Div(dynamics.Const(2)))
}

// NeuronalReset halves the potential.
func (l *leaky) NeuronalReset(h, s dynamics.Expr) dynamics.Expr {
	return s.Mix(h.Mul(dynamics.Const(0.5)), h)
}

func TestCustomNeurons(t *testing.T) {
	vs, spikes := feed(neuron.New(&leaky{}, neuron.Param("leak", 0.5)), 1, 1, 1, 1.5, 0)
	if want := []float32{1, 1.5, 1.75, 1.1875, 0.59375}; !slices.Equal(vs, want) || !slices.Equal(spikes, []int{3}) {
		t.Errorf("potentials %v, spikes at %v", vs, spikes)
	}

	// A type that embeds a neuron has its parameters and options.
	type softer struct{ neuron.LIF }
	l := neuron.New(&softer{}, neuron.Tau(4), neuron.DecayInput(true))
	if vs, _ := feed(l, 2, 2); !slices.Equal(vs, []float32{0.5, 0.875}) {
		t.Errorf("potentials %v", vs)
	}
	if got, want := l.String(), "softer(v_threshold=1, v_reset=0, tau=4, decay_input=true, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))"; got != want {
		t.Errorf("got %s", got)
	}

	// The same definition in two layers: each keeps what it was made with.
	def := &SquareIF{}
	hard := neuron.New(def, neuron.VReset(0.25))
	soft := neuron.New(def, neuron.SoftReset(), neuron.VThreshold(0.5))
	if vs, _ := feed(hard, 1); vs[0] != 0.25 || strings.Contains(soft.LaTeX(), "reset") || !strings.Contains(hard.LaTeX(), "reset") {
		t.Errorf("the first layer: %v\n%s", vs, hard.LaTeX())
	}
	if vs, _ := feed(soft, 1); vs[0] != 0.5 {
		t.Errorf("the second layer: %v", vs)
	}
	// A custom neuron and an equation are the built-in one, bit by bit.
	snn.Seed(5)
	x := snn.Rand(30, 5).Scale(2)
	m := neuron.StepMode("m")
	bits(t, "equation", neuron.Equation("v + (x - (v - v_reset))/tau", neuron.Param("tau", 2), m).Forward(x), neuron.NewLIF(m).Forward(x))
	bits(t, "equation", neuron.Equation("v + x**2", m).Forward(x), neuron.New(&SquareIF{}, m).Forward(x))
	// tau is nothing special in an equation of the user's own.
	if vs, _ := feed(neuron.Equation("v + x*tau", neuron.Param("tau", 0.25)), 1); vs[0] != 0.25 {
		t.Errorf("potentials %v", vs)
	}
}

func TestParams(t *testing.T) {
	l := neuron.NewLIF(neuron.Param("v_threshold", 0.8), neuron.Param("v_reset", -0.1), neuron.Tau(4))
	for name, want := range map[string]float64{"v_threshold": 0.8, "v_reset": -0.1, "tau": 4} {
		if got := l.Param(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if v, hard := l.VReset(); v != -0.1 || !hard || l.VThreshold() != 0.8 || !math.IsNaN(l.Param("a")) {
		t.Errorf("v_reset %v %v, v_threshold %v, a %v", v, hard, l.VThreshold(), l.Param("a"))
	}
	soft := neuron.NewLIF(neuron.VReset(0.5), neuron.SoftReset())
	if v, hard := soft.VReset(); v != 0 || hard || !math.IsNaN(soft.Param("v_reset")) {
		t.Errorf("v_reset %v %v", v, hard)
	}

	// As the community's notebooks do: tau = 1 after construction.
	for name, v := range map[string]float64{"tau": 1, "v_threshold": 0.5, "v_reset": 0} {
		if err := l.SetParam(name, v); err != nil || l.Param(name) != v {
			t.Errorf("%s: %v, %v", name, err, l.Param(name))
		}
	}
	if vs, spikes := feed(l, 0.25, 0.75, 0.4); !slices.Equal(vs, []float32{0.25, 0, 0.4}) || !slices.Equal(spikes, []int{1}) {
		t.Errorf("potentials %v, spikes at %v", vs, spikes)
	}
	for _, test := range []struct {
		layer *neuron.Layer
		name  string
		v     float64
		want  string
	}{
		{l, "tau", 0.9, "LIF: tau is 0.9, expected at least 1"},
		{l, "v_threshold", math.NaN(), "LIF: v_threshold is NaN, expected a finite number"},
		{l, "a", 1, `LIF: it has no parameter "a"; it has `},
		{soft, "v_reset", 1, `LIF: it has no parameter "v_reset"; it has `},
	} {
		if err := test.layer.SetParam(test.name, test.v); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	if l.Param("tau") != 1 {
		t.Errorf("a refused value was taken: tau is %v", l.Param("tau"))
	}
}

func TestStepModeAndBackend(t *testing.T) {
	l := neuron.NewIF()
	if l.StepMode() != "s" || l.Backend() != "cpu" || !slices.Equal(l.SupportedBackends(), []string{"cpu"}) {
		t.Errorf("%q, %q, %q", l.StepMode(), l.Backend(), l.SupportedBackends())
	}
	if err := l.SetBackend("cpu"); err != nil {
		t.Error(err)
	}
	if got, want := fmt.Sprint(l.SetBackend("cuda")), `IF: there is no backend "cuda": no NVIDIA GPU is in use, which `+"`spikebook doctor`"+` explains; gpu.Emulate(), or %backend cuda emulated in a notebook, runs GPU kernels on the CPU, slowly. This program has ["cpu"]`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got, want := fmt.Sprint(l.SetStepMode("x")), `IF: step mode "x" is unknown: expected "s" (one step, [N, ...]) or "m" (a sequence, [T, N, ...])`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if err := l.SetStepMode("m"); err != nil || l.StepMode() != "m" {
		t.Errorf("%v, %q", err, l.StepMode())
	}
	if got, want := fmt.Sprint(l.SetBackend("cuda")), `IF: there is no backend "cuda": no NVIDIA GPU is in use, which `+"`spikebook doctor`"+` explains; gpu.Emulate(), or %backend cuda emulated in a notebook, runs GPU kernels on the CPU, slowly. This program has ["cpu"]`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if l.Backend() != "cpu" {
		t.Errorf("a refused backend was taken: %q", l.Backend())
	}
}

// Layers never share a surrogate, and print what they have.
func TestString(t *testing.T) {
	for _, test := range []struct {
		layer *neuron.Layer
		want  string
	}{
		{neuron.NewIF(), "IF(v_threshold=1, v_reset=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))"},
		{
			neuron.NewLIF(neuron.Tau(2.5), neuron.DecayInput(false), neuron.SoftReset(), neuron.DetachReset(true), neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.ATan(2))),
			"LIF(v_threshold=1, v_reset=none (soft reset), tau=2.5, decay_input=false, detach_reset=true, step_mode=m, backend=cpu, surrogate=ATan(alpha=2))",
		},
		{neuron.New(&SquareIF{}, neuron.VThreshold(0.1)), "SquareIF(v_threshold=0.1, v_reset=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))"},
	} {
		if got := test.layer.String(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestMIMEBundle(t *testing.T) {
	l := neuron.NewLIF(neuron.SoftReset(), neuron.VThreshold(0.5))
	want := `**` + "`LIF`" + `**

$$
\begin{aligned}
H[t] &= V[t-1] + \frac{X[t] - V[t-1]}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= H[t] - S[t] \cdot v_{\mathrm{threshold}}
\end{aligned}
$$

| property | value |
| --- | --- |
| ` + "`v_threshold`" + ` | 0.5 |
| ` + "`v_reset`" + ` | none (soft reset) |
| ` + "`tau`" + ` | 2 |
| ` + "`decay_input`" + ` | true |
| ` + "`detach_reset`" + ` | false |
| ` + "`step_mode`" + ` | s |
| ` + "`backend`" + ` | cpu |
| ` + "`surrogate`" + ` | Sigmoid(alpha=4) |
| state | V = 0, no input yet |
`
	bundle := l.MIMEBundle()
	if got := bundle["text/markdown"]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := bundle["text/plain"], l.String()+"\nstate: V = 0, no input yet"; got != want {
		t.Errorf("got %s", got)
	}
	for _, test := range []struct {
		x    *snn.Tensor
		want string
	}{
		{snn.FromSlice([]float32{0.5, -1, 0.25}, 1, 3), "V of shape [1 3], between -0.5 and 0.25"},
		{snn.Zeros(0), "V of shape [0]"},
	} {
		l.Reset()
		l.Forward(test.x)
		if got := l.MIMEBundle()["text/plain"]; !strings.HasSuffix(got, "\nstate: "+test.want) {
			t.Errorf("got %s", got)
		}
	}

	hard := neuron.Equation("v + exp(-v)*x/2 - leak", neuron.Param("leak", 0.1)).LaTeX()
	if want := `H[t] &= V[t-1] + \frac{\exp\left(-V[t-1]\right) \cdot X[t]}{2} - \mathrm{leak} \\`; !strings.Contains(hard, want) {
		t.Errorf("got\n%s\nwant %s", hard, want)
	}
	if want := `V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`; !strings.Contains(hard, want) {
		t.Errorf("got\n%s\nwant %s", hard, want)
	}
}
