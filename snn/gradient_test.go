package snn_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
	"spikebook/snn/dynamics"
)

// gradientShape draws a shape without empty dimensions.
var gradientShape = rapid.SliceOfN(rapid.IntRange(1, 4), 0, 3)

// operation is a function of some tensors.
type operation struct {
	name     string
	operands int
	f        func(x ...*snn.Tensor) *snn.Tensor
	shapes   func(t *rapid.T) [][]int // nil: all operands have one shape
	positive bool                     // values from 0.5 to 2, else from -1 to 1 but not near 0
}

// drawShapes draws the shapes of the operands.
func (op *operation) drawShapes(t *rapid.T) [][]int {
	if op.shapes != nil {
		return op.shapes(t)
	}
	return slices.Repeat([][]int{gradientShape.Draw(t, "shape")}, op.operands)
}

// operations are functions of some tensors whose gradients are compared with
// differences. Those of kinks and poles get values that are far from them.
var operations = []operation{
	{name: "Add", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Add(x[1]) }, shapes: broadcastShapes},
	{name: "Sub", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Sub(x[1]) }, shapes: broadcastShapes},
	{name: "Mul", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Mul(x[1]) }, shapes: broadcastShapes},
	{name: "Div", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Div(x[1]) }, shapes: broadcastShapes, positive: true},
	{name: "the same operand twice", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Mul(x[0]).Add(x[0]) }},
	{name: "Scale, AddScalar", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Scale(-3).AddScalar(2) }},
	{name: "Neg, Abs, Square", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Neg().Abs().Square() }},
	{name: "Sqrt, Log", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Sqrt().Log() }, positive: true},
	{name: "Exp, Tanh, Sigmoid", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Exp().Tanh().Sigmoid() }},
	{name: "ReLU, Clamp", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].ReLU().Clamp(-3, 3) }},
	{name: "Pow", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Pow(3) }},
	{name: "Map", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor {
		return x[0].Map(func(e dynamics.Expr) dynamics.Expr { return e.Sin().Add(e.Square()) })
	}},
	{name: "Sum", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Square().Sum() }},
	{name: "Mean", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Square().Mean() }},
	{name: "Sum over dimensions", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Square().Sum(0, -1) }, shapes: fixed([]int{2, 3, 4})},
	{name: "Mean over a dimension", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Square().Mean(1) }, shapes: fixed([]int{2, 3, 4})},
	{name: "Max", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Max(1) }, shapes: fixed([]int{2, 3, 4})},
	{name: "MaxAbs", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].MaxAbs(0) }, shapes: fixed([]int{3, 2})},
	{name: "Reshape, Flatten", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Reshape(4, -1).Flatten(0).Square() }, shapes: fixed([]int{2, 6})},
	{name: "Index, Slice", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Slice(1, 3).Add(x[0].Index(2)) }, shapes: fixed([]int{4, 2})},
	{name: "BroadcastTo", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].BroadcastTo(4, 2, 3).Square() }, shapes: fixed([]int{2, 1})},
	{name: "Transpose", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor {
		return x[0].Transpose(0, -1).Mul(snn.FromSlice(numbers(24), 4, 3, 2))
	}, shapes: fixed([]int{2, 3, 4})},
	{name: "Permute", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor {
		return x[0].Permute(2, 0, -2).Mul(snn.FromSlice(numbers(24), 4, 2, 3))
	}, shapes: fixed([]int{2, 3, 4})},
	{name: "LogSoftmax", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].LogSoftmax().Square() }, shapes: fixed([]int{2, 3})},
	{name: "Maximum, Minimum", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor {
		return x[0].Maximum(x[1].AddScalar(9)).Square().Add(x[0].Minimum(x[1].AddScalar(9)))
	}},
	{name: "Stack, Concat", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor {
		return snn.Stack(snn.Concat(x[0], x[1]), snn.Concat(x[1], x[0])).Square()
	}, shapes: fixed([]int{3, 2}, []int{3, 2})},
	{name: "MatMul", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].MatMul(x[1]) }, shapes: fixed([]int{2, 3, 4}, []int{4, 5})},
	{name: "MatMulTransposed", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].MatMulTransposed(x[1]) }, shapes: fixed([]int{10, 4}, []int{5, 4})},
	{name: "Band", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Band(4).Mul(snn.FromSlice(numbers(16), 4, 4)) }, shapes: fixed([]int{3})},
	{name: "Softmax", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Softmax() }, shapes: fixed([]int{2, 3})},
	{name: "MSELoss, L1Loss", operands: 2, f: func(x ...*snn.Tensor) *snn.Tensor {
		return snn.MSELoss(x[0], x[1]).Add(snn.L1Loss(x[0], x[1].AddScalar(9)))
	}},
	{name: "CrossEntropyLoss", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return snn.CrossEntropyLoss(x[0], []int{2, 0}) }, shapes: fixed([]int{2, 3})},
	{name: "Clone", operands: 1, f: func(x ...*snn.Tensor) *snn.Tensor { return x[0].Clone().Square() }},
}

