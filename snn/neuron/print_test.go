package neuron_test

import (
	"strings"
	"testing"

	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// printed is what each kind of neuron prints: its properties, and its equations
// between the lines that all have.
var printed = map[string]struct{ text, latex string }{
	"ActivationAwareIF": {
		"ActivationAwareIF(v_threshold=1, v_reset=none (soft reset), v_offset=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + X[t] \\
S[t] &= \Theta\left(H[t] + v_{\mathrm{offset}} - v_{\mathrm{threshold}}\right) \\
V[t] &= H[t] - S[t] \cdot v_{\mathrm{threshold}}`,
	},
	"AdEx": {
		"AdEx(v_threshold=1, v_reset=-0.1, a=0.1, b=0.1, delta_T=0.2, tau=2, tau_w=20, theta_rh=0.8, v_rest=0, w_rest=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] + v_{\mathrm{rest}} - V[t-1] + \delta_{\mathrm{T}} \cdot \exp\left(\frac{V[t-1] - \theta_{\mathrm{rh}}}{\delta_{\mathrm{T}}}\right) - w[t-1]}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t] \\
w[t] &= w[t-1] + \frac{a \cdot \left(H[t] - v_{\mathrm{rest}}\right) - w[t-1]}{\tau_{\mathrm{w}}} + b \cdot S[t]`,
	},
	"CUBALIF": {
		"CUBALIF(v_threshold=0.5, v_reset=0, c_decay=0.5, v_decay=0.75, detach_reset=false, step_mode=s, backend=cpu, surrogate=Rect(alpha=1))",
		`c[t] &= c[t-1] \cdot c_{\mathrm{decay}} + X[t] \\
H[t] &= V[t-1] \cdot v_{\mathrm{decay}} + c[t] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"ComplementaryLIF": {
		"ComplementaryLIF(v_threshold=1, v_reset=none (soft reset), tau=2, detach_reset=false, step_mode=s, backend=cpu, surrogate=Rect(alpha=1))",
		`H[t] &= V[t-1] - \frac{V[t-1]}{\tau} + X[t] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
m[t] &= m[t-1] \cdot \sigma\left(\frac{H[t]}{\tau}\right) + S[t] \\
V[t] &= H[t] - S[t] \cdot \left(v_{\mathrm{threshold}} + \sigma\left(m[t]\right)\right)`,
	},
	"EIF": {
		"EIF(v_threshold=1, v_reset=-0.1, delta_T=1, tau=2, theta_rh=0.8, v_rest=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] + v_{\mathrm{rest}} - V[t-1] + \delta_{\mathrm{T}} \cdot \exp\left(\frac{V[t-1] - \theta_{\mathrm{rh}}}{\delta_{\mathrm{T}}}\right)}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"Equation": {
		"Equation(v + (x - v - w)/tau)(v_threshold=1, v_reset=0, tau=3, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] - V[t-1] - w[t-1]}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= \begin{cases}v_{\mathrm{reset}} & \text{if } \left[0 < S[t]\right] \\ H[t] & \text{else}\end{cases} \\
w[t] &= 0.9 \cdot w[t-1] + 0.1 \cdot H[t] + \frac{S[t]}{4}`,
	},
	"GatedLIF": {
		"GatedLIF(v_threshold=0 (learnt), v_reset=none (soft reset), alpha=0.05319643020629883 (learnt), beta=-0.030555784702301025 (learnt), conduct=of shape [6], 0 (learnt), gamma=0.09273889064788819 (learnt), linear_decay=-3 (learnt), tau=-1.25 (learnt), v_subreset=0 (learnt), detach_reset=false, step_mode=m, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`I[t] &= X[t] \cdot \left(1 - \sigma\left(\beta\right) \cdot \left(1 - \sigma\left(\mathrm{conduct}[t]\right)\right)\right) \\
U[t] &= \left(1 - \sigma\left(\alpha\right) \cdot \left(1 - \sigma\left(\tau\right)\right)\right) \cdot V[t-1] - \left(1 - \sigma\left(\alpha\right)\right) \cdot \sigma\left(\mathrm{linear}_{\mathrm{decay}}\right) + I[t] \\
H[t] &= U[t] - \left(1 - \sigma\left(\alpha\right) \cdot \left(1 - \sigma\left(\tau\right)\right)\right) \cdot V[t-1] \cdot \sigma\left(\gamma\right) \cdot s[t-1] - \left(1 - \sigma\left(\gamma\right)\right) \cdot \sigma\left(v_{\mathrm{subreset}}\right) \cdot s[t-1] \\
S[t] &= \Theta\left(H[t] - \sigma\left(v_{\mathrm{threshold}}\right)\right) \\
V[t] &= H[t] \\
s[t] &= S[t]`,
	},
	"HalfThresholdIF": {
		"HalfThresholdIF(v_threshold=1, v_reset=none (soft reset), detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + X[t] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= H[t] - S[t] \cdot v_{\mathrm{threshold}}`,
	},
	"IF": {
		"IF(v_threshold=1, v_reset=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + X[t] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"ILIF": {
		"ILIF(v_threshold=1, v_reset=none (soft reset), tau=1.3333333333333333, detach_reset=false, step_mode=s, backend=cpu, surrogate=MultiLevelSpikeCount(max=4))",
		`H[t] &= V[t-1] - \frac{V[t-1]}{\tau} + X[t] \\
S[t] &= \left\lfloor \min\left(\max\left(\frac{H[t]}{v_{\mathrm{threshold}}}, 0\right), 4\right)\right\rceil \\
V[t] &= H[t] - S[t] \cdot v_{\mathrm{threshold}}`,
	},
	"Izhikevich": {
		"Izhikevich(v_threshold=1, v_reset=0, a=0.2, a0=1, b=0.3, tau=2, tau_w=2, v_c=0.8, v_rest=-0.1, w_rest=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] + \mathrm{a0} \cdot \left(V[t-1] - v_{\mathrm{rest}}\right) \cdot \left(V[t-1] - v_{\mathrm{c}}\right) - w[t-1]}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t] \\
w[t] &= w[t-1] + \frac{a \cdot \left(H[t] - v_{\mathrm{rest}}\right) - w[t-1]}{\tau_{\mathrm{w}}} + b \cdot S[t]`,
	},
	"KLIF": {
		"KLIF(v_threshold=1, v_reset=0, k=1 (learnt), tau=2, decay_input=true, scale_reset=false, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= \max\left(0, k \cdot \left(V[t-1] + \frac{X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)}{\tau}\right)\right) \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"LIAF": {
		"LIAF(v_threshold=1, v_reset=0, tau=2, decay_input=true, threshold_related=false, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t] \\
Y[t] &= \tanh\left(H[t]\right)`,
	},
	"LIF": {
		"LIF(v_threshold=1, v_reset=0, tau=2, decay_input=true, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"NonSpikingIF": {
		"NonSpikingIF(step_mode=m, backend=cpu)",
		`H[t] &= V[t-1] + X[t] \\
V[t] &= H[t] \\
Y[t] &= H[t]`,
	},
	"NonSpikingLIF": {
		"NonSpikingLIF(tau=2, step_mode=m, backend=cpu)",
		`H[t] &= V[t-1] + \frac{X[t] - V[t-1]}{\tau} \\
V[t] &= H[t] \\
Y[t] &= H[t]`,
	},
	"OTTTLIF": {
		"OTTTLIF(v_threshold=1, v_reset=none (soft reset), tau=2, decay_input=false, detach_reset=true, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] - \frac{V[t-1]}{\tau} + X[t] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= H[t] - S[t] \cdot v_{\mathrm{threshold}} \\
\mathrm{trace}[t] &= \mathrm{trace}[t-1] \cdot \left(1 - \frac{1}{\tau}\right) + S[t]`,
	},
	"ParametricLIF": {
		"ParametricLIF(v_threshold=1, v_reset=0, w=0 (learnt), decay_input=true, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \left(X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)\right) \cdot \sigma\left(w\right) \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"QIF": {
		"QIF(v_threshold=1, v_reset=-0.1, a0=1, tau=2, v_c=0.8, v_rest=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] + \mathrm{a0} \cdot \left(V[t-1] - v_{\mathrm{rest}}\right) \cdot \left(V[t-1] - v_{\mathrm{c}}\right)}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"RAF": {
		"RAF(v_threshold=1, v_reset=0, b=-0.2, dt=1, omega=1, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= \exp\left(b \cdot \mathrm{dt}\right) \cdot \sin\left(\omega \cdot \mathrm{dt}\right) \cdot u[t-1] + \exp\left(b \cdot \mathrm{dt}\right) \cdot \cos\left(\omega \cdot \mathrm{dt}\right) \cdot V[t-1] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t] \\
u[t] &= \exp\left(b \cdot \mathrm{dt}\right) \cdot \cos\left(\omega \cdot \mathrm{dt}\right) \cdot u[t-1] - \exp\left(b \cdot \mathrm{dt}\right) \cdot \sin\left(\omega \cdot \mathrm{dt}\right) \cdot V[t-1] + X[t]`,
	},
	"RefractoryLIF": {
		"RefractoryLIF(v_threshold=1, v_reset=0, refractory=2, tau=2, decay_input=true, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= \begin{cases}V[t-1] & \text{if } \left[0 < r[t-1]\right] \\ V[t-1] + \frac{X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)}{\tau} & \text{else}\end{cases} \\
S[t] &= \begin{cases}0 & \text{if } \left[0 < r[t-1]\right] \\ \Theta\left(H[t] - v_{\mathrm{threshold}}\right) & \text{else}\end{cases} \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t] \\
r[t] &= \begin{cases}\mathrm{refractory} & \text{if } \left[0 < S[t]\right] \\ \max\left(r[t-1] - 1, 0\right) & \text{else}\end{cases}`,
	},
	"SLTTLIF": {
		"SLTTLIF(v_threshold=1, v_reset=0, tau=2, decay_input=true, detach_reset=true, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"SimpleIF": {
		"SimpleIF(v_threshold=1, v_reset=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + X[t] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"SimpleLIF": {
		"SimpleLIF(v_threshold=1, v_reset=0, tau=2, decay_input=true, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{v_{\mathrm{reset}} - V[t-1] + X[t]}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`,
	},
	"SlowIF": {
		"SlowIF(v_threshold=1, v_reset=0, share=0.5, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + X[t] - a[t-1] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= H[t] - S[t] \cdot v_{\mathrm{threshold}} \cdot \mathrm{share} \\
a[t] &= a[t-1] \cdot 0.75 + S[t] \cdot 0.25`,
	},
	"TernaryIF": {
		"TernaryIF(v_threshold=1, v_reset=0, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + X[t] \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) - \Theta\left(-H[t] - v_{\mathrm{threshold}}\right) \\
|S[t]| &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) + \Theta\left(-H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= |S[t]| \cdot v_{\mathrm{reset}} + \left(1 - |S[t]|\right) \cdot H[t]`,
	},
	"TernaryLIF": {
		"TernaryLIF(v_threshold=1, v_reset=0, tau=2, decay_input=true, detach_reset=false, step_mode=s, backend=cpu, surrogate=Sigmoid(alpha=4))",
		`H[t] &= V[t-1] + \frac{X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)}{\tau} \\
S[t] &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) - \Theta\left(-H[t] - v_{\mathrm{threshold}}\right) \\
|S[t]| &= \Theta\left(H[t] - v_{\mathrm{threshold}}\right) + \Theta\left(-H[t] - v_{\mathrm{threshold}}\right) \\
V[t] &= |S[t]| \cdot v_{\mathrm{reset}} + \left(1 - |S[t]|\right) \cdot H[t]`,
	},
}

