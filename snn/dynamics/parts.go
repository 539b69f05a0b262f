package dynamics

import (
	"slices"
	"sync"
	"unsafe"

	"spikebook/snn/native"
	"spikebook/snn/vector"
)

// part is a piece of the code of a step: a loop of machine code, in which values
// stay in registers of the processor, or instructions that run one after the
// other.
type part struct {
	loop *native.Loop // nil for instructions
	rows []int        // registers of the loop
	code []vector.Instruction
}

// worthLoop is how many neuron-steps are worth making a loop at once, which takes
// as long as some 10,000 of them. Smaller runs get it at the second time.
var worthLoop = 1 << 12

// maxLoop is how many instructions a loop has at most.
const maxLoop = 256

// streamBytes is how large an output is that is written past the caches: as large as
// that of a processor. The memory of such a tensor has left it when it is used again;
// written past it, it need not be read first.
var streamBytes = 2 << 20

// streams says whether outputs are written past the caches.
func (p *Program) streams(r *Run) bool {
	for _, o := range r.Outputs {
		if len(o) > 0 && uintptr(unsafe.Pointer(unsafe.SliceData(o)))%native.Align != 0 {
			return false
		}
	}
	return 4*r.T*r.N >= streamBytes && r.N%lanes == 0 && lanes >= native.Lanes
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
// some parameters: those that are loaded have one value. now says that a loop is
// worth making even for one run; else the result is nil at the first time.
func partsOf(p *Program, code []vector.Instruction, loaded []bool, stream, now bool) []part {
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
func (p *Program) key(code []vector.Instruction, loaded []bool, stream bool) (key []byte) {
	add := func(n int) { key = append(key, byte(n), byte(n>>8), byte(n>>16)) }
	for _, in := range code {
		add(int(in.Op))
		for _, r := range append(in.Results(), in.Operands()...) {
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
func (p *Program) split(code []vector.Instruction, loaded []bool, stream bool) (parts []part) {
	use := p.useOf(loaded, stream)
	for from := 0; from < len(code); {
		to := from + 1
		known := native.Knows(code[from].Op)
		for to < len(code) && to < from+maxLoop && native.Knows(code[to].Op) == known {
			to++
		}
		one := part{code: code[from:to]}
		if known && len(one.code) > 1 {
			here := slices.Clone(use)
			for r, read := range readBy(code[to:], p.registers) {
				if read {
					here[r] = here[r]&^native.Stream | native.Live
				}
			}
			if one.loop = native.Compile(one.code, here); one.loop != nil {
				one.rows = one.loop.Rows()
			}
		}
		parts, from = append(parts, one), to
	}
	return parts
}

// useOf says how the registers are used, by a step and behind it.
func (p *Program) useOf(loaded []bool, stream bool) []native.Use {
	use := make([]native.Use, p.registers)
	for i, r := range p.params {
		if loaded[i] {
			use[r] |= native.Uniform
		}
	}
	for _, c := range p.constants {
		use[c.register] |= native.Uniform
	}
	for _, d := range p.divisions {
		use[d.reciprocal] |= native.Uniform // or not used
	}
	for _, r := range p.next {
		use[r] |= native.Live
	}
	for _, r := range p.inputs {
		if r >= 0 {
			use[r] |= native.Ahead
		}
	}
	for _, o := range p.outputs {
		use[o.register] |= native.Live
		if o.own {
			use[o.register] |= native.Ahead
		}
		if o.own && stream {
			use[o.register] |= native.Stream
		}
	}
	return use
}

// countInMemory counts the registers that go through memory if there are loops:
// those that a step shares with the one before, with the rest of the world, or
// with instructions that loops do not contain.
func (p *Program) countInMemory() (n int) {
	in := make([]bool, p.registers)
	for _, r := range slices.Concat(p.inputs, p.states, p.next) {
		if r >= 0 {
			in[r] = true
		}
	}
	for _, o := range p.outputs {
		in[o.register] = true
	}
	for i := range p.code {
		if c := &p.code[i]; !native.Knows(c.Op) {
			for _, r := range append(c.Results(), c.Operands()...) {
				in[r] = true
			}
		}
	}
	for _, is := range in {
		if is {
			n++
		}
	}
	return n
}

// readBy says which registers the instructions read.
func readBy(code []vector.Instruction, registers int) []bool {
	read := make([]bool, registers)
	for i := range code {
		for _, r := range code[i].Operands() {
			read[r] = true
		}
	}
	return read
}
