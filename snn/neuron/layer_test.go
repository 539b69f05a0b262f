package neuron_test

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// bits fails unless two tensors are equal, bit by bit.
func bits(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, what string, got, want *snn.Tensor,
) {
	t.Helper()
	if !slices.Equal(got.Shape(), want.Shape()) {
		t.Fatalf("%s has shape %v, want %v", what, got.Shape(), want.Shape())
	}
	for i, w := range want.Data() {
		if g := got.Data()[i]; math.Float32bits(g) != math.Float32bits(w) && (g == g || w == w) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, g, w)
		}
	}
}

// misuse returns the text of the snn.Misuse that f panics with.
func misuse(t *testing.T, f func()) string {
	t.Helper()
	err := snn.Maybe(f)
	if err == nil {
		t.Fatal("no panic")
	}
	return err.Error()
}

// feed gives a layer its inputs one by one and returns the potentials and the
// steps at which it spiked.
func feed(l *neuron.Layer, xs ...float32) (vs []float32, spikes []int) {
	for t, x := range xs {
		if l.Forward(snn.FromSlice([]float32{x})).Item() == 1 {
			spikes = append(spikes, t)
		}
		vs = append(vs, l.V().Item())
	}
	return vs, spikes
}

func repeat(x float32, n int) []float32 { return slices.Repeat([]float32{x}, n) }

// Consecutive potentials, by hand or from the tutorials.
func TestPotentials(t *testing.T) {
	pulse := append(repeat(0, 3), append([]float32{0.99}, repeat(0, 4)...)...)
	for _, test := range []struct {
		name   string
		layer  *neuron.Layer
		x      []float32
		v      []float32
		spikes []int
	}{
		{"IF", neuron.NewIF(), repeat(0.5, 5), []float32{0.5, 0, 0.5, 0, 0.5}, []int{1, 3}},
		{"IF hard to -0.25", neuron.NewIF(neuron.VReset(-0.25)), repeat(0.75, 4), []float32{0.5, -0.25, 0.5, -0.25}, []int{1, 3}},
		{"IF soft", neuron.NewIF(neuron.SoftReset()), repeat(0.75, 4), []float32{0.75, 0.5, 0.25, 0}, []int{1, 2, 3}},
		{"IF threshold", neuron.NewIF(neuron.VThreshold(0.5)), repeat(0.25, 4), []float32{0.25, 0, 0.25, 0}, []int{1, 3}},
		{"LIF", neuron.NewLIF(), repeat(1.5, 4), []float32{0.75, 0, 0.75, 0}, []int{1, 3}},
		{"LIF without decay of the input", neuron.NewLIF(neuron.DecayInput(false)), repeat(0.6, 3), []float32{0.6, 0.90000004, 0}, []int{2}},
		{"LIF soft", neuron.NewLIF(neuron.SoftReset()), repeat(1.5, 6), []float32{0.75, 0.125, 0.8125, 0.15625, 0.828125, 0.1640625}, []int{1, 3, 5}},
		{"LIF rests at v_reset", neuron.NewLIF(neuron.VReset(-0.5)), []float32{1, 2, 1.5, 2.5}, []float32{0, 0.75, 0.875, -0.5}, []int{3}},
		{"LIF pulse, tau 2", neuron.NewLIF(), pulse, []float32{0, 0, 0, 0.495, 0.2475, 0.12375, 0.061875, 0.0309375}, nil},
		{"LIF pulse, tau 1", neuron.NewLIF(neuron.Tau(1)), pulse, []float32{0, 0, 0, 0.99, 0, 0, 0, 0}, nil},
		{"the last VReset or SoftReset counts", neuron.NewIF(neuron.SoftReset(), neuron.VReset(0.5)), repeat(0.5, 2), []float32{0.5, 0.5}, []int{0, 1}},
		{"and the other way round", neuron.NewIF(neuron.VReset(0.5), neuron.SoftReset()), repeat(0.5, 2), []float32{0.5, 0}, []int{1}},
	} {
		vs, spikes := feed(test.layer, test.x...)
		if !slices.Equal(vs, test.v) || !slices.Equal(spikes, test.spikes) {
			t.Errorf("%s: potentials %v, spikes at %v\nwant %v and %v", test.name, vs, spikes, test.v, test.spikes)
		}
	}
}

