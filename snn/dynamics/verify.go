package dynamics

import "slices"

// verify is the last pass: it follows the program with the virtual register
// that each register holds, and so checks that every instruction reads what it
// should, that leaves survive the step, and that output and states end where
// the engine looks for them. An error is a bug of this package.
func verify(virtual, p *Program) error {
	const nothing = -1
	holds := make([]int, p.registers)
	for i := range holds {
		holds[i] = nothing
	}
	leaves := map[int]bool{} // registers that must survive
	put := func(register, value int) {
		holds[register] = value
		leaves[register] = true
	}
	for i, r := range p.params {
		put(r, virtual.params[i])
	}
	for i, c := range p.constants {
		put(c.register, virtual.constants[i].register)
	}
	if p.input >= 0 {
		put(p.input, virtual.input)
	}
	for i, r := range p.states {
		put(r, virtual.states[i])
		leaves[r] = p.next[i] != r || virtual.next[i] == virtual.states[i]
	}
	if len(p.code) != len(virtual.code) || len(p.next) != len(p.states) {
		return errorf("a pass lost instructions")
	}
	for i := range p.code {
		in, want := &p.code[i], &virtual.code[i]
		if in.op != want.op {
			return errorf("instruction %d is %v, want %v", i, in.op, want.op)
		}
		for k, r := range in.operands() {
			if value := want.operands()[k]; holds[r] != value {
				return errorf("instruction %d, %v, reads register %d with value %d, want %d", i, in.op, r, holds[r], value)
			}
		}
		if leaves[in.dst] {
			return errorf("instruction %d, %v, overwrites register %d, which must survive", i, in.op, in.dst)
		}
		holds[in.dst] = want.dst
	}
	if holds[p.output] != virtual.output {
		return errorf("the output register holds %d, want %d", holds[p.output], virtual.output)
	}
	for i, r := range p.next {
		if holds[r] != virtual.next[i] {
			return errorf("the register of state %q holds %d after the step, want %d", p.stateNames[i], holds[r], virtual.next[i])
		}
		// commit copies one state after the other: none may be read after it is written.
		if k := slices.Index(p.states, r); k >= 0 && k != i && p.next[k] != r {
			return errorf("state %q reads state %q, which may have changed", p.stateNames[i], p.stateNames[k])
		}
	}
	return nil
}
