package snn_test

import (
	"math"
	"slices"
	"testing"

	"spikebook/snn"
)

// pair is a function of two outputs, 2x and 3x, that notes the gradients it
// gets.
type pair struct{ got *[][]*snn.Tensor }

func (p pair) Backward(grads []*snn.Tensor) []*snn.Tensor {
	*p.got = append(*p.got, slices.Clone(grads))
	sum := snn.Zeros(2)
	for i, g := range grads {
		if g != nil {
			sum = sum.Add(g.Scale(float32(2 + i)))
		}
	}
	return []*snn.Tensor{sum}
}

func newPair(x *snn.Tensor) (a, b *snn.Tensor, got *[][]*snn.Tensor) {
	a, b, got = x.Detach().Scale(2), x.Detach().Scale(3), new([][]*snn.Tensor)
	snn.Record(pair{got}, []*snn.Tensor{x}, a, b)
	return a, b, got
}

// A function with two outputs gets nil for the one that nothing depends on, and
// is gone through once.
func TestTwoOutputs(t *testing.T) {
	x := snn.FromSlice([]float32{1, -1}).RequireGrad()
	a, b, got := newPair(x)
	if !a.RequiresGrad() || !b.RequiresGrad() {
		t.Fatal("the outputs are not on the tape")
	}
	b.Sum().Backward()
	gradOf(t, x, 3, 3)
	if len(*got) != 1 || (*got)[0][0] != nil || (*got)[0][1] == nil {
		t.Errorf("the function got %v", *got)
	}
	if a.RequiresGrad() {
		t.Error("the other output is not released")
	}

	x.ZeroGrad()
	a, b, got = newPair(x)
	a.Mul(b).Sum().Backward() // 6x²
	gradOf(t, x, 12, -12)
	if len(*got) != 1 {
		t.Errorf("the function was called %d times", len(*got))
	}

	// Nothing is recorded for what needs no gradient.
	a, _, _ = newPair(snn.Ones(2))
	if a.RequiresGrad() {
		t.Error("a function of constants is on the tape")
	}
}

// shapes notes the shape of the gradient of its output.
type shapes struct{ got *[]int }

func (s shapes) Backward(grads []*snn.Tensor) []*snn.Tensor {
	*s.got = slices.Clone(grads[0].Shape())
	return grads
}

// A gradient has the shape of its tensor, whatever was made of it.
func TestShapeOfGradients(t *testing.T) {
	for _, test := range []struct {
		name  string
		shape []int
		f     func(x *snn.Tensor) *snn.Tensor
	}{
		{"Square of a single value", []int{}, func(x *snn.Tensor) *snn.Tensor { return x.Square() }},
		{"Exp", []int{1}, func(x *snn.Tensor) *snn.Tensor { return x.Exp() }},
		{"Exp of a matrix", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Exp() }},
		{"Add to a single value", []int{}, func(x *snn.Tensor) *snn.Tensor { return x.Add(snn.Ones(2, 3)) }},
		{"Mul by a single value", []int{}, func(x *snn.Tensor) *snn.Tensor { return snn.Ones(1).Mul(x) }},
		{"Div by a column", []int{3, 1}, func(x *snn.Tensor) *snn.Tensor { return snn.Ones(2, 3, 4).Div(x) }},
		{"Sum", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Sum() }},
		{"Sum of a single value", []int{}, func(x *snn.Tensor) *snn.Tensor { return x.Sum() }},
		{"Mean over the first", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Mean(0) }},
		{"Max", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Max(1) }},
		{"Reshape of a single value", []int{}, func(x *snn.Tensor) *snn.Tensor { return x.Reshape(1, 1) }},
		{"Index", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Index(1) }},
		{"Slice", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Slice(0, 1) }},
		{"empty Slice", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Slice(1, 1) }},
		{"BroadcastTo", []int{}, func(x *snn.Tensor) *snn.Tensor { return x.BroadcastTo(2, 2) }},
		{"Transpose", []int{2, 3, 4}, func(x *snn.Tensor) *snn.Tensor { return x.Transpose(0, 2) }},
		{"Permute", []int{2, 3, 4}, func(x *snn.Tensor) *snn.Tensor { return x.Permute(1, 2, 0) }},
		{"LogSoftmax", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.LogSoftmax() }},
		{"Maximum", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Maximum(snn.Zeros(2, 1)) }},
		{"Stack", []int{}, func(x *snn.Tensor) *snn.Tensor { return snn.Stack(x, snn.Scalar(1)) }},
		{"Concat", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return snn.Concat(snn.Ones(1, 3), x) }},
		{"MatMul", []int{4, 2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.MatMul(snn.Ones(3, 5)) }},
		{"MatMul on the right", []int{3, 5}, func(x *snn.Tensor) *snn.Tensor { return snn.Ones(4, 2, 3).MatMul(x) }},
		{"MatMulTransposed", []int{5, 3}, func(x *snn.Tensor) *snn.Tensor { return snn.Ones(4, 2, 3).MatMulTransposed(x) }},
		{"MatMulTransposed, sparse", []int{5, 3}, func(x *snn.Tensor) *snn.Tensor { return snn.Zeros(4, 2, 3).MatMulTransposed(x) }},
		{"Band", []int{2}, func(x *snn.Tensor) *snn.Tensor { return x.Band(3) }},
		{"Softmax", []int{2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Softmax() }},
		{"CrossEntropyLoss", []int{1, 3}, func(x *snn.Tensor) *snn.Tensor { return snn.CrossEntropyLoss(x, []int{2}) }},
		{"nothing", []int{0, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Tanh() }},
		{"the sum of nothing", []int{0, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Sum(0) }},
	} {
		var got []int
		x := snn.Ones(test.shape...).RequireGrad()
		inner := x.Detach()
		snn.Record(shapes{&got}, []*snn.Tensor{x}, inner)
		y := test.f(inner)
		y.BackwardFrom(snn.Ones(y.Shape()...))
		if !slices.Equal(got, test.shape) {
			t.Errorf("%s: the gradient has shape %v, want %v", test.name, got, test.shape)
		}
		if x.Grad() == nil || !slices.Equal(x.Grad().Shape(), test.shape) {
			t.Errorf("%s: the gradient of the leaf is %v", test.name, x.Grad())
		}
	}
}

