package ptxsim

import (
	"math"
	"math/big"
	"math/bits"
	"testing"
)

func TestFloats(t *testing.T) {
	testOperations(t, []operationCase{
		{"add.rn.f32 %y, %a, %b;", func(a, b float32) float32 { return a + b }},
		{"sub.rn.f32 %y, %a, %b;", func(a, b float32) float32 { return a - b }},
		{"mul.rn.f32 %y, %a, %b;", func(a, b float32) float32 { return a * b }},
		{"mul.rn.f32 %y, 0f40490FDB, %b;", func(a, b float32) float32 { return math.Float32frombits(0x40490FDB) * b }},
		{"add.rn.ftz.f32 %y, %a, %b;", func(a, b float32) float32 { return toZero(toZero(a) + toZero(b)) }},
		{"div.rn.f32 %y, %a, %b;", exactQuotient},
		{"rcp.rn.f32 %y, %a;", func(a float32) float32 { return exactQuotient(1, a) }},
		{"sqrt.rn.f32 %y, %a;", exactRoot},
		{"fma.rn.f32 %y, %a, %b, %c;", exactFMA},
		{"neg.f32 %y, %a;", func(a float32) float32 { return -a }},
		{"abs.f32 %y, %a;", func(a float32) float32 { return float32(math.Abs(float64(a))) }},
		{"copysign.f32 %y, %a, %b;", func(a, b float32) float32 { return float32(math.Copysign(float64(b), float64(a))) }},
		{"min.f32 %y, %a, %b;", func(a, b float32) float32 { return float32(smaller(float64(a), float64(b))) }},
		{"max.f32 %y, %a, %b;", func(a, b float32) float32 { return float32(-smaller(-float64(a), -float64(b))) }},
		{"add.rn.f64 %y, %a, %b;", func(a, b float64) float64 { return a + b }},
		{"sub.rn.f64 %y, %a, %b;", func(a, b float64) float64 { return a - b }},
		{"mul.rn.f64 %y, %a, %b;", func(a, b float64) float64 { return a * b }},
		{"mul.rn.f64 %y, %a, 0d400921FB54442D18;", func(a float64) float64 { return a * math.Pi }},
		{"div.rn.f64 %y, %a, %b;", func(a, b float64) float64 { return a / b }},
		{"rcp.rn.f64 %y, %a;", func(a float64) float64 { return 1 / a }},
		{"sqrt.rn.f64 %y, %a;", math.Sqrt},
		{"fma.rn.f64 %y, %a, %b, %c;", math.FMA},
		{"neg.f64 %y, %a;", func(a float64) float64 { return -a }},
		{"abs.f64 %y, %a;", math.Abs},
		{"copysign.f64 %y, %a, %b;", func(a, b float64) float64 { return math.Copysign(b, a) }},
		{"min.f64 %y, %a, %b;", smaller},
		{"max.f64 %y, %a, %b;", func(a, b float64) float64 { return -smaller(-a, -b) }},
	})
}

func toZero(a float32) float32 {
	if math.Abs(float64(a)) < 0x1p-126 {
		return float32(math.Copysign(0, float64(a)))
	}
	return a
}

// smaller takes the value that is not a NaN.
func smaller(a, b float64) float64 {
	if a != a || a > b || a == b && math.Signbit(b) {
		return b
	}
	return a
}

func finite(values ...float32) bool {
	for _, v := range values {
		if v-v != 0 {
			return false
		}
	}
	return true
}

func exact(v float32) *big.Float { return big.NewFloat(float64(v)).SetPrec(2000) }

func exactQuotient(a, b float32) float32 {
	if a == 0 || b == 0 || !finite(a, b) {
		return a / b
	}
	y, _ := new(big.Float).SetPrec(2000).Quo(exact(a), exact(b)).Float32()
	return y
}

func exactRoot(a float32) float32 {
	if a <= 0 || !finite(a) {
		return float32(math.Sqrt(float64(a)))
	}
	y, _ := new(big.Float).SetPrec(200).Sqrt(exact(a)).Float32()
	return y
}

func exactFMA(a, b, c float32) float32 {
	if !finite(a, b, c) {
		return float32(float64(a)*float64(b) + float64(c))
	}
	product := exact(a)
	product.Mul(product, exact(b))
	sum := new(big.Float).SetPrec(2000).Add(product, exact(c))
	if sum.Sign() == 0 {
		return float32(float64(a)*float64(b)) + c // the sign of 0
	}
	y, _ := sum.Float32()
	return y
}

