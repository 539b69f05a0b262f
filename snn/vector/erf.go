package vector

// erf is x + x*p(x*x) for |x| < 1 and 1 - e^q(|x|) for others, with minimax p
// and q, errors 2^-29 and 2^-32. From 3.92 it is 1.
func erf(x float32) float32 {
	y := abs(x)
	z := y * y
	w := z * z
	p := float32(-0x1.81273ep-2*z) + 0x1.06eba8p-3
	p = float32((float32(-0x1.b7f71ap-6*z)+0x1.ce2ce6p-4)*w) + p
	q := float32(0x1.4771fcp-14*w) + (float32(-0x1.a3515ep-11*z) + 0x1.53f224p-8)
	p = float32(q*float32(w*w)) + p
	small := float32(p*y) + y

	y = pick(y > 4, 4, y)
	z = y * y
	p = float32(-0x1.2116f8p+0*y) + 0x1.ef1852p-14
	p = float32((float32(-0x1.b96aa4p-4*y)-0x1.4486cp-1)*z) + p
	q = float32(-0x1.0a1c8ap-8*y) + 0x1.9674dp-6
	q = float32((float32(-0x1.45997p-16*y)+0x1.b15958p-12)*z) + q
	p = float32(q*float32(z*z)) + p
	return withSign(pick(y < 1, small, 1-expMid(p)), x)
}
