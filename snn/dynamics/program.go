package dynamics

import (
	"fmt"
	"math"
	"slices"

	"spikebook/snn/vector"
)

// Definition is one step of a neuron: what it gives out, and the states after
// the step, as expressions over the inputs and the states before it.
type Definition struct {
	Inputs  []string // names of the inputs
	Outputs []Expr   // of one step
	States  []StateEquation
}

// Params returns the names of the parameters, also of those that only a
// derivative uses ([WithGradient]).
func (d Definition) Params() (names []string) {
	done := map[*node]bool{}
	visit := func(n *node) {
		if n.op == OpParam && !slices.Contains(names, n.name) {
			names = append(names, n.name)
		}
	}
	for _, e := range d.Outputs {
		walkInto(done, e.n, visit)
	}
	for _, s := range d.States {
		walkInto(done, s.Next.n, visit)
	}
	return names
}

// StateEquation gives a state its value after the step.
type StateEquation struct {
	Name string
	Next Expr
}

// Program is a compiled definition. It may be run by several goroutines at
// once.
type Program struct {
	prologue  []vector.Instruction // what is the same in all steps
	code      []vector.Instruction // of one step
	registers int
	inMemory  int // of them, beside loops of machine code
	work      int // that a neuron-step is
	constants []constant
	divisions []division

	inputs  []int // registers; -1 for one that is not used
	params  []int
	states  []int // before the step
	next    []int // and after it; a state may be computed in its own register
	outputs []output

	inputNames, uniformNames, paramNames, stateNames []string
}

type constant struct {
	register int
	value    float32
}

// output is a register that is given out.
type output struct {
	register int
	own      bool // it is written by an instruction of a step, and given out here first
}

// division is an instruction that divides by a number that is the same for all
// neurons. Where that is a power of two, as many time constants are, a product
// with the reciprocal gives the same bits, and takes a fifth of the time.
type division struct {
	code       int // of the instruction
	arg        int // operand that divides
	op         vector.Op
	reciprocal int // register
}

// Compile checks a definition and turns it into a program. Equal parts are
// computed once, and constants are folded where that changes no bit; so the
// results are those of the expressions as they are written. The error is an
// *Error.
func Compile(d Definition) (*Program, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	v := newValues()
	r, err := v.roots(d)
	if err != nil {
		return nil, err
	}
	return v.program(r, nil)
}

// Inputs returns the names of the inputs, in the order of Run.Inputs: those of
// the definition, and behind them the random numbers.
func (p *Program) Inputs() []string { return p.inputNames }

// Uniforms returns the names of the inputs that are random numbers, from 0 to
// below 1. They are the last of Inputs.
func (p *Program) Uniforms() []string { return p.uniformNames }

// Params returns the names of the parameters, in the order of Run.Params.
func (p *Program) Params() []string { return p.paramNames }

// States returns the names of the states, in the order of Run.States.
func (p *Program) States() []string { return p.stateNames }

// check finds mistakes in the names.
func (d Definition) check() error {
	inputs, isState, params := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, name := range d.Inputs {
		if inputs[name] {
			return errorf("input %q is there twice", name)
		}
		inputs[name] = true
	}
	states := []string{}
	for _, s := range d.States {
		if isState[s.Name] {
			return errorf("state %q is defined twice", s.Name)
		}
		isState[s.Name] = true
		states = append(states, s.Name)
	}
	done := map[*node]bool{}
	look := func(what string, e Expr) (err error) {
		if e.n == nil {
			return errorf("%s is the zero Expr; make it with Input, State, Param or Const", what)
		}
		walkInto(done, e.n, func(n *node) {
			switch {
			case err != nil:
			case n.op == OpInput && !inputs[n.name]:
				err = errorf("%s uses input %q; the inputs are %q", what, n.name, d.Inputs)
			case n.op == OpState && !isState[n.name]:
				err = errorf("%s uses state %q, which has no equation; the states are %q", what, n.name, states)
			case n.op == OpParam:
				params[n.name] = true
			}
		})
		return err
	}
	for i, e := range d.Outputs {
		what := "the output"
		if len(d.Outputs) > 1 {
			what = fmt.Sprint("output ", i+1)
		}
		if err := look(what, e); err != nil {
			return err
		}
	}
	for _, s := range d.States {
		if err := look("state "+s.Name, s.Next); err != nil {
			return err
		}
	}
	for _, name := range states {
		if params[name] {
			return errorf("%q is a parameter and a state, too; give one of them another name", name)
		}
	}
	return nil
}

// program makes a program of values. Those that are given are its first inputs.
func (v *values) program(r roots, given []int) (*Program, error) {
	virtual := v.instructions(r, given)
	virtual.fuse()
	p := allocate(virtual)
	return p, verify(virtual, p)
}

// instructions turns the values that the roots need into instructions. Each
// instruction has registers of its own, and each register one value.
func (v *values) instructions(r roots, given []int) *Program {
	p := &Program{stateNames: r.states}
	need, same, isGiven := v.needed(r, given), v.constantOverSteps(), v.mark(given)
	register := make([]int, len(v.list))
	fresh := func() int { p.registers++; return p.registers - 1 }
	leaf := func(x value) int { // the register of a leaf; -1 if it is not needed
		if i, ok := v.number[x]; ok && need[i] {
			register[i] = fresh()
			return register[i]
		}
		return -1
	}
	for _, i := range given {
		register[i] = fresh()
		p.inputs = append(p.inputs, register[i])
		p.inputNames = append(p.inputNames, v.list[i].name)
	}
	for _, x := range r.inputs {
		p.inputs = append(p.inputs, leaf(x))
		p.inputNames = append(p.inputNames, x.name)
		if x.leaf == OpUniform {
			p.uniformNames = append(p.uniformNames, x.name)
		}
	}
	for _, name := range r.states {
		at := leaf(value{leaf: OpState, name: name})
		if at < 0 {
			at = fresh()
		}
		p.states = append(p.states, at)
	}
	for i, x := range v.list {
		switch {
		case !need[i] || isGiven[i]:
		case x.leaf == OpParam:
			register[i] = fresh()
			p.params = append(p.params, register[i])
			p.paramNames = append(p.paramNames, x.name)
		case x.leaf == OpConst:
			register[i] = fresh()
			p.constants = append(p.constants, constant{register[i], math.Float32frombits(x.bits)})
		case x.leaf == computed:
			register[i] = fresh()
			in := vector.Instruction{Op: x.op, Dst: register[i], Dst2: -1}
			for k, a := range x.operands() {
				in.Args[k] = register[a]
			}
			if same[i] {
				p.prologue = append(p.prologue, in)
			} else {
				p.code = append(p.code, in)
			}
		}
	}
	for _, i := range r.outputs {
		p.outputs = append(p.outputs, output{register: register[i]})
	}
	for k, i := range r.next {
		at := register[i]
		if x := v.list[i]; x.leaf == OpState && !isGiven[i] && x.name != r.states[k] {
			// The old value of another state, which will be overwritten.
			at = fresh()
			p.code = append(p.code, vector.Instruction{Op: vector.Copy, Dst: at, Dst2: -1, Args: [3]int{register[i]}})
		}
		p.next = append(p.next, at)
	}
	return p
}
