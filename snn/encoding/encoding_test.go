package encoding_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/encoding"
)

// values draws a tensor of values from 0 to 1 - 2^-digits.
func values(t *rapid.T, digits float64) *snn.Tensor {
	shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 3).Draw(t, "shape")
	x := snn.Zeros(shape...)
	for i := range x.Data() {
		x.Data()[i] = rapid.Float32Range(0, float32(1-math.Pow(2, -digits))).Draw(t, "value")
	}
	return x
}

func equal(t rapid.TB, what string, got, want *snn.Tensor) {
	t.Helper()
	if !snn.SameShape(got, want) || !slices.Equal(got.Data(), want.Data()) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// Step by step come the spikes of the sequence, again and again, and from multi-step
// mode all of them.
func TestStepModes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 9).Draw(t, "steps")
		e := []*encoding.Encoder{
			encoding.NewLatency(steps), encoding.NewLatency(steps, encoding.EncFunction("log")), encoding.NewWeightedPhase(steps),
			encoding.NewPeriodic(snn.Rand(steps, 2)),
		}[rapid.IntRange(0, 3).Draw(t, "encoder")]
		x := values(t, float64(steps))
		want := e.Sequence(x)
		for range 2 {
			for s := range steps {
				equal(t, "a step", e.Forward(x), want.Index(s))
			}
		}
		e.Forward(x)
		if err := e.SetStepMode("m"); err != nil {
			t.Fatal(err)
		}
		equal(t, "all steps", e.Forward(x), want)
	})
}

// There is one spike for each value, where exact arithmetic puts it. Only next to the
// middle between two steps rounding in float32 may choose the other one.
func TestLatency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.IntRange(1, 30).Draw(t, "steps")
		last := float64(steps - 1)
		for function, time := range map[string]func(x float64) float64{
			"linear": func(x float64) float64 { return last * (1 - x) },
			"log":    func(x float64) float64 { return last - math.Log((math.Exp(last)-1)*x+1) },
		} {
			x := values(t, 24)
			spikes := encoding.NewLatency(steps, encoding.EncFunction(function)).Sequence(x)
			equal(t, "number of spikes", spikes.Sum(0), snn.Ones(x.Shape()...))
			for i, v := range x.Data() {
				exact := time(float64(v))
				for s := range steps {
					if spikes.Data()[s*x.Size()+i] == 1 && math.Abs(float64(s)-exact) > 0.5+1e-5 {
						t.Fatalf("%s: the spike for %v is in step %d of %d, want %v", function, v, s, steps, exact)
					}
				}
			}
		}
	})
	// Where powers overflow, too, the smallest value comes last and the largest first.
	spikes := encoding.NewLatency(2000, encoding.EncFunction("log")).Sequence(snn.FromSlice([]float32{0, 1}))
	if spikes.At(1999, 0) != 1 || spikes.At(0, 1) != 1 || spikes.Sum().Item() != 2 {
		t.Error("the spikes of 0 and 1 are not in the last and in the first of 2000 steps")
	}
}

// Spikes, weighted by their steps, add up to the value, except for digits that there
// are no steps for.
func TestWeightedPhase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.IntRange(1, 24).Draw(t, "K")
		x := values(t, float64(k))
		spikes := encoding.NewWeightedPhase(k).Sequence(x)
		for i, v := range x.Data() {
			var sum float64
			for s := range k {
				sum += float64(spikes.Data()[s*x.Size()+i]) * math.Pow(2, -float64(s+1))
			}
			if rest := float64(v) - sum; rest < 0 || rest >= math.Pow(2, -float64(k)) {
				t.Fatalf("K=%d: the spikes for %v count %v", k, v, sum)
			}
		}
	})
}

func TestPoisson(t *testing.T) {
	snn.Seed(3)
	const steps, n = 500, 2000
	e := encoding.NewPoisson(steps)
	p := []float64{0, 0.01, 0.3, 0.5, 0.99, 1}
	x := snn.Zeros(len(p), n)
	for i := range x.Data() {
		x.Data()[i] = float32(p[i/n])
	}
	spikes := e.Sequence(x)
	for i, s := range spikes.Sum(0, 2).Data() {
		mean, deviation := steps*n*p[i], math.Sqrt(steps*n*p[i]*(1-p[i]))
		if math.Abs(float64(s)-mean) > 5*deviation {
			t.Errorf("probability %v: %v spikes of %d, want %v", p[i], s, steps*n, mean)
		}
	}
	equal(t, "squares of 0 and 1", spikes.Square(), spikes)
	if slices.Equal(spikes.Index(0).Data(), spikes.Index(1).Data()) {
		t.Error("two steps are the same")
	}
	snn.Seed(3)
	equal(t, "the same seed", e.Sequence(x), spikes)

	// Rates may change from step to step.
	if got := e.Forward(snn.Ones(3)).Sum().Item() + e.Forward(snn.Zeros(2)).Sum().Item(); got != 3 {
		t.Errorf("%v spikes, want 3", got)
	}
	equal(t, "of no steps", encoding.Poisson(snn.Zeros(0, 3)), snn.Zeros(0, 3))
}

