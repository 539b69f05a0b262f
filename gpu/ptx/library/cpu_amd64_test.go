package library

import (
	"testing"

	"spikebook/snn"
)

// The products of package snn, to the bit. On other processors the compiler fuses
// multiplication and addition in gonum's code.
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

// So are the gradients of the weights, over many rows.
func TestWeightGradientAsOnTheCPU(t *testing.T) {
	m := open(t)
	const rows, columns, depth = 70, 9, 33
	for _, data := range [][]float32{noise(rows*depth, 1), spikes(rows*depth, 2)} {
		gradient := noise(rows*columns, 4)
		weights := snn.FromSlice(noise(columns*depth, 3), columns, depth).RequireGrad()
		out := snn.FromSlice(data, rows, depth).MatMulTransposed(weights)
		out.Mul(snn.FromSlice(gradient, rows, columns)).Sum().Backward()
		c := m.alloc(4 * columns * depth)
		m.run(MatMul(c, put(m, gradient), put(m, data), Product{M: columns, N: depth, K: rows, TransposeA: true, Batch: 1}))
		want(t, "gradient of the weights", get[float32](m, c, columns*depth), weights.Grad().Data())
	}
}
