package dynamics

import (
	"slices"
	"sync"
	"unsafe"

	"spikebook/snn/native"
)

// part is a piece of the code of a step: a loop of machine code, in which values
// stay in registers of the processor, or instructions that run one after the
// other.
type part struct {
	loop *native.Loop // nil for instructions
	rows []int        // registers of the loop
	code []instruction
}

// worthLoop is how many neuron-steps are worth making a loop at once, which takes
// as long as some 10,000 of them. Smaller runs get it at the second time.
var worthLoop = 1 << 12

// maxLoop is how many instructions a loop has at most.
const maxLoop = 256

// streamBytes is how much is written past the caches: more than a large cache
// holds, so that it would not be there any more when it is read.
var streamBytes = 24 << 20

// streams says whether outputs are written past the caches.
func (p *Program) streams(r *Run) bool {
	bytes := 0
	for _, o := range r.Outputs {
		if bytes += 4 * len(o); len(o) > 0 && uintptr(unsafe.Pointer(unsafe.SliceData(o)))%native.Align != 0 {
			return false
		}
	}
	return bytes >= streamBytes && r.N%lanes == 0 && lanes >= native.Lanes
}

// maxPlans is where plans begins anew. A program has a few for each kind of neuron.
const maxPlans = 1 << 12

// plans holds the parts of the code that this process has run. They are not in
// the Program: what a notebook keeps of it is used by another process.
var plans = struct {
	sync.Mutex
	of map[string]*plan
}{of: map[string]*plan{}}

type plan struct {
	seen  bool
	parts []part // nil if there are no loops yet
}

// partsOf returns the parts of a step of a program, with the code as it is for
// some parameters: those that are loaded have one value. now says that a loop is worth making even for one run; else
// the result is nil at the first time.
func partsOf(p *Program, code []instruction, loaded []bool, stream, now bool) []part {
	if len(code) == 0 {
		return []part{}
	}
	key := p.key(code, loaded, stream)
	plans.Lock()
	defer plans.Unlock()
	l := plans.of[string(key)]
	if l == nil {
		if len(plans.of) == maxPlans {
			clear(plans.of)
		}
		l = new(plan)
		plans.of[string(key)] = l
	}
	if l.parts == nil && (now || l.seen) {
		l.parts = p.split(slices.Clone(code), loaded, stream)
	}
	l.seen = true
	return l.parts
}

// key says all that the parts depend on.
func (p *Program) key(code []instruction, loaded []bool, stream bool) (key []byte) {
	add := func(n int) { key = append(key, byte(n), byte(n>>8), byte(n>>16)) }
	for _, in := range code {
		add(int(in.op))
		for _, r := range append(in.results(), in.operands()...) {
			add(r)
		}
	}
	add(-1)
	for i, r := range p.params {
		if loaded[i] {
			add(r)
		}
	}
	add(-1)
	for _, c := range p.constants {
		add(c.register)
	}
	add(-1)
	for _, d := range p.divisions {
		add(d.reciprocal)
	}
	add(-1)
	for _, r := range p.next {
		add(r)
	}
	add(-1)
	for _, o := range p.outputs {
		if add(o.register); o.own {
			add(-1)
		}
	}
	if stream {
		add(-2)
	}
	return key
}

// split makes loops of the instructions that loops may contain.
func (p *Program) split(code []instruction, loaded []bool, stream bool) (parts []part) {
	after := make([]bool, p.registers) // read behind the step
	own := make([]bool, p.registers)
	same := make([]bool, p.registers) // for all neurons
	for i, r := range p.params {
		same[r] = loaded[i]
	}
	for _, c := range p.constants {
		same[c.register] = true
	}
	for _, d := range p.divisions {
		same[d.reciprocal] = true // or not used
	}
	for _, r := range p.next {
		after[r] = true
	}
	for _, o := range p.outputs {
		after[o.register] = true
		own[o.register] = stream && o.own
	}
	for from := 0; from < len(code); {
		to := from + 1
		known := native.Knows(code[from].op)
		for to < len(code) && to < from+maxLoop && native.Knows(code[to].op) == known {
			to++
		}
		one := part{code: code[from:to]}
		later := readBy(code[to:], p.registers)
		if known && len(one.code) > 1 {
			live := func(r int) bool { return after[r] || later[r] }
			past := func(r int) bool { return own[r] && !later[r] }
			if one.loop = native.Compile(instructions(one.code), live, func(r int) bool { return same[r] }, past); one.loop != nil {
				one.rows = one.loop.Rows()
			}
		}
		parts, from = append(parts, one), to
	}
	return parts
}

// readBy says which registers the instructions read.
func readBy(code []instruction, registers int) []bool {
	read := make([]bool, registers)
	for i := range code {
		for _, r := range code[i].operands() {
			read[r] = true
		}
	}
	return read
}

func instructions(code []instruction) []native.Instruction {
	list := make([]native.Instruction, len(code))
	for i, in := range code {
		list[i] = native.Instruction{Op: in.op, Dst: in.dst, Dst2: in.dst2, Args: in.args}
	}
	return list
}
