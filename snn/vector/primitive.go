package vector

import "math"

// The functions are written with these, and with + - * / and comparisons of
// float32 and int32: what the generator knows in vectors too; see gen. A product
// that stands in a sum is float32(a*b), so that no compiler fuses the two.

// pick returns a if cond, else b. Both are evaluated.
func pick(cond bool, a, b float32) float32 {
	if cond {
		return a
	}
	return b
}

func bits(x float32) int32  { return int32(math.Float32bits(x)) }
func float(i int32) float32 { return math.Float32frombits(uint32(i)) }

func abs(x float32) float32   { return float(bits(x) & 0x7fffffff) }
func sqrt(x float32) float32  { return float32(math.Sqrt(float64(x))) }
func round(x float32) float32 { return float32(math.RoundToEven(float64(x))) }
func floor(x float32) float32 { return float32(math.Floor(float64(x))) }

// signOf returns |x| with the sign of y.
func withSign(x, y float32) float32 { return float(bits(x)&0x7fffffff | bits(y)&-0x80000000) }

var (
	inf = float32(math.Inf(1))
	nan = float32(math.NaN())
)
