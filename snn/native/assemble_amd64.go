//go:build linux

package native

import "encoding/binary"

// assembler encodes the instructions that loops are made of: Intel's manual,
// volume 2, sections 2.3 (VEX), 2.7 (EVEX) and 3 to 5.
type assembler struct {
	code  []byte
	bytes int  // of a vector: avx2 or avx512
	part  bool // of a row there are only the lanes that lanesLeft has
}

// Bytes of a vector.
const avx2, avx512 = 32, 64

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

// Opcodes in the map 0F, in 0F 38 and in 0F 3A, the last two with the prefix 66.
const (
	opLoad, opStore, opStream                = 0x10, 0x11, 0x2b
	opSqrt, opAnd, opOr, opXor               = 0x51, 0x54, 0x56, 0x57
	opAdd, opMul, opSub, opMin, opDiv, opMax = 0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f
	opCompare                                = 0xc2
	opBroadcast, opBlendByMask               = 0x18, 0x65
	opRound, opBlend                         = 0x08, 0x4a
	map0F, map0F38, map0F3A                  = 1, 2, 3
	prefixNone, prefix66                     = 0, 1
	equal, less, lessEqual, notEqual         = 0x00, 0x11, 0x12, 0x04
	greaterEqual, greater                    = 0x1d, 0x1e
	toNearest, down                          = 8, 9
)

// mask says where a comparison holds. With AVX2 it is a vector register that has
// all bits of those lanes set, with AVX-512 one of the registers k1 to k7.
type mask int

const (
	noMask    mask = 0
	lanesLeft mask = 7      // k7
	orZero    mask = 1 << 7 // beside a mask: other lanes become 0, and do not stay as they are
)

// encode encodes op dst, a, b; a is 0 if there is none. where are the lanes that
// it is for, which only AVX-512 can say.
func (s *assembler) encode(table, prefix, op byte, dst, a int, b operand, where mask, immediate ...byte) {
	if b.reg < 0 && b.base == scratch {
		s.pointer(scratch, operand{reg: -1, base: rdi, disp: b.disp})
	}
	rm := b.reg
	if rm < 0 {
		rm = b.base
	}
	const vex, evex = 0xc4, 0x62
	if s.bytes == avx2 {
		s.code = append(s.code, vex,
			inverted(dst, 3)<<7|1<<6|inverted(rm, 3)<<5|table,
			byte(^a&15)<<3|1<<2|prefix)
	} else {
		s.code = append(s.code, evex,
			inverted(dst, 3)<<7|inverted(rm, 4)<<6|inverted(rm, 3)<<5|inverted(dst, 4)<<4|table,
			byte(^a&15)<<3|1<<2|prefix,
			2<<5|inverted(a, 4)<<3|byte(where))
	}
	s.code = append(s.code, op)
	s.modRM(dst, b)
	s.code = append(s.code, immediate...)
}

// inverted returns a bit of the number of a register as prefixes have it.
func inverted(register, bit int) byte { return ^byte(register>>bit) & 1 }

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
	s.code = binary.LittleEndian.AppendUint32(s.code, uint32(n))
}

// op is an operation of two operands in the map 0F.
func (s *assembler) op(op byte, dst, a int, b operand) {
	s.encode(map0F, prefixNone, op, dst, a, b, noMask)
}

// move loads a vector, or stores one: the register is dst then. Of a row that is
// but a part of one it does no more than that.
func (s *assembler) move(op byte, dst int, b operand) {
	where := noMask
	if s.part && b.index {
		if where = lanesLeft; op != opStore {
			where |= orZero
		}
	}
	s.encode(map0F, prefixNone, op, dst, 0, b, where)
}

// broadcast loads one value into all lanes.
func (s *assembler) broadcast(dst int, b operand) {
	s.encode(map0F38, prefix66, opBroadcast, dst, 0, b, noMask)
}

// compare sets a mask to where the predicate holds.
func (s *assembler) compare(predicate byte, dst mask, a int, b operand) {
	s.encode(map0F, prefixNone, opCompare, int(dst), a, b, noMask, predicate)
}

// blend takes b where the mask is set, else a.
func (s *assembler) blend(dst, a int, b operand, where mask) {
	if s.bytes == avx2 {
		s.encode(map0F3A, prefix66, opBlend, dst, a, b, noMask, byte(where)<<4)
	} else {
		s.encode(map0F38, prefix66, opBlendByMask, dst, a, b, where)
	}
}

// only takes b where the mask is set, else 0.
func (s *assembler) only(dst int, b operand, where mask) {
	if s.bytes == avx2 {
		s.op(opAnd, dst, int(where), b)
	} else {
		s.encode(map0F, prefixNone, opLoad, dst, 0, b, where|orZero)
	}
}

func (s *assembler) round(how byte, dst int, b operand) {
	s.encode(map0F3A, prefix66, opRound, dst, 0, b, noMask, how)
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
	step := byte(s.bytes)
	s.code = append(s.code, 0x49, 0x83, 0xc4, step, 0x48, 0x83, 0xc1, step) // add r12, step; add rcx, step
	s.code = append(s.code, 0x48, 0x39, 0xd1, 0x0f, 0x8c)                   // cmp rcx, rdx; jl
	s.int32(int32(start - len(s.code) - 4))
}

// unlessZero encodes what is to be done if a general register is not 0.
func (s *assembler) unlessZero(reg int, body func()) {
	high, low := byte(reg>>3), byte(reg&7)
	s.code = append(s.code, 0x48|high<<2|high, 0x85, 3<<6|low<<3|low, 0x0f, 0x84) // test reg, reg; je
	s.int32(0)
	start := len(s.code)
	body()
	binary.LittleEndian.PutUint32(s.code[start-4:], uint32(len(s.code)-start))
}

// setLanesLeft sets the mask of that name to the bits in scratch.
func (s *assembler) setLanesLeft() {
	s.code = append(s.code, 0xc4, 0xc1, 0x78, 0x92, 0xfd) // kmovw k7, r13d
}

// How to read ahead: into the first or the second level of caches, or to write.
const prefetch0, prefetch1, prefetchWrite = 1, 2, 0

// prefetch asks for what is at base + r12 to be read ahead.
func (s *assembler) prefetch(how byte, base int) {
	op := byte(0x18)
	if how == prefetchWrite {
		op, how = 0x0d, 1 // prefetchw, which processors that have none take for nothing
	}
	s.code = append(s.code, 0x42|byte(base>>3), 0x0f, op, 1<<6|how<<3|4, (r12&7)<<3|byte(base&7), 0)
}

// end returns to Go, which wants the upper halves of the vectors to be unused.
func (s *assembler) end() {
	s.code = append(s.code, 0xc5, 0xf8, 0x77, 0xc3) // vzeroupper; ret
}
