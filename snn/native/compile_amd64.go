//go:build linux

package native

import (
	"maps"
	"slices"
	"unsafe"

	"spikebook/snn/vector"
)

// maxRows is how many rows a loop may read or write in memory.
const maxRows = 64

// Frame is what a loop runs on. It may be used for another loop afterwards.
type Frame struct {
	constants
	rows  [maxRows]unsafe.Pointer
	ahead int
	left  int // a bit for each lane behind the last whole vector
	used  int // rows
	ready bool

	streamed bool // since Done
}

// Row sets the values of row number i of [Loop.Rows].
func (f *Frame) Row(i int, values []float32) {
	f.rows[i] = unsafe.Pointer(unsafe.SliceData(values))
	f.used = max(f.used, i+1)
}

// Ahead sets how far the next step has its rows from where this one has them, in
// values; 0 if there is none. It is a hint.
func (f *Frame) Ahead(n int) { f.ahead = 4 * n }

// Done is called after the last loop: what was written past the caches is there for
// other processors then, and the rows are forgotten, so that the frame does not keep
// them in memory. Not after each loop: it takes as long as going to memory and back.
func (f *Frame) Done() {
	if f.streamed {
		fence()
		f.streamed = false
	}
	clear(f.rows[:f.used])
	f.used = 0
}

// Loop is a loop of machine code. Several goroutines may run it at once.
type Loop struct {
	code  uintptr
	rows  []int
	lanes int // of a vector

	streams bool
}

// Rows returns the rows that are read or written in memory, in the order of
// [Frame.Row].
func (l *Loop) Rows() []int { return l.rows }

// Run goes over n values of each row, a multiple of [Lanes] above 0.
func (l *Loop) Run(f *Frame, n int) {
	if !f.ready {
		f.constants, f.ready = common, true
	}
	whole := n &^ (l.lanes - 1)
	f.left = 1<<(n-whole) - 1
	f.streamed = f.streamed || l.streams
	call(l.code, f, 4*whole)
}

// Compile returns a loop that runs the instructions one after the other for each
// lane. use says how rows are used, by their number; of those it does not reach
// nothing is known. It returns nil if there is no loop: there is no AVX2, an
// operation takes a polynomial, there are too many rows, or the system runs no
// code that was made at run time.
func Compile(code []vector.Instruction, use []Use) *Loop {
	switch vector.Path() {
	case "avx2":
		return compile(code, use, avx2)
	case "avx512":
		return compile(code, use, avx512)
	}
	return nil
}

// compile is Compile for vectors of so many bytes.
func compile(code []vector.Instruction, use []Use, bytes int) *Loop {
	if len(code) == 0 {
		return nil
	}
	c := compiler{code: code, use: use, at: map[int]int{}, index: map[int]int{}, fields: map[int32]bool{}, written: map[int]bool{}}
	c.bytes, c.holds = bytes, make([]int, bytes/2) // AVX2 has 16 registers, AVX-512 32
	for i := range c.holds {
		c.holds[i] = none
	}
	for i := range c.base {
		c.base[i] = none
	}
	for i := range code {
		for _, row := range code[i].Results() {
			c.written[row] = true
		}
	}
	// What the body touches in memory is known when it has been written once.
	if !c.body() || len(c.rows) > maxRows {
		return nil
	}
	c.fix()
	c.assembler.code = nil
	c.begin()
	free := bases
	for k, row := range c.rows {
		if _, fixed := c.fixedRows[row]; !fixed && len(free) > 0 {
			c.base[k], free = free[0], free[1:]
			c.pointer(c.base[k], field(rowOffset(k)))
		}
	}
	for _, row := range slices.Sorted(maps.Keys(c.fixedRows)) {
		c.broadcast(c.fixedRows[row], c.memory(row))
	}
	for _, at := range slices.Sorted(maps.Keys(c.fixedFields)) {
		c.move(opLoad, c.fixedFields[at], operand{reg: -1, base: rdi, disp: at})
	}
	c.pointer(r12, field(unsafe.Offsetof(frame.ahead)))
	c.unlessZero(rdx, func() {
		c.loop(func() {
			c.lookAhead()
			c.body()
		})
	})
	if bytes == avx512 {
		c.pointer(scratch, field(unsafe.Offsetof(frame.left)))
		c.unlessZero(scratch, func() {
			c.setLanesLeft()
			c.part = true
			c.body()
		})
	}
	c.end()
	if len(c.rows) > maxRows { // other rows may have gone to memory this time
		return nil
	}
	address := load(c.assembler.code)
	if address == 0 {
		return nil
	}
	return &Loop{address, c.rows, bytes / 4, c.streams}
}

