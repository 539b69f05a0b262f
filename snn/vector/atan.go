package vector

// atan is the arc tangent of t in [-1, 1], or pi/2 less that of its inverse:
// t + t^3*p(t*t) with minimax p, error 2^-28.
func atan(x float32) float32 {
	y := abs(x)
	big := y > 1
	t := pick(big, -1, y) / pick(big, y, 1)

	z := t * t
	w := z * z
	p := float32(0x1.9991e4p-3*z) - 0x1.55553ep-2
	p = float32((float32(0x1.c08c1ap-4*z)-0x1.242084p-3)*w) + p
	q := float32(0x1.da24cap-5*z) - 0x1.580814p-4
	q = float32((float32(0x1.6410e6p-7*z)-0x1.fd6fbcp-6)*w) + q
	u := w * w
	p = float32((float32(-0x1.d32dbcp-10*u)+q)*u) + p
	// pi/2 is 0x1.921fb6p+0 - 0x1.777a5cp-25.
	y = float32(p*float32(z*t)) + pick(big, -0x1.777a5cp-25, 0) + t
	return withSign(pick(big, 0x1.921fb6p+0, 0)+y, x)
}
