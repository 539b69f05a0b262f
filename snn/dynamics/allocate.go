package dynamics

import (
	"slices"

	"spikebook/snn/native"
	"spikebook/snn/vector"
)

// allocate is the pass behind the instructions: it lets values that are not
// needed at the same time share a register, so that the registers of a block of
// neurons stay in the first-level cache. A state is computed in its own
// register where nobody reads its old value after that.
func allocate(virtual *Program) *Program {
	p := *virtual
	p.registers = 0
	place := make([]int, virtual.registers) // of each virtual register
	for i := range place {
		place[i] = -1
	}
	pin := func(virtual int) int { // a register that is never shared
		if virtual < 0 {
			return -1
		}
		if place[virtual] < 0 {
			place[virtual] = p.registers
			p.registers++
		}
		return place[virtual]
	}

	// What is there before a step.
	p.states, p.params, p.inputs = places(virtual.states, pin), places(virtual.params, pin), places(virtual.inputs, pin)
	p.constants = slices.Clone(virtual.constants)
	for i := range p.constants {
		p.constants[i].register = pin(p.constants[i].register)
	}
	p.prologue = slices.Clone(virtual.prologue)
	for i := range p.prologue {
		move(&p.prologue[i], pin)
	}
	last, defined := lifetimes(virtual)
	for i, next := range virtual.next {
		state, by := virtual.states[i], defined[next]
		if place[next] < 0 && (by > last[state] || by == last[state] && virtual.code[by].Dst == next) {
			place[next] = place[state]
		}
	}
	// Outputs go where the caller wants them, but for the value of a state.
	p.outputs = slices.Clone(virtual.outputs)
	for i := range p.outputs {
		p.outputs[i].own = place[virtual.outputs[i].register] < 0
		p.outputs[i].register = pin(virtual.outputs[i].register)
	}

	var free []int
	take := func(virtual int) { // a register that may be shared
		if n := len(free); place[virtual] < 0 && n > 0 {
			place[virtual], free = free[n-1], free[:n-1]
		} else {
			pin(virtual)
		}
	}
	shared := make([]bool, virtual.registers) // goes back to free after the last use
	p.code = slices.Clone(virtual.code)
	for i := range p.code {
		in := &virtual.code[i]
		for _, r := range in.Results() {
			shared[r] = place[r] < 0
		}
		if in.Dst2 >= 0 { // before the operands are free: it is written beside dst
			take(in.Dst2)
		}
		for k, r := range in.Operands() {
			if last[r] == i && shared[r] && !slices.Contains(in.Operands()[:k], r) {
				free = append(free, place[r]) // the instruction may write where it reads
			}
		}
		take(in.Dst)
		for _, r := range in.Results() {
			if last[r] < 0 && shared[r] {
				free = append(free, place[r])
			}
		}
		move(&p.code[i], func(r int) int { return place[r] })
	}
	p.next = places(virtual.next, func(r int) int { return place[r] })
	p.divisions = slices.Clone(virtual.divisions)
	p.keepDivisions()
	p.inMemory = p.countInMemory()
	p.work = work(p.code)
	return &p
}

// work estimates how much work instructions are: the operands of each, or the time
// that a polynomial takes. Without vectors all take longer.
func work(code []vector.Instruction) (n int) {
	const polynomial, plain = 20, 8
	for i := range code {
		if in := &code[i]; native.Knows(in.Op) {
			n += in.Op.Arity()
		} else {
			n += polynomial
		}
	}
	if lanes < native.Lanes {
		n *= plain
	}
	return n
}

// move renames the registers of an instruction.
func move(in *vector.Instruction, place func(int) int) {
	for k, r := range in.Operands() {
		in.Args[k] = place(r)
	}
	if in.Dst = place(in.Dst); in.Dst2 >= 0 {
		in.Dst2 = place(in.Dst2)
	}
}

func places(virtual []int, place func(int) int) []int {
	list := make([]int, len(virtual))
	for i, r := range virtual {
		list[i] = place(r)
	}
	return list
}

// keepDivisions keeps the divisions by a constant or a parameter, and gives each
// a register for the reciprocal.
func (p *Program) keepDivisions() {
	number := make([]bool, p.registers)
	for _, r := range p.params {
		number[r] = true
	}
	for _, c := range p.constants {
		number[c.register] = true
	}
	p.divisions = slices.DeleteFunc(p.divisions, func(d division) bool { return !number[p.code[d.code].Args[d.arg]] })
	for i := range p.divisions {
		p.divisions[i].reciprocal = p.registers
		p.registers++
	}
}

// lifetimes returns the instruction of a step that reads each register last, -1
// if none does, and the one that writes it, -1 for what is there before. What
// is read after the step is read by the instruction behind the last.
func lifetimes(virtual *Program) (last, defined []int) {
	_, defined = virtual.uses()
	last = make([]int, virtual.registers)
	for r := range last {
		last[r] = -1
	}
	for i := range virtual.code {
		for _, r := range virtual.code[i].Operands() {
			last[r] = i
		}
	}
	for _, o := range virtual.outputs {
		last[o.register] = len(virtual.code)
	}
	for _, r := range virtual.next {
		last[r] = len(virtual.code)
	}
	return last, defined
}
