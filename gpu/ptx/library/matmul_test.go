package library

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// multiply is what MatMul does, in plain Go.
func multiply(c, a, b []float32, p Product) {
	at := func(row, column, columns, rows int, transposed bool) int {
		if transposed {
			return column*rows + row
		}
		return row*columns + column
	}
	for batch := range p.Batch {
		for i := range p.M {
			for j := range p.N {
				var sum float32
				for l := range p.K {
					x := a[batch*p.StrideA+at(i, l, p.K, p.M, p.TransposeA)]
					if x != 0 {
						sum += float32(x * b[batch*p.StrideB+at(l, j, p.N, p.K, p.TransposeB)])
					}
				}
				to := &c[batch*p.StrideC+i*p.N+j]
				if p.Add {
					sum = *to + sum
				}
				*to = sum
			}
		}
	}
}

// checkProduct runs one of the kernels, on a C that has one more value at the end.
func checkProduct(m memory, p Product, each int, c, a, b []float32) {
	m.tb.Helper()
	to, x, y := put(m, c), put(m, a), put(m, b)
	m.run(p.launch(variant{p.TransposeA, p.TransposeB, each}, to, x, y))
	expected := slices.Clone(c)
	multiply(expected, a, b, p)
	want(m.tb, fmt.Sprintf("%d values each, %+v", each, p), get[float32](m, to, len(c)), expected)
}

func TestMatMul(t *testing.T) {
	m := open(t)
	for _, size := range [][3]int{
		{1, 1, 1}, {1, 1, 0}, {2, 3, 105}, {16, 16, 16}, {31, 33, 15}, {33, 31, 33}, {67, 66, 17}, {3, 130, 2}, {130, 3, 2},
	} {
		p := Product{M: size[0], N: size[1], K: size[2], Batch: 1}
		c, a, b := noise(p.M*p.N+1, 1), noise(p.M*p.K, 2), noise(p.K*p.N, 3)
		for i := 0; i < len(a); i += 3 {
			a[i] = 0
		}
		if len(b) > 2 {
			b[1], b[2] = inf, nan
		}
		for choice := range 8 {
			p.TransposeA, p.TransposeB, p.Add = choice&1 > 0, choice&2 > 0, choice&4 > 0
			checkProduct(m, p, 2, c, a, b)
			checkProduct(m, p, 4, c, a, b)
		}
	}
}

func TestMatMulAny(t *testing.T) {
	m := open(t)
	rapid.Check(t, func(t *rapid.T) {
		size := func(name string) int { return rapid.IntRange(0, 5).Draw(t, name) }
		p := Product{
			M: size("m"), N: size("n"), K: size("k"),
			TransposeA: rapid.Bool().Draw(t, "transpose a"), TransposeB: rapid.Bool().Draw(t, "transpose b"),
			Add: rapid.Bool().Draw(t, "add"), Batch: 1 + size("batch"),
		}
		if p.M*p.N == 0 { // there is nothing to launch
			m.run(MatMul(0, 0, 0, p))
			return
		}
		p.StrideA = rapid.SampledFrom([]int{0, p.M * p.K}).Draw(t, "stride of a")
		p.StrideB = rapid.SampledFrom([]int{0, p.K * p.N}).Draw(t, "stride of b")
		p.StrideC = p.M*p.N + size("gap")
		a := values(p.M*p.K+(p.Batch-1)*p.StrideA).Draw(t, "a")
		b := values(p.K*p.N+(p.Batch-1)*p.StrideB).Draw(t, "b")
		c := values(p.M*p.N+(p.Batch-1)*p.StrideC).Draw(t, "c")
		checkProduct(memory{t, m.dev}, p, rapid.SampledFrom([]int{2, 4}).Draw(t, "each"), c, a, b)
	})
}

// Large squares are for a large C only.
func TestMatMulChoice(t *testing.T) {
	for _, test := range []struct {
		p    Product
		want string
	}{
		{Product{M: 1, N: 1, Batch: 1}, "matmul_nn_32"},
		{Product{M: 1024, N: 960, Batch: 1, TransposeA: true}, "matmul_tn_32"},
		{Product{M: 1024, N: 961, Batch: 1, TransposeB: true}, "matmul_nt_64"},
		{Product{M: 1, N: 1, Batch: 256}, "matmul_nn_64"},
	} {
		if got := test.p.variant().name(); got != test.want {
			t.Errorf("%+v runs %s, want %s", test.p, got, test.want)
		}
	}
}
