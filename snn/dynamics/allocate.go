package dynamics

import "slices"

// allocate is the second pass: it lets values that are not needed at the same
// time share a register, so that the registers of a block of neurons stay in
// the first-level cache. A state is computed in its own register where nobody
// reads its old value after that.
func allocate(virtual *Program) *Program {
	p := *virtual
	p.registers = 0
	place := make([]int, virtual.registers) // of each virtual register
	for i := range place {
		place[i] = -1
	}
	pin := func(virtual int) int { // a register that is never shared
		if place[virtual] < 0 {
			place[virtual] = p.registers
			p.registers++
		}
		return place[virtual]
	}

	// Leaves are there before the code runs. The output goes where the caller
	// wants it.
	p.states, p.params = places(virtual.states, pin), places(virtual.params, pin)
	p.constants = slices.Clone(virtual.constants)
	for i := range p.constants {
		p.constants[i].register = pin(p.constants[i].register)
	}
	if virtual.input >= 0 {
		p.input = pin(virtual.input)
	}
	p.ownOutput = place[virtual.output] < 0
	p.output = pin(virtual.output)

	last, defined := lifetimes(virtual)
	for i, next := range virtual.next {
		if state := virtual.states[i]; place[next] < 0 && defined[next] >= last[state] {
			place[next] = place[state]
		}
	}
	shared := make([]bool, virtual.registers) // goes back to free after the last use
	var free []int
	p.code = slices.Clone(virtual.code)
	for i := range p.code {
		in := &p.code[i]
		for k, r := range virtual.code[i].operands() {
			if last[r] == i && shared[r] && !slices.Contains(virtual.code[i].operands()[:k], r) {
				free = append(free, place[r]) // the instruction may write where it reads
			}
		}
		if place[in.dst] < 0 {
			shared[in.dst] = true
			if n := len(free); n > 0 {
				place[in.dst], free = free[n-1], free[:n-1]
			} else {
				pin(in.dst)
			}
		}
		in.dst, in.a, in.b, in.c = place[in.dst], place[in.a], place[in.b], place[in.c]
	}
	p.next = places(virtual.next, func(r int) int { return place[r] })
	return &p
}

func places(virtual []int, place func(int) int) []int {
	list := make([]int, len(virtual))
	for i, r := range virtual {
		list[i] = place(r)
	}
	return list
}

// lifetimes returns the instruction that reads each register last, -1 if none
// does, and the one that writes it, -1 for leaves. What is read after the code
// is read by the instruction behind the last.
func lifetimes(virtual *Program) (last, defined []int) {
	last, defined = make([]int, virtual.registers), make([]int, virtual.registers)
	for r := range last {
		last[r], defined[r] = -1, -1
	}
	for i, in := range virtual.code {
		for _, r := range in.operands() {
			last[r] = i
		}
		defined[in.dst] = i
	}
	for _, r := range append([]int{virtual.output}, virtual.next...) {
		last[r] = len(virtual.code)
	}
	return last, defined
}
