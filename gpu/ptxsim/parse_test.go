package ptxsim

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/gpu/device"
)

const head = ".version 6.3\n.target sm_70\n.address_size 64\n"

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `line 1: expected .version, found ""`},
		{".version 5.0\n", "line 1: version 5.0 of PTX, expected 6.0 or later"},
		{".version six\n", "line 1: version six of PTX"},
		{".version 6.3\n.target sm_80", "line 2: target sm_80, expected sm_70 or older"},
		{".version 6.3\n.target sm_70\n.address_size 32", "line 3: expected a number from 64 to 64"},
		{head, "there is no kernel, expected .entry"},
		{head + ".extern .func expf", "line 4: .extern .func: nothing is linked to a module"},
		{head + ".func f", "line 4: .func is not supported"},
		{head + ".global .u32 x;", "line 4: .global is not supported"},
		{head + "/* no end", "line 4: the comment has no end"},
		{head + "\"no end", "line 4: the string has no end"},
		{head + "?", "line 4: unexpected character '?'"},
		{head + ".entry", "line 4: expected a name or number"},
		{head + ".entry k(.param .u64 a, .param .u32 a) {}", "parameter a is declared twice"},
		{head + ".entry k(.param .b8 a[16]) {}", "parameter a, expected one number of 32 or 64 bits"},
		{head + ".entry k() .maxntid 2048 {}", "expected a number from 1 to 1024"},
		{head + ".entry k() .noreturn {}", ".noreturn is not supported"},
		{head + ".entry k() { ret;", "kernel k has no end, expected }"},
		{head + ".entry k() {} .entry k() {}", "kernel k is defined twice"},
		{head + ".shared .b8 a[40000];\n.entry k() { .shared .b8 b[40000]; }", "80000 bytes of shared memory with b, expected 49152 at most"},
		{head + ".shared .align 3 .b8 a[4];", "alignment 3 of a, expected a power of 2"},
		{head + ".shared .pred a;", "a is of type .pred"},
	} {
		expectParseError(t, c.text, c.want)
	}
	for _, c := range []struct{ body, want string }{
		{".reg .b32 %r<3>;\n.reg .b32 %r<3>;", "line 6: register %r is declared twice"},
		{".reg .b33 %r;", "expected a type such as .u32"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1, %r3;", "line 6: register %r3 is not declared"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1, %r01;", "register %r01 is not declared"},
		{"{ .reg .b32 %r; }\nmov.u32 %r, 0;", "line 6: register %r is not declared"},
		{".reg .f32 %f<3>;\nadd.u32 %f0, %f1, %f2;", "register %f0 is of type .f32, expected .u32 for add"},
		{".reg .b64 %d<3>;\nadd.rn.f32 %d0, %d1, %d2;", "register %d0 is of type .b64, expected .f32"},
		{".reg .b32 %r<3>;\nsetp.eq.u32 %r0, %r1, 0;", "register %r0 is of type .b32, expected .pred"},
		{".reg .b32 %r<3>;\n@%r0 ret;", "register %r0 is of type .b32, expected .pred"},
		{"L: L: ret;", "label L is defined twice"},
		{"bra L;", "line 5: there is no label L"},
		{"ex2.approx.f32 %f1, %f2;", "line 5: instruction ex2.approx.f32 is not supported"},
		{".reg .f32 %f<3>;\nmul.f32 %f0, %f1, %f2;", "may be fused with another; expected mul.rn.f32"},
		{".reg .f32 %f<3>;\nadd.rz.f32 %f0, %f1, %f2;", "expected add.rn.f32"},
		{".reg .f32 %f<3>;\nadd.rn.sat.f32 %f0, %f1, %f2;", "add.rn.sat.f32: modifier .sat is not supported"},
		{".reg .f32 %f<3>;\nmin.NaN.f32 %f0, %f1, %f2;", "modifier .NaN is not supported"},
		{".reg .f32 %f<3>;\nrem.f32 %f0, %f1, %f2;", "rem.f32 is not supported"},
		{".reg .b32 %r<3>;\nmul.s32 %r0, %r1, %r2;", "expected .lo, .hi or .wide"},
		{".reg .b64 %d<3>;\nmul.wide.s64 %d0, %d1, %d2;", "mul.wide.s64 is not supported"},
		{".reg .b32 %r<3>;\nneg.u32 %r0, %r1;", "neg.u32 is not supported"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1;", "add has 2 operands, expected 3"},
		{".reg .b32 %r<3>;\nadd %r0, %r1, 2;", "add has no type"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1, 0x100000000;", "number 0x100000000 does not fit type .u32"},
		{".reg .b32 %r<3>;\nadd.s32 %r0, %r1, -2147483649;", "does not fit type .s32"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1, 1_0;", "number 1_0 does not fit"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1, 0f3F800000;", "number 0f3F800000 does not fit"},
		{".reg .f32 %f<3>;\nadd.rn.f32 %f0, %f1, 1;", "number 1 does not fit type .f32"},
		{".reg .f32 %f<3>;\nadd.rn.f32 %f0, %f1, 0f3F8;", "number 0f3F8 does not fit"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1, %tid.x;", "register %tid.x is not declared"},
		{".reg .b32 %r<3>;\nadd.u32 %r0, %r1, [%r2];", "an operand of add is not a register"},
		{".reg .b32 %r<3>;\nadd.u32 5, %r1, %r2;", `"5" is not a register`},
		{".reg .pred %p<3>;\nsetp.equ.s32 %p0, 1, 2;", `"equ" is no comparison of .s32`},
		{".reg .pred %p<3>;\nsetp.lt.b32 %p0, 1, 2;", `"lt" is no comparison of .b32`},
		{".reg .b32 %r<3>;\nand.u32 %r0, %r1, %r2;", "and.u32 is not supported, expected .b32"},
		{".reg .b32 %r<3>;\nshl.u32 %r0, %r1, %r2;", "shl.u32 is not supported"},
		{".reg .b32 %r<3>;\nnot.u32 %r0, %r1;", "not.u32 is not supported, expected .b32"},
		{".reg .b32 %r<3>;\nclz.u32 %r0, %r1;", "clz.u32 is not supported, expected .b32"},
		{".reg .b32 %r<3>;\nbrev.u32 %r0, %r1;", "brev.u32 is not supported, expected .b32"},
		{".reg .b32 %r<3>;\nbfe.b32 %r0, %r1, 2, 3;", "bfe.b32 is not supported"},
		{".reg .b32 %r<3>;\nbfi.u32 %r0, %r1, %r2, 2, 3;", "bfi.u32 is not supported"},
		{".reg .b32 %r<3>;\nbfi.b32 %r0, %r1, %r2, %r1, 3;", "expected numbers up to 255"},
		{".reg .b64 %d<3>;\nprmt.b64 %d0, %d1, %d2, 0;", "prmt.b64 is not supported"},
		{".reg .pred %p<3>;\nselp.pred %p0, %p1, %p2, %p0;", "selp.pred is not supported"},
		{".reg .b64 %d<3>;\nset.lt.u64.u64 %d0, %d1, %d2;", "set with a result of type .u64"},
		{".reg .b32 %r<3>;\nmov.b8 %r0, %r1;", "mov.b8 is not supported"},
		{".reg .b64 %d<3>;\n.reg .pred %p;\nld.global.pred %p, [%d0];", "ld.pred is not supported"},
		{".reg .b64 %d<3>;\nred.global.add.b32 [%d0], 1;", "red.add.b32 is not supported"},
		{".reg .b64 %d<3>;\nred.global.and.b16 [%d0], 1;", "red.and.b16 is not supported"},
		{".reg .b32 %r<3>;\ncvt.rn.u32.s32 %r0, %r1;", `cvt.u32.s32 with rounding "rn" is not supported`},
		{".reg .b32 %r<3>;\ncvt.f32.s32 %r0, %r1;", `cvt.f32.s32 with rounding "" is not supported`},
		{".reg .b32 %r<3>;\nld.u32 %r0, [%r1];", "ld does not say in which memory"},
		{".reg .b32 %r<3>;\nld.global.u32 %r0, [%r1];", "register %r1 is of type .b32, expected .u64"},
		{".reg .b32 %r<3>;\nld.global.u32 %r0, %r1;", "ld has no address"},
		{".reg .b32 %r<3>;\nld.param.u32 %r0, [q];", `"q" is no parameter of kernel k`},
		{".reg .b64 %d<3>;\nld.param.u64 %d0, [n];", "parameter n is one value of type .u32"},
		{".reg .b32 %r<3>;\nld.param.u32 %r0, [n+4];", "parameter n is one value of type .u32"},
		{".shared .u32 x;\n.reg .b32 %r;\nld.global.u32 %r, [x];", "line 7: x is in shared memory, expected ld.shared"},
		{".reg .b64 %d;\n.reg .b32 %r;\nld.global.u32 %r, [%d+4294967296];", "offset 4294967296 does not fit 32 bits"},
		{".reg .b64 %d;\n.reg .b32 %r;\nld.global.v2.u32 {%r}, [%d];", "ld has 1 values in braces, expected 2"},
		{".reg .b64 %d;\nst.global.u32 [%d], x;", `"x" cannot be stored`},
		{".reg .b64 %d;\nred.global.add.s64 [%d], 1;", "red.add.s64 is not supported"},
		{".reg .b64 %d;\n.reg .b32 %r;\natom.global.cas.b32 %r, [%d], 1;", "atom has 3 operands, expected 4"},
		{".reg .b64 %d;\nred.global.cas.b32 [%d], 1;", "red has 2 operands, expected 3"},
		{"bar.sync 16;", "expected bar.sync and a number below 16"},
		{"bar.sync 0, 32;", "bar.sync with a number of threads is not supported"},
		{"bar.arrive 0, 32;", "is not supported"},
		{"membar;", "membar does not say for whom"},
		{".reg .b32 %r<3>;\nshfl.down.b32 %r0, %r1, 1, 31;", "shfl is supported with .sync and .b32 only"},
		{".reg .b32 %r<3>;\nshfl.sync.b32 %r0, %r1, 1, 31, -1;", "does not say which thread to read from"},
		{".reg .b64 %d<3>;\ncvta.to.shared.u64 %d0, %d1;", "cvta is supported for .global"},
		{"ret", "line 6: expected a name or number, found \"}\""},
		{"bra L )", "line 5: expected ;, found \")\""},
		{"call f;", "line 5: instruction call is not supported"},
	} {
		expectParseError(t, head+".entry k(.param .u32 n) {\n"+c.body+"\n}", c.want)
	}
}

func expectParseError(t *testing.T, text, want string) {
	t.Helper()
	if _, err := parse(text); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s\nerror %v, expected %q", text, err, want)
	}
}

// TestParse has what compilers write around the instructions.
func TestParse(t *testing.T) {
	m, err := parse(`//
// Generated by hand
//
.version 7.0
.target sm_52
.address_size 64
/* a comment
   of two lines */
.shared .align 8 .f64 before[3];
.visible .entry first(.param .u64 .ptr .global .align 4 p)
.reqntid 32, 2
.minnctapersm 1
{
	.reg .pred %p<2>;
	.reg .b64 %d1, %d2;
	.shared .b8 a;
	.shared .align 16 .b8 b[20];
	.pragma "nounroll";
	ld.param.u64 %d1, [p];
	membar.gl;
	fence.acq_rel.gpu;
$L__BB0_1: @!%p1 bra.uni $L__BB0_1;
	exit;
}
.weak .entry second() { .shared .u16 x; .shared .u32 y; ret; }`)
	if err != nil {
		t.Fatal(err)
	}
	first, second := m.kernel("first"), m.kernel("second")
	if m.names() != "first, second" || first.shared != 52 || second.shared != 32 || first.required != [3]int{32, 2, 1} {
		t.Errorf("kernels %s with %d and %d bytes of shared memory, blocks of %v", m.names(), first.shared, second.shared, first.required)
	}
	if in := first.code[3]; in.action != doBranch || !in.negate || in.target != 3 || in.line != 22 {
		t.Errorf("the branch is %+v", in)
	}
}

// TestParseDamaged takes lines of a module away, doubles or cuts them: none of that
// may do more than make an error, when it is parsed or when it runs.
func TestParseDamaged(t *testing.T) {
	lines := strings.SplitAfter(lif, "\n")
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for _, line := range lines {
			switch rapid.IntRange(0, 20).Draw(t, "damage") {
			case 0:
			case 1:
				text.WriteString(line + line)
			case 2:
				cut := rapid.IntRange(0, len(line)).Draw(t, "cut")
				text.WriteString(line[:cut])
			default:
				text.WriteString(line)
			}
		}
		m, err := parse(text.String())
		if (m == nil || len(m.kernels) == 0) && err == nil {
			t.Fatal("neither a kernel nor an error")
		}
		d := Open(Options{Steps: 1000, Memory: 4096})
		p, err := d.Alloc(1200, "all")
		if err != nil {
			t.Fatal(err)
		}
		l := device.Launch{
			Module: text.String(), Kernel: "lif", Grid: [3]int{1, 1, 1}, Block: [3]int{32, 1, 1},
			Args: []any{p, p, p, uint32(20), uint32(3), float32(0.9)},
		}
		launched := d.Launch(l)
		if _, known := launched.(*device.Error); launched != nil && !known {
			t.Fatalf("error %v of type %T, expected a *device.Error", launched, launched)
		}
		if lost := d.Sync(); lost != nil && lost != launched {
			t.Fatalf("error %v after %v", lost, launched)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(lif)
	f.Add(kernelText("shfl.sync.down.b32 %r1|%p1, %r2, 16, 31, 0xFFFFFFFF;\natom.shared.cas.b32 %r1, [buffer+4], %r2, 7;"))
	f.Add(kernelText("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%at-16];\n@!%p1 bra $x;\n$x: bar.sync 0;"))
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parse(text)
		if err == nil && len(m.kernels) == 0 {
			t.Error("neither a kernel nor an error")
		}
	})
}
