package dynamics

import (
	"slices"

	"spikebook/snn/vector"
)

// verify is the last pass: it follows the program with the virtual register
// that each register holds, and so checks that every instruction reads what it
// should, that what is there before a step survives it, and that outputs and
// states end where the engine looks for them. An error is a bug of this
// package.
func verify(virtual, p *Program) error {
	const nothing = -1
	holds := make([]int, p.registers)
	for i := range holds {
		holds[i] = nothing
	}
	survives := make([]bool, p.registers)
	put := func(register, value int) {
		if register >= 0 {
			holds[register] = value
			survives[register] = true
		}
	}
	for i, r := range p.params {
		put(r, virtual.params[i])
	}
	for i, c := range p.constants {
		put(c.register, virtual.constants[i].register)
	}
	for i, r := range p.inputs {
		put(r, virtual.inputs[i])
	}
	stateOf := map[int]int{} // by register
	for i, r := range p.states {
		stateOf[r] = i
		put(r, virtual.states[i])
		survives[r] = p.next[i] != r || virtual.next[i] == virtual.states[i]
	}
	if len(p.code) != len(virtual.code) || len(p.prologue) != len(virtual.prologue) || len(p.next) != len(p.states) {
		return errorf("a pass lost instructions")
	}
	follow := func(code, wanted []vector.Instruction, pinned bool) error {
		for i := range code {
			in, want := &code[i], &wanted[i]
			if in.Op != want.Op {
				return errorf("instruction %d is %v, want %v", i, in.Op, want.Op)
			}
			for k, r := range in.Operands() {
				if value := want.Operands()[k]; holds[r] != value {
					return errorf("instruction %d, %v, reads register %d with value %d, want %d", i, in.Op, r, holds[r], value)
				}
			}
			for k, r := range in.Results() {
				switch {
				case survives[r]:
					return errorf("instruction %d, %v, overwrites register %d, which must survive", i, in.Op, r)
				case in.Dst2 >= 0 && (in.Dst == in.Dst2 || slices.Contains(in.Operands(), in.Dst2)):
					return errorf("instruction %d, %v, writes a register that it still uses", i, in.Op)
				}
				holds[r], survives[r] = want.Results()[k], pinned
			}
		}
		return nil
	}
	if err := follow(p.prologue, virtual.prologue, true); err != nil {
		return err
	}
	if err := follow(p.code, virtual.code, false); err != nil {
		return err
	}
	for i, o := range p.outputs {
		if holds[o.register] != virtual.outputs[i].register {
			return errorf("the register of output %d holds %d, want %d", i, holds[o.register], virtual.outputs[i].register)
		}
	}
	for i, r := range p.next {
		if holds[r] != virtual.next[i] {
			return errorf("the register of state %q holds %d after the step, want %d", p.stateNames[i], holds[r], virtual.next[i])
		}
		// commit copies one state after the other: none may be read after it is written.
		if k, ok := stateOf[r]; ok && k != i && p.next[k] != r {
			return errorf("state %q reads state %q, which may have changed", p.stateNames[i], p.stateNames[k])
		}
	}
	return nil
}
