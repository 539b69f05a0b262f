package ptxsim

import (
	"errors"
	"strings"
	"testing"

	"spikebook/gpu/device"
)

// expectError looks for texts in an error, that of a kernel.
func expectError(t *testing.T, err error, texts ...string) {
	t.Helper()
	var e *device.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v, expected a *device.Error with %q", err, texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q, expected %q in it", err, text)
		}
	}
}

// TestFaults has kernels with bugs. The array has 64 values, for 2 blocks of 32.
func TestFaults(t *testing.T) {
	const race = "with no barrier between"
	for _, c := range []struct {
		name, body string
		texts      []string
	}{
		{"guard off by one", `
add.u32 %r1, %all, 1;
setp.gt.u32 %p1, %r1, %n;
@%p1 bra $none;
mad.wide.u32 %at, %r1, 4, %base;
st.global.u32 [%at], 0;
$none:`, []string{"line 25: st.global.u32 [%at], 0;: thread (31,0,0) of block (1,0,0)", `4 bytes at address 0x7f0000000100 begin 0 bytes after the end of "array", 256 bytes at 0x7f0000000000`}},
		{"before the start", "ld.global.u32 %r1, [%base-8];", []string{`begin 8 bytes before the start of "array"`}},
		{"null", "mov.u64 %d1, 0;\nld.global.u32 %r1, [%d1];", []string{"4 bytes at address 0x0 are in no allocation"}},
		{"over the end", "mul.wide.u32 %d2, %n, 4;\nadd.u64 %d1, %base, %d2;\nld.global.u64 %d3, [%d1-4];", []string{"expected a multiple of 8"}},
		{"vector over the end", "mul.wide.u32 %d2, %n, 4;\nadd.u64 %d1, %base, %d2;\nadd.u64 %d1, %d1, 16;\nld.global.v4.u32 {%r1,%r2,%r3,%r4}, [%d1-16];", []string{"16 bytes at address", "0 bytes after the end"}},
		{"misaligned", "ld.global.u32 %r1, [%at+2];", []string{"thread (0,0,0) of block (0,0,0): 4 bytes at address 0x7f0000000002, expected a multiple of 4"}},
		{"shared beyond", "ld.shared.u32 %r1, [buffer+5120];", []string{"4 bytes at 5120 of shared memory, of which there are 5120"}},
		{"shared negative", "mov.u64 %d1, -8;\nld.shared.u32 %r1, [%d1];", []string{"4 bytes at -8 of shared memory"}},
		{"register", "add.u32 %r1, %r2, 1;", []string{"line 20: add.u32 %r1, %r2, 1;", "it reads register %r2, to which it has written nothing"}},
		{"register of some", "setp.gt.u32 %p1, %i, 3;\n@%p1 mov.u32 %r1, 0;\nst.global.u32 [%at], %r1;", []string{"thread (0,0,0) of block", "reads register %r1"}},
		{"guard register", "@%p5 ret;", []string{"reads register %p5"}},
		{"stored register", "st.global.u32 [%at], %r7;", []string{"reads register %r7"}},
		{"no end", "$loop:\nbra $loop;", []string{"did not end within 5000 instructions"}},
		{"missing barrier", `
ld.global.u32 %r1, [%at];
mul.lo.u32 %r2, %i, 4;
mov.u32 %r3, buffer;
add.u32 %r3, %r3, %r2;
st.shared.u32 [%r3], %r1;
xor.b32 %r3, %r3, 4;
ld.shared.u32 %r1, [%r3];`, []string{"line 27", "race: 4 bytes at", "it reads them and thread (1,0,0) of block (0,0,0) accesses them, too", race}},
		{"missing second barrier", `
$loop:
mov.u32 %r3, buffer;
mad.lo.u32 %r3, %i, 4, %r3;
st.shared.u32 [%r3], %i;
bar.sync 0;
ld.shared.u32 %r1, [buffer];
bra $loop;`, []string{"it writes them and thread (1,0,0) of block", race}},
		{"two writers", "st.global.u32 [%base], 1;", []string{race}},
		{"blocks", "setp.ne.u32 %p1, %i, 0;\n@%p1 ret;\nst.global.u32 [%at], 1;\nld.global.u32 %r1, [%base];\nld.global.u32 %r1, [%base+128];", []string{"of block (0,0,0)", "of block (1,0,0)", race}},
		{"atomic and plain", "red.global.add.u32 [%base], 1;\nsetp.eq.u32 %p1, %all, 0;\n@%p1 ld.global.u32 %r1, [%base];", []string{race}},
		{"barrier of some", "setp.lt.u32 %p1, %i, 7;\n@%p1 bar.sync 0;\nbar.sync 0;", []string{"line 21: @%p1 bar.sync 0;: thread (0,0,0)", "it waits for thread (7,0,0)", "which waits at line 22"}},
		{"barrier after an exit", "setp.lt.u32 %p1, %i, 7;\n@%p1 ret;\nbar.sync 0;", []string{"line 22: bar.sync 0;: thread (7,0,0)", "it waits for thread (0,0,0)", "which has ended at line 21"}},
		{"shuffle without some", "setp.lt.u32 %p1, %i, 7;\n@%p1 ret;\nshfl.sync.up.b32 %r1, %i, 1, 0, 0xFFFFFFFF;", []string{"line 22: shfl.sync.up.b32", "which has ended at line 21"}},
		{"not in the mask", "shfl.sync.up.b32 %r1, %i, 1, 0, 0x7FFFFFFF;", []string{"thread (31,0,0)", "the mask 0x7fffffff does not have this thread, lane 31"}},
		{"source not in the mask", "setp.lt.u32 %p1, %i, 4;\n@%p1 ret;\nshfl.sync.idx.b32 %r1, %i, 1, 31, 0xFFFFFFF0;", []string{"thread (4,0,0)", "it reads from lane 1, which the mask 0xfffffff0 does not have"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := runKernel(t, Options{Steps: 5000}, c.body, 2, 32, make([]uint32, 64))
			expectError(t, err, append(c.texts, "Launch of kernel test: line ", "The device is lost")...)
		})
	}
}