// v_threshold is compared as a float32: 0.7 in float64 would never be met.
func TestThresholdIsFloat32(t *testing.T) {
	for _, threshold := range []float64{0.7, 0.8, 0.3, 1.3, 0.35} {
		f := float32(threshold)
		if _, spikes := feed(neuron.NewIF(neuron.VThreshold(threshold)), f); len(spikes) != 1 {
			t.Errorf("%v does not fire at its threshold", threshold)
		}
		if _, spikes := feed(neuron.NewIF(neuron.VThreshold(threshold)), math.Nextafter32(f, 0)); len(spikes) != 0 {
			t.Errorf("%v fires below its threshold", threshold)
		}
	}
}

// An infinite potential fires and is reset to v_reset, not to NaN; NaN does not
// fire and stays.
func TestSpecialValues(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	hard := neuron.NewIF(neuron.VReset(-0.25))
	y := hard.Forward(snn.FromSlice([]float32{inf, -inf, nan, 3e38}))
	bits(t, "spikes", y, snn.FromSlice([]float32{1, 0, 0, 1}))
	bits(t, "potential", hard.V(), snn.FromSlice([]float32{-0.25, -inf, nan, -0.25}))
	soft := neuron.NewIF(neuron.SoftReset())
	y = soft.Forward(snn.FromSlice([]float32{inf, -inf, nan, 3e38}))
	bits(t, "spikes", y, snn.FromSlice([]float32{1, 0, 0, 1}))
	bits(t, "potential", soft.V(), snn.FromSlice([]float32{inf, -inf, nan, 3e38}))
}

// layerGen draws constructors of layers of every kind and every option that
// changes what Forward returns.
var layerGen = rapid.Custom(func(t *rapid.T) func(...neuron.Option) *neuron.Layer {
	options := []neuron.Option{
		neuron.VThreshold(rapid.Float64Range(0.1, 2).Draw(t, "v_threshold")),
		neuron.DetachReset(rapid.Bool().Draw(t, "detach_reset")),
		neuron.SurrogateFunction(surrogate.ATan(2)),
	}
	if rapid.Bool().Draw(t, "soft") {
		options = append(options, neuron.SoftReset())
	} else {
		options = append(options, neuron.VReset(rapid.Float64Range(-0.5, 0.5).Draw(t, "v_reset")))
	}
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	if kind == 1 {
		options = append(options, neuron.Tau(rapid.Float64Range(1, 20).Draw(t, "tau")), neuron.DecayInput(rapid.Bool().Draw(t, "decay_input")))
	}
	return func(more ...neuron.Option) *neuron.Layer {
		all := slices.Concat(options, more)
		switch kind {
		case 0:
			return neuron.NewIF(all...)
		case 1:
			return neuron.NewLIF(all...)
		case 2:
			return neuron.New(&SquareIF{}, all...)
		}
		return neuron.Equation("0.9*v + tanh(x)", all...)
	}
})

// TestStepModes: multi-step mode, single steps, MultiStepForward and a
// sequence in two parts give the same bits, and none changes the input.
func TestStepModes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layer := layerGen.Draw(t, "layer")
		shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 3).Draw(t, "shape")
		steps := rapid.IntRange(2, 9).Draw(t, "T")
		x := snn.Zeros(append([]int{steps}, shape...)...)
		for i := range x.Data() {
			x.Data()[i] = rapid.Float32Range(-1, 2.5).Draw(t, "x")
		}
		before := x.Clone()

		m := layer(neuron.StepMode("m"), neuron.StoreVSeq(true))
		y := m.Forward(x)

		s := layer(neuron.StoreVSeq(true))
		var ys, vs []*snn.Tensor
		for k := range steps {
			ys, vs = append(ys, s.Forward(x.Index(k))), append(vs, s.V())
		}
		bits(t, "spikes of single steps", snn.Stack(ys...), y)
		bits(t, "potentials of single steps", snn.Stack(vs...), m.VSeq())
		bits(t, "stored potentials of single steps", s.VSeq(), m.VSeq())
		bits(t, "last potential", s.V(), m.V())

		for _, mode := range []string{"s", "m"} {
			l := layer(neuron.StepMode(mode), neuron.StoreVSeq(true))
			bits(t, "spikes of MultiStepForward", snn.MultiStepForward(x, l), y)
			bits(t, "potentials of MultiStepForward", l.VSeq(), m.VSeq())
			if l.StepMode() != mode {
				t.Fatalf("the step mode was %q and is %q", mode, l.StepMode())
			}
		}

		cut := rapid.IntRange(1, steps-1).Draw(t, "cut")
		n := x.Size() / steps
		part := func(from, to int) *snn.Tensor {
			return snn.FromSlice(x.Data()[from*n:to*n], append([]int{to - from}, shape...)...)
		}
		again := layer(neuron.StepMode("m"))
		first := again.Forward(part(0, cut))
		second := again.Forward(part(cut, steps))
		bits(t, "spikes of two parts", snn.FromSlice(slices.Concat(first.Data(), second.Data()), y.Shape()...), y)

		m.Reset() // and then all is as it was
		bits(t, "spikes after Reset", m.Forward(x), y)
		bits(t, "the input", x, before)
		for _, v := range y.Data() {
			if v != 0 && v != 1 {
				t.Fatalf("a spike is %v", v)
			}
		}
	})
}

