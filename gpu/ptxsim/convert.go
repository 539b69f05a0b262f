package ptxsim

import "math"

var roundings = map[string]func(float64) float64{
	"rni": math.RoundToEven, "rzi": math.Trunc, "rmi": math.Floor, "rpi": math.Ceil,
}

// conversion returns the function from values of one kind to another; nil if there
// is none with that rounding.
func conversion(to, from kind, rounding string) function {
	if from.float() && (to.integer() || to == from) {
		round := roundings[rounding]
		switch {
		case round == nil:
			return nil
		case to.integer():
			return func(a, _, _ uint64) uint64 { return saturate(round(asFloat(a, from)), to, from) }
		}
		return func(a, _, _ uint64) uint64 { return fromFloat(round(asFloat(a, from)), to) }
	}
	wanted := ""
	if to.float() && (!from.float() || to.bits < from.bits) {
		wanted = "rn"
	}
	if rounding != wanted {
		return nil
	}
	switch {
	case from.float():
		return func(a, _, _ uint64) uint64 { return fromFloat(asFloat(a, from), to) }
	case to.integer():
		widest := kind{from.class, 64}
		return func(a, _, _ uint64) uint64 { return from.extend(a, widest) & to.mask() }
	case to.bits == 32 && from.class == 's':
		return func(a, _, _ uint64) uint64 { return bits32(float32(int64(from.extend(a, s64)))) }
	case to.bits == 32:
		return func(a, _, _ uint64) uint64 { return bits32(float32(a)) }
	case from.class == 's':
		return func(a, _, _ uint64) uint64 { return bits64(float64(int64(from.extend(a, s64)))) }
	}
	return func(a, _, _ uint64) uint64 { return bits64(float64(a)) }
}

func asFloat(v uint64, k kind) float64 {
	if k.bits == 32 {
		return float64(value32(v))
	}
	return value64(v)
}

func fromFloat(v float64, k kind) uint64 {
	if k.bits == 32 {
		return bits32(float32(v))
	}
	return bits64(v)
}

// saturate returns a whole number as an integer, the nearest that there is. For a
// NaN it is 0, or the upper bit alone if one of the kinds has 64 bits.
func saturate(v float64, to, from kind) uint64 {
	least, beyond := 0.0, math.Ldexp(1, to.bits)
	if to.class == 's' {
		beyond /= 2
		least = -beyond
	}
	switch {
	case v != v && to.bits < 64 && from.bits < 64:
		return 0
	case v != v:
		return 1 << (to.bits - 1)
	case v >= beyond && to.class == 's':
		return to.mask() >> 1
	case v >= beyond:
		return to.mask()
	case v <= least && to.class == 's':
		return 1 << (to.bits - 1)
	case v <= least:
		return 0
	case v < 0:
		return uint64(int64(v)) & to.mask()
	}
	return uint64(v)
}

// decodeCvt is for cvt.rn.f32.s32 %f1, %r1;
func decodeCvt(d *decoder) {
	from, to := d.takeKind(), d.takeKind()
	rounding := d.takeOne("rn", "rni", "rzi", "rmi", "rpi")
	f := conversion(to, from, rounding)
	numbers := (to.integer() || to.float()) && (from.integer() || from.float())
	if d.take("ftz") && f != nil && numbers && (to.bits == 32 && to.float() || from.bits == 32 && from.float()) {
		f = flushedConversion(f, to, from)
	}
	d.expectOperands(2)
	if f == nil || !numbers {
		d.fail("cvt.%v.%v with rounding %q is not supported", to, from, rounding)
		return
	}
	d.in.sources[0] = d.value(d.operands[1], from)
	d.in.result = d.row(d.operands[0], to.acceptsWider, to)
	if register := d.k.rows[d.in.result].kind; register.bits > to.bits {
		narrow := f
		f = func(a, b, c uint64) uint64 { return to.extend(narrow(a, b, c), register) }
	}
	if from.bits < 64 {
		whole, mask := f, from.mask()
		f = func(a, b, c uint64) uint64 { return whole(a&mask, b, c) }
	}
	d.in.compute = f
}

func flushedConversion(f function, to, from kind) function {
	return func(a, b, c uint64) uint64 {
		if from == f32 {
			a = flush(a)
		}
		if a = f(a, b, c); to == f32 {
			a = flush(a)
		}
		return a
	}
}

// value returns the row of a source that may be a special register, or have more
// bits than are used.
func (d *decoder) value(o operand, k kind) int {
	if r := special(o.name); r != noSpecial && k.bits == 32 && !k.float() {
		return d.special(r)
	}
	return d.row(o, k.acceptsWider, k)
}

// decodeMov is for mov.u32 %r1, %tid.x; its source may be a variable in shared
// memory, too.
func decodeMov(d *decoder) {
	k := d.takeKind()
	if k != predicate && k.bits < 16 {
		d.fail("mov.%v is not supported", k)
	}
	d.expectOperands(2)
	d.setResult(0, k)
	d.in.compute = func(a, _, _ uint64) uint64 { return a }
	o := d.operands[1]
	if r := special(o.name); r != noSpecial && u32.accepts(k) {
		d.in.sources[0] = d.special(r)
		return
	}
	if n, known := d.variable(o.name); known && (u64.accepts(k) || u32.accepts(k)) {
		d.in.sources[0] = n
		return
	}
	d.in.sources[0] = d.source(1, k)
}

// decodeCvta is for cvta.to.global.u64 %d1, %d2; addresses in global memory are the
// same in both forms.
func decodeCvta(d *decoder) {
	k := d.takeKind()
	d.take("to")
	if k != u64 || !d.take("global") {
		d.fail("cvta is supported for .global and .u64 only")
	}
	d.computes(func(a, _, _ uint64) uint64 { return a }, k, k)
}
