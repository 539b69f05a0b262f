package ptxsim

import "math"

// canonical is the NaN that a GPU computes of values of 32 bits.
const canonical = 0x7FFFFFFF

const sign32, sign64 = 1 << 31, 1 << 63

func value32(v uint64) float32 { return math.Float32frombits(uint32(v)) }
func value64(v uint64) float64 { return math.Float64frombits(v) }

func bits32(v float32) uint64 {
	if v != v {
		return canonical
	}
	return uint64(math.Float32bits(v))
}

func bits64(v float64) uint64 { return math.Float64bits(v) }

// floats32 has the operations on values of 32 bits, all rounded to nearest.
var floats32 = map[string]function{
	"add":      func(a, b, _ uint64) uint64 { return bits32(value32(a) + value32(b)) },
	"sub":      func(a, b, _ uint64) uint64 { return bits32(value32(a) - value32(b)) },
	"mul":      func(a, b, _ uint64) uint64 { return bits32(value32(a) * value32(b)) },
	"div":      func(a, b, _ uint64) uint64 { return bits32(value32(a) / value32(b)) },
	"fma":      func(a, b, c uint64) uint64 { return bits32(fma32(value32(a), value32(b), value32(c))) },
	"sqrt":     func(a, _, _ uint64) uint64 { return bits32(float32(math.Sqrt(float64(value32(a))))) },
	"rcp":      func(a, _, _ uint64) uint64 { return bits32(1 / value32(a)) },
	"min":      func(a, b, _ uint64) uint64 { return bits32(float32(minimum(float64(value32(a)), float64(value32(b))))) },
	"max":      func(a, b, _ uint64) uint64 { return bits32(float32(maximum(float64(value32(a)), float64(value32(b))))) },
	"neg":      func(a, _, _ uint64) uint64 { return a ^ sign32 },
	"abs":      func(a, _, _ uint64) uint64 { return a &^ sign32 },
	"copysign": func(a, b, _ uint64) uint64 { return b&^sign32 | a&sign32 },
}

// floats64 has those on values of 64 bits.
var floats64 = map[string]function{
	"add":      func(a, b, _ uint64) uint64 { return bits64(value64(a) + value64(b)) },
	"sub":      func(a, b, _ uint64) uint64 { return bits64(value64(a) - value64(b)) },
	"mul":      func(a, b, _ uint64) uint64 { return bits64(value64(a) * value64(b)) },
	"div":      func(a, b, _ uint64) uint64 { return bits64(value64(a) / value64(b)) },
	"fma":      func(a, b, c uint64) uint64 { return bits64(math.FMA(value64(a), value64(b), value64(c))) },
	"sqrt":     func(a, _, _ uint64) uint64 { return bits64(math.Sqrt(value64(a))) },
	"rcp":      func(a, _, _ uint64) uint64 { return bits64(1 / value64(a)) },
	"min":      func(a, b, _ uint64) uint64 { return bits64(minimum(value64(a), value64(b))) },
	"max":      func(a, b, _ uint64) uint64 { return bits64(maximum(value64(a), value64(b))) },
	"neg":      func(a, _, _ uint64) uint64 { return a ^ sign64 },
	"abs":      func(a, _, _ uint64) uint64 { return a &^ sign64 },
	"copysign": func(a, b, _ uint64) uint64 { return b&^sign64 | a&sign64 },
}

// minimum and maximum are those of PTX: a NaN counts only if both are, and -0 is
// less than +0.
func minimum(a, b float64) float64 {
	switch {
	case a != a:
		return b
	case b != b:
		return a
	}
	return math.Min(a, b)
}

func maximum(a, b float64) float64 {
	switch {
	case a != a:
		return b
	case b != b:
		return a
	}
	return math.Max(a, b)
}

// fma32 returns a*b+c rounded once. The product is exact in 64 bits. The sum is not:
// rounded to odd it has enough bits for the second rounding to be the same as of the
// exact sum (Boldo and Melquiond, 2008).
func fma32(a, b, c float32) float32 {
	product := float64(a) * float64(b)
	sum := product + float64(c)
	// What the sum lost, exactly (Knuth's TwoSum).
	added := sum - product
	lost := (product - (sum - added)) + (float64(c) - added)
	if lost == 0 || math.IsInf(sum, 0) || sum != sum {
		return float32(sum)
	}
	if pattern := math.Float64bits(sum); pattern&1 == 0 {
		if (lost > 0) == (sum > 0) {
			pattern++
		} else {
			pattern--
		}
		sum = math.Float64frombits(pattern)
	}
	return float32(sum)
}

// flush replaces values too small for a normalised number by 0, as .ftz does.
func flush(v uint64) uint64 {
	if v&(0xFF<<23) == 0 {
		return v & sign32
	}
	return v
}

func flushed(f function) function {
	return func(a, b, c uint64) uint64 { return flush(f(flush(a), flush(b), flush(c))) }
}

func decodeFloat(d *decoder, operands int) {
	k := d.takeKind()
	functions := floats32
	if k.bits == 64 {
		functions = floats64
	}
	f := functions[d.opcode]
	d.in.loop = loops[d.opcode+"."+k.String()]
	if d.take("ftz") && f != nil && k.bits == 32 {
		f, d.in.loop = flushed(f), nil
	}
	switch d.opcode {
	case "add", "sub", "mul", "div", "fma", "sqrt", "rcp":
		if !d.take("rn") {
			d.fail("%s.%v is not rounded to nearest, or may be fused with another; expected %s.rn.%v", d.opcode, k, d.opcode, k)
		}
	}
	d.computes(f, k, []kind{k, k, k}[:operands]...)
}

// decodeArithmetic is for instructions that there are for integers or for floats.
func decodeArithmetic(operands int) func(*decoder) {
	return func(d *decoder) {
		if n := len(d.modifiers); n > 0 && kinds[d.modifiers[n-1]].float() {
			decodeFloat(d, operands)
			return
		}
		decodeInteger(d, operands)
	}
}
