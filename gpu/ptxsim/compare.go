package ptxsim

import "cmp"

// relation is what a comparison gives for values where the first is less, where they
// are equal, where it is greater, and where one is a NaN.
type relation struct{ less, equal, greater, unordered bool }

var relations = map[string]relation{
	"eq": {equal: true}, "ne": {less: true, greater: true},
	"lt": {less: true}, "le": {less: true, equal: true}, "gt": {greater: true}, "ge": {greater: true, equal: true},
}

var unsignedRelations = map[string]relation{
	"lo": relations["lt"], "ls": relations["le"], "hi": relations["gt"], "hs": relations["ge"],
}

// floatRelations are those for floats only.
var floatRelations = map[string]relation{
	"equ": {equal: true, unordered: true}, "neu": {less: true, greater: true, unordered: true},
	"ltu": {less: true, unordered: true}, "leu": {less: true, equal: true, unordered: true},
	"gtu": {greater: true, unordered: true}, "geu": {greater: true, equal: true, unordered: true},
	"num": {less: true, equal: true, greater: true}, "nan": {unordered: true},
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// relationOf is the function of a relation for values that are as get returns them.
// It does not branch, since that is slow where the answers are mixed.
func relationOf[T cmp.Ordered](r relation, get func(uint64) T) function {
	less, equal, greater, unordered := truth(r.less), truth(r.equal), truth(r.greater), truth(r.unordered)
	return func(a, b, _ uint64) uint64 {
		x, y := get(a), get(b)
		isLess, isEqual, isGreater := truth(x < y), truth(x == y), truth(x > y)
		return isLess&less | isEqual&equal | isGreater&greater | (1-isLess-isEqual-isGreater)&unordered
	}
}

// relation takes the name of one.
func (d *decoder) relation(k kind) relation {
	name := ""
	if len(d.modifiers) > 0 {
		name, d.modifiers = d.modifiers[0], d.modifiers[1:]
	}
	r, known := relations[name]
	if !known && k.float() {
		r, known = floatRelations[name]
	}
	if !known && k.class == 'u' {
		r, known = unsignedRelations[name]
	}
	if !known || k.class == 'b' && name != "eq" && name != "ne" || k.bits < 16 {
		d.fail("%s: %q is no comparison of .%v", d.opcode, name, k)
	}
	return r
}

// comparison returns the function of a relation.
func (d *decoder) comparison(r relation, k kind) function {
	switch {
	case k == f32:
		f := relationOf(r, value32)
		if d.take("ftz") {
			f = flushedOperands(f)
		}
		return f
	case k == f64:
		return relationOf(r, value64)
	case k.class == 's':
		return relationOf(r, func(v uint64) int64 { return int64(k.extend(v, s64)) })
	}
	return relationOf(r, func(v uint64) uint64 { return v })
}

func flushedOperands(f function) function {
	return func(a, b, c uint64) uint64 { return f(flush(a), flush(b), c) }
}

var combinations = map[string]function{
	"and": func(a, b, _ uint64) uint64 { return a & b },
	"or":  func(a, b, _ uint64) uint64 { return a | b },
	"xor": func(a, b, _ uint64) uint64 { return a ^ b },
}

// combined takes the name of an operation that combines a comparison with a third
// operand, if there is one. It returns the kinds of the sources, too.
func (d *decoder) combined(f function, k kind) (function, []kind) {
	name := d.takeOne("and", "or", "xor")
	if name == "" {
		return f, []kind{k, k}
	}
	combine, inverted := combinations[name], uint64(0)
	if len(d.operands) == 4 && d.operands[3].inverted {
		d.operands[3].inverted, inverted = false, 1
	}
	return func(a, b, c uint64) uint64 { return combine(f(a, b, 0), c^inverted, 0) }, []kind{k, k, predicate}
}

// decodeSetp is for setp.lt.and.f32 %p1, %f1, %f2, !%p2;
func decodeSetp(d *decoder) {
	k := d.takeKind()
	r := d.relation(k)
	if k == f32 && len(d.modifiers) == 0 {
		d.in.loop = compare32(r)
	}
	f, sources := d.combined(d.comparison(r, k), k)
	d.computes(f, predicate, sources...)
}

// decodeSet is for set.lt.and.u32.f32 %r1, %f1, %f2, !%p2;
func decodeSet(d *decoder) {
	k, result := d.takeKind(), d.takeKind()
	f, sources := d.combined(d.comparison(d.relation(k), k), k)
	yes := uint64(0xFFFFFFFF)
	if result == f32 {
		yes = bits32(1)
	}
	if result.bits != 32 {
		d.fail("set with a result of type .%v is not supported", result)
	}
	d.computes(func(a, b, c uint64) uint64 { return f(a, b, c) * yes }, result, sources...)
}

// decodeSelp is for selp.f32 %f1, %f2, %f3, %p1;
func decodeSelp(d *decoder) {
	k := d.takeKind()
	if k == predicate || k.bits < 16 {
		d.fail("selp.%v is not supported", k)
		return
	}
	d.in.loop = selp
	d.computes(func(a, b, c uint64) uint64 {
		if c != 0 {
			return a
		}
		return b
	}, k, k, k, predicate)
}