// TestNothingIsLeft has a block that finds nothing of what the one before it wrote: a
// register has no value, and shared memory has all bits set.
func TestNothingIsLeft(t *testing.T) {
	_, err := runKernel(t, Options{Workers: 1}, `
mov.u32 %r1, %ctaid.x;
setp.eq.u32 %p1, %r1, 0;
setp.lt.u32 %p2, %i, 31;
and.pred %p3, %p1, %p2;
@%p3 mov.u32 %r2, 0;
@%p2 add.u32 %r3, %r2, 1;`, 2, 32, make([]uint32, 64))
	expectError(t, err, "thread (0,0,0) of block (1,0,0): it reads register %r2")
	values, err := runKernel(t, Options{Workers: 1}, `
mov.u32 %r1, buffer;
mad.lo.u32 %r1, %i, 4, %r1;
ld.shared.u32 %r2, [%r1];
st.shared.u32 [%r1], %i;
st.global.u32 [%at], %r2;`, 2, 32, make([]uint32, 64))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		if v != 0xFFFFFFFF {
			t.Fatalf("thread %d finds %#x in shared memory", i, v)
		}
	}
}

// TestNoRaces has a kernel with a race that is not searched for.
func TestNoRaces(t *testing.T) {
	values, err := runKernel(t, Options{NoRaces: true}, "st.global.u32 [%base], 1;\nst.shared.u32 [buffer], %i;", 2, 32, []uint32{0})
	if err != nil || values[0] != 1 {
		t.Errorf("value %d, error %v", values[0], err)
	}
}

// TestPartialWarp has no threads for the upper lanes of the mask.
func TestPartialWarp(t *testing.T) {
	const body = "shfl.sync.%s.b32 %%r1, %%i, 1, %d, 0xFFFFFFFF;"
	if _, err := runKernel(t, Options{}, strings.NewReplacer("%s", "up", "%d", "0", "%%", "%").Replace(body), 1, 20, []uint32{0}); err != nil {
		t.Error(err)
	}
	_, err := runKernel(t, Options{}, strings.NewReplacer("%s", "down", "%d", "31", "%%", "%").Replace(body), 1, 20, []uint32{0})
	expectError(t, err, "thread (19,0,0)", "it reads from lane 20, which the mask 0xffffffff does not have or the block has no thread for")
}

func TestUseAfterFree(t *testing.T) {
	d := Open(Options{})
	_, s, _, l := lifRun(t, d, 100, 3)
	if err := d.Free(s.at); err != nil {
		t.Fatal(err)
	}
	expectError(t, d.Launch(l), "line 42: st.global.f32 [%d3], %f5;: thread (0,0,0)", `are in "spikes", 1200 bytes at`, "which was freed")
}

func TestLost(t *testing.T) {
	d := Open(Options{})
	x, _, _, l := lifRun(t, d, 100, 3)
	bad := l
	bad.Args = append([]any{}, l.Args...)
	bad.Args[3] = uint32(101)
	lost := d.Launch(bad)
	expectError(t, lost, "Launch of kernel lif: line 33", `begin 0 bytes after the end of "membrane"`)
	_, allocError := d.Alloc(4, "more")
	_, statsError := d.Stats()
	for i, err := range []error{
		d.Launch(l), d.Sync(), d.Free(x.at), d.Upload(x.at, make([]byte, 4)), d.Download(make([]byte, 4), x.at), d.Copy(x.at, x.at, 4), allocError, statsError,
	} {
		if err != lost {
			t.Errorf("operation %d: error %v, expected that of the kernel", i, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	expectError(t, d.Sync(), "the device is closed")
}
