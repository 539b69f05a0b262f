package ptxsim

import (
	"math"
	"math/big"
	"testing"
)

func TestComparisons(t *testing.T) {
	unordered := func(a, b float32) bool { return a != a || b != b }
	testOperations(t, []operationCase{
		{"setp.eq.f32 %y, %a, %b;", func(a, b float32) bool { return a == b }},
		{"setp.ne.f32 %y, %a, %b;", func(a, b float32) bool { return a < b || a > b }},
		{"setp.lt.f32 %y, %a, %b;", func(a, b float32) bool { return a < b }},
		{"setp.le.f32 %y, %a, %b;", func(a, b float32) bool { return a <= b }},
		{"setp.gt.f32 %y, %a, %b;", func(a, b float32) bool { return a > b }},
		{"setp.ge.f32 %y, %a, %b;", func(a, b float32) bool { return a >= b }},
		{"setp.equ.f32 %y, %a, %b;", func(a, b float32) bool { return a == b || unordered(a, b) }},
		{"setp.neu.f32 %y, %a, %b;", func(a, b float32) bool { return a != b }},
		{"setp.ltu.f32 %y, %a, %b;", func(a, b float32) bool { return !(a >= b) }},
		{"setp.leu.f32 %y, %a, %b;", func(a, b float32) bool { return !(a > b) }},
		{"setp.gtu.f32 %y, %a, %b;", func(a, b float32) bool { return !(a <= b) }},
		{"setp.geu.f32 %y, %a, %b;", func(a, b float32) bool { return !(a < b) }},
		{"setp.num.f32 %y, %a, %b;", func(a, b float32) bool { return !unordered(a, b) }},
		{"setp.nan.f32 %y, %a, %b;", unordered},
		{"setp.eq.ftz.f32 %y, %a, %b;", func(a, b float32) bool { return toZero(a) == toZero(b) }},
		{"setp.lt.f64 %y, %a, %b;", func(a, b float64) bool { return a < b }},
		{"setp.neu.f64 %y, %a, %b;", func(a, b float64) bool { return a != b }},
		{"setp.lt.s32 %y, %a, %b;", func(a, b int32) bool { return a < b }},
		{"setp.ge.s64 %y, %a, %b;", func(a, b int64) bool { return a >= b }},
		{"setp.le.s16 %y, %a, %b;", func(a, b int16) bool { return a <= b }},
		{"setp.lt.u32 %y, %a, %b;", func(a, b uint32) bool { return a < b }},
		{"setp.gt.u64 %y, %a, %b;", func(a, b uint64) bool { return a > b }},
		{"setp.hs.u32 %y, %a, %b;", func(a, b uint32) bool { return a >= b }},
		{"setp.ne.b64 %y, %a, %b;", func(a, b uint64) bool { return a != b }},
		{"setp.gt.and.f32 %y, %a, %b, %c;", func(a, b float32, c bool) bool { return a > b && c }},
		{"setp.gt.or.s32 %y, %a, %b, !%c;", func(a, b int32, c bool) bool { return a > b || !c }},
		{"setp.eq.xor.u32 %y, %a, 0, %b;", func(a uint32, b bool) bool { return a == 0 != b }},
		{"set.gt.f32.f32 %y, %a, %b;", func(a, b float32) float32 { return float32(truth(a > b)) }},
		{"set.leu.u32.f32 %y, %a, %b;", func(a, b float32) uint32 { return -uint32(truth(!(a > b))) }},
		{"set.lt.and.s32.s64 %y, %a, %b, %c;", func(a, b int64, c bool) int32 { return -int32(truth(a < b && c)) }},
	})
}