// TestFusedHalfway has sums that are so near to the middle of two values that two
// roundings go wrong.
func TestFusedHalfway(t *testing.T) {
	for _, c := range [][3]float32{
		{1 + 0x1p-12, 1 - 0x1p-12, 0x1p-24}, {1 + 0x1p-12, 1 + 0x1p-12, 0x1p-60}, {1 + 0x1p-12, 1 + 0x1p-12, -0x1p-60},
		{0x1p-75, 0x1p-75, 0x1p-149}, {0x1.000002p-75, 0x1p-75, 0x1p-126}, {-0x1.000002p-75, 0x1p-75, 0x1p-126},
		{0x1.8p0, 0x1p-149, 0x1p-149}, {0x1p64, 0x1.fffffep63, -0x1p-149}, {0x1.fffffep127, 1, 0x1p103}, {0x1.fffffep127, 1, 0x1.fffffep102},
	} {
		for _, signs := range [][3]float32{{1, 1, 1}, {-1, 1, 1}, {1, 1, -1}, {-1, 1, -1}} {
			a, b, c := c[0]*signs[0], c[1]*signs[1], c[2]*signs[2]
			if got, want := fma32(a, b, c), exactFMA(a, b, c); math.Float32bits(got) != math.Float32bits(want) {
				t.Errorf("%x*%x+%x = %x, expected %x", a, b, c, got, want)
			}
		}
	}
}

func TestIntegers(t *testing.T) {
	testOperations(t, []operationCase{
		{"add.s32 %y, %a, %b;", func(a, b int32) int32 { return a + b }},
		{"add.u64 %y, %a, -1;", func(a uint64) uint64 { return a - 1 }},
		{"add.s16 %y, %a, %b;", func(a, b int16) int16 { return a + b }},
		{"max.u16 %y, %a, %b;", most[uint16]},
		{"sub.u32 %y, %a, %b;", func(a, b uint32) uint32 { return a - b }},
		{"sub.s64 %y, %a, %b;", func(a, b int64) int64 { return a - b }},
		{"mul.lo.s32 %y, %a, %b;", func(a, b int32) int32 { return a * b }},
		{"mul.lo.u64 %y, %a, %b;", func(a, b uint64) uint64 { return a * b }},
		{"mul.hi.s32 %y, %a, %b;", func(a, b int32) int32 { return int32(int64(a) * int64(b) >> 32) }},
		{"mul.hi.u32 %y, %a, %b;", func(a, b uint32) uint32 { return uint32(uint64(a) * uint64(b) >> 32) }},
		{"mul.hi.s64 %y, %a, %b;", highProduct},
		{"mul.hi.u64 %y, %a, %b;", func(a, b uint64) uint64 { h, _ := bits.Mul64(a, b); return h }},
		{"mul.hi.s16 %y, %a, %b;", func(a, b int16) int16 { return int16(int32(a) * int32(b) >> 16) }},
		{"mul.wide.s32 %y, %a, %b;", func(a, b int32) int64 { return int64(a) * int64(b) }},
		{"mul.wide.u32 %y, %a, %b;", func(a, b uint32) uint64 { return uint64(a) * uint64(b) }},
		{"mul.wide.s16 %y, %a, %b;", func(a, b int16) int32 { return int32(a) * int32(b) }},
		{"mad.lo.s32 %y, %a, %b, %c;", func(a, b, c int32) int32 { return a*b + c }},
		{"mad.hi.u32 %y, %a, %b, %c;", func(a, b, c uint32) uint32 { return uint32(uint64(a)*uint64(b)>>32) + c }},
		{"mad.wide.u32 %y, %a, %b, %c;", func(a, b uint32, c uint64) uint64 { return uint64(a)*uint64(b) + c }},
		{"mad.wide.s32 %y, %a, %b, %c;", func(a, b int32, c int64) int64 { return int64(a)*int64(b) + c }},
		{"div.s32 %y, %a, %b;", quotient[int32]}, {"div.u32 %y, %a, %b;", quotient[uint32]},
		{"div.s64 %y, %a, %b;", quotient[int64]}, {"div.u64 %y, %a, %b;", quotient[uint64]},
		{"rem.s32 %y, %a, %b;", remainder[int32]}, {"rem.u32 %y, %a, %b;", remainder[uint32]},
		{"rem.s64 %y, %a, %b;", remainder[int64]}, {"rem.u64 %y, %a, %b;", remainder[uint64]},
		{"min.s32 %y, %a, %b;", least[int32]}, {"min.u32 %y, %a, %b;", least[uint32]},
		{"min.s64 %y, %a, %b;", least[int64]}, {"min.u64 %y, %a, %b;", least[uint64]},
		{"max.s32 %y, %a, %b;", most[int32]}, {"max.u32 %y, %a, %b;", most[uint32]},
		{"max.s64 %y, %a, %b;", most[int64]}, {"max.u64 %y, %a, %b;", most[uint64]},
		{"neg.s32 %y, %a;", func(a int32) int32 { return -a }},
		{"neg.s64 %y, %a;", func(a int64) int64 { return -a }},
		{"abs.s32 %y, %a;", func(a int32) int32 { return max(a, -a) }},
		{"abs.s64 %y, %a;", func(a int64) int64 { return max(a, -a) }},
	})
}

