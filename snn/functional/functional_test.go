package functional_test

import (
	"math"
	"slices"
	"testing"

	"spikebook/snn"
	"spikebook/snn/functional"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
)

// equal fails unless x has this shape and these values.
func equal(t *testing.T, what string, x *snn.Tensor, shape []int, data ...float32) {
	t.Helper()
	if !slices.Equal(x.Shape(), shape) || !slices.Equal(x.Data(), data) {
		t.Errorf("%s is %v of shape %v, want %v of shape %v", what, x.Data(), x.Shape(), data, shape)
	}
}

func vector(data ...float32) *snn.Tensor { return snn.FromSlice(data) }

// sums is a module with a state: it adds up the inputs.
type sums struct{ sum *snn.Tensor }

func (s *sums) Forward(x *snn.Tensor) *snn.Tensor {
	if s.sum == nil {
		s.sum = snn.Zeros(x.Shape()...)
	}
	s.sum = s.sum.Add(x)
	return s.sum
}
func (s *sums) Reset() { s.sum = nil }

// total returns one row, whatever it is given.
type total struct{}

func (total) Forward(x *snn.Tensor) *snn.Tensor { return x.Sum().Reshape(1) }
func (total) Reset()                            {}

func TestTLastMultiStepForward(t *testing.T) {
	x := snn.FromSlice([]float32{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}, 2, 2, 3).RequireGrad() // [N, C, T]
	y := functional.TLastMultiStepForward(x, &sums{})
	equal(t, "the output", y, []int{2, 2, 3}, 1, 3, 6, 4, 9, 15, 10, 30, 60, 40, 90, 150)
	y.Sum().Backward()
	equal(t, "the gradient", x.Grad(), []int{2, 2, 3}, 3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1)
	equal(t, "one neuron", functional.TLastMultiStepForward(vector(1, 2, 3), &sums{}), []int{3}, 1, 3, 6)
}

func TestSeqToANNForward(t *testing.T) {
	l := &layer.Linear{Weight: snn.FromSlice([]float32{1, 10}, 1, 2).RequireGrad()}
	x := snn.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 3, 2, 2)
	y := functional.SeqToANNForward(x, l)
	equal(t, "the output", y, []int{3, 2, 1}, 21, 43, 65, 87, 109, 131)
	y.Sum().Backward()
	equal(t, "the gradient", l.Weight.Grad(), []int{1, 2}, 36, 42)
	equal(t, "single values", functional.SeqToANNForward(snn.Ones(2, 3), &sums{}), []int{2, 3}, 1, 1, 1, 1, 1, 1)
}

// Pieces of any size are the whole, and gradients flow across them.
func TestChunkMultiStepForward(t *testing.T) {
	run := func(size int) (y, gradient *snn.Tensor) {
		snn.Seed(4)
		x := snn.Rand(7, 5).Scale(2).RequireGrad()
		l := neuron.NewLIF(neuron.StepMode("m"))
		y = functional.ChunkMultiStepForward(size, x, l)
		y.Sum().Backward()
		return y, x.Grad()
	}
	want, wantGradient := run(7)
	if want.Sum().Item() == 0 || wantGradient.Abs().Sum().Item() == 0 {
		t.Error("the test does not spike")
	}
	for _, size := range []int{1, 2, 3, 6, 100} {
		y, gradient := run(size)
		equal(t, "the output", y, want.Shape(), want.Data()...)
		for i, g := range gradient.Data() {
			if math.Abs(float64(g-wantGradient.Data()[i])) > 1e-6 {
				t.Errorf("pieces of %d: the gradient is %v, want %v", size, gradient, wantGradient)
				break
			}
		}
	}
}

func TestDelay(t *testing.T) {
	x := snn.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2).RequireGrad()
	equal(t, "no delay", functional.Delay(x, 0), []int{3, 2}, 1, 2, 3, 4, 5, 6)
	equal(t, "a delay of 2", functional.Delay(x, 2), []int{3, 2}, 0, 0, 0, 0, 1, 2)
	equal(t, "a long delay", functional.Delay(x, 5), []int{3, 2}, 0, 0, 0, 0, 0, 0)
	functional.Delay(x, 1).Sum().Backward()
	equal(t, "the gradient", x.Grad(), []int{3, 2}, 1, 1, 1, 1, 0, 0)
}

