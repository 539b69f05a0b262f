package ptxsim

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"spikebook/gpu/device"
)

// kernelText is a module with a kernel named test that works on an array of u32,
// one for each thread: %i is the number of the thread in its block, %all that in the
// grid, %at the address of its value, %base that of the first one.
func kernelText(body string) string {
	return `.version 6.3
.target sm_70
.address_size 64
.extern .shared .align 4 .b8 rest[];
.visible .entry test(.param .u64 .ptr .global .align 4 array, .param .u32 n)
{
.reg .b32 %i, %all, %n, %r<10>;
.reg .b64 %base, %at, %d<10>;
.reg .f32 %f<10>;
.reg .pred %p<10>;
.shared .align 4 .b8 buffer[4096];
ld.param.u64 %base, [array];
ld.param.u32 %n, [n];
mov.u32 %i, %ctaid.x;
mov.u32 %all, %ntid.x;
mul.lo.u32 %all, %all, %i;
mov.u32 %i, %tid.x;
add.u32 %all, %all, %i;
mad.wide.u32 %at, %all, 4, %base;
` + body + "\n}\n"
}

// runKernel runs one of kernelText on values, and returns what they are then.
func runKernel(t testing.TB, o Options, body string, blocks, threads int, values []uint32) ([]uint32, error) {
	t.Helper()
	d := Open(o)
	p := alloc(t, d, 4*len(values), "array")
	data, _ := binary.Append(nil, binary.LittleEndian, values)
	if err := d.Upload(p, data); err != nil {
		t.Fatal(err)
	}
	err := d.Launch(device.Launch{
		Module: kernelText(body), Kernel: "test", Grid: [3]int{blocks, 1, 1}, Block: [3]int{threads, 1, 1}, Shared: 1024,
		Args: []any{p, uint32(len(values))},
	})
	if err != nil {
		return nil, err
	}
	if err := d.Download(data, p); err != nil {
		t.Fatal(err)
	}
	results := make([]uint32, len(values))
	_, err = binary.Decode(data, binary.LittleEndian, results)
	return results, err
}

func checkKernel(t *testing.T, body string, blocks, threads int, values, want []uint32) {
	t.Helper()
	got, err := runKernel(t, Options{}, body, blocks, threads, values)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("value %d is %d, expected %d", i, got[i], want[i])
		}
	}
}

func randomValues(n int, most uint32) []uint32 {
	random := rand.New(rand.NewPCG(5, 6))
	values := make([]uint32, n)
	for i := range values {
		values[i] = random.Uint32N(most)
	}
	return values
}

func mapped(values []uint32, f func(uint32) uint32) []uint32 {
	results := slices.Clone(values)
	for i, v := range values {
		results[i] = f(v)
	}
	return results
}

// TestDivergence has a loop with a branch in it, for each thread with another number
// of rounds: steps of the Collatz sequence.
func TestDivergence(t *testing.T) {
	values := randomValues(500, 1000)
	checkKernel(t, `
setp.ge.u32 %p1, %all, %n;
@%p1 exit;
ld.global.u32 %r1, [%at];
add.u32 %r1, %r1, 1;
mov.u32 %r2, 0;
$loop:
setp.le.u32 %p1, %r1, 1;
@%p1 bra $done;
add.u32 %r2, %r2, 1;
and.b32 %r3, %r1, 1;
setp.eq.u32 %p2, %r3, 0;
@%p2 bra $even;
mad.lo.u32 %r1, %r1, 3, 1;
bra.uni $loop;
$even:
shr.u32 %r1, %r1, 1;
bra.uni $loop;
$done:
st.global.u32 [%at], %r2;`, 4, 128, values, mapped(values, func(v uint32) (steps uint32) {
		for v++; v > 1; steps++ {
			if v%2 == 0 {
				v /= 2
			} else {
				v = 3*v + 1
			}
		}
		return steps
	}))
}

// TestGuards has instructions that some threads take, and registers of an inner
// scope that have the names of outer ones.
func TestGuards(t *testing.T) {
	values := randomValues(256, 100)
	checkKernel(t, `
ld.global.u32 %r1, [%at];
setp.lt.u32 %p1, %r1, 50;
@%p1 mov.u32 %r2, 1;
@!%p1 mov.u32 %r2, 2;
{
.reg .b32 %r1, %r<3>;
mov.u32 %r1, 7;
mov.u32 %r2, 9;
}
@%p1 st.global.u32 [%at], %r2;
@!%p1 add.u32 %r2, %r2, %r1;
@!%p1 st.global.u32 [%at], %r2;`, 2, 128, values, mapped(values, func(v uint32) uint32 {
		if v < 50 {
			return 1
		}
		return 2 + v
	}))
}

