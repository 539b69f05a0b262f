package backend_test

import (
	"html"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spikebook/gpu/backend"
	"spikebook/gpu/device"
	"spikebook/gpu/ptxsim"
	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
	"spikebook/snn/surrogate"
)

// open opens a device of the tests: an interpreter, or with the tag cuda the driver's.
var open = func(int) (device.Device, error) { return ptxsim.Open(ptxsim.Options{}), nil }

// begin makes a new device the backend "cuda".
func begin(t *testing.T) device.Device {
	t.Helper()
	d, err := open(0)
	if err != nil {
		t.Fatal(err)
	}
	snn.AddBackend("cuda", func() (snn.Accelerator, error) { return backend.New(d), nil })
	return d
}

func stats(t *testing.T) device.Stats {
	t.Helper()
	s, err := snn.BackendStats("cuda")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// network is one whose weights are the same each time.
func network() snn.Module {
	snn.Seed(7)
	return snn.Sequential(
		layer.NewLinear(12, 20), neuron.NewParametricLIF(neuron.SurrogateFunction(surrogate.ATan(2)), neuron.DetachReset(true)),
		layer.NewLinear(20, 3), neuron.Equation("v + (x - v)/tau", neuron.Param("tau", 3), neuron.Learn("tau"), neuron.SurrogateFunction(surrogate.ATan(2))),
	)
}

// A network is trained on a device as it is on the CPU, by each optimizer.
func TestTraining(t *testing.T) {
	begin(t)
	const steps, samples, epochs = 6, 5, 4
	for name, make := range map[string]func(params []*snn.Tensor) optim.Optimizer{
		"SGD": func(p []*snn.Tensor) optim.Optimizer {
			o := optim.NewSGD(p, 5)
			o.Momentum, o.Nesterov = 0.9, true
			return o
		},
		"Adam":  func(p []*snn.Tensor) optim.Optimizer { return optim.NewAdam(p, 0.02) },
		"AdamW": func(p []*snn.Tensor) optim.Optimizer { return optim.NewAdamW(p, 0.02) },
	} {
		t.Run(name, func(t *testing.T) {
			results := map[string][]float32{}
			for _, where := range []string{"cpu", "cuda"} {
				net := network()
				if err := snn.SetStepMode(net, snn.MultiStep); err != nil {
					t.Fatal(err)
				}
				if err := snn.SetBackend(net, where); err != nil {
					t.Fatal(err)
				}
				params := snn.Parameters(net)
				o := make(params)
				x, target := snn.Rand(steps, samples, 12).Scale(9), snn.Rand(samples, 3)
				for range epochs {
					snn.ResetNet(net)
					loss := snn.MSELoss(net.Forward(x).Mean(0), target.To(where))
					o.ZeroGrad()
					loss.Backward()
					o.Step()
					results[where] = append(results[where], loss.Item())
				}
				for _, p := range params {
					results[where] = append(results[where], p.Data()...)
				}
				if weight := params[0]; weight.Backend() != where || weight.Grad().Backend() != where {
					t.Errorf("the weights are on %s, their gradients on %s, expected %s", weight.Backend(), weight.Grad().Backend(), where)
				}
			}
			first, last := results["cpu"][0], results["cpu"][epochs-1]
			if !(last < first) {
				t.Errorf("the loss went from %v to %v", first, last)
			}
			for i, want := range results["cpu"] {
				if got := results["cuda"][i]; math.Abs(float64(got-want)) > 2e-6 {
					t.Fatalf("number %d is %v on the device, %v on the CPU", i, got, want)
				}
			}
		})
	}
}

// A layer takes one launch forward and one backward, and if it learns parameters that
// all neurons share one more, however many of both there are. Nothing is copied to or
// from the host but the gradients of parameters that are there, all at once.
func TestLaunches(t *testing.T) {
	begin(t)
	for name, test := range map[string]struct {
		layer             *neuron.Layer
		neurons           int
		forward, backward int64
		down              int64
	}{
		"LIF":                  {neuron.NewLIF(neuron.StepMode("m")), 100, 1, 1, 0},
		"Equation":             {neuron.Equation("v + x**2", neuron.StepMode("m")), 100, 1, 1, 0},
		"Izhikevich":           {neuron.NewIzhikevich(neuron.StepMode("m")), 100, 1, 1, 0},
		"ParametricLIF alone":  {neuron.NewParametricLIF(neuron.StepMode("m")), 1, 1, 1, 1},
		"ParametricLIF, 2":     {neuron.NewParametricLIF(neuron.StepMode("m")), 2, 1, 2, 1},
		"ParametricLIF, 100":   {neuron.NewParametricLIF(neuron.StepMode("m")), 100, 1, 2, 1},
		"ParametricLIF, 1000":  {neuron.NewParametricLIF(neuron.StepMode("m")), 1000, 1, 2, 1},
		"ParametricLIF, 70000": {neuron.NewParametricLIF(neuron.StepMode("m")), 70000, 1, 2, 1},
		"two parameters":       {learner(), 1000, 1, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := test.layer
			if err := l.SetBackend("cuda"); err != nil {
				t.Fatal(err)
			}
			x := snn.Rand(3, test.neurons).To("cuda").RequireGrad()
			g := snn.Ones(3, test.neurons).To("cuda")
			l.Forward(x).BackwardFrom(g) // what is written and copied once
			x.ZeroGrad()

			before := stats(t)
			y := l.Forward(x)
			between := stats(t)
			y.BackwardFrom(g)
			after := stats(t)
			if got := between.Launches - before.Launches; got != test.forward {
				t.Errorf("%d launches forward, expected %d", got, test.forward)
			}
			if got := after.Launches - between.Launches; got != test.backward {
				t.Errorf("%d launches backward, expected %d", got, test.backward)
			}
			if up, down := after.Uploads-before.Uploads, after.Downloads-before.Downloads; up > 0 || down != test.down {
				t.Errorf("%d uploads and %d downloads, expected %d for the gradients of parameters on the CPU", up, down, test.down)
			}
		})
	}
}

