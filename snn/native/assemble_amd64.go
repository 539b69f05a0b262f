//go:build linux

package native

// assembler encodes the instructions that loops are made of: Intel's manual,
// volume 2, sections 2.3 (VEX) and 3 to 5.
type assembler struct{ code []byte }

// General registers.
const (
	rax, rcx, rdx, rbx    = 0, 1, 2, 3
	rsi, rdi              = 6, 7
	r8, r9, r10, r11, r12 = 8, 9, 10, 11, 12
	scratch               = 13 // r13
)

// operand is a vector register, or a place in memory.
type operand struct {
	reg   int   // -1 for memory
	base  int   // general register
	index bool  // base + rcx
	disp  int32 // of a field, or of the field that base is to be loaded from
}

func reg(n int) operand { return operand{reg: n} }

// row is the place of the vector that the loop is at, of a row whose address is
// in a register: base + rcx.
func row(base int) operand { return operand{reg: -1, base: base, index: true} }

// farRow is the same with an address that is in the frame.
func farRow(offset uintptr) operand {
	return operand{reg: -1, base: scratch, index: true, disp: int32(offset)}
}

// field is a place in the frame, to which rdi points.
func field(offset uintptr) operand { return operand{reg: -1, base: rdi, disp: int32(offset)} }

// Opcodes in the map 0F, and in 0F 3A with the prefix 66.
const (
	opLoad, opStore, opStream                = 0x10, 0x11, 0x2b
	opSqrt, opAnd, opOr, opXor               = 0x51, 0x54, 0x56, 0x57
	opAdd, opMul, opSub, opMin, opDiv, opMax = 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f
	opCompare                                = 0xc2
	opRound, opBlend                         = 0x08, 0x4a
	map0F, map0F3A                           = 1, 3
	prefixNone, prefix66                     = 0, 1
	equal, less, lessEqual, notEqual         = 0x00, 0x11, 0x12, 0x04
	greaterEqual, greater                    = 0x1d, 0x1e
	toNearest, down                          = 8, 9
)

// vex encodes op dst, a, b for vectors of 256 bits; a is 0 if there is none.
func (s *assembler) vex(table, prefix, op byte, dst, a int, b operand, immediate ...byte) {
	inverted := func(bit bool) byte {
		if bit {
			return 0
		}
		return 1
	}
	if b.reg < 0 && b.base == scratch {
		s.pointer(scratch, operand{reg: -1, base: rdi, disp: b.disp})
	}
	rm := b.reg
	if rm < 0 {
		rm = b.base
	}
	s.code = append(s.code, 0xc4,
		inverted(dst >= 8)<<7|1<<6|inverted(rm >= 8)<<5|table,
		byte(^a&15)<<3|1<<2|prefix, op)
	s.modRM(dst, b)
	s.code = append(s.code, immediate...)
}

// modRM encodes the operands behind an opcode.
func (s *assembler) modRM(reg int, b operand) {
	const register, byteDisp, intDisp = 3 << 6, 1 << 6, 2 << 6
	field := byte(reg&7) << 3
	switch {
	case b.reg >= 0:
		s.code = append(s.code, register|field|byte(b.reg&7))
	case b.index: // base + rcx + 0
		s.code = append(s.code, byteDisp|field|4, rcx<<3|byte(b.base&7), 0)
	default:
		s.code = append(s.code, intDisp|field|byte(b.base&7))
		s.int32(b.disp)
	}
}

func (s *assembler) int32(n int32) {
	s.code = append(s.code, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// op is an operation of two operands in the map 0F.
func (s *assembler) op(op byte, dst, a int, b operand) { s.vex(map0F, prefixNone, op, dst, a, b) }

// move loads a vector, or stores one: the register is dst then.
func (s *assembler) move(op byte, dst int, b operand) { s.vex(map0F, prefixNone, op, dst, 0, b) }

// compare sets all bits of the lanes where the predicate holds.
func (s *assembler) compare(predicate byte, dst, a int, b operand) {
	s.vex(map0F, prefixNone, opCompare, dst, a, b, predicate)
}

// blend takes b where the mask is set, else a.
func (s *assembler) blend(dst, a int, b operand, mask int) {
	s.vex(map0F3A, prefix66, opBlend, dst, a, b, byte(mask)<<4)
}

func (s *assembler) round(how byte, dst int, b operand) {
	s.vex(map0F3A, prefix66, opRound, dst, 0, b, how)
}

// pointer loads a general register from the frame.
func (s *assembler) pointer(reg int, from operand) {
	s.code = append(s.code, 0x48|byte(reg>>3)<<2, 0x8b)
	s.modRM(reg, from)
}

// begin sets rcx to the first vector.
func (s *assembler) begin() { s.code = append(s.code, 0x31, 0xc9) } // xor ecx, ecx

// loop encodes a loop over rcx, by one vector at a time, to rdx. r12 goes along.
func (s *assembler) loop(body func()) {
	start := len(s.code)
	body()
	s.code = append(s.code, 0x49, 0x83, 0xc4, Align, 0x48, 0x83, 0xc1, Align) // add r12, 32; add rcx, 32
	s.code = append(s.code, 0x48, 0x39, 0xd1, 0x0f, 0x8c)                     // cmp rcx, rdx; jl
	s.int32(int32(start - len(s.code) - 4))
}

// prefetch asks for what is at base + r12 to be read ahead, to be written if so
// said.
func (s *assembler) prefetch(base int, write bool) {
	op := byte(0x18) // prefetcht0
	if write {
		op = 0x0d // prefetchw, which processors that have none take for nothing
	}
	s.code = append(s.code, 0x42|byte(base>>3), 0x0f, op, 1<<6|1<<3|4, (r12&7)<<3|byte(base&7), 0)
}

// end returns to Go, which wants the upper halves of the vectors to be unused.
func (s *assembler) end(fence bool) {
	if fence {
		s.code = append(s.code, 0x0f, 0xae, 0xf8) // sfence
	}
	s.code = append(s.code, 0xc5, 0xf8, 0x77, 0xc3) // vzeroupper; ret
}
