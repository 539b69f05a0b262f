package backend_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"spikebook/gpu/device"
	"spikebook/snn"
	"spikebook/snn/functional"
	"spikebook/snn/neuron"
)

var (
	nan, inf = float32(math.NaN()), float32(math.Inf(1))
	negative = float32(math.Copysign(0, -1))
)

// near fails unless numbers are what is wanted: NaN and what is infinite exactly,
// others within 2e-6, absolute and, of what is larger than 1, relative.
func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		g, w := float64(got[i]), float64(w)
		if same := g == w || g != g && w != w; !same && !(math.Abs(g-w) <= 2e-6*max(1, math.Abs(w))) {
			t.Errorf("%s: number %d is %v, want %v", what, i, g, w)
		}
	}
}

// identical fails unless the bits are those of the CPU; a NaN may be any.
func identical(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(g, w float32) bool {
		return math.Float32bits(g) == math.Float32bits(w) || g != g && w != w
	}) {
		t.Errorf("%s: %v on the device, %v on the CPU", what, got, want)
	}
}

// everywhere returns what f gives for a tensor, and the gradient of its sum with
// different weights, on the CPU and on the device.
func everywhere(t *testing.T, x *snn.Tensor, f func(x *snn.Tensor) *snn.Tensor) (results, gradients map[string][]float32) {
	t.Helper()
	results, gradients = map[string][]float32{}, map[string][]float32{}
	for _, where := range []string{"cpu", "cuda"} {
		leaf := x.To(where).Clone().RequireGrad()
		y := f(leaf)
		if y.Backend() != where {
			t.Errorf("the result is on %s, expected %s", y.Backend(), where)
		}
		g := snn.Zeros(y.Shape()...)
		for i := range g.Data() {
			g.Data()[i] = float32(i%5) - 1.75
		}
		y.BackwardFrom(g)
		results[where], gradients[where] = y.Data(), leaf.Grad().Data()
	}
	return results, gradients
}

// The largest values are those of the CPU, with the first of equal ones and NaN, and
// their gradients go to the same place.
func TestLargest(t *testing.T) {
	begin(t)
	snn.Seed(5)
	long := snn.Randn(3, 300)
	for name, x := range map[string]*snn.Tensor{
		"noise":             snn.Randn(4, 5, 6),
		"several passes":    long,
		"equal ones":        snn.FromSlice([]float32{1, 3, 3, -3, 0, negative, negative, 0, -2, 2, -2, 2}, 3, 4),
		"infinite":          snn.FromSlice([]float32{-inf, -inf, -inf, inf, -inf, inf}, 2, 3),
		"NaN":               snn.FromSlice([]float32{3, nan, inf, nan, nan, 1, -5, 2}, 2, 4),
		"one":               snn.FromSlice([]float32{-7}, 1),
		"of none":           snn.Zeros(3, 0, 2),
		"part of something": snn.Randn(5, 4, 3).Slice(2, 5),
	} {
		for dim := range x.Shape() {
			if x.Shape()[dim] == 0 {
				continue
			}
			what := fmt.Sprintf("%s along %d", name, dim)
			results, gradients := everywhere(t, x, func(x *snn.Tensor) *snn.Tensor { return x.Max(dim) })
			identical(t, "Max of "+what, results["cuda"], results["cpu"])
			identical(t, "gradient of Max of "+what, gradients["cuda"], gradients["cpu"])
			results, gradients = everywhere(t, x, func(x *snn.Tensor) *snn.Tensor { return x.MaxAbs(dim) })
			identical(t, "MaxAbs of "+what, results["cuda"], results["cpu"])
			identical(t, "gradient of MaxAbs of "+what, gradients["cuda"], gradients["cpu"])
			if got, want := x.To("cuda").ArgMax(dim), x.ArgMax(dim); !slices.Equal(got, want) {
				t.Errorf("ArgMax of %s: %v on the device, %v on the CPU", what, got, want)
			}
		}
	}
}

// First spikes are looked for where the spikes are.
func TestFirstSpikeIndex(t *testing.T) {
	begin(t)
	snn.Seed(7)
	for name, x := range map[string]*snn.Tensor{
		"spikes":    neuron.NewLIF(neuron.StepMode("m")).Forward(snn.Rand(20, 6, 9).Scale(2)).Permute(1, 2, 0),
		"no spikes": snn.Zeros(3, 4),
		"NaN":       snn.FromSlice([]float32{0, nan, 1, negative, 0.5, 1}, 2, 3),
		"no steps":  snn.Zeros(2, 0),
	} {
		before := stats(t)
		got := functional.FirstSpikeIndex(x.To("cuda"))
		if got.Backend() != "cuda" || stats(t).Downloads != before.Downloads {
			t.Errorf("%s: the result is on %s after %d downloads, expected none", name, got.Backend(), stats(t).Downloads-before.Downloads)
		}
		identical(t, "FirstSpikeIndex of "+name, got.Data(), functional.FirstSpikeIndex(x).Data())
	}
}