// The tutorial's first steps: v is one value, and takes the shape of the input.
func TestShapes(t *testing.T) {
	l := neuron.NewIF()
	if got := l.V().String(); got != "0" {
		t.Errorf("v is %s before any input", got)
	}
	if got := neuron.NewIF(neuron.VReset(-0.3)).V().String(); got != "-0.3" {
		t.Errorf("v is %s before any input, want v_reset", got)
	}
	if got := neuron.NewIF(neuron.VReset(-0.3), neuron.SoftReset()).V().String(); got != "0" {
		t.Errorf("v is %s before any input, want 0 with a soft reset", got)
	}
	for _, shape := range [][]int{{2, 3}, {4, 5, 6}, {1}, {}, {0}, {3, 0, 2}} {
		y := l.Forward(snn.Rand(shape...))
		if !slices.Equal(l.V().Shape(), shape) || !slices.Equal(y.Shape(), shape) {
			t.Errorf("input of shape %v: v has %v, the spikes %v", shape, l.V().Shape(), y.Shape())
		}
		l.Reset()
	}
	if err := l.SetStepMode("m"); err != nil {
		t.Fatal(err)
	}
	if y := l.Forward(snn.Rand(7)); !slices.Equal(y.Shape(), []int{7}) || len(l.V().Shape()) != 0 {
		t.Errorf("a sequence of single values: v has %v, the spikes %v", l.V().Shape(), y.Shape())
	}
}

func TestShapeMistakes(t *testing.T) {
	used := func(options ...neuron.Option) *neuron.Layer {
		l := neuron.NewLIF(options...)
		l.SetV(snn.Zeros(2, 3))
		return l
	}
	m := neuron.StepMode("m")
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { used().Forward(snn.Zeros(4, 5, 6)) }, "LIF.Forward: the input of a step has shape [4 5 6], but the state of the neurons has shape [2 3] from earlier inputs; call Reset() before an input of another shape"},
		{func() { used(m).Forward(snn.Zeros(9, 3)) }, "LIF.Forward: the input of a step has shape [3], but the state of the neurons has shape [2 3] from earlier inputs; call Reset() before an input of another shape"},
		{func() { neuron.NewIF(m).Forward(snn.Scalar(1)) }, `IF.Forward: the input is a single value; in step mode "m" it is a sequence [T, N, ...]. Use SetStepMode("s") for one step`},
		{func() { neuron.NewIF(m).Forward(snn.Zeros(0, 3)) }, "IF.Forward: the input has shape [0 3], a sequence of no steps; expected [T, N, ...] with T >= 1"},
		{func() { neuron.NewIF().Forward(nil) }, "IF.Forward: the input is nil; expected a tensor"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
	// The state survives the mistake.
	l := used()
	_ = snn.Maybe(func() { l.Forward(snn.Zeros(5)) })
	if !slices.Equal(l.V().Shape(), []int{2, 3}) {
		t.Errorf("the state has shape %v", l.V().Shape())
	}
}

