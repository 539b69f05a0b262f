package ptxsim

import (
	"fmt"
	"math/bits"
)

type integer interface {
	int16 | int32 | int64 | uint16 | uint32 | uint64
}

// integers returns the function of an operation on integers, or nil.
func integers(operation string, k kind) function {
	switch k {
	case s16:
		return integersOf[int16, uint16](operation)
	case u16:
		return integersOf[uint16, uint16](operation)
	case s32:
		return integersOf[int32, uint32](operation)
	case u32:
		return integersOf[uint32, uint32](operation)
	case s64:
		return integersOf[int64, uint64](operation)
	case u64:
		return integersOf[uint64, uint64](operation)
	}
	return nil
}

// integersOf is integers for values of type T; U is T without a sign. PTX does
// not define what comes of a division by 0: here it is all bits set.
func integersOf[T, U integer](operation string) function {
	switch operation {
	case "add":
		return func(a, b, _ uint64) uint64 { return uint64(U(a + b)) }
	case "sub":
		return func(a, b, _ uint64) uint64 { return uint64(U(a - b)) }
	case "mul.lo":
		return func(a, b, _ uint64) uint64 { return uint64(U(a * b)) }
	case "mad.lo":
		return func(a, b, c uint64) uint64 { return uint64(U(a*b + c)) }
	case "mul.hi":
		return func(a, b, _ uint64) uint64 { return uint64(U(high(T(a), T(b)))) }
	case "mad.hi":
		return func(a, b, c uint64) uint64 { return uint64(U(high(T(a), T(b)) + T(c))) }
	case "div":
		return func(a, b, _ uint64) uint64 {
			if b == 0 {
				return uint64(^U(0))
			}
			return uint64(U(T(a) / T(b)))
		}
	case "rem":
		return func(a, b, _ uint64) uint64 {
			if b == 0 {
				return uint64(^U(0))
			}
			return uint64(U(T(a) % T(b)))
		}
	case "min":
		return func(a, b, _ uint64) uint64 { return uint64(U(min(T(a), T(b)))) }
	case "max":
		return func(a, b, _ uint64) uint64 { return uint64(U(max(T(a), T(b)))) }
	case "neg":
		return func(a, _, _ uint64) uint64 { return uint64(U(-a)) }
	case "abs":
		return func(a, _, _ uint64) uint64 { return uint64(U(max(T(a), -T(a)))) }
	}
	return nil
}

// high returns the upper half of a product.
func high[T integer](a, b T) T {
	h, l := bits.Mul64(uint64(a), uint64(b))
	if ^T(0) < 0 {
		// As numbers without a sign, those below 0 are larger by 1<<64.
		if a < 0 {
			h -= uint64(b)
		}
		if b < 0 {
			h -= uint64(a)
		}
	}
	switch any(a).(type) {
	case int16, uint16:
		return T(l >> 16)
	case int32, uint32:
		return T(l >> 32)
	}
	return T(h)
}

// wide returns the product of values of kind k with twice their bits, plus c.
func wide(k kind) function {
	double := kind{k.class, 2 * k.bits}
	return func(a, b, c uint64) uint64 {
		return (k.extend(a, double)*k.extend(b, double) + c) & double.mask()
	}
}

func decodeInteger(d *decoder, operands int) {
	k := d.takeKind()
	operation := d.opcode
	signedOnly := operation == "neg" || operation == "abs"
	if !k.integer() || k.bits < 16 || signedOnly && k.class != 's' {
		d.fail("%s.%v is not supported", d.opcode, k)
		return
	}
	sources := []kind{k, k, k}[:operands]
	if operation == "mul" || operation == "mad" {
		half := d.takeOne("lo", "hi", "wide")
		switch half {
		case "":
			d.fail("%s.%v does not say which half of the product, expected .lo, .hi or .wide", d.opcode, k)
			return
		case "wide":
			if k.bits == 64 {
				d.fail("%s.wide.%v is not supported", d.opcode, k)
				return
			}
			double := kind{k.class, 2 * k.bits}
			if operands == 3 {
				sources[2] = double
			}
			d.computes(wide(k), double, sources...)
			return
		}
		operation += "." + half
	}
	d.in.loop = loops[fmt.Sprintf("%s.%d", operation, k.bits)]
	d.computes(integers(operation, k), k, sources...)
}