// TestPrintAll compares what is printed with the text above.
func TestPrintAll(t *testing.T) {
	for name, f := range all {
		snn.Seed(5)
		var options []neuron.Option
		if name == "GatedLIF" { // whose first parameters are logarithms, which processors differ in
			options = append(options, neuron.Param("tau", -1.25), neuron.Param("linear_decay", -3))
		}
		l := f(options...)
		want, ok := printed[name]
		if !ok {
			t.Errorf("%s has no text to compare with", name)
			continue
		}
		if got := l.String(); got != want.text {
			t.Errorf("%s prints\n%s\nwant\n%s", name, got, want.text)
		}
		if got, want := l.LaTeX(), "\\begin{aligned}\n"+want.latex+"\n\\end{aligned}"; got != want {
			t.Errorf("%s has the equations\n%s\nwant\n%s", name, got, want)
		}
		bundle := l.MIMEBundle()
		if !strings.Contains(bundle["text/markdown"], "$$\n"+l.LaTeX()+"\n$$") || !strings.HasPrefix(bundle["text/plain"], l.String()+"\n") {
			t.Errorf("%s shows %v", name, bundle)
		}
	}
}

// What the parallel neurons show.
func TestPrintParallel(t *testing.T) {
	snn.Seed(1)
	psn := neuron.NewPSN(2, nil)
	copy(psn.Weight.Data(), []float32{1, 2, 3, 4})
	masked := neuron.NewMaskedPSN(1, 2, surrogate.Sigmoid(4))
	copy(masked.Weight.Data(), []float32{1, 2, 3, 4})
	masked.SetLambda(0.5)
	sliding := neuron.NewSlidingPSN(3, nil)
	if err := sliding.SetStepMode("s"); err != nil {
		t.Fatal(err)
	}
	sliding.Forward(snn.Ones(4, 5))
	for _, test := range []struct {
		layer              *neuron.Parallel
		text, latex, state string
	}{
		{psn, "PSN(weight=of shape [2 2], between 1 and 4, bias=of shape [2 1], -1, step_mode=m, backend=cpu, surrogate=ATan(alpha=2))", `H &= W X + B \\
S &= \Theta\left(H\right)`, "none"},
		{masked, "MaskedPSN(weight=of shape [2 2], between 1 and 4, bias=of shape [2 1], -1, k=1, lambda=0.5, step_mode=m, backend=cpu, surrogate=Sigmoid(alpha=4))", `H &= \left(\left(\lambda \cdot M + 1 - \lambda\right) \odot W\right) X + B \\
M_{t,i} &= \begin{cases}1 & \text{if } t - k < i \le t \\ 0 & \text{else}\end{cases} \\
S &= \Theta\left(H\right)`, "none"},
		{sliding, "SlidingPSN(weight=of shape [3], between 0.25 and 1, bias=of shape [], -1, step_mode=s, backend=cpu, surrogate=ATan(alpha=2))", `H[t] &= \sum_{i=1}^{k} W_i \cdot X[t-k+i] + B \\
S[t] &= \Theta\left(H[t]\right)`, "the last 1 of 1 inputs of shape [4 5]"},
	} {
		if got := test.layer.String(); got != test.text {
			t.Errorf("got  %s\nwant %s", got, test.text)
		}
		latex := "\\begin{aligned}\n" + test.latex + "\n\\end{aligned}"
		if got := test.layer.LaTeX(); got != latex {
			t.Errorf("got  %s\nwant %s", got, latex)
		}
		b := test.layer.MIMEBundle()
		if !strings.Contains(b["text/markdown"], "$$\n"+latex+"\n$$") || !strings.Contains(b["text/markdown"], "| state | "+test.state+" |") || b["text/plain"] != test.text+"\nstate: "+test.state {
			t.Errorf("it shows %v", b)
		}
	}
}