func TestConversions(t *testing.T) {
	testOperations(t, []operationCase{
		{"cvt.s64.s32 %y, %a;", func(a int32) int64 { return int64(a) }},
		{"cvt.u64.u32 %y, %a;", func(a uint32) uint64 { return uint64(a) }},
		{"cvt.u64.s32 %y, %a;", func(a int32) uint64 { return uint64(a) }},
		{"cvt.u32.u64 %y, %a;", func(a uint64) uint32 { return uint32(a) }},
		{"cvt.s32.s64 %y, %a;", func(a int64) int32 { return int32(a) }},
		{"cvt.s32.s8 %y, %a;", func(a uint32) int32 { return int32(int8(a)) }},
		{"cvt.u32.u16 %y, %a;", func(a uint16) uint32 { return uint32(a) }},
		{"cvt.s16.s8 %y, %a;", func(a uint32) int16 { return int16(int8(a)) }},
		{"cvt.s8.s32 %y, %a;", func(a int32) int32 { return int32(int8(a)) }},
		{"cvt.rn.f32.s32 %y, %a;", func(a int32) float32 { return nearest(new(big.Float).SetInt64(int64(a))) }},
		{"cvt.rn.f32.u32 %y, %a;", func(a uint32) float32 { return nearest(new(big.Float).SetInt64(int64(a))) }},
		{"cvt.rn.f32.s64 %y, %a;", func(a int64) float32 { return nearest(new(big.Float).SetInt64(a)) }},
		{"cvt.rn.f32.u64 %y, %a;", func(a uint64) float32 { return nearest(new(big.Float).SetUint64(a)) }},
		{"cvt.rn.f64.s32 %y, %a;", func(a int32) float64 { return float64(a) }},
		{"cvt.rn.f64.u64 %y, %a;", func(a uint64) float64 { y, _ := new(big.Float).SetUint64(a).Float64(); return y }},
		{"cvt.rn.f64.s64 %y, %a;", func(a int64) float64 { y, _ := new(big.Float).SetInt64(a).Float64(); return y }},
		{"cvt.f64.f32 %y, %a;", func(a float32) float64 { return float64(a) }},
		{"cvt.ftz.f64.f32 %y, %a;", func(a float32) float64 { return float64(toZero(a)) }},
		{"cvt.rn.f32.f64 %y, %a;", func(a float64) float32 { return float32(a) }},
		{"cvt.rni.f32.f32 %y, %a;", func(a float32) float32 { return float32(math.RoundToEven(float64(a))) }},
		{"cvt.rmi.f32.f32 %y, %a;", func(a float32) float32 { return float32(math.Floor(float64(a))) }},
		{"cvt.rpi.f32.f32 %y, %a;", func(a float32) float32 { return float32(math.Ceil(float64(a))) }},
		{"cvt.rzi.f64.f64 %y, %a;", math.Trunc},
		{"cvt.rni.s32.f32 %y, %a;", func(a float32) int32 {
			return int32(within(math.RoundToEven(float64(a)), math.MinInt32, math.MaxInt32, 0))
		}},
		{"cvt.rzi.u32.f32 %y, %a;", func(a float32) uint32 { return uint32(within(math.Trunc(float64(a)), 0, math.MaxUint32, 0)) }},
		{"cvt.rmi.s32.f64 %y, %a;", func(a float64) int32 {
			return int32(within(math.Floor(a), math.MinInt32, math.MaxInt32, math.MinInt32))
		}},
		{"cvt.rzi.s64.f32 %y, %a;", func(a float32) int64 { return whole64(float64(a)) }},
		{"cvt.rzi.s64.f64 %y, %a;", whole64},
		{"cvt.rpi.u64.f64 %y, %a;", func(a float64) uint64 {
			switch a = math.Ceil(a); {
			case a != a:
				return 1 << 63
			case a >= 1<<64:
				return math.MaxUint64
			case a <= 0:
				return 0
			}
			return uint64(a)
		}},
		{"cvt.rn.ftz.f32.f64 %y, %a;", func(a float64) float32 { return toZero(float32(a)) }},
		{"cvt.u64.u32 %y, %ntid.x;", func(uint64) uint64 { return 256 }},
		{"mov.b32 %y, %a;", math.Float32frombits},
		{"mov.u64 %y, 0x123456789ABCDEF0;", func(uint64) uint64 { return 0x123456789ABCDEF0 }},
		{"mov.s32 %y, -5;", func(int32) int32 { return -5 }},
		{"cvta.to.global.u64 %y, %a;", func(a uint64) uint64 { return a }},
		{"cvta.global.u64 %y, %a;", func(a uint64) uint64 { return a }},
	})
}

func nearest(v *big.Float) float32 {
	y, _ := v.Float32()
	return y
}

// within returns a value, or the bound that is nearer.
func within(v, least, most, ofNaN float64) int64 {
	if v != v {
		return int64(ofNaN)
	}
	return int64(min(max(v, least), most))
}

func whole64(a float64) int64 {
	switch {
	case a != a || a < -1<<63:
		return math.MinInt64
	case a >= 1<<63:
		return math.MaxInt64
	}
	return int64(a)
}
