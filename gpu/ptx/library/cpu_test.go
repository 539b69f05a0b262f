package library

import (
	"testing"

	"spikebook/snn"
)

// The products of package snn, to the bit.
func TestMatMulAsOnTheCPU(t *testing.T) {
	m := open(t)
	for _, size := range [][3]int{{1, 5, 7}, {3, 4, 40}, {9, 33, 70}, {100, 20, 65}} {
		rows, columns, depth := size[0], size[1], size[2]
		for _, data := range [][]float32{noise(rows*depth, 1), spikes(rows*depth, 2)} {
			x := snn.FromSlice(data, rows, depth)
			weights := noise(depth*columns, 3)
			for transposed, expected := range map[bool]*snn.Tensor{
				false: x.MatMul(snn.FromSlice(weights, depth, columns)),
				true:  x.MatMulTransposed(snn.FromSlice(weights, columns, depth)),
			} {
				c := m.alloc(4 * rows * columns)
				m.run(MatMul(c, put(m, data), put(m, weights), Product{M: rows, N: columns, K: depth, TransposeB: transposed, Batch: 1}))
				want(t, "product", get[float32](m, c, rows*columns), expected.Data())
			}
		}
	}
}

// So are the gradients of both operands, over many rows.
func TestMatMulGradientsAsOnTheCPU(t *testing.T) {
	m := open(t)
	const rows, columns, depth = 70, 9, 33
	for _, data := range [][]float32{noise(rows*depth, 1), spikes(rows*depth, 2)} {
		gradient := noise(rows*columns, 4)
		gradients := func(product func(x, w *snn.Tensor) *snn.Tensor, weights *snn.Tensor) (gx, gw []float32) {
			x := snn.FromSlice(data, rows, depth).RequireGrad()
			product(x, weights.RequireGrad()).BackwardFrom(snn.FromSlice(gradient, rows, columns))
			return x.Grad().Data(), weights.Grad().Data()
		}
		run := func(a, b []float32, p Product) []float32 {
			c := m.alloc(4 * p.M * p.N)
			p.Batch = 1
			m.run(MatMul(c, put(m, a), put(m, b), p))
			return get[float32](m, c, p.M*p.N)
		}
		w := noise(columns*depth, 3)
		gx, gw := gradients((*snn.Tensor).MatMulTransposed, snn.FromSlice(w, columns, depth))
		want(t, "gradient of x in x·wᵀ", run(gradient, w, Product{M: rows, N: depth, K: columns}), gx)
		want(t, "gradient of w in x·wᵀ", run(gradient, data, Product{M: columns, N: depth, K: rows, TransposeA: true}), gw)
		gx, gw = gradients((*snn.Tensor).MatMul, snn.FromSlice(w, depth, columns))
		want(t, "gradient of x in x·w", run(gradient, w, Product{M: rows, N: depth, K: columns, TransposeB: true}), gx)
		want(t, "gradient of w in x·w", run(data, gradient, Product{M: depth, N: columns, K: rows, TransposeA: true}), gw)
	}
}
