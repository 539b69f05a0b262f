package snn_test

import (
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
)

func TestArithmetic(t *testing.T) {
	x, y := snn.FromSlice([]float32{1, 2, 3, 4}, 2, 2), snn.FromSlice([]float32{4, 3, 2, 0}, 2, 2)
	equal(t, x.Add(y), []int{2, 2}, 5, 5, 5, 4)
	equal(t, x.Sub(y), []int{2, 2}, -3, -1, 1, 4)
	equal(t, x.Mul(y), []int{2, 2}, 4, 6, 6, 0)
	equal(t, x.Div(y), []int{2, 2}, 0.25, float32(2)/3, 1.5, float32(math.Inf(1)))
	equal(t, x.Scale(0.125), []int{2, 2}, 0.125, 0.25, 0.375, 0.5)
	equal(t, x, []int{2, 2}, 1, 2, 3, 4) // operands stay
	equal(t, y, []int{2, 2}, 4, 3, 2, 0)

	equal(t, x.Sum(), []int{}, 10)
	equal(t, x.Mean(), []int{}, 2.5)
	equal(t, snn.Zeros(0).Sum(), []int{}, 0)
	if got := snn.Zeros(0).Mean().Item(); !math.IsNaN(float64(got)) {
		t.Errorf("the mean of nothing is %v", got)
	}
	// In float32 the sum would stop growing at 2^24.
	ones := snn.Ones(1<<24 + 3)
	equal(t, ones.Sum(), []int{}, 1<<24+4) // the nearest float32
	equal(t, ones.Mean(), []int{}, 1)
}

func TestBroadcastExamples(t *testing.T) {
	column := snn.FromSlice([]float32{10, 20}, 2, 1)
	row := snn.FromSlice([]float32{1, 2, 3})
	equal(t, column.Add(row), []int{2, 3}, 11, 12, 13, 21, 22, 23)
	equal(t, row.Sub(column), []int{2, 3}, -9, -8, -7, -19, -18, -17)
	equal(t, row.Mul(snn.Scalar(2)), []int{3}, 2, 4, 6)
	equal(t, snn.Scalar(6).Div(row), []int{3}, 6, 3, 2)
	equal(t, snn.Zeros(0, 3).Add(row), []int{0, 3})
	equal(t, snn.Ones(1).Add(snn.Zeros(2, 0)), []int{2, 0})
}

// shapeGen draws pairs of shapes that fit each other.
var shapeGen = rapid.Custom(func(t *rapid.T) [2][]int {
	full := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(t, "full")
	draw := func(name string) []int {
		s := slices.Clone(full)
		for i := range s {
			if rapid.Bool().Draw(t, name+" stretched") {
				s[i] = 1
			}
		}
		if lead := rapid.IntRange(0, len(s)).Draw(t, name+" missing"); rapid.Bool().Draw(t, name+" short") {
			s = s[lead:]
		}
		return s
	}
	return [2][]int{draw("a"), draw("b")}
})

// TestBroadcast compares with the definition: the index of the result, cut to
// the last dimensions of an operand, with 0 where that has length 1.
func TestBroadcast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shapes := shapeGen.Draw(t, "shapes")
		fill := func(shape []int, start float32) *snn.Tensor {
			x := snn.Zeros(shape...)
			for i := range x.Data() {
				x.Data()[i] = start + float32(i)
			}
			return x
		}
		a, b := fill(shapes[0], 1), fill(shapes[1], 100)
		got := a.Sub(b)
		value := func(x *snn.Tensor, index []int) float32 {
			index = slices.Clone(index[len(index)-len(x.Shape()):])
			for k, d := range x.Shape() {
				if d == 1 {
					index[k] = 0
				}
			}
			return x.At(index...)
		}
		index := make([]int, len(got.Shape()))
		for i, v := range got.Data() {
			for k, rest := len(index)-1, i; k >= 0; k-- {
				index[k] = rest % got.Shape()[k]
				rest /= got.Shape()[k]
			}
			if want := value(a, index) - value(b, index); v != want {
				t.Fatalf("%v - %v at %v is %v, want %v", shapes[0], shapes[1], index, v, want)
			}
		}
		for k := range got.Shape() {
			for _, s := range shapes {
				if j := k - len(got.Shape()) + len(s); j >= 0 && s[j] != 1 && s[j] != got.Shape()[k] {
					t.Fatalf("%v - %v has shape %v", shapes[0], shapes[1], got.Shape())
				}
			}
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	x, y := snn.Rand(1<<16), snn.Rand(1<<16)
	b.SetBytes(3 * 4 << 16)
	for b.Loop() {
		x.Add(y)
	}
}