func TestSharedMemory(t *testing.T) {
	values := randomValues(512, 1000)
	want := slices.Clone(values)
	for block := range 2 {
		var sum uint32
		for _, v := range values[256*block:][:256] {
			sum += v
		}
		for i := range 256 {
			want[256*block+i] = sum
		}
	}
	checkKernel(t, `
ld.global.u32 %r1, [%at];
mov.u64 %d1, buffer;
mad.wide.u32 %d1, %i, 4, %d1;
st.shared.u32 [%d1], %r1;
mov.u32 %r2, 512;
$half:
bar.sync 0;
setp.ge.u32 %p1, %i, 128;
shr.u32 %r2, %r2, 1;
setp.eq.u32 %p2, %r2, 1;
@%p2 bra $sum;
shr.u32 %r3, %r2, 1;
setp.ge.u32 %p1, %i, %r3;
@%p1 bra $half;
mad.wide.u32 %d2, %r3, 4, %d1;
ld.shared.u32 %r4, [%d2];
ld.shared.u32 %r5, [%d1];
add.u32 %r5, %r5, %r4;
st.shared.u32 [%d1], %r5;
bra $half;
$sum:
ld.shared.u32 %r1, [buffer];
st.global.u32 [%at], %r1;`, 2, 256, values, want)
}

// TestDynamicShared turns the values of a block around, in memory whose size the
// launch says; addresses have 32 bits.
func TestDynamicShared(t *testing.T) {
	values := randomValues(200, 1000)
	want := slices.Clone(values)
	slices.Reverse(want[:100])
	slices.Reverse(want[100:])
	checkKernel(t, `
ld.global.u32 %r1, [%at];
mov.u32 %r2, rest;
mad.lo.u32 %r2, %i, 4, %r2;
st.shared.u32 [%r2], %r1;
bar.sync 1;
sub.u32 %r3, 99, %i;
mov.u32 %r2, rest;
mad.lo.u32 %r2, %r3, 4, %r2;
ld.shared.u32 %r1, [%r2];
st.global.u32 [%at], %r1;`, 2, 100, values, want)
}

// TestVectors exchanges the halves of 16 bytes.
func TestVectors(t *testing.T) {
	values := randomValues(4*64, 1000)
	want := slices.Clone(values)
	for i := range want {
		want[i] = values[i^2]
	}
	checkKernel(t, `
mad.wide.u32 %at, %all, 16, %base;
ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%at];
st.global.v2.u32 [%at], {%r3, %r4};
st.global.v2.u32 [%at+8], {%r1, %r2};`, 1, 64, values, want)
}

func TestBytes(t *testing.T) {
	values := randomValues(64, 1<<31)
	checkKernel(t, `
ld.global.u8 %r1, [%at];
ld.global.s8 %r2, [%at+1];
ld.global.s16 %d1, [%at+2];
cvt.u32.u64 %r3, %d1;
add.u32 %r1, %r1, %r2;
add.u32 %r1, %r1, %r3;
st.global.u8 [%at], 7;
st.global.u16 [%at+2], %r1;`, 1, 64, values, mapped(values, func(v uint32) uint32 {
		sum := v&255 + uint32(int8(v>>8)) + uint32(int32(v)>>16)
		return 7 | v&0xFF00 | sum<<16
	}))
}

func TestSpecialRegisters(t *testing.T) {
	d := Open(Options{Workers: 2})
	const blocks, threads = 2 * 3 * 2, 5 * 4 * 3
	p := alloc(t, d, 4*blocks*threads, "places")
	var body strings.Builder
	body.WriteString("mov.u32 %r1, 0;\n")
	for _, special := range []struct{ of, size string }{
		{"%ctaid.z", "%nctaid.z"}, {"%ctaid.y", "%nctaid.y"}, {"%ctaid.x", "%nctaid.x"},
		{"%tid.z", "%ntid.z"}, {"%tid.y", "%ntid.y"}, {"%tid.x", "%ntid.x"},
	} {
		body.WriteString("mov.u32 %r2, " + special.size + ";\nmov.u32 %r3, " + special.of + ";\nmad.lo.u32 %r1, %r1, %r2, %r3;\n")
	}
	body.WriteString(`
mov.u32 %r4, %laneid;
mov.b32 %r5, %warpid;
mad.lo.u32 %r4, %r5, 32, %r4;
mad.wide.u32 %at, %r1, 4, %base;
st.global.u32 [%at], %r4;`)
	err := d.Launch(device.Launch{
		Module: kernelText(body.String()), Kernel: "test", Grid: [3]int{2, 3, 2}, Block: [3]int{5, 4, 3}, Args: []any{p, uint32(0)},
	})
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 4*blocks*threads)
	if err := d.Download(data, p); err != nil {
		t.Fatal(err)
	}
	for i := range blocks * threads {
		if got := binary.LittleEndian.Uint32(data[4*i:]); got != uint32(i%threads) {
			t.Fatalf("at %d: thread %d, expected %d", i, got, i%threads)
		}
	}
}