func TestFirstSpikeIndex(t *testing.T) {
	spikes := snn.FromSlice([]float32{0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1}, 2, 2, 3)
	equal(t, "the first spikes", functional.FirstSpikeIndex(spikes), []int{2, 2, 3}, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)
	equal(t, "the spikes", spikes, []int{2, 2, 3}, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1)
	equal(t, "no steps", functional.FirstSpikeIndex(snn.Zeros(2, 0)), []int{2, 0})
}

func TestRedundantOneHot(t *testing.T) {
	equal(t, "the code", functional.RedundantOneHot([]int{2, 0}, 3, 2), []int{2, 6}, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0)
	equal(t, "no labels", functional.RedundantOneHot(nil, 3, 2), []int{0, 6})
}

func TestTemporalEfficientTraining(t *testing.T) {
	x := snn.FromSlice([]float32{0, 0, 0, 0, 0, 1000, 0, 1000}, 2, 2, 2).RequireGrad() // [T, N, C]
	loss := functional.TemporalEfficientTrainingCrossEntropy(x, []int{0, 1})
	// ln 2 in the first step; 1000 and 0, of two samples, in the second
	if got, want := loss.Item(), float32((math.Log(2)+500)/2); got != want {
		t.Errorf("the loss is %v, want %v", got, want)
	}
	loss.Backward()
	equal(t, "the gradient", x.Grad(), []int{2, 2, 2}, -0.125, 0.125, 0.125, -0.125, -0.25, 0.25, 0, 0)
}

func TestKernels(t *testing.T) {
	x := snn.FromSlice([]float32{3, 4, 0, 0}, 2, 2)
	y := snn.FromSlice([]float32{1, 0, 0, 2, 6, 8}, 3, 2)
	equal(t, "LinearKernel", functional.LinearKernel{}.Compare(x, y), []int{2, 3}, 3, 8, 50, 0, 0, 0)
	equal(t, "CosineKernel", functional.CosineKernel{}.Compare(x, y), []int{2, 3}, 0.6, 0.8, 1, 0, 0, 0)
	equal(t, "PolynomialKernel", functional.PolynomialKernel{Degree: 2}.Compare(x, y), []int{2, 3}, 9, 64, 2500, 0, 0, 0)
	equal(t, "SigmoidKernel", functional.SigmoidKernel{Alpha: 2}.Compare(x, y).Index(1), []int{3}, 0.5, 0.5, 0.5)
	if got, want := (functional.SigmoidKernel{Alpha: 0.5}).Compare(x, y).At(0, 0), 1/(1+math.Exp(-1.5)); math.Abs(float64(got)-want) > 1e-6 {
		t.Errorf("SigmoidKernel is %v, want %v", got, want)
	}
	gauss := functional.GaussianKernel{Sigma: 3}.Compare(x, y)
	for i, d2 := range []float64{20, 13, 25, 1, 4, 100} {
		if got, want := float64(gauss.Data()[i]), math.Exp(-d2/18); math.Abs(got-want) > 1e-6 {
			t.Errorf("GaussianKernel %d is %v, want %v", i, got, want)
		}
	}
	equal(t, "GaussianKernel of itself", functional.GaussianKernel{Sigma: 1}.Compare(x, x), []int{2, 2}, 1, gauss1(25), gauss1(25), 1)
}

// gauss1 is exp(-d²/2) as the tensor's Exp has it.
func gauss1(d2 float32) float32 { return snn.Scalar(-d2 / 2).Exp().Item() }

