package vector

const (
	smallest = 0x1p-126   // the smallest normal number
	rootHalf = 0x3f3504f3 // bits of the square root of 1/2
)

// log is the natural logarithm. x is m * 2^n with m in [sqrt 1/2, sqrt 2); the
// logarithm of m = 1+f is f - f*f/2 + f^3*p(f) with minimax p, error 2^-26.
func log(x float32) float32 {
	tiny := x < smallest
	i := bits(pick(tiny, x*0x1p23, x)) - rootHalf
	n := float32(i>>23) - pick(tiny, 23, 0)
	f := float(i&0x7fffff+rootHalf) - 1

	z := f * f
	p := float32(-0x1.000228p-2*f) + 0x1.555554p-2
	p = float32((float32(-0x1.547204p-3*f)+0x1.99a02ep-3)*z) + p
	q := float32(-0x1.0d805cp-3*f) + 0x1.22d78cp-3
	q = float32((float32(-0x1.384f72p-4*f)+0x1.0542p-3)*z) + q
	p = float32(q*float32(z*z)) + p
	y := float32(p*float32(f*z)) + (float32(n*ln2Lo) - float32(0.5*z)) + f + float32(n*ln2Hi)

	y = pick(x < inf, y, x) // also NaN
	y = pick(x == 0, -inf, y)
	return pick(x < 0, nan, y)
}