// The paths through a graph of diamonds are too many to go through one by one.
func TestDiamonds(t *testing.T) {
	x := snn.FromSlice([]float32{1, 2}).RequireGrad()
	y := x
	for range 100 {
		y = y.Scale(0.5).Add(y.Scale(0.5))
	}
	y.Sum().Backward()
	gradOf(t, x, 1, 1)

	// Two branches of different lengths meet.
	x.ZeroGrad()
	y = x.Scale(3)
	z := y
	for range 10 {
		z = z.AddScalar(1)
	}
	z.Mul(y).Sum().Backward() // (3x + 10)·3x
	gradOf(t, x, 18+30, 36+30)

	// A leaf in the middle ends the way: what it was made of before counts.
	x.ZeroGrad()
	w := x.Detach().Scale(2).RequireGrad()
	w.Mul(x).Sum().Backward()
	gradOf(t, x, 2, 4)
	gradOf(t, w, 1, 2)
}

// The gradient of a leaf is its own: neither the gradient that was given, nor
// that of another leaf.
func TestGradientIsOwned(t *testing.T) {
	x, y := snn.Ones(2).RequireGrad(), snn.Ones(2).RequireGrad()
	g := snn.FromSlice([]float32{1, 2})
	x.Add(y).BackwardFrom(g)
	x.Grad().Data()[0] = 9
	g.Data()[1] = 9
	gradOf(t, x, 9, 2)
	gradOf(t, y, 1, 2)
}

// Backward uses what the operands were made of when they were put together.
func TestSlicesOfTheCaller(t *testing.T) {
	x, y := snn.Ones(1).RequireGrad(), snn.Ones(1).RequireGrad()
	list := []*snn.Tensor{x.Scale(2), y.Scale(3)}
	stacked, joined := snn.Stack(list...), snn.Concat(list...)
	list[0], list[1] = list[1], list[0]
	weights := snn.FromSlice([]float32{1, 10})
	stacked.Reshape(2).Add(joined).Mul(weights).Sum().Backward()
	gradOf(t, x, 2*2)
	gradOf(t, y, 2*3*10)

	logits := snn.Zeros(1, 2).RequireGrad()
	classes := []int{0}
	loss := snn.CrossEntropyLoss(logits, classes)
	classes[0] = 1
	loss.Backward()
	gradOf(t, logits, -0.5, 0.5)
}