// What a layer gives out does not change later, and what it is given is its
// own.
func TestOwnership(t *testing.T) {
	l := neuron.NewIF(neuron.StoreVSeq(true))
	x := snn.FromSlice([]float32{0.4, 0.6})
	y1 := l.Forward(x)
	v1, seq1 := l.V(), l.VSeq()
	y2 := l.Forward(x)
	seq2 := l.VSeq()
	v1.Data()[1] = 99 // a copy
	l.Forward(x)
	l.Reset()
	l.Forward(snn.FromSlice([]float32{-5, -5}))
	bits(t, "first spikes", y1, snn.Zeros(2))
	bits(t, "second spikes", y2, snn.FromSlice([]float32{0, 1}))
	bits(t, "first potential", v1, snn.FromSlice([]float32{0.4, 99}))
	bits(t, "stored after one step", seq1, snn.FromSlice([]float32{0.4, 0.6}, 1, 2))
	bits(t, "stored after two steps", seq2, snn.FromSlice([]float32{0.4, 0.6, 0.8, 0}, 2, 2))

	v := snn.FromSlice([]float32{0.5, 0.25})
	l.SetV(v)
	if l.VSeq() != nil {
		t.Error("SetV keeps the potentials of earlier steps")
	}
	v.Data()[0] = 7
	l.Forward(snn.Zeros(2))
	bits(t, "potential after SetV", l.V(), snn.FromSlice([]float32{0.5, 0.25}))
}

func TestVSeq(t *testing.T) {
	if l := neuron.NewIF(); l.VSeq() != nil {
		t.Error("VSeq before any input")
	} else if l.Forward(snn.Ones(1)); l.VSeq() != nil {
		t.Error("VSeq without StoreVSeq")
	}
	l := neuron.NewIF(neuron.StoreVSeq(true))
	if l.VSeq() != nil {
		t.Error("VSeq before any input")
	}
	x := snn.Full(0.25, 1)
	l.Forward(x)
	l.Forward(x)
	bits(t, "two steps", l.VSeq(), snn.FromSlice([]float32{0.25, 0.5}, 2, 1))
	if err := l.SetStepMode("m"); err != nil {
		t.Fatal(err)
	}
	l.Forward(snn.Full(0.25, 3, 1)) // a sequence starts anew
	bits(t, "a sequence", l.VSeq(), snn.FromSlice([]float32{0.75, 0, 0.25}, 3, 1))
	l.Forward(snn.Full(0.25, 1, 1))
	bits(t, "another sequence", l.VSeq(), snn.FromSlice([]float32{0.5}, 1, 1))
	if err := l.SetStepMode("s"); err != nil {
		t.Fatal(err)
	}
	l.Forward(x)
	bits(t, "a step after it", l.VSeq(), snn.FromSlice([]float32{0.75}, 1, 1))
	l.Reset()
	if l.VSeq() != nil {
		t.Error("VSeq after Reset")
	}
}

func TestNetwork(t *testing.T) {
	snn.Seed(3)
	x := snn.Rand(20, 4)
	a, b := neuron.NewIF(), neuron.NewLIF(neuron.DecayInput(false))
	net := snn.Sequential(a, b)
	single := snn.MultiStepForward(x, net)
	snn.ResetNet(net)
	if a.V().Size() != 1 || b.V().Size() != 1 {
		t.Error("ResetNet left a state")
	}
	if err := snn.SetStepMode(net, "m"); err != nil {
		t.Fatal(err)
	}
	bits(t, "the network in multi-step mode", net.Forward(x), single)
	if single.Sum().Item() == 0 {
		t.Error("the test does not spike")
	}
	err := snn.SetBackend(net, "cuda")
	if err == nil || !strings.Contains(err.Error(), "IF: ") || !strings.Contains(err.Error(), "LIF: ") {
		t.Errorf("SetBackend: %v", err)
	}
}

// A step of a single neuron makes its output, and that in one piece.
func TestStepAllocations(t *testing.T) {
	for _, layer := range []*neuron.Layer{neuron.NewIF(), neuron.NewLIF(), neuron.NewEIF(), neuron.NewIzhikevich()} {
		x := snn.Full(0.7, 1)
		layer.Forward(x)
		if n := testing.AllocsPerRun(100, func() { layer.Forward(x) }); n > 1 {
			t.Errorf("%s allocates %v times, expected once", layer.Kind(), n)
		}
	}
}

