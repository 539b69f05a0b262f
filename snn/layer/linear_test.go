package layer_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
)

// spikes draws rows in which a share of the values is 1.
func spikes(density float32, shape ...int) *snn.Tensor {
	x := snn.Rand(shape...)
	for i, v := range x.Data() {
		x.Data()[i] = 0
		if v < density {
			x.Data()[i] = 1
		}
	}
	return x
}

func near(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, what string, got []float32, want []float64, scale float64,
) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if math.Abs(float64(got[i])-w) > 1e-6*scale {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], w)
		}
	}
}

// TestLinear compares the outputs and all gradients with sums in float64, for
// inputs that the sparse product is made for and others.
func TestLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, out := rapid.IntRange(1, 40).Draw(t, "in"), rapid.IntRange(1, 9).Draw(t, "out")
		rows := rapid.IntRange(1, 24).Draw(t, "rows")
		density := rapid.SampledFrom([]float32{0, 0.03, 0.09, 0.12, 0.5, 1}).Draw(t, "density")
		snn.Seed(rapid.IntRange(0, 1000).Draw(t, "seed"))
		l := layer.NewLinear(in, out, layer.Bias(rapid.Bool().Draw(t, "bias")))
		x := spikes(density, rows, in).Mul(snn.Randn(rows, in)).RequireGrad()
		g := snn.Randn(rows, out)
		y := l.Forward(x)
		y.BackwardFrom(g)

		w, wantY := l.Weight.Data(), make([]float64, rows*out)
		wantX, wantW, wantB := make([]float64, rows*in), make([]float64, out*in), make([]float64, out)
		for r := range rows {
			for o := range out {
				at, gradient := r*out+o, float64(g.Data()[r*out+o])
				if l.Bias != nil {
					wantY[at] = float64(l.Bias.Data()[o])
				}
				wantB[o] += gradient
				for i := range in {
					xi, wi := float64(x.Data()[r*in+i]), float64(w[o*in+i])
					wantY[at] += xi * wi
					wantX[r*in+i] += gradient * wi
					wantW[o*in+i] += gradient * xi
				}
			}
		}
		near(t, "output", y.Data(), wantY, 10)
		near(t, "gradient of x", x.Grad().Data(), wantX, 10)
		near(t, "gradient of the weights", l.Weight.Grad().Data(), wantW, 20)
		if l.Bias != nil {
			near(t, "gradient of the bias", l.Bias.Grad().Data(), wantB, 20)
		}
	})
}

// The sparse product and the dense one agree: x is sparse, and each row of it
// beside a row of ones is not.
func TestSparseIsDense(t *testing.T) {
	snn.Seed(7)
	const rows, in, out = 40, 64, 16
	l := layer.NewLinear(in, out)
	x := spikes(0.05, rows, in)
	full := snn.Concat(x, snn.Ones(rows, in))
	run := func(x *snn.Tensor) (y *snn.Tensor, weight, bias []float32) {
		snn.ZeroGrad(l)
		y = l.Forward(x).Slice(0, rows)
		y.Sum().Backward()
		return y, l.Weight.Grad().Data(), l.Bias.Grad().Data()
	}
	wide := func(list []float32) (l []float64) {
		for _, v := range list {
			l = append(l, float64(v))
		}
		return l
	}
	y, w, b := run(x)
	wantY, wantW, wantB := run(full)
	near(t, "output", y.Data(), wide(wantY.Data()), 1)
	near(t, "gradient of the weights", w, wide(wantW), 1)
	near(t, "gradient of the bias", b, wide(wantB), 1)
}

func TestLinearExact(t *testing.T) {
	l := &layer.Linear{Weight: snn.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3).RequireGrad(), Bias: snn.FromSlice([]float32{10, 20}).RequireGrad()}
	x := snn.FromSlice([]float32{1, 0, 2, 0, 1, 0}, 2, 1, 3).RequireGrad()
	y := l.Forward(x)
	if !slices.Equal(y.Shape(), []int{2, 1, 2}) || !slices.Equal(y.Data(), []float32{17, 36, 12, 25}) {
		t.Errorf("the output is %v", y)
	}
	y.BackwardFrom(snn.FromSlice([]float32{1, 0, 0, 2}, 2, 1, 2))
	for _, test := range []struct {
		name string
		x    *snn.Tensor
		want []float32
	}{{"x", x, []float32{1, 2, 3, 8, 10, 12}}, {"weight", l.Weight, []float32{1, 0, 2, 0, 2, 0}}, {"bias", l.Bias, []float32{1, 2}}} {
		if !slices.Equal(test.x.Grad().Data(), test.want) {
			t.Errorf("the gradient of the %s is %v, want %v", test.name, test.x.Grad(), test.want)
		}
	}
	if y := l.Forward(snn.FromSlice([]float32{1, 1, 1})); !slices.Equal(y.Data(), []float32{16, 35}) || !slices.Equal(y.Shape(), []int{2}) {
		t.Errorf("a single row gives %v", y)
	}
	if y := l.Forward(snn.Zeros(4, 0, 3)); !slices.Equal(y.Shape(), []int{4, 0, 2}) {
		t.Errorf("no rows give %v", y.Shape())
	}
}