// learner is a layer that learns two parameters.
func learner(options ...neuron.Option) *neuron.Layer {
	return neuron.Equation("v + (x - v)/tau + a*x", append([]neuron.Option{
		neuron.Param("tau", 3), neuron.Param("a", 0.5), neuron.Learn("tau", "a"), neuron.StepMode("m"), neuron.SurrogateFunction(surrogate.ATan(2)),
	}, options...)...)
}

// The gradients of parameters are those of the CPU for any number of neurons, also
// where each neuron has its own of one of them, and they are the same each time.
func TestParameterGradients(t *testing.T) {
	begin(t)
	for _, n := range []int{0, 1, 127, 128, 129, 5000} {
		for _, own := range []string{"", "tau", "a"} {
			snn.Seed(5)
			x, g := snn.Rand(4, n).Scale(2), snn.Rand(4, n)
			gradients := func(backend string) (all []float32) {
				var options []neuron.Option
				if own != "" {
					options = append(options, neuron.ParamTensor(own, snn.Full(2, n)))
				}
				l := learner(options...)
				if err := l.SetBackend(backend); err != nil {
					t.Fatal(err)
				}
				l.Forward(x.To(backend)).BackwardFrom(g.To(backend))
				for _, p := range snn.Parameters(l) {
					all = append(all, p.Grad().Data()...)
				}
				return all
			}
			want, got := gradients("cpu"), gradients("cuda")
			if again := gradients("cuda"); !slices.Equal(again, got) {
				t.Errorf("%d neurons, own %q: %v, and then %v", n, own, got, again)
			}
			if len(want) != len(got) || n > 0 && !slices.ContainsFunc(want, func(v float32) bool { return v != 0 }) {
				t.Fatalf("%d neurons, own %q: gradients %v on the device, %v on the CPU", n, own, got, want)
			}
			for i, w := range want {
				if math.Abs(float64(got[i]-w)) > 1e-6*math.Max(1, math.Abs(float64(w))) {
					t.Errorf("%d neurons, own %q: gradient %d is %v on the device, %v on the CPU", n, own, i, got[i], w)
				}
			}
		}
	}
}