func TestSpikeSimilarLoss(t *testing.T) {
	spikes := snn.FromSlice([]float32{1, 0, 1, 1, 0, 1, 0, 0}, 2, 2, 2).RequireGrad() // rows 1011 and 0100
	labels := snn.FromSlice([]float32{1, 0, 0, 1}, 2, 2)
	loss := functional.SpikeSimilarLoss(spikes, labels, functional.LinearKernel{}, snn.MSELoss)
	equal(t, "the loss", loss, []int{}, 1) // (3-1)² of four
	loss.Backward()
	// 1/4·2·(3-1)·2·x = 2x of the first row
	equal(t, "the gradient", spikes.Grad(), []int{2, 2, 2}, 2, 0, 2, 2, 0, 0, 0, 0)
	// 1011 has length √3, so that it is like itself to a rounding error.
	if got := functional.SpikeSimilarLoss(spikes.Detach(), labels, functional.CosineKernel{}, snn.L1Loss).Item(); got > 1e-6 {
		t.Errorf("the loss of cosines is %v, want 0", got)
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { functional.TLastMultiStepForward(snn.Scalar(1), &sums{}) }, "MultiStepForward: the input has shape [], expected a sequence [T, N, ...] with T >= 1"},
		{func() { functional.TLastMultiStepForward(snn.Ones(2, 0), &sums{}) }, "MultiStepForward: the input has shape [0 2], expected a sequence [T, N, ...] with T >= 1"},
		{func() { functional.SeqToANNForward(snn.Ones(3), total{}) }, "SeqToANNForward: the input has shape [3], expected [T, N, ...]"},
		{func() { functional.SeqToANNForward(snn.Ones(3, 2), total{}) }, "SeqToANNForward: the module made shape [1] of 6 rows, expected one output for each"},
		{func() { functional.ChunkMultiStepForward(0, snn.Ones(3, 2), total{}) }, "ChunkMultiStepForward: pieces of 0 steps, expected at least 1"},
		{func() { functional.ChunkMultiStepForward(2, snn.Scalar(1), total{}) }, "ChunkMultiStepForward: the input has shape [], expected a sequence [T, N, ...] with T >= 1"},
		{func() { functional.ChunkMultiStepForward(2, snn.Zeros(0, 2), total{}) }, "ChunkMultiStepForward: the input has shape [0 2], expected a sequence [T, N, ...] with T >= 1"},
		{func() { functional.Delay(snn.Ones(3, 2), -1) }, "Delay: a delay of -1 steps for shape [3 2], expected [T, N, ...] and at least 0"},
		{func() { functional.Delay(snn.Scalar(1), 1) }, "Delay: a delay of 1 steps for shape [], expected [T, N, ...] and at least 0"},
		{func() { functional.FirstSpikeIndex(snn.Scalar(1)) }, "FirstSpikeIndex: the spikes are a single value, expected [N, ..., T]"},
		{func() { functional.RedundantOneHot([]int{0, 3}, 3, 2) }, "RedundantOneHot: label 3 is outside of the 3 classes; counting starts at 0"},
		{func() { functional.RedundantOneHot([]int{-1}, 3, 2) }, "RedundantOneHot: label -1 is outside of the 3 classes; counting starts at 0"},
		{func() { functional.TemporalEfficientTrainingCrossEntropy(snn.Scalar(1), []int{0}) }, "TemporalEfficientTrainingCrossEntropy: the logits have shape [], expected [T, N, C] with T >= 1"},
		{func() { functional.TemporalEfficientTrainingCrossEntropy(snn.Zeros(0, 1, 2), []int{0}) }, "TemporalEfficientTrainingCrossEntropy: the logits have shape [0 1 2], expected [T, N, C] with T >= 1"},
		{func() { functional.TemporalEfficientTrainingCrossEntropy(snn.Zeros(3, 1, 2), []int{0, 1}) }, "CrossEntropyLoss: logits of shape [1 2] and 2 classes, expected [N, C] and N classes with N >= 1"},
		{func() { functional.GaussianKernel{}.Compare(snn.Ones(1, 2), snn.Ones(1, 2)) }, "GaussianKernel: sigma is 0, expected a width: GaussianKernel{Sigma: 1}"},
		{func() {
			functional.SpikeSimilarLoss(snn.Ones(3, 4), snn.Ones(2, 2), functional.LinearKernel{}, snn.MSELoss)
		}, "SpikeSimilarLoss: spikes of shape [3 4] and labels of shape [2 2], expected [N, ...] and [N, C]"},
		{func() {
			functional.SpikeSimilarLoss(snn.Ones(3, 4), snn.Ones(3), functional.LinearKernel{}, snn.MSELoss)
		}, "SpikeSimilarLoss: spikes of shape [3 4] and labels of shape [3], expected [N, ...] and [N, C]"},
	} {
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("want %s\ngot a panic that is no mistake: %v", test.want, p)
				}
			}()
			if err := snn.Maybe(test.f); err == nil || err.Error() != test.want {
				t.Errorf("got %v\nwant %s", err, test.want)
			}
		}()
	}
}
