package dynamics

import (
	"slices"

	"spikebook/snn/vector"
)

// Listing is a program for a backend that runs it in another way than [Program.Run]:
// the instructions of a step, on numbered registers. What a register holds:
// constants and parameters from the start; states, too, and from step to step;
// inputs from the start of a step. The instructions of Prologue are run once, those
// of Code in each step; then each register of Outputs is given out, and each state
// takes the value of its register of Next, in order.
type Listing struct {
	Registers                     int
	Prologue, Code                []vector.Instruction
	Constants                     map[int]float32
	Inputs                        []int // in the order of Program.Inputs; -1 for one that is not used
	Params, States, Next, Outputs []int
	InputNames, ParamNames        []string
	StateNames                    []string
}

// Listing returns the program as a list of instructions. It is a copy.
func (p *Program) Listing() Listing {
	l := Listing{
		Registers: p.registers, Prologue: slices.Clone(p.prologue), Code: slices.Clone(p.code), Constants: map[int]float32{},
		Inputs: slices.Clone(p.inputs), Params: slices.Clone(p.params), States: slices.Clone(p.states), Next: slices.Clone(p.next),
		InputNames: slices.Clone(p.inputNames), ParamNames: slices.Clone(p.paramNames), StateNames: slices.Clone(p.stateNames),
	}
	for _, c := range p.constants {
		l.Constants[c.register] = c.value
	}
	for _, o := range p.outputs {
		l.Outputs = append(l.Outputs, o.register)
	}
	return l
}
