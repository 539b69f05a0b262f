package ptxsim

import (
	"fmt"
	"math"
)

// block runs the threads of a block together: those that are at the same
// instruction do it one after the other, before they go on to the next. If they are
// at several, those that are behind go first, and so meet the others.
type block struct {
	launch   *launch
	kernel   *kernel
	rows     [][]uint64
	all      []int32 // all threads
	number   int
	barriers int // that were passed
	steps    int64
	traffic  [3]int64 // bytes by operation

	shared      []byte
	sharedWords []word

	pc    []int32
	state []state

	// Of a register, how many threads have not written it, and which have.
	missing []int
	written [][]bool

	lanes, active, rest []int32 // threads at an instruction, those that it is for, the others
}

type state uint8

const (
	runs  state = iota
	waits       // at a barrier or shuffle
	ended
)

const never = math.MaxInt32

// newBlock makes room for blocks of a launch, one after the other.
func newBlock(l *launch) *block {
	n, k := l.threads, l.kernel
	b := &block{
		launch: l, kernel: k,
		rows: make([][]uint64, len(k.rows)), all: make([]int32, n), missing: make([]int, len(k.rows)), written: make([][]bool, len(k.rows)),
		pc: make([]int32, n), state: make([]state, n), shared: make([]byte, l.shared),
		lanes: make([]int32, 0, n), active: make([]int32, 0, n), rest: make([]int32, 0, n),
	}
	if l.races {
		b.sharedWords = make([]word, (l.shared+3)/4)
	}
	for i := range b.all {
		b.all[i] = int32(i)
	}
	values := make([]uint64, n*len(k.rows))
	for r, row := range k.rows {
		b.rows[r], values = values[:n:n], values[n:]
		if row.role == register {
			b.written[r] = make([]bool, n)
		}
		for i := range n {
			b.rows[r][i] = l.value(row, r, i)
		}
	}
	return b
}

// run runs the block of a number.
func (b *block) run(number int) *fault {
	b.number, b.barriers, b.steps = number, 0, 0
	coordinates := split(number, b.launch.grid)
	for r, row := range b.kernel.rows {
		switch row.role {
		case register:
			b.missing[r] = len(b.pc)
			clear(b.written[r])
		case blockID, blockID + 1, blockID + 2:
			for i := range b.rows[r] {
				b.rows[r][i] = uint64(coordinates[row.role-blockID])
			}
		}
	}
	clear(b.pc)
	clear(b.state)
	clear(b.sharedWords)
	for i := range b.shared {
		b.shared[i] = 0xFF
	}
	for {
		lanes, pc, next := b.choose()
		if len(lanes) > 0 {
			if f := b.advance(lanes, pc, next); f != nil {
				return f
			}
			continue
		}
		if more, f := b.meet(); !more {
			return f
		}
	}
}

// choose returns the threads that are behind, the instruction they are at, and the
// one that the next ones are at.
func (b *block) choose() (lanes []int32, pc, next int32) {
	pc, next = never, never
	for i, at := range b.pc {
		switch {
		case b.state[i] != runs:
		case at < pc:
			pc, next = at, pc
		case at > pc && at < next:
			next = at
		}
	}
	lanes = b.lanes[:0]
	for i, at := range b.pc {
		if at == pc && b.state[i] == runs {
			lanes = append(lanes, int32(i))
		}
	}
	return lanes, pc, next
}

// advance runs threads until they part, wait or meet those that are at next.
func (b *block) advance(lanes []int32, pc, next int32) *fault {
	for pc < next {
		in := &b.kernel.code[pc]
		if f := b.count(in, lanes); f != nil {
			return f
		}
		active := lanes
		if in.guard != none {
			if f := b.check(in, lanes, in.guard); f != nil {
				return f
			}
			active = b.split(in, lanes)
		}
		for _, r := range in.reads {
			if f := b.check(in, active, r); f != nil {
				return f
			}
		}
		pc++
		switch in.action {
		case doCompute:
			b.compute(in, active)
			b.define(in, active)
		case doAccess:
			if f := b.access(in, active); f != nil {
				return f
			}
			b.define(in, active)
		case doNothing:
		default:
			switch {
			case len(active) == 0:
				continue
			case in.action == doBranch && len(active) == len(lanes):
				pc = int32(in.target)
				continue
			case len(active) < len(lanes):
				b.place(b.rest, pc, runs)
			}
			switch in.action {
			case doBranch:
				b.place(active, int32(in.target), runs)
			case doExit:
				b.place(active, pc-1, ended)
			default:
				b.place(active, pc-1, waits)
			}
			return nil
		}
	}
	b.place(lanes, pc, runs)
	return nil
}

// count counts instructions, so that a loop without an end is an error.
func (b *block) count(in *instruction, lanes []int32) *fault {
	b.steps++
	if b.steps > b.launch.steps {
		return b.fault(in, lanes[0], fmt.Sprintf("the block did not end within %d instructions, expected a loop that ends", b.launch.steps))
	}
	if b.steps%1024 == 0 && b.launch.failed.Load() {
		return &fault{block: math.MaxInt} // that of another block is reported
	}
	return nil
}

// split returns the threads that a guarded instruction is for, and keeps the rest.
func (b *block) split(in *instruction, lanes []int32) (active []int32) {
	b.active, b.rest = b.active[:0], b.rest[:0]
	for _, i := range lanes {
		if (b.rows[in.guard][i] != 0) != in.negate {
			b.active = append(b.active, i)
		} else {
			b.rest = append(b.rest, i)
		}
	}
	return b.active
}

func (b *block) place(lanes []int32, pc int32, s state) {
	for _, i := range lanes {
		b.pc[i], b.state[i] = pc, s
	}
}

func (b *block) compute(in *instruction, lanes []int32) {
	f, y := in.compute, b.rows[in.result]
	x0, x1, x2 := b.rows[in.sources[0]], b.rows[in.sources[1]], b.rows[in.sources[2]]
	if len(lanes) < len(y) {
		for _, i := range lanes {
			y[i] = f(x0[i], x1[i], x2[i])
		}
		return
	}
	if in.loop != nil {
		in.loop(y, x0, x1, x2)
		return
	}
	x0, x1, x2 = x0[:len(y)], x1[:len(y)], x2[:len(y)]
	for i := range y {
		y[i] = f(x0[i], x1[i], x2[i])
	}
}

// check looks whether threads have written a register that they read.
func (b *block) check(in *instruction, lanes []int32, r int) *fault {
	if b.missing[r] == 0 {
		return nil
	}
	for _, i := range lanes {
		if !b.written[r][i] {
			return b.fault(in, i, fmt.Sprintf("it reads register %s, to which it has written nothing", b.kernel.rows[r].name))
		}
	}
	return nil
}

// define notes that threads have written the results of an instruction.
func (b *block) define(in *instruction, lanes []int32) {
	for _, r := range in.writes {
		if b.missing[r] == 0 || len(lanes) == len(b.pc) {
			b.missing[r] = 0
			continue
		}
		for _, i := range lanes {
			if !b.written[r][i] {
				b.written[r][i] = true
				b.missing[r]--
			}
		}
	}
}