func fixed(shapes ...[]int) func(*rapid.T) [][]int {
	return func(*rapid.T) [][]int { return shapes }
}

// broadcastShapes draws two shapes that fit.
func broadcastShapes(t *rapid.T) [][]int {
	full := gradientShape.Draw(t, "shape")
	stretched := func(label string) []int {
		shape := slices.Clone(full[rapid.IntRange(0, len(full)).Draw(t, label):])
		for k := range shape {
			if rapid.Bool().Draw(t, label) {
				shape[k] = 1
			}
		}
		return shape
	}
	return [][]int{stretched("left"), stretched("right")}
}

func numbers(n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = float32(i%7) - 2.5
	}
	return list
}

// TestGradients: along a random direction the change of the result is what the
// gradient says.
func TestGradients(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, rapid.MakeCheck(func(t *rapid.T) {
			shapes := op.drawShapes(t)
			const step = 1.0 / 128
			size := func(shape []int) int { return snn.Zeros(shape...).Size() }
			values := func(n int, label string) []float32 {
				list := make([]float32, n)
				for i, rank := range rapid.Permutation(ranks(n)).Draw(t, label) {
					v := 0.1 + float64(rank)/32 // no two come across each other
					if op.positive {
						v += 0.5
					} else if rapid.Bool().Draw(t, label) {
						v = -v
					}
					list[i] = float32(v)
				}
				return list
			}
			var x, up, down []*snn.Tensor
			var directions [][]float32
			for _, shape := range shapes {
				data := values(size(shape), "value")
				direction := make([]float32, len(data))
				plus, minus := slices.Clone(data), slices.Clone(data)
				for i := range direction {
					direction[i] = float32(rapid.IntRange(-1, 1).Draw(t, "direction"))
					plus[i] += step * direction[i]
					minus[i] -= step * direction[i]
				}
				directions = append(directions, direction)
				x = append(x, snn.Zeros(shape...))
				copy(x[len(x)-1].Data(), data)
				x[len(x)-1].RequireGrad()
				up, down = append(up, tensorOf(plus, shape)), append(down, tensorOf(minus, shape))
			}
			y := op.f(x...)
			weights := tensorOf(values(y.Size(), "weight"), y.Shape())
			loss := func(y *snn.Tensor) float64 {
				var sum float64
				for i, v := range y.Data() {
					sum += float64(v) * float64(weights.Data()[i])
				}
				return sum
			}
			want := (loss(op.f(up...)) - loss(op.f(down...))) / (2 * step)
			y.BackwardFrom(weights)
			var got, scale float64
			for i, t := range x {
				for k, g := range t.Grad().Data() {
					got += float64(g) * float64(directions[i][k])
					scale += math.Abs(float64(g))
				}
			}
			if math.Abs(got-want) > 2e-3*max(1, scale) {
				t.Fatalf("shapes %v: the slope is %v, the gradient says %v", shapes, want, got)
			}
		}))
	}
}