// After the last step comes another input without Reset; before, Reset is needed, or
// the first one goes on, given again or not.
func TestNextInput(t *testing.T) {
	e := encoding.NewLatency(2)
	first, second := snn.FromSlice([]float32{0}), snn.FromSlice([]float32{1, 1})
	equal(t, "step 1", e.Forward(first), snn.Zeros(1))
	equal(t, "step 2", e.Forward(nil), snn.Ones(1))
	equal(t, "step 1 once more", e.Forward(nil), snn.Zeros(1))
	e.Reset()
	equal(t, "step 1 after Reset", e.Forward(second), snn.Ones(2))
	equal(t, "step 2 after Reset", e.Forward(second), snn.Zeros(2))
	equal(t, "step 1 of the next", e.Forward(first), snn.Zeros(1))

	// A refused input leaves nothing of the one before, and one that its owner changes in
	// place is another one.
	e.Reset()
	equal(t, "step 1", e.Forward(first), snn.Zeros(1))
	equal(t, "step 2", e.Forward(nil), snn.Ones(1))
	if snn.Maybe(func() { e.Forward(snn.Full(2, 1)) }) == nil || snn.Maybe(func() { e.Forward(nil) }) == nil {
		t.Error("after a refused input the one before goes on")
	}
	changed := snn.Zeros(1)
	e.Forward(changed)
	changed.Fill(1)
	if snn.Maybe(func() { e.Forward(changed) }) == nil {
		t.Error("an input that has changed in place is taken")
	}

	// Nobody changes what comes next.
	p := snn.FromSlice([]float32{0, 1, 1, 0}, 2, 2)
	periodic := encoding.NewPeriodic(p)
	p.Fill(7)
	periodic.Forward(nil).Fill(5)
	periodic.Sequence(nil).Fill(5)
	equal(t, "the other step", periodic.Forward(snn.Ones(3)), snn.FromSlice([]float32{1, 0}))
	equal(t, "the first again", periodic.Forward(nil), snn.FromSlice([]float32{0, 1}))

	// No gradient flows through an encoder.
	if x := snn.Ones(1).RequireGrad(); e.Sequence(x).RequiresGrad() {
		t.Error("spikes require a gradient")
	}
}

func TestMistakes(t *testing.T) {
	nan := float32(math.NaN())
	one := snn.Ones(1)
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { encoding.NewPoisson(0) }, "encoding: Poisson over 0 steps, expected at least 1"},
		{func() { encoding.NewLatency(-3) }, "encoding: Latency over -3 steps, expected at least 1"},
		{func() { encoding.NewLatency(3, nil) }, `encoding: Latency: option 1 is nil, expected one such as EncFunction("log")`},
		{func() { encoding.NewLatency(3, encoding.EncFunction("exp")) }, `encoding: Latency: the function is "exp", expected "linear" or "log"`},
		{func() { encoding.NewWeightedPhase(0) }, "encoding: WeightedPhase over 0 steps, expected at least 1"},
		{func() { encoding.NewWeightedPhase(25) }, "encoding: WeightedPhase: K is 25, expected at most 24, the digits of a float32"},
		{func() { encoding.NewPeriodic(nil) }, "encoding: Periodic: there are no spikes, expected a tensor [T, ...] with T >= 1"},
		{func() { encoding.NewPeriodic(snn.Scalar(1)) }, "encoding: Periodic: there are no spikes, expected a tensor [T, ...] with T >= 1"},
		{func() { encoding.NewPoisson(2).Sequence(snn.FromSlice([]float32{0.5, 1.5})) }, "encoding: Poisson: value 1 is 1.5, expected 0 to 1; scale the values to that range, or use Clamp"},
		{func() { encoding.NewLatency(2).Forward(snn.Scalar(nan)) }, "encoding: Latency: value 0 is NaN, expected 0 to 1; scale the values to that range, or use Clamp"},
		{func() { encoding.NewWeightedPhase(2).Forward(one) }, "encoding: WeightedPhase: value 0 is 1, expected 0 to 0.75; scale the values to that range, or use Clamp"},
		{func() { encoding.NewPoisson(2).Forward(nil) }, "encoding: Poisson: the input is nil, expected values [N, ...]"},
		{func() { encoding.NewLatency(2).Forward(nil) }, "encoding: Latency: the input is nil, expected values [N, ...]"},
		{func() { new(encoding.Encoder).Forward(one) }, "encoding: the encoder is a zero value, expected one that a function such as NewPoisson made"},
		{func() { encoding.Poisson(nil) }, "encoding: Poisson: the probabilities are nil, expected a tensor"},
		{func() { e := encoding.NewLatency(3); e.Forward(one); e.Forward(snn.Zeros(1)) }, "encoding: Latency: the input has changed after step 1 of 3; call Reset() for a new one"},
		{func() { e := encoding.NewLatency(3); e.Forward(one); e.Forward(snn.Ones(1, 1)) }, "encoding: Latency: the input has changed after step 1 of 3; call Reset() for a new one"},
	} {
		err := snn.Maybe(test.f)
		var mistake *encoding.Misuse
		if !errors.As(err, &mistake) || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
	e := encoding.NewLatency(3)
	if err := e.SetStepMode("x"); err == nil || e.StepMode() != "s" {
		t.Errorf("step mode x: %v, now %s", err, e.StepMode())
	}
	if got, want := e.String(), "Latency(T=3, enc_function=linear, step_mode=s)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
