package snn_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"spikebook/snn"
)

// misuse returns the text of the Misuse that f panics with.
func misuse(t *testing.T, f func()) string {
	t.Helper()
	err := snn.Maybe(f)
	if err == nil {
		t.Fatal("no panic")
	}
	if strings.ContainsRune(err.Error(), '\n') {
		t.Errorf("more than one line: %q", err)
	}
	return err.Error()
}

// equal fails unless x has this shape and these values, bit by bit.
func equal(t *testing.T, x *snn.Tensor, shape []int, data ...float32) {
	t.Helper()
	if !slices.Equal(x.Shape(), shape) {
		t.Errorf("shape %v, want %v", x.Shape(), shape)
	}
	if x.Shape() == nil {
		t.Error("the shape is nil")
	}
	if len(x.Data()) != len(data) {
		t.Fatalf("%d values, want %d", len(x.Data()), len(data))
	}
	for i, v := range x.Data() {
		if math.Float32bits(v) != math.Float32bits(data[i]) {
			t.Errorf("value %d is %v, want %v", i, v, data[i])
		}
	}
}

func TestMake(t *testing.T) {
	equal(t, snn.FromSlice([]float32{1, 2, 3, 4}, 2, 2), []int{2, 2}, 1, 2, 3, 4)
	equal(t, snn.FromSlice([]float32{1, 2, 3}), []int{3}, 1, 2, 3)
	equal(t, snn.FromSlice(nil, 0, 3), []int{0, 3})
	equal(t, snn.Scalar(0.5), []int{}, 0.5)
	equal(t, snn.Full(0.02, 1), []int{1}, 0.02)
	equal(t, snn.Full(2), []int{}, 2)
	equal(t, snn.Zeros(2, 1), []int{2, 1}, 0, 0)
	equal(t, snn.Ones(2), []int{2}, 1, 1)
	equal(t, snn.Zeros(3, 0), []int{3, 0})
}

func TestSharedAndCopiedMemory(t *testing.T) {
	data := []float32{1, 2, 3, 4, 5, 6}
	x := snn.FromSlice(data, 3, 2)
	row, flat, copied, stacked := x.Index(1), x.Reshape(-1), x.Clone(), snn.Stack(x)
	data[2] = 30
	equal(t, row, []int{2}, 30, 4)
	equal(t, flat, []int{6}, 1, 2, 30, 4, 5, 6)
	equal(t, copied, []int{3, 2}, 1, 2, 3, 4, 5, 6)
	equal(t, stacked, []int{1, 3, 2}, 1, 2, 3, 4, 5, 6)

	shape := []int{3, 2}
	x = snn.FromSlice(data, shape...)
	shape[0] = 7
	equal(t, x, []int{3, 2}, data...)
	// Appending to a row or to a shape writes to memory of its own.
	_ = append(x.Index(0).Data(), 99)
	equal(t, x, []int{3, 2}, data...)
	for _, s := range [][]int{x.Shape(), x.Index(0).Shape(), x.Reshape(2, 3).Shape(), stacked.Shape(), x.Add(x).Shape()} {
		a, b := append(s, 1), append(s, 2)
		if a[len(s)] == b[len(s)] {
			t.Errorf("two slices appended to shape %v share memory", s)
		}
	}
}

func TestIndexing(t *testing.T) {
	x := snn.FromSlice([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 3, 2)
	for i := range 2 {
		for j := range 3 {
			for k := range 2 {
				want := float32(i*6 + j*2 + k)
				if got := x.At(i, j, k); got != want {
					t.Errorf("At(%d, %d, %d) is %v, want %v", i, j, k, got, want)
				}
				if got := x.Index(i).Index(j).Index(k).Item(); got != want {
					t.Errorf("Index: %v, want %v", got, want)
				}
			}
		}
	}
	if got := snn.Scalar(3).At(); got != 3 {
		t.Errorf("At() of a scalar is %v", got)
	}
	if n := testing.AllocsPerRun(100, func() { x.At(1, 2, 1) }); n != 0 {
		t.Errorf("At allocates %v times", n)
	}
	if x.Size() != 12 {
		t.Errorf("Size is %d", x.Size())
	}
}

func TestReshape(t *testing.T) {
	x := snn.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 6)
	equal(t, x.Reshape(2, -1), []int{2, 3}, 1, 2, 3, 4, 5, 6)
	equal(t, x.Reshape(-1, 1), []int{6, 1}, 1, 2, 3, 4, 5, 6)
	equal(t, snn.Scalar(1).Reshape(1, 1), []int{1, 1}, 1)
	equal(t, snn.Ones(1, 1).Reshape(), []int{}, 1)
	equal(t, snn.Zeros(0, 4).Reshape(2, 0), []int{2, 0})
}

func TestStack(t *testing.T) {
	a, b := snn.FromSlice([]float32{1, 2}), snn.FromSlice([]float32{3, 4})
	equal(t, snn.Stack(a, b, a), []int{3, 2}, 1, 2, 3, 4, 1, 2)
	equal(t, snn.Stack(snn.Scalar(1), snn.Scalar(2)), []int{2}, 1, 2)
	for i, x := range []*snn.Tensor{a, b} { // x[t] undoes it
		equal(t, snn.Stack(a, b).Index(i), x.Shape(), x.Data()...)
	}
}