// Sums over any dimensions, also those of one value or none, are what adding up value
// by value gives.
func TestSumsOfShapes(t *testing.T) {
	newHost("test")
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 5).Draw(t, "shape")
		x := snn.Zeros(shape...)
		for i := range x.Data() {
			x.Data()[i] = float32(i%17) - 7.25 // sums are exact
		}
		dims := rapid.Permutation(slices.Collect(dimensions(len(shape)))).Draw(t, "order")[:rapid.IntRange(0, len(shape)).Draw(t, "how many")]
		want := map[int]float32{}
		for i, v := range x.Data() {
			at, rest, step := 0, i, 1
			for k := len(shape) - 1; k >= 0; k-- {
				if len(dims) > 0 && !slices.Contains(dims, k) {
					at += rest % shape[k] * step
					step *= shape[k]
				}
				rest /= shape[k]
			}
			want[at] += v
		}
		for _, backend := range []string{snn.CPU, "test"} {
			y := x.Clone().To(backend)
			sums := y.Sum(dims...)
			y.Fill(1) // sums are not the values that they are of, even if those are alone
			for i, got := range sums.Data() {
				if got != want[i] {
					t.Fatalf("shape %v, dimensions %v on %s: sum %d is %v, want %v", shape, dims, backend, i, got, want[i])
				}
			}
		}
	})
}

// Nothing is rounded to float32 before all is added up, and divided.
func TestSumsInFloat64(t *testing.T) {
	newHost("test")
	for _, backend := range []string{snn.CPU, "test"} {
		x := snn.FromSlice([]float32{1 << 24, -1 << 24, 0, 0, 1, 1, 0, 0}, 2, 2, 2).To(backend)
		if got, want := x.Sum(0, 2).Data(), []float32{2, 0}; !slices.Equal(got, want) {
			t.Errorf("sums on %s: %v, want %v", backend, got, want)
		}
		if got, want := x.Mean(2, 0).Data(), []float32{0.5, 0}; !slices.Equal(got, want) {
			t.Errorf("means on %s: %v, want %v", backend, got, want)
		}
		if got := snn.Zeros(2, 0).To(backend).Mean(1); got.Backend() != backend || got.At(1) == got.At(1) {
			t.Errorf("the mean of nothing on %s: %v on %s", backend, got, got.Backend())
		}
	}
}

func dimensions(rank int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for k := range rank {
			if !yield(k) {
				return
			}
		}
	}
}

// Affine is a product and a sum, bit by bit, forward and backward, for few rows and
// many, narrow and wide.
func TestAffine(t *testing.T) {
	snn.Seed(5)
	for _, size := range [][3]int{{1, 3, 2}, {7, 20, 9}, {8, 1, 1}, {9, 0, 4}, {33, 300, 150}, {0, 2, 3}, {600, 40, 100}} {
		n, k, m := size[0], size[1], size[2]
		var got, want []*snn.Tensor
		x, w, b := snn.Randn(n, k), snn.Randn(m, k), snn.Randn(m)
		for i := range x.Data() {
			if i%3 > 0 {
				x.Data()[i] = 0
			}
		}
		for result, f := range map[*[]*snn.Tensor]func(x, w, b *snn.Tensor) *snn.Tensor{
			&got:  func(x, w, b *snn.Tensor) *snn.Tensor { return x.Affine(w, b) },
			&want: func(x, w, b *snn.Tensor) *snn.Tensor { return x.MatMulTransposed(w).Add(b) },
		} {
			x, w, b := x.Clone().RequireGrad(), w.Clone().RequireGrad(), b.Clone().RequireGrad()
			y := f(x, w, b)
			y.Mul(y).Sum().Backward()
			*result = []*snn.Tensor{y, x.Grad(), w.Grad(), b.Grad()}
		}
		for i := range want {
			if !snn.SameShape(got[i], want[i]) || !slices.Equal(got[i].Data(), want[i].Data()) {
				t.Errorf("%v: result or gradient %d is %v, want %v", size, i, got[i], want[i])
			}
		}
	}
	for _, shapes := range [][3][]int{{{}, {2, 3}, {2}}, {{4, 2}, {2, 3}, {2}}, {{4, 3}, {2, 3}, {3}}, {{4, 3}, {3}, {3}}, {{4, 3}, {2, 3}, {2, 1}}} {
		err := snn.Maybe(func() { snn.Ones(shapes[0]...).Affine(snn.Ones(shapes[1]...), snn.Ones(shapes[2]...)) })
		if err == nil || !strings.HasPrefix(err.Error(), "Affine: shapes ") {
			t.Errorf("%v: %v", shapes, err)
		}
	}
}