// Options change what is printed, and the equations where they are others.
func TestPrintOptions(t *testing.T) {
	for _, test := range []struct {
		layer      *neuron.Layer
		text, line string // a part of each
	}{
		{neuron.NewLIF(neuron.SoftReset()), "v_reset=none (soft reset)", `H[t] &= V[t-1] + \frac{X[t] - V[t-1]}{\tau} \\`},
		{neuron.NewLIF(neuron.DecayInput(false)), "decay_input=false", `H[t] &= V[t-1] - \frac{V[t-1] - v_{\mathrm{reset}}}{\tau} + X[t] \\`},
		{neuron.NewParametricLIF(neuron.DecayInput(false)), "decay_input=false", `H[t] &= V[t-1] - \left(V[t-1] - v_{\mathrm{reset}}\right) \cdot \sigma\left(w\right) + X[t] \\`},
		{neuron.NewSimpleLIF(neuron.DecayInput(false)), "decay_input=false", `H[t] &= V[t-1] + \frac{v_{\mathrm{reset}} - V[t-1]}{\tau} + X[t] \\`},
		{neuron.NewKLIF(neuron.ScaleReset(true)), "scale_reset=true", `V[t] &= S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot \frac{H[t]}{k}`},
		{neuron.NewKLIF(neuron.ScaleReset(true), neuron.SoftReset()), "scale_reset=true", `V[t] &= \frac{H[t]}{k} - S[t] \cdot \left(\frac{1}{k} \cdot v_{\mathrm{threshold}}\right)`},
		{neuron.NewLIAF(neuron.ReLU, neuron.ThresholdRelated(true)), "threshold_related=true", `Y[t] &= \max\left(0, H[t] - v_{\mathrm{threshold}}\right)`},
		{neuron.NewTernaryIF(neuron.SoftReset()), "TernaryIF(", `V[t] &= H[t] - S[t] \cdot v_{\mathrm{threshold}}`},
		{neuron.NewIF(neuron.Learn("v_threshold")), "v_threshold=1 (learnt)", `S[t] &= `},
		{neuron.NewLIF(neuron.ParamTensor("tau", snn.FromSlice([]float32{2, 3}))), "tau=of shape [2], between 2 and 3,", `\tau`},
		{neuron.NewIF(neuron.ParamTensor("v_threshold", snn.Full(3, 2, 1))), "v_threshold=of shape [2 1], 3,", `S[t] &= `},
		{neuron.NewParametricLIF(neuron.InitTau(4)), "w=-1.098612288668", `\sigma\left(w\right)`},
	} {
		if got := test.layer.String(); !strings.Contains(got, test.text) {
			t.Errorf("got %s\nwant in it %s", got, test.text)
		}
		if got := test.layer.LaTeX(); !strings.Contains(got, test.line) {
			t.Errorf("got %s\nwant in it %s", got, test.line)
		}
	}
}