func TestShapeMistakes(t *testing.T) {
	x := snn.Zeros(2, 3)
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { snn.FromSlice(make([]float32, 5), 2, 3) }, "FromSlice: shape [2 3] holds 6 values, got 5; expected as many as it holds"},
		{func() { snn.FromSlice(nil, -1) }, "FromSlice: shape [-1] is not possible: expected dimensions >= 0 whose product fits in memory"},
		{func() { snn.Zeros(math.MaxInt, 3) }, "Zeros: shape [9223372036854775807 3] is not possible: expected dimensions >= 0 whose product fits in memory"},
		{func() { x.At(1) }, "At: 1 indices for a tensor of shape [2 3], expected 2"},
		{func() { x.At(1, 3) }, "At: index [1 3] is outside of shape [2 3]; counting starts at 0"},
		{func() { x.At(-1, 0) }, "At: index [-1 0] is outside of shape [2 3]; counting starts at 0"},
		{func() { x.Index(2) }, "Index: there is no [2] in shape [2 3]; the first dimension has 2"},
		{func() { x.Index(-1) }, "Index: there is no [-1] in shape [2 3]; the first dimension has 2"},
		{func() { snn.Scalar(1).Index(0) }, "Index: there is no [0] in shape [], a single value; use Item"},
		{func() { x.Item() }, "Item: the tensor of shape [2 3] has 6 values, expected 1; choose one with At, or take Mean or Sum"},
		{func() { x.Reshape(4, -1) }, "Reshape: shape [4 -1] does not hold the 6 values of shape [2 3]"},
		{func() { x.Reshape(-1, -1) }, "Reshape: shape [-1 -1] has more than one -1; expected one dimension at most that is left to be found"},
		{func() { snn.Stack() }, "Stack: nothing to stack, expected at least one tensor"},
		{func() { snn.Stack(x, x, snn.Zeros(3, 2)) }, "Stack: tensor 2 has shape [3 2], the first has [2 3]: expected equal shapes"},
		{func() { x.Add(snn.Zeros(2)) }, "Add: shapes [2 3] and [2] do not fit: dimensions must be equal or 1, counted from the last"},
		{func() { x.Sub(snn.Zeros(4, 3)) }, "Sub: shapes [2 3] and [4 3] do not fit: dimensions must be equal or 1, counted from the last"},
		{func() { x.Mul(snn.Zeros(0, 3)) }, "Mul: shapes [2 3] and [0 3] do not fit: dimensions must be equal or 1, counted from the last"},
		{func() { x.Div(snn.Zeros(5, 1, 2)) }, "Div: shapes [2 3] and [5 1 2] do not fit: dimensions must be equal or 1, counted from the last"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestMaybe(t *testing.T) {
	if err := snn.Maybe(func() {}); err != nil {
		t.Error(err)
	}
	var shape *snn.ShapeError
	if err := snn.Maybe(func() { snn.Ones(2).Index(5) }); !errors.As(err, &shape) || shape.Op != "Index" {
		t.Errorf("got %v, want a ShapeError of Index", err)
	}
	// Other panics are bugs and stay panics, with their own value.
	for _, other := range []any{"text", errors.New("an error"), 3} {
		func() {
			defer func() {
				if got := recover(); got != other {
					t.Errorf("recovered %v, want %v", got, other)
				}
			}()
			_ = snn.Maybe(func() { panic(other) })
			t.Errorf("%v did not pass through", other)
		}()
	}
}

func TestString(t *testing.T) {
	big := snn.Zeros(1001)
	big.Data()[1000] = 7
	for _, test := range []struct {
		x    *snn.Tensor
		want string
	}{
		{snn.Scalar(0), "0"},
		{snn.Scalar(0.02), "0.02"},
		{snn.FromSlice([]float32{1, -0.25, 1e-9, float32(math.Inf(1)), float32(math.NaN())}), "[1 -0.25 1e-09 +Inf NaN]"},
		{snn.FromSlice([]float32{0.99999958}), "[0.9999996]"},
		{snn.Zeros(0), "[]"},
		{snn.Zeros(2, 0), "[[]\n []]"},
		{snn.FromSlice([]float32{1, 0.5, -2, 10}, 2, 2), "[[  1 0.5]\n [ -2  10]]"},
		{snn.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2), "[[[1 2]\n  [3 4]]\n\n [[5 6]\n  [7 8]]]"},
		{big, "[0 0 0 ... 0 0 7]"},
		{snn.Ones(2, 1000), "[[1 1 1 ... 1 1 1]\n [1 1 1 ... 1 1 1]]"},
		{snn.Ones(600, 2), "[[1 1]\n [1 1]\n [1 1]\n ...\n [1 1]\n [1 1]\n [1 1]]"},
	} {
		if got := test.x.String(); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
	// Every value that String prints of a small tensor reads back as itself.
	x := snn.Rand(50)
	var y float32
	for i, word := range strings.Fields(strings.Trim(x.String(), "[]")) {
		if _, err := fmt.Sscan(word, &y); err != nil || y != x.At(i) {
			t.Errorf("%s reads back as %v, want %v (%v)", word, y, x.At(i), err)
		}
	}
}

func ExampleTensor() {
	x := snn.FromSlice([]float32{0.5, 1, 1.5, 2}, 2, 2)
	fmt.Println(x.Shape(), x.At(1, 0), x.Index(0), x.Mean())
	fmt.Println(x.Scale(2).Sub(snn.Ones(2)))
	// Output:
	// [2 2] 1.5 [0.5 1] 1.25
	// [[0 1]
	//  [2 3]]
}

func ExampleMaybe() {
	err := snn.Maybe(func() { snn.Ones(2, 3).Add(snn.Ones(4)) })
	fmt.Println(err)
	// Output: Add: shapes [2 3] and [4] do not fit: dimensions must be equal or 1, counted from the last
}
