package vector

// Fuse returns the operation that does second after first in one go:
//
//	dst = second(first(a, b), c)  for slot 0
//	dst = second(c, first(a, b))  for slot 1
//
// Its bits are those of the two operations after each other. ok is false where
// there is no such operation, or where it would not be faster. There is one for
// each two of Add, Sub, Mul and Div if there are SIMD instructions.
func Fuse(first, second Op, slot int) (op Op, ok bool) {
	if !fuses() || first < Add || first > Div || second < Add || second > Div || slot < 0 || slot > 1 {
		return 0, false
	}
	return fuse(first, second, slot), true
}

// The fused operations: first is one of four, second and slot together are one
// of six, because it is the same where the operands of Add and Mul stand.
var seconds = [6]struct {
	op   Op
	slot int
}{{Add, 0}, {Sub, 0}, {Sub, 1}, {Mul, 0}, {Div, 0}, {Div, 1}}

func fuse(first, second Op, slot int) Op {
	if second == Add || second == Mul {
		slot = 0
	}
	for k, s := range seconds {
		if s.op == second && s.slot == slot {
			return fused + (first-Add)*Op(len(seconds)) + Op(k)
		}
	}
	panic("vector: no such pair")
}

// Pair returns the two operations that were fused by [Fuse]; ok is false for all
// other operations.
func (op Op) Pair() (first, second Op, slot int, ok bool) {
	if op < fused || op >= count {
		return 0, 0, 0, false
	}
	first, second, slot = op.pair()
	return first, second, slot, true
}

// pair is the inverse of fuse.
func (op Op) pair() (first, second Op, slot int) {
	p := &pairs[op-fused]
	return p.first, p.second, p.slot
}

var pairs = func() (list [count - fused]struct {
	first, second Op
	slot          int
}) {
	for k := range list {
		s := seconds[k%len(seconds)]
		list[k].first, list[k].second, list[k].slot = Add+Op(k/len(seconds)), s.op, s.slot
	}
	return list
}()