// What is made of exponentials is on the device what it is on the CPU, and both are
// near what float64 gives.
func TestSoftmax(t *testing.T) {
	begin(t)
	snn.Seed(6)
	for name, x := range map[string]*snn.Tensor{
		"noise":        snn.Randn(7, 10).Scale(3),
		"a long row":   snn.Randn(2, 300),
		"1000":         snn.FromSlice([]float32{1000, -1000, 999.5, 0, -1000, -1000, -1001, -999}, 2, 4),
		"1e30":         snn.FromSlice([]float32{1e30, 1e30, -1e30, 1}, 1, 4),
		"-Inf":         snn.FromSlice([]float32{-inf, 0, 1, 2, -inf, -inf}, 2, 3),
		"only -Inf":    snn.FromSlice([]float32{-inf, -inf, 0, 1}, 2, 2),
		"Inf":          snn.FromSlice([]float32{inf, 0, 1, 2}, 2, 2),
		"NaN":          snn.FromSlice([]float32{nan, 0, 1, 2}, 2, 2),
		"one class":    snn.FromSlice([]float32{3, -4}, 2, 1),
		"no samples":   snn.Zeros(0, 3),
		"no classes":   snn.Zeros(3, 0),
		"a single row": snn.FromSlice([]float32{1, 2, 3}),
	} {
		results, gradients := everywhere(t, x, (*snn.Tensor).Softmax)
		near(t, "Softmax of "+name, results["cuda"], results["cpu"])
		near(t, "gradient of Softmax of "+name, gradients["cuda"], gradients["cpu"])
		results, gradients = everywhere(t, x, (*snn.Tensor).LogSoftmax)
		near(t, "LogSoftmax of "+name, results["cuda"], results["cpu"])
		near(t, "gradient of LogSoftmax of "+name, gradients["cuda"], gradients["cpu"])

		n := x.Shape()[len(x.Shape())-1]
		want := make([]float32, 0, x.Size())
		for at := 0; at < x.Size(); at += n {
			row := x.Data()[at : at+n]
			top, total := float64(slices.Max(row)), 0.
			for _, v := range row {
				total += math.Exp(float64(v) - top)
			}
			for _, v := range row {
				want = append(want, float32(float64(v)-top-math.Log(total)))
			}
		}
		near(t, "LogSoftmax of "+name+" in float64", results["cpu"], want)

		if len(x.Shape()) != 2 || x.Size() == 0 {
			continue
		}
		classes := make([]int, x.Shape()[0])
		for i := range classes {
			classes[i] = (i + 1) % n
		}
		results, gradients = everywhere(t, x, func(x *snn.Tensor) *snn.Tensor { return snn.CrossEntropyLoss(x, classes) })
		near(t, "CrossEntropyLoss of "+name, results["cuda"], results["cpu"])
		near(t, "gradient of CrossEntropyLoss of "+name, gradients["cuda"], gradients["cpu"])
	}
}

// Nothing is fetched, and nothing is sent but classes; ArgMax fetches indices.
func TestStays(t *testing.T) {
	begin(t)
	x := snn.Randn(6, 5).To("cuda").RequireGrad()
	weight := snn.Randn(3).To("cuda").RequireGrad()
	spikes := snn.Rand(4, 6, 5).To("cuda")
	layers := []*neuron.Parallel{neuron.NewPSN(4, nil), neuron.NewMaskedPSN(2, 4, nil), neuron.NewSlidingPSN(3, nil)}
	for _, l := range layers {
		if err := snn.SetBackend(l, "cuda"); err != nil {
			t.Fatal(err)
		}
	}
	classes := []int{0, 4, 2, 1, 3, 0}
	labels := device.Stats{Uploads: 1, UploadBytes: 6 * 4}
	loss := func(f func() *snn.Tensor) func() { return func() { f().Mean().Backward() } }
	for name, test := range map[string]struct {
		f    func()
		want device.Stats
	}{
		"Max":                    {loss(func() *snn.Tensor { return x.Max(1) }), device.Stats{}},
		"MaxAbs":                 {loss(func() *snn.Tensor { return x.MaxAbs(0) }), device.Stats{}},
		"Softmax":                {loss(x.Softmax), device.Stats{}},
		"LogSoftmax":             {loss(x.LogSoftmax), device.Stats{}},
		"Band":                   {loss(func() *snn.Tensor { return weight.Band(5) }), device.Stats{}},
		"CrossEntropyLoss":       {func() { snn.CrossEntropyLoss(x, classes).Backward() }, labels},
		"MSELoss":                {func() { snn.MSELoss(x, spikes.Index(0)).Backward() }, device.Stats{}},
		"temporal cross entropy": {func() { functional.TemporalEfficientTrainingCrossEntropy(snn.Stack(x), classes).Backward() }, labels},
		"ArgMax":                 {func() { x.ArgMax(1) }, device.Stats{Downloads: 1, DownloadBytes: 6 * 4}},
		"PSN":                    {loss(func() *snn.Tensor { return layers[0].Forward(spikes) }), device.Stats{}},
		"MaskedPSN":              {loss(func() *snn.Tensor { return layers[1].Forward(spikes) }), device.Stats{}},
		"SlidingPSN":             {loss(func() *snn.Tensor { return layers[2].Forward(spikes) }), device.Stats{}},
	} {
		test.f() // numbers that are sent once
		before := stats(t)
		test.f()
		after := stats(t)
		got := device.Stats{
			Uploads: after.Uploads - before.Uploads, UploadBytes: after.UploadBytes - before.UploadBytes,
			Downloads: after.Downloads - before.Downloads, DownloadBytes: after.DownloadBytes - before.DownloadBytes,
		}
		if got != test.want {
			t.Errorf("%s: %d uploads of %d bytes and %d downloads of %d bytes, expected %+v", name, got.Uploads, got.UploadBytes, got.Downloads, got.DownloadBytes, test.want)
		}
	}
}