// Exact gradients of small examples, by hand.
func TestExactGradients(t *testing.T) {
	nan := float32(math.NaN())
	for _, test := range []struct {
		name string
		x    []float32
		f    func(x *snn.Tensor) *snn.Tensor
		want []float32 // of the sum of f
	}{
		{"Scale", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Scale(-3) }, []float32{-3, -3}},
		{"AddScalar", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.AddScalar(7) }, []float32{1, 1}},
		{"Neg", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Neg() }, []float32{-1, -1}},
		{"Abs", []float32{-2, 0, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Abs() }, []float32{-1, 0, 1}},
		{"Square", []float32{-2, 0, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Square() }, []float32{-4, 0, 6}},
		{"Sqrt", []float32{4, 0.25}, func(x *snn.Tensor) *snn.Tensor { return x.Sqrt() }, []float32{0.25, 1}},
		{"Exp", []float32{0}, func(x *snn.Tensor) *snn.Tensor { return x.Exp() }, []float32{1}},
		{"Log", []float32{4, 0.5}, func(x *snn.Tensor) *snn.Tensor { return x.Log() }, []float32{0.25, 2}},
		{"Tanh", []float32{0}, func(x *snn.Tensor) *snn.Tensor { return x.Tanh() }, []float32{1}},
		{"Sigmoid", []float32{0}, func(x *snn.Tensor) *snn.Tensor { return x.Sigmoid() }, []float32{0.25}},
		{"ReLU", []float32{-1, 0, 2}, func(x *snn.Tensor) *snn.Tensor { return x.ReLU() }, []float32{0, 0, 1}},
		{"Clamp", []float32{-2, -1, 0, 1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Clamp(-1, 1) }, []float32{0, 1, 1, 1, 0}},
		{"Pow", []float32{-2, 1}, func(x *snn.Tensor) *snn.Tensor { return x.Pow(3) }, []float32{12, 3}},
		{"Pow 1", []float32{-2, 1}, func(x *snn.Tensor) *snn.Tensor { return x.Pow(1) }, []float32{1, 1}},
		{"Mean", []float32{1, 2, 3, 4}, func(x *snn.Tensor) *snn.Tensor { return x.Mean() }, []float32{0.25, 0.25, 0.25, 0.25}},
		{"Mean over a dimension", []float32{1, 2, 3, 4}, func(x *snn.Tensor) *snn.Tensor { return x.Reshape(2, 2).Mean(-1) }, []float32{0.5, 0.5, 0.5, 0.5}},
		{"Max of equal ones", []float32{3, 5, 5, 1}, func(x *snn.Tensor) *snn.Tensor { return x.Max(0) }, []float32{0, 1, 0, 0}},
		{"Max with NaN", []float32{3, nan, 5}, func(x *snn.Tensor) *snn.Tensor { return x.Max(0) }, []float32{0, 1, 0}},
		{"MaxAbs", []float32{3, -5, 5, 1}, func(x *snn.Tensor) *snn.Tensor { return x.MaxAbs(0) }, []float32{0, 1, 0, 0}},
		{"Index", []float32{1, 2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Index(2) }, []float32{0, 0, 1}},
		{"Slice", []float32{1, 2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Slice(0, 2) }, []float32{1, 1, 0}},
		{"BroadcastTo", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.BroadcastTo(3, 2) }, []float32{3, 3}},
		{"Stack of one tensor", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return snn.Stack(x, x, x) }, []float32{3, 3}},
		{"Concat", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return snn.Concat(x, snn.Ones(1), x) }, []float32{2, 2}},
		{"x·x", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.MatMul(x.Reshape(2, 1)) }, []float32{2, 4}},
		{"x·1ᵀ", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor {
			return x.MatMulTransposed(snn.FromSlice([]float32{3, 4, 5, 6}, 2, 2))
		}, []float32{8, 10}},
		{"Band", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Band(3) }, []float32{2, 3}},
		{"Band, wider than the matrix", []float32{1, 2, 3}, func(x *snn.Tensor) *snn.Tensor { return x.Band(2) }, []float32{0, 1, 2}},
		{"Softmax", []float32{1, 1}, func(x *snn.Tensor) *snn.Tensor { return x.Softmax().Index(0) }, []float32{0.25, -0.25}},
		{"Softmax of large numbers", []float32{1e30, 1e30}, func(x *snn.Tensor) *snn.Tensor { return x.Softmax().Index(0) }, []float32{0.25, -0.25}},
		{"MSELoss", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return snn.MSELoss(x, snn.FromSlice([]float32{3, 0})) }, []float32{-2, 2}},
		{"L1Loss", []float32{1, 2, 3, 4}, func(x *snn.Tensor) *snn.Tensor {
			return snn.L1Loss(x, snn.FromSlice([]float32{3, 0, 3, 0}))
		}, []float32{-0.25, 0.25, 0, 0.25}},
		{"CrossEntropyLoss", []float32{0, 0, 0, 0}, func(x *snn.Tensor) *snn.Tensor {
			return snn.CrossEntropyLoss(x.Reshape(2, 2), []int{0, 1})
		}, []float32{-0.25, 0.25, 0.25, -0.25}},
		{"Clone", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Clone() }, []float32{1, 1}},
		{"Detach", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Detach().Add(x) }, []float32{1, 1}},
		{"x - x", []float32{1, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Sub(x) }, []float32{0, 0}},
		{"x / x", []float32{4, 2}, func(x *snn.Tensor) *snn.Tensor { return x.Div(x) }, []float32{0, 0}},
	} {
		x := snn.FromSlice(test.x).RequireGrad()
		test.f(x).Sum().Backward()
		t.Run(test.name, func(t *testing.T) { gradOf(t, x, test.want...) })
	}
}

