package vector

// pow is x to the y, with the special cases of math.Pow: 2 to the y*log2 |x|,
// where the logarithm and the product are sums of two float32.
func pow(x, y float32) float32 {
	// Beyond 2^33 the result is 0, 1 or infinite for every x.
	far := abs(y) > 0x1p33
	hi, lo := log2(abs(x))
	z := powPart(hi, lo, pick(far, withSign(0x1p33, y), y))

	// 0 and infinity to the y.
	below := pick(y < 0, inf, 0)
	above := pick(y < 0, 0, inf)
	z = pick(x == 0, below, pick(abs(x) == inf, above, z))

	// An even integer is not odd; neither are those beyond 2^24.
	odd := floor(y) == y && floor(0.5*y) != 0.5*y
	z = pick(odd, withSign(z, x), z)
	z = pick(x < 0 && x > -inf && floor(y) != y, nan, z)
	z = pick(x != x || y != y, nan, z)
	return pick(x == 1 || y == 0 || x == -1 && abs(y) == inf, 1, z)
}

// split returns the first twelve bits of x. The product of two such is exact.
func split(x float32) float32 { return float(bits(x) & -0x1000) }

// log2 is the logarithm to base 2 of x > 0 as the sum of hi, of twelve bits,
// and lo, together to 34 bits or so. x is m * 2^n with m between the fourth
// roots of 1/2 and 8; c, 1 or 181/128, is near m, and with s = (m-c) / (m+c) the
// logarithm is n + log2 c + 2/log 2 * atanh s. atanh s is s + s^3*p(s^2) with
// minimax p, error 2^-38.
func log2(x float32) (hi, lo float32) {
	const root = 0x3f5744fd // bits of the fourth root of 1/2
	tiny := x < smallest
	i := bits(pick(tiny, x*0x1p23, x)) - root
	n := float32(i>>23) - pick(tiny, 23, 0)
	m := float(i&0x7fffff + root)
	far := m > 0x1.306fep+0 // the fourth root of 2
	c := pick(far, 181.0/128, 1)

	// m+c is d + d3, d is d1 + d2; s is s1 + s2.
	d := m + c
	d3 := m - (d - c)
	d1 := split(d)
	d2 := d - d1
	inverse := 1 / d
	s := float32((m - c) * inverse)
	s1 := split(s)
	s2 := float32((m - c - float32(s1*d1) - float32(s1*d2) - float32(s1*d3)) * inverse)

	z := s * s
	p := float32(0x1.2806cap-3*z) + 0x1.999592p-3
	p = float32(p*z) + 0x1.555556p-2
	rest := float32(p*z*s) + s2

	// 2/log 2 is f, or f1 + f2, and log2 181/128 the sum in the two picks.
	const f, f1, f2 = 0x1.715476p+1, 0x1.714p+1, 0x1.47652cp-11
	n += pick(far, 0x1.ffcp-2, 0)
	head := float32(s1 * f1)
	tail := float32(s1*f2) + float32(rest*f) + pick(far, 0x1.799a84p-14, 0)
	sum := n + head
	tail += head - (sum - n)
	hi = split(sum + tail)
	return hi, sum - hi + tail
}

// powPart is 2 to the y*(hi+lo). The fractional part of the exponent, t, is at most
// 1/2: 2^t is 1 + t*p(t) with minimax p, error 2^-28.
func powPart(hi, lo, y float32) float32 {
	y1 := split(y)
	head := float32(y1 * hi)
	tail := float32((y-y1)*hi) + float32(y*lo)
	sum := head + tail

	v := head + shifter
	t := head - (v - shifter) + tail
	w := t * t
	p := float32(0x1.ebfbe0p-3*t) + 0x1.62e43p-1
	p = float32((float32(0x1.3b2a74p-7*t)+0x1.c6b06ep-5)*w) + p
	q := float32(0x1.d9a4cp-17*w) + (float32(0x1.4389b2p-13*t) + 0x1.5da6ccp-10)
	p = float32(q*float32(w*w)) + p
	half := bits(v) >> 1
	z := (float32(p*t) + 1) * float(half<<23+bits(1)) * float((bits(v)-half)<<23+bits(1))
	z = pick(sum > 130, inf, z)
	return pick(sum < -152, 0, z)
}