func highProduct(a, b int64) int64 {
	p := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	return p.Rsh(p, 64).Int64()
}

func quotient[T integer](a, b T) T {
	if b == 0 {
		return b - 1
	}
	return a / b
}

func remainder[T integer](a, b T) T {
	if b == 0 {
		return b - 1
	}
	return a % b
}

func least[T integer](a, b T) T { return min(a, b) }
func most[T integer](a, b T) T  { return max(a, b) }

func TestBits(t *testing.T) {
	testOperations(t, []operationCase{
		{"and.b32 %y, %a, %b;", func(a, b uint32) uint32 { return a & b }},
		{"or.b64 %y, %a, %b;", func(a, b uint64) uint64 { return a | b }},
		{"xor.b32 %y, %a, 0xFFFF0000;", func(a uint32) uint32 { return a ^ 0xFFFF0000 }},
		{"and.pred %y, %a, %b;", func(a, b bool) bool { return a && b }},
		{"or.pred %y, %a, %b;", func(a, b bool) bool { return a || b }},
		{"xor.pred %y, %a, %b;", func(a, b bool) bool { return a != b }},
		{"not.pred %y, %a;", func(a bool) bool { return !a }},
		{"not.b32 %y, %a;", func(a uint32) uint32 { return ^a }},
		{"not.b64 %y, %a;", func(a uint64) uint64 { return ^a }},
		{"shl.b32 %y, %a, %b;", func(a, b uint32) uint32 { return a << b }},
		{"shl.b64 %y, %a, %b;", func(a uint64, b uint32) uint64 { return a << b }},
		{"shr.u32 %y, %a, %b;", func(a, b uint32) uint32 { return a >> b }},
		{"shr.s32 %y, %a, %b;", func(a int32, b uint32) int32 { return a >> b }},
		{"shr.s64 %y, %a, %b;", func(a int64, b uint32) int64 { return a >> b }},
		{"shr.b64 %y, %a, 63;", func(a uint64) uint64 { return a >> 63 }},
		{"popc.b32 %y, %a;", func(a uint32) uint32 { return uint32(bits.OnesCount32(a)) }},
		{"popc.b64 %y, %a;", func(a uint64) uint32 { return uint32(bits.OnesCount64(a)) }},
		{"clz.b32 %y, %a;", func(a uint32) uint32 { return uint32(bits.LeadingZeros32(a)) }},
		{"clz.b64 %y, %a;", func(a uint64) uint32 { return uint32(bits.LeadingZeros64(a)) }},
		{"brev.b32 %y, %a;", bits.Reverse32},
		{"brev.b64 %y, %a;", bits.Reverse64},
		{"bfe.u32 %y, %a, 4, 9;", func(a uint32) uint32 { return a >> 4 & 511 }},
		{"bfe.s32 %y, %a, 4, 9;", func(a int32) int32 { return a << 19 >> 23 }},
		{"bfe.s32 %y, %a, 30, 9;", func(a int32) int32 { return a >> 30 }},
		{"bfe.u32 %y, %a, 4, 0;", func(uint32) uint32 { return 0 }},
		{"bfe.s32 %y, %a, 4, 0;", func(int32) int32 { return 0 }},
		{"bfe.u64 %y, %a, 60, 9;", func(a uint64) uint64 { return a >> 60 }},
		{"bfe.s64 %y, %a, 0, 64;", func(a int64) int64 { return a }},
		{"bfi.b32 %y, %a, %b, 4, 9;", func(a, b uint32) uint32 { return b&^(511<<4) | a&511<<4 }},
		{"bfi.b64 %y, %a, %b, 60, 9;", func(a, b uint64) uint64 { return b&^(15<<60) | a<<60 }},
		{"prmt.b32 %y, %a, %b, 0x5410;", func(a, b uint32) uint32 { return a&0xFFFF | b<<16 }},
		{"prmt.b32 %y, %a, %b, 0xB270;", func(a, b uint32) uint32 {
			return uint32(int32(a)>>31)<<24 | a&0xFF0000 | b>>24<<8 | a&255
		}},
		{"selp.f32 %y, %a, %b, %c;", func(a, b float32, c bool) float32 {
			if c {
				return a
			}
			return b
		}},
		{"selp.b64 %y, %a, 7, %b;", func(a uint64, b bool) uint64 {
			if b {
				return a
			}
			return 7
		}},
	})
}