func TestNewLinear(t *testing.T) {
	snn.Seed(1)
	l := layer.NewLinear(100, 50)
	for _, p := range l.Parameters() {
		var lo, hi float32
		for _, v := range p.Data() {
			lo, hi = min(lo, v), max(hi, v)
		}
		if lo < -0.1 || hi >= 0.1 || lo > -0.09 || hi < 0.09 {
			t.Errorf("values from %v to %v, expected all of [-0.1, 0.1)", lo, hi)
		}
		if !p.RequiresGrad() {
			t.Error("a parameter requires no gradient")
		}
	}
	if got := fmt.Sprint(l); got != "Linear(in=100, out=50, bias=true)" {
		t.Errorf("got %s", got)
	}
	l.Bias = nil
	if got := fmt.Sprint(l); got != "Linear(in=100, out=50, bias=false)" || len(l.Parameters()) != 1 {
		t.Errorf("got %s with %d parameters", got, len(l.Parameters()))
	}
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { layer.NewLinear(0, 3) }, "NewLinear: 0 inputs and 3 outputs, expected at least 1 of each"},
		{func() { layer.NewLinear(3, -1) }, "NewLinear: 3 inputs and -1 outputs, expected at least 1 of each"},
		{func() { l.Forward(snn.Ones(4, 3)) }, "Linear.Forward: the input has shape [4 3], expected [..., 100]"},
		{func() { l.Forward(nil) }, "Linear.Forward: the input is nil; expected a tensor"},
		{func() { l.Forward(snn.Scalar(1)) }, "Linear.Forward: the input has shape [], expected [..., 100]"},
	} {
		if err := snn.Maybe(test.f); err == nil || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
}

// BenchmarkLinear shows what zeros in the input save, forward and backward.
func BenchmarkLinear(b *testing.B) {
	const rows = 64
	for _, size := range [][2]int{{784, 100}, {1024, 1024}} {
		for _, density := range []float32{0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 1} {
			snn.Seed(1)
			l, x := layer.NewLinear(size[0], size[1]), spikes(density, rows, size[0])
			b.Run(fmt.Sprintf("%dx%d/density=%v/forward", size[0], size[1], density), func(b *testing.B) {
				for b.Loop() {
					snn.NoGrad(func() { l.Forward(x) })
				}
			})
			b.Run(fmt.Sprintf("%dx%d/density=%v/backward", size[0], size[1], density), func(b *testing.B) {
				g := snn.Ones(rows, size[1])
				for b.Loop() {
					l.Forward(x).BackwardFrom(g)
					snn.ZeroGrad(l)
				}
			})
		}
	}
}

// What a row gives does not depend on the rows beside it, nor on where the weights
// lie in memory, bit by bit: a sequence is its steps.
func TestRows(t *testing.T) {
	snn.Seed(3)
	const rows, in, out = 20, 77, 13
	l, x := layer.NewLinear(in, out), snn.Randn(rows, in)
	for i := range x.Data() {
		if i%3 == 0 {
			x.Data()[i] = 0
		}
	}
	all := l.Forward(x)
	for i := range rows {
		if one := l.Forward(x.Index(i)); !slices.Equal(one.Data(), all.Index(i).Data()) {
			t.Errorf("row %d alone is %v, among others %v", i, one, all.Index(i))
		}
	}
	for offset := range 4 {
		moved := make([]float32, in*out+offset)[offset:]
		copy(moved, l.Weight.Data())
		other := &layer.Linear{Weight: snn.FromSlice(moved, out, in), Bias: l.Bias}
		if y := other.Forward(x); !slices.Equal(y.Data(), all.Data()) {
			t.Errorf("weights %d values further: the output differs", offset)
		}
	}
}

// The gradients of a batch are those of its samples alone: memory of gradients that
// are gone is used again only where nobody has it, also where two ways meet.
func TestGradientsOfBatch(t *testing.T) {
	const steps, batch, width = 4, 64, 40 // values enough to be used again
	snn.Seed(3)
	first, second := layer.NewLinear(width, width), layer.NewLinear(width, width)
	neurons, others := neuron.NewLIF(neuron.StepMode("m")), neuron.NewIF(neuron.StepMode("m"))
	run := func(x *snn.Tensor) (ofInput, ofWeights *snn.Tensor) {
		neurons.Reset()
		others.Reset()
		x.RequireGrad()
		h := first.Forward(x)
		y := others.Forward(second.Forward(neurons.Forward(h)).Add(h))
		y.Mul(h).Sum().Backward()
		ofWeights = second.Weight.Grad()
		snn.ZeroGrad(snn.Sequential(first, second))
		return x.Grad(), ofWeights
	}
	for range 3 {
		x := snn.Randn(steps, batch, width)
		whole, weights := run(x.Clone())
		sum := make([]float64, width*width)
		for i := range batch {
			part, some := run(x.Transpose(0, 1).Slice(i, i+1).Transpose(0, 1).Clone())
			for step := range steps {
				for j := range width {
					if got, want := whole.At(step, i, j), part.At(step, 0, j); got != want {
						t.Fatalf("sample %d, step %d, value %d: the gradient is %v in the batch, %v alone", i, step, j, got, want)
					}
				}
			}
			for k, v := range some.Data() {
				sum[k] += float64(v)
			}
		}
		near(t, "weights", weights.Data(), sum, 1)
	}
}
