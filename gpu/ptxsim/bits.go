package ptxsim

import "math/bits"

// decodeLogic is for and, or, xor.
func decodeLogic(d *decoder) {
	k := d.takeKind()
	if k != predicate && (k.class != 'b' || k.bits < 16) {
		d.fail("%s.%v is not supported, expected .b32, .b64 or .pred", d.opcode, k)
	}
	d.computes(combinations[d.opcode], k, k, k)
}

func decodeNot(d *decoder) {
	k := d.takeKind()
	if k != predicate && (k.class != 'b' || k.bits < 16) {
		d.fail("not.%v is not supported, expected .b32, .b64 or .pred", k)
	}
	mask := k.mask()
	d.computes(func(a, _, _ uint64) uint64 { return ^a & mask }, k, k)
}

// decodeShift is for shl and shr. A shift by all bits or more leaves none, but for
// the sign.
func decodeShift(d *decoder) {
	k := d.takeKind()
	mask := k.mask()
	f := func(a, b, _ uint64) uint64 { return a << b & mask }
	switch {
	case k.float() || k == predicate || k.bits < 16 || d.opcode == "shl" && k.class != 'b':
		d.fail("%s.%v is not supported", d.opcode, k)
	case d.opcode == "shr" && k.class == 's':
		f = func(a, b, _ uint64) uint64 { return uint64(int64(k.extend(a, s64))>>b) & mask }
	case d.opcode == "shr":
		f = func(a, b, _ uint64) uint64 { return a >> b }
	}
	d.computes(f, k, k, u32)
}

// decodeCount is for popc and clz.
func decodeCount(d *decoder) {
	k := d.takeKind()
	if k != b32 && k != b64 {
		d.fail("%s.%v is not supported, expected .b32 or .b64", d.opcode, k)
	}
	above := 64 - k.bits
	f := func(a, _, _ uint64) uint64 { return uint64(bits.LeadingZeros64(a) - above) }
	if d.opcode == "popc" {
		f = func(a, _, _ uint64) uint64 { return uint64(bits.OnesCount64(a)) }
	}
	d.computes(f, u32, k)
}

func decodeBrev(d *decoder) {
	k := d.takeKind()
	if k != b32 && k != b64 {
		d.fail("brev.%v is not supported, expected .b32 or .b64", k)
	}
	above := 64 - k.bits
	d.computes(func(a, _, _ uint64) uint64 { return bits.Reverse64(a) >> above }, k, k)
}

// decodeBfe is for bfe.u32 d, a, position, length; Bits that are beyond those of a
// are 0, or those of its sign. That of a field of .s32 or .s64 is extended.
func decodeBfe(d *decoder) {
	k := d.takeKind()
	if !k.integer() || k.bits < 32 {
		d.fail("bfe.%v is not supported", k)
	}
	widest := kind{k.class, 64}
	d.computes(func(a, position, length uint64) uint64 {
		position, length = position&255, min(length&255, 64)
		unused := 64 - length
		if k.class == 's' {
			return uint64(int64(k.extend(a, widest))>>position<<unused>>unused) & k.mask()
		}
		return a >> position << unused >> unused
	}, k, k, u32, u32)
}

// decodeBfi is for bfi.b32 f, a, b, position, length; with a number for each of the
// last two.
func decodeBfi(d *decoder) {
	k := d.takeKind()
	if k != b32 && k != b64 {
		d.fail("bfi.%v is not supported, expected .b32 or .b64", k)
	}
	d.expectOperands(5)
	position, valid := number(d.operands[3].name, u32)
	length, alsoValid := number(d.operands[4].name, u32)
	if !valid || !alsoValid || position > 255 || length > 255 {
		d.fail("bfi: expected numbers up to 255 for the position and the length")
	}
	field := (uint64(1)<<length - 1) << position & k.mask()
	d.operands = d.operands[:3]
	d.computes(func(a, b, _ uint64) uint64 { return b&^field | a<<position&field }, k, k, k)
}

// decodePrmt is for prmt.b32 d, a, b, selector; Each four bits of the selector say
// which of the eight bytes of a and b comes there, or its sign in all bits.
func decodePrmt(d *decoder) {
	k := d.takeKind()
	if k != b32 {
		d.fail("prmt.%v is not supported, expected .b32", k)
	}
	d.computes(func(a, b, selector uint64) (y uint64) {
		bytes := a | b<<32
		for i := range 4 {
			choice := selector >> (4 * i) & 15
			v := bytes >> (8 * (choice & 7)) & 255
			if choice&8 != 0 {
				v = 255 * (v >> 7)
			}
			y |= v << (8 * i)
		}
		return y
	}, k, k, k, k)
}