// A layer has no hold on its last input.
func TestInputIsNotKept(t *testing.T) {
	layer := neuron.NewLIF()
	input := func() weak.Pointer[snn.Tensor] {
		x := snn.Ones(3)
		layer.Forward(x)
		return weak.Make(x)
	}()
	runtime.GC()
	if input.Value() != nil {
		t.Error("the input is still in memory")
	}
	layer.Forward(snn.Ones(3))
}

// What a layer computes for a second input leaves what the tape has of the first as
// it was.
func TestTapeOfTwoInputs(t *testing.T) {
	run := func(between func(*neuron.Layer)) *snn.Tensor {
		layer := neuron.NewLIF(neuron.SurrogateFunction(surrogate.ATan(2)))
		x := snn.Full(0.9, 2).RequireGrad()
		y := layer.Forward(x)
		between(layer)
		y.Sum().Backward()
		return x.Grad()
	}
	want := run(func(*neuron.Layer) {})
	bits(t, "the gradient", run(func(l *neuron.Layer) { l.Forward(snn.Full(5, 2).RequireGrad()) }), want)
}

// What a layer has computed spikes from does not stay in memory for the backward pass,
// which needs the potentials alone; and that of a layer whose equations need the
// input does.
func TestLargeInputIsNotKept(t *testing.T) {
	for formula, kept := range map[string]bool{"v + x": false, "v + x**2": true} {
		layer := neuron.Equation(formula, neuron.StepMode("m"))
		x := snn.Full(0.5, 4, 1<<13).RequireGrad()
		var values weak.Pointer[float32]
		y := func() *snn.Tensor {
			twice := x.Scale(2)
			values = weak.Make(&twice.Data()[0])
			return layer.Forward(twice)
		}()
		runtime.GC()
		if (values.Value() != nil) != kept {
			t.Errorf("%s: the values of the input are kept: %v, expected %v", formula, !kept, kept)
		}
		y.Sum().Backward()
		if g := x.Grad().Index(3).Data()[0]; g != 2 && g != 4 {
			t.Errorf("%s: the gradient of the last step is %v", formula, g)
		}
	}
}

// An input that is refused leaves the layer as it was.
func TestRefusedInput(t *testing.T) {
	layer := neuron.NewIF(neuron.ParamTensor("v_threshold", snn.Full(1, 3)))
	gated := neuron.NewGatedLIF(3, neuron.StepMode("m"))
	if snn.Maybe(func() { layer.Forward(snn.Ones(4)) }) == nil || snn.Maybe(func() { gated.Forward(snn.Ones(4, 4)) }) == nil {
		t.Fatal("an input that does not fit the parameters is taken")
	}
	bits(t, "spikes", layer.Forward(snn.Ones(3)), snn.Ones(3))
	gated.Forward(snn.Ones(3, 3))
	if snn.Maybe(func() { layer.Forward(snn.Ones(4)) }) == nil {
		t.Fatal("an input of another shape is taken")
	}
	bits(t, "the potential", layer.V(), snn.Zeros(3))
}

// A layer whose neurons begin with values of their own shows them before the first
// input.
func TestStateBeforeInput(t *testing.T) {
	reset := snn.FromSlice([]float32{-0.1, -0.2, -0.3})
	layer := neuron.NewLIF(neuron.ParamTensor("v_reset", reset))
	bits(t, "V", layer.V(), reset)
	if text := layer.MIMEBundle()["text/plain"]; !strings.Contains(text, "-0.3") {
		t.Errorf("shown as %s", text)
	}
	bits(t, "V", neuron.NewLIF(neuron.VReset(-1)).V(), snn.Scalar(-1))
}

// Potentials that are no longer stored are gone.
func TestStoreNoMore(t *testing.T) {
	for _, mode := range []string{"s", "m"} {
		layer := neuron.NewIF(neuron.StepMode(mode), neuron.StoreVSeq(true))
		x := snn.Full(0.4, 2, 1)
		layer.Forward(x)
		layer.SetStoreVSeq(false)
		if layer.VSeq() != nil {
			t.Errorf("step mode %s: potentials %v are still there", mode, layer.VSeq())
		}
		layer.Forward(x)
		layer.SetStoreVSeq(true)
		layer.Forward(x)
		if want := map[string]int{"s": 1, "m": 2}[mode]; layer.VSeq().Shape()[0] != want {
			t.Errorf("step mode %s: %d steps, expected %d", mode, layer.VSeq().Shape()[0], want)
		}
	}
}
