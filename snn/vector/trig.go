package vector

import mathbits "math/bits"

const (
	twoByPi = 0x1.45f306p-1

	// The sum of these is pi/2, with 66 bits. The first three have eleven: times
	// a whole number below 2^13 they are exact.
	halfPi1 = 0x1.92p+0
	halfPi2 = 0x1.fb4p-12
	halfPi3 = 0x1.444p-24
	halfPi4 = 0x1.68c234p-39

	// trigLimit is the greatest argument whose quarter turns are counted in
	// float32.
	trigLimit = 0x1p13
)

// sin is the sine.
func sin(x float32) float32 {
	if abs(x) > trigLimit {
		return sinFar(x)
	}
	y := abs(x)
	t := float32(y*twoByPi) + shifter
	hi, lo := turn(y, t)
	y = sinPart(hi, lo, bits(t))
	return float(bits(y) ^ bits(x)&-0x80000000) // -0 for -0
}

// cos is the cosine, the sine of a quarter turn more.
func cos(x float32) float32 {
	if abs(x) > trigLimit {
		return cosFar(x)
	}
	t := float32(x*twoByPi) + shifter
	hi, lo := turn(x, t)
	return sinPart(hi, lo, bits(t)+1)
}

// turn returns x - n*pi/2 as a sum, where t is shifter + n. It is exact but for
// the product with the last part.
func turn(x, t float32) (hi, lo float32) {
	n := t - shifter
	x = x - float32(n*halfPi1) - float32(n*halfPi2)
	third := float32(n * halfPi3)
	hi = x - third
	return hi, x - hi - third - float32(n*halfPi4)
}

// sinPart is the sine of r + n*pi/2, where r = hi+lo is at most pi/4 and hi is
// most of it: r + r^3*p(r*r) or 1 - r*r/2 + r^4*q(r*r), with minimax p and q,
// errors 2^-28 and 2^-33. Only the last two bits of n count.
func sinPart(hi, lo float32, n int32) float32 {
	r := hi + lo
	z := r * r
	p := float32(-0x1.9955b6p-13*z) + 0x1.11077cp-7
	p = float32(p*z) - 0x1.555546p-3
	s := float32(p*float32(z*r)) + lo + hi
	q := float32(0x1.99e0eep-16*z) - 0x1.6c0c1ap-10
	q = float32(q*z) + 0x1.55554ap-5
	c := float32(q*float32(z*z)) - float32(0.5*z) + 1
	y := pick(n&1 == 0, s, c)
	return float(bits(y) ^ n>>1<<31)
}

// sinFar and cosFar are for any argument.
func sinFar(x float32) float32 {
	r, n := turnFar(x)
	return sinPart(r, 0, n)
}

func cosFar(x float32) float32 {
	r, n := turnFar(x)
	return sinPart(r, 0, n+1)
}

// turnFar is turn, and n, for |x| >= 2^13, after Payne and Hanek: |x| is an integer
// m of 24 bits times a power of two. The bits of 2/pi that, times x, give whole
// turns, are left out; 128 bits are taken from there on, of which 102 are still
// right after the product with m.
func turnFar(x float32) (r float32, n int32) {
	if !(abs(x) < inf) {
		return nan, 0
	}
	i := bits(x)
	m := uint64(i&0x7fffff | 0x800000)
	at := uint(i>>23&0xff) - 140 // how many bits of 2/pi, after ten zeros, are left out
	hi, lo := digits(at), digits(at+64)

	carry, _ := mathbits.Mul64(lo, m)
	turns := hi*m + carry          // the quarter turns, with 62 bits of fraction; whole turns overflow
	whole := (turns + 1<<61) >> 62 // to the nearest
	rest := int64(turns - whole<<62)
	neg := rest < 0
	if neg {
		rest = -rest
	}
	// 0x6487ed5110b4611a is pi/2 with 62 bits of fraction.
	angle, _ := mathbits.Mul64(uint64(rest), 0x6487ed5110b4611a)
	r = float32(int64(angle)) * 0x1p-60
	if neg != (x < 0) {
		r = -r
	}
	n = int32(whole)
	if x < 0 {
		n = -n
	}
	return r, n
}

// digits returns 64 bits of 2/pi. The binary point is before the eleventh bit.
func digits(at uint) uint64 {
	w, s := at/64, at%64
	return twoByPiDigits[w]<<s | twoByPiDigits[w+1]>>1>>(63-s)
}

var twoByPiDigits = [4]uint64{0xa2f9836e4e441, 0x529fc2757d1f534d, 0xdc0db6295993c439, 0x41fe5163abdebbc}