// Values that are easily lost on the way keep their bits: a zero its sign, a NaN that
// it is one; and tensors may have no values.
func TestSpecialValues(t *testing.T) {
	begin(t)
	negative := float32(math.Copysign(0, -1))
	one := snn.Ones(2).To("cuda")
	for _, test := range []struct {
		by, want float32
	}{{0, float32(math.Inf(1))}, {negative, float32(math.Inf(-1))}, {float32(math.Inf(-1)), negative}} {
		for _, got := range one.Div(snn.Scalar(test.by)).Data() {
			if math.Float32bits(got) != math.Float32bits(test.want) {
				t.Errorf("1/%v is %v, want %v", test.by, got, test.want)
			}
		}
	}
	if got := one.Mul(snn.Scalar(float32(math.NaN()))).At(1); got == got {
		t.Errorf("1*NaN is %v", got)
	}
	none := snn.Zeros(0, 3).To("cuda")
	if got := none.Exp().MatMul(snn.Ones(3, 2)); got.Size() != 0 || none.Sum().Item() != 0 || !math.IsNaN(float64(none.Mean().Item())) {
		t.Errorf("no values give %v, their sum is %v, their mean %v", got.Shape(), none.Sum(), none.Mean())
	}
	if got := neuron.NewLIF(neuron.StepMode("m"), neuron.Backend("cuda")).Forward(snn.Zeros(4, 0)); !slices.Equal(got.Shape(), []int{4, 0}) {
		t.Errorf("no neurons give %v", got.Shape())
	}
}

// Inputs may be anywhere, the state stays on the device, and what is read is what
// the CPU gives.
func TestLayer(t *testing.T) {
	d := begin(t)
	snn.Seed(3)
	x := snn.Rand(20, 77).Scale(1.5)
	one, other := neuron.NewLIF(neuron.StepMode("m"), neuron.StoreVSeq(true)), neuron.NewLIF(neuron.StepMode("m"), neuron.StoreVSeq(true))
	if got := other.SupportedBackends(); !slices.Contains(got, "cuda") {
		t.Errorf("supported: %q", got)
	}
	if err := other.SetBackend("cuda"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		want, got := one.Forward(x), other.Forward(x)
		if got.Backend() != "cuda" || other.V().Backend() != "cuda" {
			t.Errorf("the output is on %s, the state on %s", got.Backend(), other.V().Backend())
		}
		if !slices.Equal(got.Data(), want.Data()) || !slices.Equal(other.V().Data(), one.V().Data()) || !slices.Equal(other.VSeq().Data(), one.VSeq().Data()) {
			t.Fatal("spikes and potentials differ from those of the CPU")
		}
	}
	if err := other.SetStepMode("s"); err == nil || !strings.Contains(err.Error(), `LIF: backend "cuda" takes whole sequences; use it in step mode "m", or backend "cpu"`) {
		t.Errorf("got %v", err)
	}
	if err := other.SetBackend("cpu"); err != nil {
		t.Fatal(err)
	}
	if want, got := one.Forward(x), other.Forward(x); got.Backend() != "cpu" || !slices.Equal(got.Data(), want.Data()) {
		t.Error("back on the CPU it goes on otherwise")
	}
	if text := neuron.NewLIF(neuron.StepMode("m"), neuron.Backend("cuda")).String(); d.Info().Emulated != strings.Contains(text, "backend=cuda ("+d.Info().Name+")") {
		t.Errorf("it is not said what the backend is: %s", text)
	}
	text := neuron.NewLIF(neuron.StepMode("m")).PTX()
	for _, want := range []string{"// V[t] = S[t]", ".visible .entry steps_LIF(", "ld.global"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	shown := text.MIMEBundle()
	tags := regexp.MustCompile("<[^>]*>")
	if plain := html.UnescapeString(tags.ReplaceAllString(shown["text/html"], "")); plain != string(text) || shown["text/plain"] != plain {
		t.Errorf("it is shown as\n%s", plain)
	}
	if !strings.Contains(shown["text/html"], `<span style="color: var(--jp-mirror-editor-comment-color, #408080)">// V[t] = `) {
		t.Error("a comment has no colour")
	}
}

// A parameter that was moved to a device is changed there.
func TestSetParam(t *testing.T) {
	begin(t)
	l := neuron.NewParametricLIF(neuron.StepMode("m"), neuron.ParamTensor("w", snn.Zeros(3)), neuron.Backend("cuda"))
	w := l.ParamTensor("w")
	w.Move("cuda")
	_ = w.Data() // what was fetched must not stay
	if err := l.SetParam("w", 2); err != nil || w.Backend() != "cuda" || !slices.Equal(w.Data(), []float32{2, 2, 2}) {
		t.Errorf("w is %v on %s, %v", w, w.Backend(), err)
	}
}
