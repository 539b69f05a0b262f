package vector

const (
	log2e = 0x1.715476p+0
	ln2Hi = 0x1.62e4p-1 // 15 bits: times a whole number below 512 it is exact
	ln2Lo = 0x1.7f7d1cp-20

	// A float32 of this size has no bits for fractions: adding it rounds to the
	// nearest integer, which is then in the low bits.
	shifter = 0x1.8p+23
)

// exp is e to the x. The argument is limited to where the result is neither 0
// nor infinite, and a bit more, so that it becomes so. NaN passes through. x is
// n*log 2 + r with an integer n. Half of 2^n is multiplied at a time, because
// 2^n may be out of range where the result is not.
func exp(x float32) float32 {
	x = pick(x > 89, 89, x)
	x = pick(x < -104, -104, x)
	t := float32(x*log2e) + shifter
	half := bits(t) >> 1 // what shifter adds to n and n/2 is shifted out
	return (expLess1(x, t) + 1) * float(half<<23+bits(1)) * float((bits(t)-half)<<23+bits(1))
}

// expMid is exp for x in [-87, 88].
func expMid(x float32) float32 {
	t := float32(x*log2e) + shifter
	return (expLess1(x, t) + 1) * float(bits(t)<<23+bits(1))
}

// expLess1 is e^r - 1 for r = x - n*log 2, where t is shifter + n: r + r*r*p(r)
// with minimax p, error 2^-28.
func expLess1(x, t float32) float32 {
	n := t - shifter
	r := x - float32(n*ln2Hi) - float32(n*ln2Lo)
	z := r * r
	p := float32(0x1.55548cp-3*r) + 0x1.fffffcp-2
	q := float32(0x1.6ac74ep-10*z) + (float32(0x1.123dep-7*r) + 0x1.555858p-5)
	return float32((float32(q*z)+p)*z) + r
}

// sigmoid is 1 / (1 + 2^n + 2^n*(e^r-1)) with -x = n*log 2 + r. Above and below
// the line is half of 2^-n more, because 2^n may be out of range where the
// result is not.
func sigmoid(x float32) float32 {
	x = pick(x > 87, 87, x)
	x = -pick(x < -104, -104, x)
	t := float32(x*log2e) + shifter
	half := bits(t) >> 1
	above := float(bits(1) - half<<23)
	below := float((bits(t)-half)<<23 + bits(1))
	sum := above + below
	rest := above - (sum - below) // where 1 + 2^n has too many bits
	return above / (float32(below*expLess1(x, t)) + rest + sum)
}

// tanh is x + x^3*p(x^2) for small x, with minimax p, error 2^-27.7, and
// 1 - 2/(e^2x + 1) for others, which is 1 from 9.1.
func tanh(x float32) float32 {
	y := abs(x)
	z := y * y
	w := z * z
	p := float32(0x1.110be4p-3*z) - 0x1.55553cp-2
	p = float32((float32(0x1.6009a2p-6*z)-0x1.b9623ap-5)*w) + p
	q := float32(-0x1.77ca84p-12*w) + (float32(0x1.2d9f54p-9*z) - 0x1.045fdp-7)
	p = float32(q*float32(w*w)) + p
	small := float32(p*z*y) + y

	e := expMid(2 * pick(y > 10, 10, y))
	return withSign(pick(y < 1, small, 1-2/(e+1)), x)
}
