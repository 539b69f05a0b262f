package library

import (
	"slices"
	"testing"
)

func TestFill(t *testing.T) {
	m := open(t)
	for _, n := range sizes {
		for _, v := range []float32{0, -2.5, nan, inf} {
			to := put(m, noise(n+1, 1))
			m.run(Fill(to, v, n))
			expected := append(slices.Repeat([]float32{v}, n), noise(n+1, 1)[n])
			want(t, "Fill", get[float32](m, to, n+1), expected)
		}
	}
}
