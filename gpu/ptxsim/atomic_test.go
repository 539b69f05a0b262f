package ptxsim

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestAtomics combines the numbers of all threads in one word.
func TestAtomics(t *testing.T) {
	const blocks, threads = 4, 96
	combined := func(start uint32, f func(a, b uint32) uint32) uint32 {
		for i := range uint32(blocks * threads) {
			start = f(start, i)
		}
		return start
	}
	for _, c := range []struct {
		operation   string
		start, want uint32
	}{
		{"add.u32", 5, combined(5, func(a, b uint32) uint32 { return a + b })},
		{"add.s32", 5, combined(5, func(a, b uint32) uint32 { return a + b })},
		{"max.u32", 7, blocks*threads - 1},
		{"min.s32", math.MaxUint32, math.MaxUint32}, // -1
		{"min.u32", math.MaxUint32, 0},
		{"max.s32", math.MaxUint32, blocks*threads - 1},
		{"or.b32", 1 << 20, combined(1<<20, func(a, b uint32) uint32 { return a | b })},
		{"and.b32", 0xFFFF, 0},
		{"xor.b32", 3, combined(3, func(a, b uint32) uint32 { return a ^ b })},
	} {
		for _, opcode := range []string{"red.global.", "atom.relaxed.gpu.global."} {
			result := ""
			if opcode[0] == 'a' {
				result = "%r1, "
			}
			checkKernel(t, fmt.Sprintf("%s%s %s[%%base], %%all;", opcode, c.operation, result), blocks, threads, []uint32{c.start}, []uint32{c.want})
		}
	}
}

// TestAtomicFloats adds numbers that are exact in each order.
func TestAtomicFloats(t *testing.T) {
	checkKernel(t, `
cvt.rn.f32.u32 %f1, %all;
red.global.add.f32 [%base], %f1;`, 4, 32, []uint32{0}, []uint32{math.Float32bits(127 * 128 / 2)})
	checkKernel(t, `
setp.eq.u32 %p1, %i, 0;
@%p1 st.shared.b32 [buffer+4], 0;
bar.sync 0;
mov.f32 %f1, 0f3F000000;
atom.shared.add.f32 %f2, [buffer+4], %f1;
bar.sync 0;
ld.shared.f32 %f2, [buffer+4];
st.global.f32 [%at], %f2;`, 1, 32, make([]uint32, 32), slices.Repeat([]uint32{math.Float32bits(16)}, 32))
	sum := math.Float64bits(127 * 128 / 2)
	checkKernel(t, `
.reg .f64 %x;
cvt.rn.f64.u32 %x, %all;
red.global.add.f64 [%base], %x;`, 4, 32, []uint32{0, 0}, []uint32{uint32(sum), uint32(sum >> 32)})
}

// TestAtomicResults hands out numbers, each of them once.
func TestAtomicResults(t *testing.T) {
	values, err := runKernel(t, Options{}, "atom.global.add.u32 %r1, [%base], 1;\nst.global.u32 [%at+4], %r1;", 3, 64, make([]uint32, 1+3*64))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(values[1:])
	for i, v := range values[1:] {
		if int(v) != i {
			t.Fatalf("number %d was not handed out", i)
		}
	}
}

// TestCompareAndSwap counts with a loop in which one thread after the other wins.
func TestCompareAndSwap(t *testing.T) {
	checkKernel(t, `
atom.global.or.b32 %r1, [%base], 0;
$again:
mov.u32 %r2, %r1;
add.u32 %r3, %r1, 3;
atom.global.cas.b32 %r1, [%base], %r2, %r3;
setp.ne.u32 %p1, %r1, %r2;
@%p1 bra $again;
atom.global.exch.b32 %r4, [%base+4], %r3;`, 2, 64, []uint32{0, 0}, []uint32{3 * 128})
	checkKernel(t, `
cvt.u64.u32 %d1, %all;
atom.global.add.u64 %d2, [%base], 0x100000000;
red.global.max.u64 [%base+8], %d1;
red.global.min.s64 [%base+16], %d1;`, 2, 64, []uint32{0, 0, 0, 0, 5, 0}, []uint32{0, 128, 127, 0, 0, 0})
}

// shuffled is what a lane gets by PTX's own description of shfl.
func shuffled(mode string, lane, b, c int) (from int, within bool) {
	segment := c >> 8 & 31
	most := lane&segment | c&31&^segment
	switch mode {
	case "up":
		from = lane - b
		within = from >= most
	case "down":
		from = lane + b
		within = from <= most
	case "bfly":
		from = lane ^ b
		within = from <= most
	case "idx":
		from = lane&segment | b&^segment
		within = from <= most
	}
	if !within {
		from = lane
	}
	return from, within
}

func TestShuffles(t *testing.T) {
	const threads = 64
	values := randomValues(threads, 1<<31)
	for _, mode := range []string{"up", "down", "bfly", "idx"} {
		for _, distance := range []int{0, 1, 5, 16, 31} {
			for _, clamp := range []int{0, 31, 7, 0x181f, 0x1f1f, 0x1800, 0x1c1f} {
				want := slices.Clone(values)
				for i := range want {
					from, within := shuffled(mode, i%32, distance, clamp)
					want[i] = values[i/32*32+from] ^ uint32(truth(within))
				}
				checkKernel(t, fmt.Sprintf(`
ld.global.u32 %%r1, [%%at];
shfl.sync.%s.b32 %%r2|%%p1, %%r1, %d, %#x, 0xFFFFFFFF;
selp.u32 %%r3, 1, 0, %%p1;
xor.b32 %%r2, %%r2, %%r3;
st.global.u32 [%%at], %%r2;`, mode, distance, clamp), 1, threads, values, want)
			}
		}
	}
}

// TestShuffleOfSome has half of each warp exchange values, while the others go on.
func TestShuffleOfSome(t *testing.T) {
	values := randomValues(64, 1<<31)
	want := slices.Clone(values)
	for i := range want {
		if i%32 < 16 {
			want[i] = values[i^1]
		}
	}
	checkKernel(t, `
ld.global.u32 %r1, [%at];
mov.u32 %r2, %laneid;
setp.ge.u32 %p1, %r2, 16;
@%p1 bra $out;
shfl.sync.bfly.b32 %r1, %r1, 1, 31, 0xFFFF;
$out:
bar.sync 0;
st.global.u32 [%at], %r1;`, 1, 64, values, want)
}