// Parallel neurons are on a device what they are on the CPU, in both step modes, and
// go on there as they were, wherever the input is.
func TestParallel(t *testing.T) {
	begin(t)
	const steps = 6
	for name, test := range map[string]struct {
		make func() *neuron.Parallel
		mode string
	}{
		"PSN": {func() *neuron.Parallel { return neuron.NewPSN(steps, nil) }, "m"},
		"MaskedPSN": {func() *neuron.Parallel {
			p := neuron.NewMaskedPSN(3, steps, nil)
			p.SetLambda(0.5)
			return p
		}, "m"},
		"SlidingPSN": {func() *neuron.Parallel { return neuron.NewSlidingPSN(3, nil) }, "m"},
		"MaskedPSN, step by step": {func() *neuron.Parallel {
			p := neuron.NewMaskedPSN(3, steps, nil)
			p.SetLambda(1)
			return p
		}, "s"},
		"SlidingPSN, step by step": {func() *neuron.Parallel { return neuron.NewSlidingPSN(3, nil) }, "s"},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string][]float32{}
			for _, where := range []struct{ layer, input string }{{"cpu", "cpu"}, {"cuda", "cuda"}, {"cuda", "cpu"}} {
				snn.Seed(11)
				l := test.make()
				l.Bias.Data()[0] = -0.25
				x := snn.Randn(steps, 4, 5).Scale(2).To(where.input).RequireGrad()
				if err := snn.SetBackend(l, where.layer); err != nil {
					t.Fatal(err)
				}
				if !slices.Contains(l.SupportedBackends(), "cuda") || l.Backend() != where.layer {
					t.Errorf("it is on %s of %q, expected %s", l.Backend(), l.SupportedBackends(), where.layer)
				}
				forward := l.Forward
				if test.mode == "s" {
					forward = func(x *snn.Tensor) *snn.Tensor { return snn.MultiStepForward(x, l) }
				}
				y := forward(x)
				y.Mul(snn.Rand(y.Shape()...)).Sum().Backward()
				if y.Backend() != where.layer || l.Weight.Grad().Backend() != where.layer || x.Grad().Backend() != where.input {
					t.Errorf("the spikes are on %s, the gradients on %s and %s", y.Backend(), l.Weight.Grad().Backend(), x.Grad().Backend())
				}
				got := map[string][]float32{"spikes": y.Data(), "gradient of x": x.Grad().Data(), "gradient of the weight": l.Weight.Grad().Data(), "gradient of the bias": l.Bias.Grad().Data()}
				if where.layer == "cpu" {
					want = got
					if s := got["spikes"]; !slices.Contains(s, 1) || !slices.Contains(s, 0) {
						t.Errorf("the spikes are %v", s)
					}
					continue
				}
				for what := range want {
					near(t, what, got[what], want[what])
				}
				identical(t, "spikes", got["spikes"], want["spikes"])
				l.Reset()
				if test.mode == "s" { // it is moved in the middle of a sequence
					first := x.Detach().Slice(0, 2)
					if err := l.SetStepMode("s"); err != nil {
						t.Fatal(err)
					}
					l.Forward(first.Index(0))
					if err := l.SetBackend("cpu"); err != nil {
						t.Fatal(err)
					}
					if second := l.Forward(first.Index(1).To("cpu")); second.Backend() != "cpu" || !slices.Equal(second.Data(), want["spikes"][20:40]) {
						t.Error("moved to the CPU it goes on otherwise")
					}
					l.Reset()
				}
				if err := l.SetBackend("cpu"); err != nil {
					t.Fatal(err)
				}
				if again := forward(x.Detach().To("cpu")); again.Backend() != "cpu" || !slices.Equal(again.Data(), want["spikes"]) {
					t.Error("back on the CPU it gives other spikes")
				}
			}
		})
	}
	if err := neuron.NewPSN(2, nil).SetBackend("gpu"); err == nil || err.Error() != fmt.Sprintf(`PSN: there is no backend "gpu"; this program has %q`, snn.Backends()) {
		t.Errorf("got %v", err)
	}
}