// The values of what else has exact ones.
func TestExactValues(t *testing.T) {
	equal(t, snn.FromSlice([]float32{1, 2}).Band(3), []int{3, 3}, 2, 0, 0, 1, 2, 0, 0, 1, 2)
	equal(t, snn.FromSlice([]float32{1, 1, 1, 1}, 2, 2).Softmax(), []int{2, 2}, 0.5, 0.5, 0.5, 0.5)
	equal(t, snn.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3).Transpose(0, 1), []int{3, 2}, 1, 4, 2, 5, 3, 6)
	equal(t, snn.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 1, 2, 3).Permute(-1, 0, 1), []int{3, 1, 2}, 1, 4, 2, 5, 3, 6)
	equal(t, snn.Scalar(7).Permute(), []int{}, 7)
	equal(t, snn.Zeros(2, 2).Sub(snn.FromSlice([]float32{0, 1000}, 2)).LogSoftmax(), []int{2, 2}, 0, -1000, 0, -1000)
	equal(t, snn.FromSlice([]float32{1, 5, -3}, 3, 1).Maximum(snn.FromSlice([]float32{2, 0}, 2)), []int{3, 2}, 2, 1, 5, 5, 2, 0)
	equal(t, snn.FromSlice([]float32{1, 5, -3}).Minimum(snn.Scalar(2)), []int{3}, 1, 2, -3)
	equal(t, snn.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3).Sum(0), []int{3}, 5, 7, 9)
	equal(t, snn.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3).Mean(-1), []int{2}, 2, 5)
	equal(t, snn.FromSlice([]float32{1, -7, 3, 4, 5, 6}, 2, 3).Max(0), []int{3}, 4, 5, 6)
	equal(t, snn.FromSlice([]float32{1, -7, 3, 4, 5, 6}, 2, 3).MaxAbs(0), []int{3}, 4, -7, 6)
	equal(t, snn.FromSlice([]float32{1, 2, 3, 4}, 2, 2).MatMul(snn.FromSlice([]float32{5, 6, 7, 8}, 2, 2)), []int{2, 2}, 19, 22, 43, 50)
	equal(t, snn.FromSlice([]float32{1, 2, 3, 4}, 2, 2).MatMulTransposed(snn.FromSlice([]float32{5, 6, 7, 8}, 2, 2)), []int{2, 2}, 17, 23, 39, 53)
	equal(t, snn.Concat(snn.Zeros(0, 2), snn.FromSlice([]float32{1, 2}, 1, 2)), []int{1, 2}, 1, 2)
	equal(t, snn.Ones(2, 3, 4).Flatten(1).Sum(1), []int{2}, 12, 12)
	equal(t, snn.Ones(2, 0).MatMul(snn.Ones(0, 3)), []int{2, 3}, 0, 0, 0, 0, 0, 0)
	equal(t, snn.Ones(2, 0).MatMulTransposed(snn.Ones(3, 0)), []int{2, 3}, 0, 0, 0, 0, 0, 0)
	if got := snn.FromSlice([]float32{1, 5, 5, 2, 9, 0}, 3, 2).ArgMax(0); !slices.Equal(got, []int{2, 0}) {
		t.Errorf("ArgMax gives %v", got)
	}
	// A logit of 1000 does not overflow.
	if got := snn.CrossEntropyLoss(snn.FromSlice([]float32{1000, 0}, 1, 2), []int{1}).Item(); got != 1000 {
		t.Errorf("the loss is %v, want 1000", got)
	}
	if got, want := snn.CrossEntropyLoss(snn.Zeros(3, 4), []int{0, 1, 3}).Item(), float32(math.Log(4)); got != want {
		t.Errorf("the loss is %v, want %v", got, want)
	}
}

