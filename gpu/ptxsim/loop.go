package ptxsim

// loop is a function for all threads of a block. What kernels spend most time with
// has one, so that there is no call for each thread.
type loop func(y, a, b, c []uint64)

// loops are by opcode and type, without the sign of one for which it does not matter.
var loops = map[string]loop{
	"add.f32": func(y, a, b, _ []uint64) {
		a, b = a[:len(y)], b[:len(y)]
		for i := range y {
			y[i] = bits32(value32(a[i]) + value32(b[i]))
		}
	},
	"sub.f32": func(y, a, b, _ []uint64) {
		a, b = a[:len(y)], b[:len(y)]
		for i := range y {
			y[i] = bits32(value32(a[i]) - value32(b[i]))
		}
	},
	"mul.f32": func(y, a, b, _ []uint64) {
		a, b = a[:len(y)], b[:len(y)]
		for i := range y {
			y[i] = bits32(value32(a[i]) * value32(b[i]))
		}
	},
	"add.64": func(y, a, b, _ []uint64) {
		a, b = a[:len(y)], b[:len(y)]
		for i := range y {
			y[i] = a[i] + b[i]
		}
	},
	"add.32": func(y, a, b, _ []uint64) {
		a, b = a[:len(y)], b[:len(y)]
		for i := range y {
			y[i] = uint64(uint32(a[i] + b[i]))
		}
	},
	"sub.32": func(y, a, b, _ []uint64) {
		a, b = a[:len(y)], b[:len(y)]
		for i := range y {
			y[i] = uint64(uint32(a[i] - b[i]))
		}
	},
}

// selp is the loop of that instruction: a where c is 1, b where it is 0.
func selp(y, a, b, c []uint64) {
	a, b, c = a[:len(y)], b[:len(y)], c[:len(y)]
	for i := range y {
		chosen := -c[i]
		y[i] = a[i]&chosen | b[i]&^chosen
	}
}

// compare32 is the loop of a comparison of floats of 32 bits.
func compare32(r relation) loop {
	less, equal, greater, unordered := truth(r.less), truth(r.equal), truth(r.greater), truth(r.unordered)
	return func(y, a, b, _ []uint64) {
		a, b = a[:len(y)], b[:len(y)]
		for i := range y {
			u, v := value32(a[i]), value32(b[i])
			isLess, isEqual, isGreater := truth(u < v), truth(u == v), truth(u > v)
			y[i] = isLess&less | isEqual&equal | isGreater&greater | (1-isLess-isEqual-isGreater)&unordered
		}
	}
}