func ranks(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func tensorOf(data []float32, shape []int) *snn.Tensor {
	t := snn.Zeros(shape...)
	copy(t.Data(), data)
	return t
}

// The sparse product is the dense one.
func TestSparse(t *testing.T) {
	snn.Seed(1)
	w := snn.Randn(7, 50)
	for _, density := range []float32{0, 0.02, 0.5} {
		x, y := snn.Zeros(20, 50), snn.Zeros(20, 50)
		for i, v := range snn.Rand(1000).Data() {
			if v < density {
				x.Data()[i], y.Data()[i] = 1, 1
			}
		}
		got := x.MatMulTransposed(w)
		want := y.MatMul(w.Transpose(0, 1))
		for i, v := range want.Data() {
			if math.Abs(float64(got.Data()[i]-v)) > 1e-5 {
				t.Fatalf("density %v: got %v, want %v", density, got.Data()[i], v)
			}
		}
	}
}

func gradOf(t *testing.T, x *snn.Tensor, want ...float32) {
	t.Helper()
	if x.Grad() == nil || !slices.Equal(x.Grad().Data(), want) {
		t.Errorf("the gradient is %v, want %v", x.Grad(), want)
	}
}

func TestTape(t *testing.T) {
	x := snn.FromSlice([]float32{1, 2}).RequireGrad()
	if x.Grad() != nil || !x.RequiresGrad() || snn.Ones(2).RequiresGrad() {
		t.Error("a leaf before Backward")
	}
	x.Mul(x).Sum().Backward()
	gradOf(t, x, 2, 4)
	x.Sum().Backward() // gradients add up
	gradOf(t, x, 3, 5)
	x.ZeroGrad()
	y := x.Scale(2)
	y.Mul(x).Add(y).Sum().Backward() // y is used twice
	gradOf(t, x, 6, 10)

	x.ZeroGrad()
	x.Detach().Mul(x).Sum().Backward()
	gradOf(t, x, 1, 2)

	x.ZeroGrad()
	snn.NoGrad(func() {
		snn.NoGrad(func() {})
		if snn.GradEnabled() || x.Scale(2).RequiresGrad() {
			t.Error("NoGrad records")
		}
	})
	func() {
		defer func() { _ = recover() }()
		snn.NoGrad(func() { panic("a test") })
	}()
	if !snn.GradEnabled() {
		t.Error("a panic leaves gradients off")
	}

	loss := x.Square().Sum()
	loss.Backward(snn.RetainGraph())
	loss.Backward()
	gradOf(t, x, 4, 8)

	x.ZeroGrad() // what has been differentiated counts as a constant
	state := x.Scale(3)
	state.Sum().Backward()
	if state.RequiresGrad() {
		t.Error("a released tensor requires a gradient")
	}
	x.ZeroGrad()
	state.Mul(x).Sum().Backward()
	gradOf(t, x, 3, 6)

	x.ZeroGrad()
	z := x // a long chain
	for range 100_000 {
		z = z.AddScalar(1)
	}
	z.Sum().Backward()
	gradOf(t, x, 1, 1)
}

func TestGradientMistakes(t *testing.T) {
	x := snn.Ones(2, 2).RequireGrad()
	used := x.Sum()
	used.Backward()
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { x.Scale(2).Backward() }, "Backward: the tensor of shape [2 2] has 4 values, expected 1; take Mean() or Sum() of it, or use BackwardFrom with a gradient for each"},
		{func() { used.Backward() }, "Backward: the computation was differentiated before, and then forgotten; compute it again, or call Backward(snn.RetainGraph()) the first time"},
		{func() { snn.Ones(1).Backward() }, "Backward: nothing that this tensor was computed from requires a gradient; call RequireGrad() on the parameters before, and compute outside of NoGrad"},
		{func() { x.Scale(2).BackwardFrom(snn.Ones(4)) }, "BackwardFrom: the gradient has shape [4], the tensor [2 2]"},
		{func() { x.Scale(2).RequireGrad() }, "RequireGrad: the tensor of shape [2 2] is the result of a computation that has a gradient already; call Detach() first"},
		{func() { snn.Ones(2, 3).MatMul(snn.Ones(2, 3)) }, "MatMul: shapes [2 3] and [2 3] do not fit: expected [..., K] and [K, M] with the same K"},
		{func() { snn.Ones(2, 3).Sum(2) }, "Sum: there is no dimension 2 in shape [2 3]"},
		{func() { snn.Ones(2, 3).Sum(0, -2) }, "Sum: dimension -2 is given twice for shape [2 3]"},
		{func() { snn.Ones(2, 3).BroadcastTo(3, 3) }, "BroadcastTo: shape [2 3] cannot be stretched to [3 3]: dimensions must be equal or 1, counted from the last"},
		{func() { snn.Ones(2, 3).Slice(1, 4) }, "Slice: there is no [1:4] in shape [2 3]"},
		{func() { snn.CrossEntropyLoss(snn.Ones(2, 3), []int{0, 3}) }, "CrossEntropyLoss: class 3 of sample 1 is outside of the 3 logits; counting starts at 0"},
		{func() {
			x.Map(func(e dynamics.Expr) dynamics.Expr { return e.Mul(dynamics.Param("tau")) })
		}, "Map: the expression uses parameter tau, expected its argument and numbers only"},
	} {
		err := snn.Maybe(test.f)
		if err == nil || err.Error() != test.want {
			t.Errorf("got %v\nwant %s", err, test.want)
		}
	}
	var mistake *snn.GradError
	if err := snn.Maybe(func() { used.Backward() }); !errors.As(err, &mistake) || !strings.HasPrefix(mistake.Text, "the computation") {
		t.Errorf("got %v", err)
	}
}

// Operations may be used by several goroutines.
func TestGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			x := snn.Full(float32(i), 3).RequireGrad()
			x.Exp().Add(x.Tanh()).Sum().Backward()
			if x.Grad() == nil {
				t.Error("no gradient")
			}
		})
	}
	wg.Wait()
}

// Nothing is allocated for a tape that nobody asked for.
func TestNoTapeNoCost(t *testing.T) {
	x := snn.Ones(3)
	if n := testing.AllocsPerRun(100, func() { x.Add(x) }); n > 4 { // the tensor, its shape twice, its values
		t.Errorf("Add allocates %v times", n)
	}
}

func ExampleTensor_Backward() {
	w := snn.FromSlice([]float32{1, -2}).RequireGrad()
	x := snn.FromSlice([]float32{3, 4})
	loss := w.Mul(x).Sum().Square()
	loss.Backward()
	fmt.Println(loss, w.Grad())
	// Output: 25 [-30 -40]
}