func TestMoreShapeMistakes(t *testing.T) {
	x := snn.Zeros(2, 3)
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { x.Mean(5) }, "Mean: there is no dimension 5 in shape [2 3]"},
		{func() { snn.Zeros(0, 3).Mean(5) }, "Mean: there is no dimension 5 in shape [0 3]"},
		{func() { snn.Zeros(0, 3).Mean(0, -2) }, "Mean: dimension -2 is given twice for shape [0 3]"},
		{func() { x.Mean(1, 1, 0) }, "Mean: dimension 1 is given twice for shape [2 3]"},
		{func() { snn.Scalar(1).Sum(0) }, "Sum: there is no dimension 0 in shape []"},
		{func() { x.Max(-3) }, "Max: there is no dimension -3 in shape [2 3]"},
		{func() { snn.Zeros(2, 0).Max(1) }, "Max: dimension 1 of shape [2 0] is empty, there is no largest value"},
		{func() { snn.Zeros(0).MaxAbs(0) }, "MaxAbs: dimension 0 of shape [0] is empty, there is no largest value"},
		{func() { snn.Zeros(0).ArgMax(0) }, "ArgMax: dimension 0 of shape [0] is empty, there is no largest value"},
		{func() { x.Flatten(2) }, "Flatten: there is no dimension 2 in shape [2 3]"},
		{func() { x.Transpose(0, 2) }, "Transpose: there is no dimension 2 in shape [2 3]"},
		{func() { x.Permute(0, 2) }, "Permute: there is no dimension 2 in shape [2 3]"},
		{func() { x.Permute(0, -2) }, "Permute: dimensions [0 -2] are not an order of those of shape [2 3]; expected each of 0 to 1 once"},
		{func() { x.Permute(0) }, "Permute: dimensions [0] are not an order of those of shape [2 3]; expected each of 0 to 1 once"},
		{func() { x.Reshape(0, -1) }, "Reshape: the -1 of shape [0 -1] could be anything, since another dimension is 0; give it a number"},
		{func() { snn.Scalar(1).LogSoftmax() }, "LogSoftmax: there is no dimension -1 in shape []"},
		{func() { x.Maximum(snn.Zeros(2)) }, "Maximum: shapes [2 3] and [2] do not fit: dimensions must be equal or 1, counted from the last"},
		{func() { x.BroadcastTo(3) }, "BroadcastTo: shape [2 3] cannot be stretched to [3]: dimensions must be equal or 1, counted from the last"},
		{func() { snn.Scalar(1).Slice(0, 1) }, "Slice: there is no [0:1] in shape []"},
		{func() { x.Slice(2, 1) }, "Slice: there is no [2:1] in shape [2 3]"},
		{func() { snn.Concat() }, "Concat: nothing to put together, expected at least one tensor"},
		{func() { snn.Concat(x, snn.Zeros(2, 4)) }, "Concat: tensor 1 has shape [2 4], the first has [2 3]: expected shapes that are equal but for the first dimension"},
		{func() { snn.Concat(snn.Scalar(1)) }, "Concat: tensor 0 has shape [], the first has []: expected shapes that are equal but for the first dimension"},
		{func() { snn.Scalar(1).MatMul(x) }, "MatMul: shapes [] and [2 3] do not fit: expected [..., K] and [K, M] with the same K"},
		{func() { x.MatMulTransposed(snn.Zeros(3, 2)) }, "MatMulTransposed: shapes [2 3] and [3 2] do not fit: expected [..., K] and [M, K] with the same K"},
		{func() { x.MatMulTransposed(snn.Zeros(3)) }, "MatMulTransposed: shapes [2 3] and [3] do not fit: expected [..., K] and [M, K] with the same K"},
		{func() { x.Band(3) }, "Band: the tensor has shape [2 3], expected [K]"},
		{func() { snn.Scalar(1).Softmax() }, "Softmax: there is no dimension -1 in shape []"},
		{func() { snn.CrossEntropyLoss(x, []int{1}) }, "CrossEntropyLoss: logits of shape [2 3] and 1 classes, expected [N, C] and N classes with N >= 1"},
		{func() { snn.CrossEntropyLoss(snn.Zeros(0, 3), nil) }, "CrossEntropyLoss: logits of shape [0 3] and 0 classes, expected [N, C] and N classes with N >= 1"},
		{func() { snn.CrossEntropyLoss(x, []int{-1, 0}) }, "CrossEntropyLoss: class -1 of sample 0 is outside of the 3 logits; counting starts at 0"},
		{func() { snn.Zeros(0).RequireGrad().Scale(1).Backward() }, "Backward: the tensor of shape [0] has 0 values, expected 1; take Mean() or Sum() of it, or use BackwardFrom with a gradient for each"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// broken is x*2, whose backward pass fails as often as it says.
type broken struct{ times *int }

func (b broken) Backward(grads []*snn.Tensor) []*snn.Tensor {
	if *b.times > 0 {
		*b.times--
		panic("broken")
	}
	return []*snn.Tensor{grads[0].Scale(2)}
}

// A backward pass that failed leaves nothing to the next one: not the gradients
// that had come half of the way. Both outputs of the pair have such.
func TestBackwardFailed(t *testing.T) {
	x := snn.FromSlice([]float32{1, -1}).RequireGrad()
	a, b, _ := newPair(x)
	times := 2
	y := b.Detach().Scale(2)
	snn.Record(broken{&times}, []*snn.Tensor{b}, y)
	z := a.Scale(5).Add(y).Sum() // 10x + 6x
	for times > 0 {
		func() {
			defer func() {
				if p := recover(); p != "broken" {
					t.Fatalf("it panics with %v", p)
				}
			}()
			z.Backward(snn.RetainGraph())
		}()
	}
	z.Backward()
	gradOf(t, x, 16, 16)
}

// More outputs than most functions have, and most of them without a gradient.
func TestManyOutputs(t *testing.T) {
	x := snn.FromSlice([]float32{1, -1}).RequireGrad()
	outputs := make([]*snn.Tensor, 7)
	for i := range outputs {
		if i != 2 {
			outputs[i] = x.Detach().Scale(float32(2 + i))
		}
	}
	snn.Record(pair{new([][]*snn.Tensor)}, []*snn.Tensor{x}, outputs...)
	outputs[6].Add(outputs[1]).Sum().Backward() // 8x + 3x
	gradOf(t, x, 11, 11)
}

// Large matrices are turned by squares.
func TestTransposeLarge(t *testing.T) {
	for _, shape := range [][]int{{16, 16}, {17, 33}, {1, 40}, {40, 1}, {37, 53}, {3, 20, 33}} {
		x := snn.Zeros(shape...)
		for i := range x.Data() {
			x.Data()[i] = float32(i)
		}
		last := len(shape) - 1
		y := x.Transpose(-2, -1)
		index := make([]int, len(shape))
		for i, v := range x.Data() {
			rest := i
			for k := last; k >= 0; k-- {
				index[k] = rest % shape[k]
				rest /= shape[k]
			}
			index[last-1], index[last] = index[last], index[last-1]
			if got := y.At(index...); got != v {
				t.Fatalf("%v: at %v there is %v, want %v", shape, index, got, v)
			}
		}
	}
}

// A tensor of which a gradient is required later gets none from what was computed
// before, whatever its size.
func TestRequiredLater(t *testing.T) {
	for _, n := range []int{3, 1 << 13} {
		for name, f := range map[string]func(a, b *snn.Tensor) *snn.Tensor{
			"Add": (*snn.Tensor).Add, "Sub": (*snn.Tensor).Sub, "Mul": (*snn.Tensor).Mul, "Div": (*snn.Tensor).Div, "MSELoss": snn.MSELoss,
		} {
			for _, first := range []bool{true, false} {
				w, later := snn.Full(3, n).RequireGrad(), snn.Full(2, n)
				a, b := w.Scale(2), later
				if !first {
					a, b = b, a
				}
				y := f(a, b)
				later.RequireGrad()
				y.Sum().Backward()
				if w.Grad() == nil || w.Grad().At(n-1) == 0 || later.Grad() != nil {
					t.Errorf("%s of %d values, %v: gradients %v and %v, expected one and none", name, n, first, w.Grad(), later.Grad())
				}
			}
		}
	}
}