// lookAhead has the rows of the next step brought into the cache, for the
// processor does not know where they are: each begins in another page.
func (c *compiler) lookAhead() {
	streams := slices.ContainsFunc(c.rows, func(row int) bool { return c.is(row, Stream) })
	for k, row := range c.rows {
		if c.is(row, Ahead) && !c.is(row, Stream) && c.base[min(k, maxRows-1)] != none {
			how := byte(prefetch0)
			switch {
			case c.written[row]:
				how = prefetchWrite
			case streams: // from far
				how = prefetch1
			}
			c.prefetch(how, c.base[k])
		}
	}
}

// bases hold the addresses of the first rows; those of others are loaded where
// they are used, into scratch. rdi is the frame, rcx and rdx count, r12 is ahead of
// rcx by a step; Go wants rsp, rbp and r14 as they are, and may want r15.
var bases = []int{rax, rbx, rsi, r8, r9, r10, r11}

var frame Frame

func rowOffset(k int) uintptr {
	return unsafe.Offsetof(frame.rows) + uintptr(k)*unsafe.Sizeof(frame.rows[0])
}

var (
	zero      = field(unsafe.Offsetof(frame.zero))
	one       = field(unsafe.Offsetof(frame.one))
	minusOne  = field(unsafe.Offsetof(frame.minusOne))
	sign      = field(unsafe.Offsetof(frame.sign))
	magnitude = field(unsafe.Offsetof(frame.magnitude))
)

const none = -1

// compiler knows which row is in which register of the processor. A row that was
// computed is stored when its register is needed for another, or at the end of
// the body.
type compiler struct {
	assembler
	code    []vector.Instruction
	use     []Use
	written map[int]bool // rows

	now    int             // the instruction that is being written
	events map[int][]event // of each row, from now on
	holds  []int           // the row in each register, or none
	dirty  [32]bool        // and whether it is not stored
	pinned [32]bool        // registers that the instruction uses
	masks  mask            // how many of k1 to k7 it uses
	at     map[int]int     // the register of a row

	rows   []int          // in memory
	index  map[int]int    // of a row in rows
	base   [maxRows]int   // the general register with the address, or none
	fields map[int32]bool // of the frame, that are used

	fixedRows   map[int]int   // registers of rows that are the same throughout
	fixedFields map[int32]int // and of fields
	reserved    [32]bool      // those registers
	streams     bool
}

// is says whether a row is used in a way.
func (c *compiler) is(row int, use Use) bool { return row < len(c.use) && c.use[row]&use != 0 }

// body writes the instructions for one vector.
func (c *compiler) body() bool {
	c.listEvents()
	for c.now = range c.code {
		in := &c.code[c.now]
		if !Knows(in.Op) {
			return false
		}
		c.write(in)
	}
	c.now = len(c.code)
	for r, holds := range c.holds {
		if holds != none && c.dirty[r] && c.is(holds, Live) {
			c.store(r)
		}
		c.forget(r)
	}
	return true
}

