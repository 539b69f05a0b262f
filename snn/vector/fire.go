package vector

// fireHard and fireSoft are the two results of FireHard and FireSoft.
func fireHard(a, b, c float32) (dst, dst2 float32) {
	s := pick(a-b >= 0, 1, 0)
	return pick(s != 0, c, a), s
}

func fireSoft(a, b float32) (dst, dst2 float32) {
	s := pick(a-b >= 0, 1, 0)
	return a - float32(s*b), s
}
