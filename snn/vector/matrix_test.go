package vector

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Each sum is what adding one product after the other gives, on every path and for
// widths that fill vectors and others; what is not finite stays in its column.
func TestCombine(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 79, 80, 100, 128, 200} {
			const height = 30
			matrix := make([]float32, height*n)
			for i := range matrix {
				matrix[i] = float32(rng.NormFloat64())
			}
			if n > 0 {
				matrix[5*n+n/2] = float32(math.Inf(1))
			}
			for _, rows := range [][]int{nil, {7}, {0, 5, 29, 29, 3}, rng.Perm(height)} {
				weights := make([]float32, len(rows))
				for i := range weights {
					weights[i] = float32(rng.NormFloat64())
				}
				dst := make([]float32, n+1)
				dst[n] = 42
				Combine(dst[:n], weights, rows, matrix)
				for j, got := range dst[:n] {
					var want float32
					for i, r := range rows {
						want += float32(weights[i] * matrix[r*n+j])
					}
					if math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
						t.Fatalf("n=%d, %d rows: value %d is %v, want %v", n, len(rows), j, got, want)
					}
				}
				if dst[n] != 42 {
					t.Fatalf("n=%d: it wrote behind the end", n)
				}
			}
		}
	})
}

func TestCombineLengths(t *testing.T) {
	for name, f := range map[string]func(){
		"a row behind the end": func() { Combine(make([]float32, 8), []float32{1}, []int{2}, make([]float32, 23)) },
		"a row before it":      func() { Combine(make([]float32, 8), []float32{1}, []int{-1}, make([]float32, 24)) },
		"too few weights":      func() { Combine(make([]float32, 8), []float32{1}, []int{0, 1}, make([]float32, 24)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestTranspose(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, size := range [][3]int{{0, 5, 5}, {5, 0, 5}, {1, 1, 1}, {8, 8, 8}, {8, 8, 11}, {7, 9, 7}, {17, 33, 20}, {40, 16, 64}} {
			rows, columns, stride := size[0], size[1], size[2]
			src := make([]float32, columns*stride)
			for i := range src {
				src[i] = float32(i)
			}
			src = src[:max(0, len(src)-stride+rows)] // the last row may end with what is needed
			dst := make([]float32, rows*columns+1)
			Transpose(dst[:rows*columns], rows, columns, src, stride)
			for i := range rows {
				for j := range columns {
					if got := dst[i*columns+j]; got != float32(j*stride+i) {
						t.Fatalf("%v: row %d, column %d is %v, want %d", size, i, j, got, j*stride+i)
					}
				}
			}
			if dst[rows*columns] != 0 {
				t.Fatalf("%v: it wrote behind the end", size)
			}
		}
	})
}
