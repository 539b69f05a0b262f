package vector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Each sum is what adding one product after the other gives, on every path and for
// widths that fill vectors and others; what is not finite stays in its column.
func TestCombine(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 63, 64, 65, 79, 80, 100, 112, 113, 127, 128, 129, 137, 144, 200, 260} {
			const height = 30
			apart := n + rng.IntN(2)*5
			matrix := make([]float32, (height-1)*apart+n)
			for i := range matrix {
				matrix[i] = float32(rng.NormFloat64())
			}
			if n > 0 {
				matrix[5*apart+n/2] = float32(math.Inf(1))
			}
			for _, rows := range [][]int32{{7, 8}, {0, 5, 29, 29, 3}, numbers(rng.Perm(height))} {
				weights := make([]float32, len(rows))
				for i := range weights {
					weights[i] = float32(rng.NormFloat64())
				}
				dst := make([]float32, n+1)
				dst[n] = 42
				half := len(rows) / 2
				combine(false, dst[:n], weights[:half], rows[:half], matrix, apart)
				combine(true, dst[:n], weights[half:], rows[half:], matrix, apart)
				for j, got := range dst[:n] {
					var want float32
					for i, r := range rows {
						want += float32(weights[i] * matrix[int(r)*apart+j])
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

func numbers(list []int) (short []int32) {
	for _, v := range list {
		short = append(short, int32(v))
	}
	return short
}

// What is left of a row is in order, with its numbers; NaN is not 0, and -0 is.
func TestPack(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		odd := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(-1)), math.SmallestNonzeroFloat32}
		for n := range 70 {
			for _, zeros := range []float64{0, 0.5, 0.9, 1} {
				values := make([]float32, n)
				var want []float32
				var where []int32
				for i := range values {
					if rng.Float64() >= zeros {
						values[i] = rng.Float32() + 1
					}
					if rng.IntN(10) == 0 {
						values[i] = odd[rng.IntN(len(odd))]
					}
					if values[i] != 0 {
						want, where = append(want, values[i]), append(where, int32(i))
					}
				}
				weights, rows := make([]float32, n+slack), make([]int32, n+slack)
				k := pack(weights, rows, values)
				if !slices.Equal(rows[:k], where) || !slices.EqualFunc(weights[:k], want, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
					t.Fatalf("%v: %v in rows %v, want %v in %v", values, weights[:k], rows[:k], want, where)
				}
			}
		}
	})
}

func TestProductLengths(t *testing.T) {
	for name, f := range map[string]func(){
		"too few rows": func() { Product(false, make([]float32, 8), []float32{0, 1, 0}, make([]float32, 23), 8, new(Terms)) },
		"too many values": func() {
			Product(false, make([]float32, 1), make([]float32, MostTerms+1), make([]float32, 1000), 1, new(Terms))
		},
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

// A product is that of package-level sums over rows that are not 0: infinity in a row
// whose value is 0 does no harm.
func TestProduct(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 9, 40} {
			matrix := make([]float32, 50*n)
			values := make([]float32, 50)
			want := make([]float32, n)
			for i := range values {
				if values[i] = float32(i%4) / 3; i%4 == 0 && n > 0 {
					matrix[i*n] = float32(math.Inf(1))
				}
				for j := range n {
					if matrix[i*n+j] == 0 {
						matrix[i*n+j] = float32(i-j) * 0.37
					}
					if values[i] != 0 {
						want[j] += float32(values[i] * matrix[i*n+j])
					}
				}
			}
			got := make([]float32, n)
			Product(false, got, values[:20], matrix, n, new(Terms))
			Product(true, got, values[20:], matrix[20*n:], n, new(Terms))
			if !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
	})
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
			for _, apart := range []int{columns, columns + 5} {
				dst := make([]float32, rows*apart+1)
				for i := range dst {
					dst[i] = -1
				}
				Transpose(dst[:rows*apart], apart, rows, columns, src, stride)
				for i, got := range dst {
					want := float32(-1) // between the rows and behind them
					if i < rows*apart && i%apart < columns {
						want = float32(i%apart*stride + i/apart)
					}
					if got != want {
						t.Fatalf("%v, %d apart: value %d is %v, want %v", size, apart, i, got, want)
					}
				}
			}
		}
	})
}
