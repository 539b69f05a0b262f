package neuron_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// noPrimitive is a surrogate function of a user's own.
type noPrimitive struct{ surrogate.Base }

func (*noPrimitive) Gradient(x dynamics.Expr) dynamics.Expr { return x.Abs().Neg().Exp() }

func (*noPrimitive) String() string { return "noPrimitive()" }

func TestMoreMistakes(t *testing.T) {
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { neuron.NewEIF(neuron.Param("delta_T", 0)) }, "EIF: delta_T is 0, expected a number above 0"},
		{func() { neuron.NewAdEx(neuron.Param("delta_T", 0), neuron.Param("tau_w", 0.5)) }, "AdEx: delta_T is 0, expected a number above 0; tau_w is 0.5, expected at least 1"},
		{func() { neuron.NewRAF(neuron.Param("dt", -1)) }, "RAF: dt is -1, expected a number above 0"},
		{func() { neuron.NewHalfThresholdIF(neuron.VReset(-1)) }, "HalfThresholdIF: its reset is soft, there is no v_reset; leave the option VReset out"},
		{func() { neuron.NewComplementaryLIF(neuron.VReset(0), neuron.Tau(0.5)) }, "ComplementaryLIF: its reset is soft, there is no v_reset; leave the option VReset out; tau is 0.5, expected at least 1"},
		{func() { neuron.NewRefractoryLIF(neuron.Param("refractory", -1)) }, "RefractoryLIF: refractory is -1, expected at least 0"},
		{func() { neuron.NewRefractoryLIF(neuron.Param("refractory", 1.5)) }, "RefractoryLIF: refractory is 1.5, expected a whole number of steps"},
		{func() { neuron.NewLIF(neuron.ParamTensor("tau", snn.FromSlice([]float32{2, 0.5}))) }, "LIF: tau is 0.5, expected at least 1"},
		{func() { neuron.NewEIF(neuron.ParamTensor("delta_T", snn.FromSlice([]float32{2, 0}))) }, "EIF: delta_T is 0, expected a number above 0"},
		{func() { neuron.NewTernaryIF(neuron.ParamTensor("v_threshold", snn.Full(-1, 3))) }, "TernaryIF: v_threshold is -1, expected a number above 0"},
		{func() { neuron.NewIF(neuron.ParamTensor("v_threshold", snn.Full(float32(math.NaN()), 3))) }, "IF: v_threshold is NaN, expected a finite number"},
		{func() { neuron.NewLIF(neuron.Learn("tua")) }, `LIF: it has no parameter "tua"; besides v_threshold and v_reset it has tau`},
		{func() { neuron.NewLIF(neuron.ParamTensor("tau", nil)) }, `LIF: the tensor of parameter "tau" is nil`},
		{func() { neuron.NewLIF(neuron.InitTau(3)) }, "LIF: it has no option InitTau, which is for NewParametricLIF"},
		{func() { neuron.NewLIF(neuron.SoftReset(), neuron.Learn("v_reset")) }, "LIF: v_reset does nothing with a soft reset; leave it out, or choose neuron.VReset(...)"},
		{func() { neuron.Equation("v + x", neuron.StateEquation("", "0", 0)) }, "Equation(v + x): a state has no name; expected neuron.StateEquation(name, next, initial)"},
		{func() {
			s := &noPrimitive{}
			s.SetSpiking(false)
			neuron.NewIF(neuron.SurrogateFunction(s))
		}, "IF: the surrogate function noPrimitive() has no primitive, which is given out instead of spikes after SetSpiking(false); call SetSpiking(true), or give it a primitive"},
		{func() { neuron.NewLIF(neuron.ThresholdRelated(true)) }, "LIF: it has no option ThresholdRelated"},
		{func() { neuron.NewLIF(neuron.ResetEquation("h")) }, "LIF: it has no option ResetEquation, which is for neuron.Equation"},
		{func() { neuron.NewIF(neuron.StateEquation("w", "w + x", 0)) }, "IF: it has no option StateEquation, which is for neuron.Equation"},
		{func() { neuron.NewGatedLIF(4, neuron.StepMode("s")) }, `GatedLIF: step mode "s" is not possible: this neuron looks at the whole sequence; use neuron.StepMode("m")`},
		{func() { neuron.NewGatedLIF(2, neuron.Param("conduct", 0.5)).Forward(snn.Ones(2, 3)) }, "GatedLIF.Forward: parameter conduct is a single value, expected one for each of the 2 steps"},
		{func() {
			neuron.NewGatedLIF(2, neuron.ParamTensor("conduct", snn.Ones(2, 3))).Forward(snn.Ones(2, 2, 3))
		}, "GatedLIF.Forward: parameter conduct has shape [2 3], which does not broadcast to that of the input, [2 2 3]; expected as many dimensions, each equal or 1, or just [T]"},
		{func() { neuron.NewGatedLIF(2, neuron.ParamTensor("conduct", snn.Ones(2, 4))).Forward(snn.Ones(2, 3)) }, "GatedLIF.Forward: parameter conduct has shape [2 4], which does not broadcast to that of the input, [2 3]; expected as many dimensions, each equal or 1, or just [T]"},
		{func() { neuron.NewIF(neuron.ParamTensor("v_threshold", snn.Ones(3, 1))).Forward(snn.Ones(2, 5)) }, "IF.Forward: parameter v_threshold has shape [3 1], which does not broadcast to the shape of a step, [2 5]"},
		{func() { neuron.NewPSN(3, nil).Forward(nil) }, "PSN.Forward: the input is nil; expected a tensor"},
		{func() { neuron.NewPSN(3, nil).Forward(snn.Scalar(1)) }, "PSN.Forward: the input has shape [], expected a sequence [T, N, ...] with T >= 1"},
		{func() { neuron.NewMaskedPSN(0, 3, nil) }, "MaskedPSN: k is 0, expected at least 1"},
		{func() { neuron.NewMaskedPSN(1, 3, nil).SetLambda(math.NaN()) }, "MaskedPSN: lambda is NaN, expected a number from 0 to 1, of a MaskedPSN"},
		{func() { neuron.Equation("v + x", neuron.ResetEquation("h - x")) }, "Equation(v + x): dynamics.Parse: \"x\" is unknown; there are h, s, v_reset, v_threshold\n    h - x\n        ^"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// SetParam refuses what the constructor does, and then changes nothing.
func TestSetParamMistakes(t *testing.T) {
	for _, test := range []struct {
		layer *neuron.Layer
		name  string
		v     float64
		want  string
		good  float64
	}{
		{neuron.NewEIF(), "delta_T", 0, "EIF: delta_T is 0, expected a number above 0", 0.5},
		{neuron.NewQIF(), "a0", -1, "QIF: a0 is -1, expected a number above 0", 0.5},
		{neuron.NewTernaryIF(), "v_threshold", 0, "TernaryIF: v_threshold is 0, expected a number above 0", 0.5},
		{neuron.NewRefractoryLIF(), "refractory", -1, "RefractoryLIF: refractory is -1, expected at least 0", 3},
		{neuron.NewRefractoryLIF(), "refractory", 1.5, "RefractoryLIF: refractory is 1.5, expected a whole number of steps", 0},
		{neuron.NewEIF(neuron.ParamTensor("delta_T", snn.Full(2, 3))), "delta_T", -1, "EIF: delta_T is -1, expected a number above 0", 0.5},
	} {
		before := fmt.Sprint(test.layer.Param(test.name), test.layer.ParamTensor(test.name))
		if err := test.layer.SetParam(test.name, test.v); err == nil || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
		if got := fmt.Sprint(test.layer.Param(test.name), test.layer.ParamTensor(test.name)); got != before {
			t.Errorf("%s is %v, was %v", test.name, got, before)
		}
		if err := test.layer.SetParam(test.name, test.good); err != nil || float64(test.layer.ParamTensor(test.name).Data()[0]) != test.good {
			t.Errorf("%s: %v, %v", test.name, err, test.layer.Param(test.name))
		}
	}
}

// The last option for a parameter counts, be it a number or a tensor.
func TestLastOptionCounts(t *testing.T) {
	two := snn.FromSlice([]float32{2, 3})
	for _, test := range []struct {
		layer *neuron.Layer
		name  string
		want  []float32
	}{
		{neuron.NewLIF(neuron.ParamTensor("tau", two), neuron.Tau(5)), "tau", []float32{5}},
		{neuron.NewLIF(neuron.Tau(5), neuron.ParamTensor("tau", two)), "tau", []float32{2, 3}},
		{neuron.NewIF(neuron.ParamTensor("v_threshold", two), neuron.VThreshold(5)), "v_threshold", []float32{5}},
		{neuron.NewIF(neuron.ParamTensor("v_reset", two), neuron.VReset(0.5)), "v_reset", []float32{0.5}},
		{neuron.NewIF(neuron.VReset(0.5), neuron.ParamTensor("v_reset", two)), "v_reset", []float32{2, 3}},
	} {
		if got := test.layer.ParamTensor(test.name).Data(); !slices.Equal(got, test.want) {
			t.Errorf("%s is %v, want %v", test.name, got, test.want)
		}
	}
}

// A conductance of each step and channel acts where it should.
func TestConductOfChannels(t *testing.T) {
	conduct := snn.FromSlice([]float32{-9, 0, 9, 9, 0, -9}, 3, 1, 2).RequireGrad() // [T, 1, C]
	snn.Seed(1)
	l := neuron.NewGatedLIF(3, neuron.ParamTensor("conduct", conduct), neuron.StoreVSeq(true))
	x := snn.Full(0.3, 3, 4, 2)
	l.Forward(x)
	v := l.VSeq()
	v.Sum().Backward()
	gradient := conduct.Grad()
	for c := range 2 {
		snn.Seed(1)
		one := snn.FromSlice([]float32{conduct.At(0, 0, c), conduct.At(1, 0, c), conduct.At(2, 0, c)}).RequireGrad()
		alone := neuron.NewGatedLIF(3, neuron.ParamTensor("conduct", one), neuron.StoreVSeq(true))
		alone.Forward(snn.Full(0.3, 3, 4))
		w := alone.VSeq()
		w.Sum().Backward()
		for step := range 3 {
			if v.At(step, 3, c) != w.At(step, 3) {
				t.Errorf("channel %d, step %d: the potential is %v, alone %v", c, step, v.At(step, 3, c), w.At(step, 3))
			}
			if got, want := gradient.At(step, 0, c), one.Grad().At(step); math.Abs(float64(got-want)) > 1e-6 {
				t.Errorf("channel %d, step %d: the gradient is %v, alone %v", c, step, got, want)
			}
		}
	}
}

// What reaches the first input from the potential after two steps, by hand: with
// DetachReset nothing flows through the spike of the reset.
func TestDetachReset(t *testing.T) {
	// The gradient of Rect(1) is 1 within 1/2 of the threshold.
	for _, test := range []struct {
		name    string
		options []neuron.Option
		x       []float32
		want    []float32
	}{
		// V = H - S, so that dV/dH is 1 - 1 within, and 1 outside.
		{"soft", []neuron.Option{neuron.SoftReset()}, []float32{0.25, 0.5}, []float32{0, 0}},
		{"soft, far away", []neuron.Option{neuron.SoftReset()}, []float32{0.25, 0.125}, []float32{1, 1}},
		{"soft, detached", []neuron.Option{neuron.SoftReset(), neuron.DetachReset(true)}, []float32{0.25, 0.5}, []float32{1, 1}},
		// V = (1 - S)·H + S·0.25: dV/dH is 1 - S + (0.25 - H)·1 within.
		{"hard", []neuron.Option{neuron.VReset(0.25)}, []float32{0.5, 0}, []float32{0.5 * 0.5, 0.5}},
		{"hard, fires", []neuron.Option{neuron.VReset(0.25)}, []float32{1, 0.125}, []float32{-1, 1}},
		{"hard, detached", []neuron.Option{neuron.VReset(0.25), neuron.DetachReset(true)}, []float32{0.5, 0}, []float32{1, 1}},
		{"hard, detached, fires", []neuron.Option{neuron.VReset(0.25), neuron.DetachReset(true)}, []float32{1, 0.125}, []float32{0, 1}},
		{"ternary, detached", nil, []float32{-1, 0.125}, []float32{0, 1}},
	} {
		options := append(test.options, neuron.SurrogateFunction(surrogate.Rect(1)), neuron.StepMode("m"))
		l := neuron.NewIF(options...)
		if test.options == nil {
			l = neuron.NewTernaryIF(append(options, neuron.DetachReset(true))...)
		}
		x := snn.FromSlice(test.x, 2, 1).RequireGrad()
		l.Forward(x)
		l.V().Sum().Backward()
		if !slices.Equal(x.Grad().Data(), test.want) {
			t.Errorf("%s: the gradient is %v, want %v", test.name, x.Grad(), test.want)
		}
	}
}