// write writes one instruction.
func (c *compiler) write(in *vector.Instruction) {
	c.pinned, c.masks = [32]bool{}, 0
	first, second, slot, pair := in.Op.Pair()
	switch arg := in.Args; {
	case pair:
		f := c.binary(opcode[first], c.load(arg[0]), c.read(arg[1]))
		if slot == 0 {
			c.result(in, c.binary(opcode[second], f, c.read(arg[2])))
		} else {
			c.result(in, c.binary(opcode[second], c.load(arg[2]), reg(f)))
		}
	case in.Op == vector.Copy:
		d := c.take()
		c.move(opLoad, d, c.read(arg[0]))
		c.result(in, d)
	case in.Op == vector.Neg:
		c.result(in, c.binary(opXor, c.load(arg[0]), c.constant(sign)))
	case in.Op == vector.Abs:
		c.result(in, c.binary(opAnd, c.load(arg[0]), c.constant(magnitude)))
	case in.Op == vector.Sqrt:
		d := c.take()
		c.move(opSqrt, d, c.read(arg[0]))
		c.result(in, d)
	case in.Op == vector.Round, in.Op == vector.Floor:
		d, how := c.take(), byte(toNearest)
		if in.Op == vector.Floor {
			how = down
		}
		c.round(how, d, c.read(arg[0]))
		c.result(in, d)
	case in.Op == vector.Min: // the processor's own returns b if both are 0 or one is NaN
		a, b := c.load(arg[0]), c.load(arg[1])
		c.result(in, c.binary(opOr, c.binary(opMin, a, reg(b)), reg(c.binary(opMin, b, reg(a)))))
	case in.Op == vector.Max:
		a, b := c.load(arg[0]), c.load(arg[1])
		p, q := c.binary(opMax, a, reg(b)), c.binary(opMax, b, reg(a))
		c.result(in, c.binary(opSub, c.binary(opOr, p, reg(q)), reg(c.binary(opXor, p, reg(q)))))
	case in.Op == vector.Sign:
		a := c.load(arg[0])
		d := c.choose(c.test(less, a, c.constant(zero)), c.constant(minusOne), a)
		c.result(in, c.choose(c.test(greater, a, c.constant(zero)), c.constant(one), d))
	case in.Op == vector.Less, in.Op == vector.LessEqual, in.Op == vector.Equal:
		a := c.load(arg[0])
		c.result(in, c.ones(c.test(predicate[in.Op], a, c.read(arg[1]))))
	case in.Op == vector.Heaviside:
		c.result(in, c.ones(c.test(greaterEqual, c.load(arg[0]), c.constant(zero))))
	case in.Op == vector.Select:
		mask := c.test(notEqual, c.load(arg[0]), c.constant(zero))
		otherwise := c.load(arg[2])
		c.result(in, c.choose(mask, c.read(arg[1]), otherwise))
	case in.Op == vector.Mix:
		a, b, e := c.load(arg[0]), c.load(arg[1]), c.load(arg[2])
		ones := c.take()
		c.move(opLoad, ones, c.constant(one))
		rest := c.binary(opMul, c.binary(opSub, ones, reg(a)), reg(e))
		d := c.binary(opAdd, c.binary(opMul, a, reg(b)), reg(rest))
		d = c.choose(c.test(equal, a, c.constant(zero)), reg(e), d)
		c.result(in, c.choose(c.test(equal, a, c.constant(one)), reg(b), d))
	case in.Op == vector.FireHard, in.Op == vector.FireSoft:
		a, b := c.load(arg[0]), c.load(arg[1])
		mask := c.test(greaterEqual, c.binary(opSub, a, reg(b)), c.constant(zero))
		s := c.ones(mask)
		var d int
		if in.Op == vector.FireHard {
			d = c.choose(mask, c.read(arg[2]), a)
		} else {
			d = c.binary(opSub, a, reg(c.binary(opMul, s, reg(b))))
		}
		c.result(in, d, s)
	default:
		op, ok := opcode[in.Op]
		if !ok {
			panic("native: there is no machine code for " + in.Op.String())
		}
		c.result(in, c.binary(op, c.load(arg[0]), c.read(arg[1])))
	}
}

var opcode = map[vector.Op]byte{vector.Add: opAdd, vector.Sub: opSub, vector.Mul: opMul, vector.Div: opDiv}

var predicate = map[vector.Op]byte{vector.Less: less, vector.LessEqual: lessEqual, vector.Equal: equal}

// constant is a field of the frame, or the register that holds it.
func (c *compiler) constant(f operand) operand {
	if r, ok := c.fixedFields[f.disp]; ok {
		return reg(r)
	}
	c.fields[f.disp] = true
	return f
}

// binary writes an operation into a register that was free.
func (c *compiler) binary(op byte, a int, b operand) int {
	d := c.take()
	c.op(op, d, a, b)
	return d
}

// test returns a mask that was free.
func (c *compiler) test(predicate byte, a int, b operand) mask {
	var d mask
	if c.bytes == avx2 {
		d = mask(c.take())
	} else {
		c.masks++
		d = c.masks
	}
	c.compare(predicate, d, a, b)
	return d
}

// choose is b where the mask is set, else a.
func (c *compiler) choose(where mask, b operand, a int) int {
	d := c.take()
	c.blend(d, a, b, where)
	return d
}

// ones is 1 where the mask is set, else 0.
func (c *compiler) ones(where mask) int {
	d := c.take()
	c.only(d, c.constant(one), where)
	return d
}
