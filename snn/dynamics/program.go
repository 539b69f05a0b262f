package dynamics

import (
	"fmt"
	"slices"
)

// Definition is one step of a neuron: what it gives out, and the states after
// the step, as expressions over the input and the states before it.
type Definition struct {
	Input  string          // name of the input
	Output Expr            // of one step
	States []StateEquation // in the order of Run.States
}

// StateEquation gives a state its value after the step.
type StateEquation struct {
	Name string
	Next Expr
}

// Program is a compiled definition. It may be run by several goroutines at
// once.
type Program struct {
	code      []instruction
	registers int
	input     int // register of the input, -1 if it is not used
	output    int
	states    []int // registers of the states before the step
	next      []int // and after it
	names     []string
	params    []string
	paramRegs []int
	constants []constant
}

// instruction computes one register from others.
type instruction struct {
	op      Op
	dst     int
	a, b, c int
}

type constant struct {
	register int
	value    float32
}

// maxInstructions is how many operations a program may have.
const maxInstructions = 100000

// Compile checks a definition and turns it into a program. Equal parts are
// computed once; nothing else is changed, so that the results are those of the
// expressions as they are written.
func Compile(d Definition) (*Program, error) {
	c := compiler{
		Program:  &Program{input: -1},
		def:      d,
		byNode:   map[*node]int{},
		byShape:  map[shape]int{},
		stateReg: map[string]int{},
	}
	for _, s := range d.States {
		if _, twice := c.stateReg[s.Name]; twice {
			return nil, fmt.Errorf("state %q is defined twice", s.Name)
		}
		r := c.register()
		c.stateReg[s.Name] = r
		c.states = append(c.states, r)
		c.names = append(c.names, s.Name)
	}
	var err error
	if c.output, err = c.compile(d.Output); err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	for _, s := range d.States {
		r, err := c.compile(s.Next)
		if err != nil {
			return nil, fmt.Errorf("state %q: %w", s.Name, err)
		}
		if slices.Contains(c.states, r) && r != c.stateReg[s.Name] {
			// The old value of another state, which will be overwritten.
			from := r
			r = c.register()
			c.code = append(c.code, instruction{op: opCopy, dst: r, a: from})
		}
		c.next = append(c.next, r)
	}
	return c.Program, c.verify()
}

// Params returns the names of the parameters, in the order of Run.Params.
func (p *Program) Params() []string { return p.params }

// States returns the names of the states, in the order of Run.States.
func (p *Program) States() []string { return p.names }

// compiler turns expressions into instructions.
type compiler struct {
	*Program
	def      Definition
	byNode   map[*node]int // register of a node
	byShape  map[shape]int // and of an equal one
	stateReg map[string]int
}

// shape is what makes two operations equal.
type shape struct {
	op      Op
	a, b, c int
	name    string
	value   uint32
}

func (c *compiler) register() int {
	c.registers++
	return c.registers - 1
}

// compile returns the register in which an expression will be. It uses a stack
// of its own: an expression may be deep.
func (c *compiler) compile(e Expr) (int, error) {
	if e.n == nil {
		return 0, fmt.Errorf("there is no expression; make it with the input, a state, a parameter or Const")
	}
	for stack := []*node{e.n}; len(stack) > 0; {
		n := stack[len(stack)-1]
		if _, done := c.byNode[n]; done {
			stack = stack[:len(stack)-1]
			continue
		}
		ready := true
		for _, a := range n.args[:operations[n.op].arity] {
			if _, done := c.byNode[a]; !done {
				stack = append(stack, a)
				ready = false
			}
		}
		if !ready {
			continue
		}
		r, err := c.emit(n)
		if err != nil {
			return 0, err
		}
		c.byNode[n] = r
		stack = stack[:len(stack)-1]
	}
	return c.byNode[e.n], nil
}

// emit returns the register of a node whose operands have theirs.
func (c *compiler) emit(n *node) (int, error) {
	s := shape{op: n.op, name: n.name, value: bitsOf(n.value)}
	var args [3]int
	for i, a := range n.args[:operations[n.op].arity] {
		args[i] = c.byNode[a]
	}
	s.a, s.b, s.c = args[0], args[1], args[2]
	if r, ok := c.byShape[s]; ok {
		return r, nil
	}
	var r int
	switch n.op {
	case OpState:
		var ok bool
		if r, ok = c.stateReg[n.name]; !ok {
			return 0, fmt.Errorf("state %q has no equation; the states are %q", n.name, c.names)
		}
	case OpInput:
		if n.name != c.def.Input {
			return 0, fmt.Errorf("input %q is unknown; the input is %q", n.name, c.def.Input)
		}
		r = c.register()
		c.input = r
	case OpParam:
		r = c.register()
		c.params = append(c.params, n.name)
		c.paramRegs = append(c.paramRegs, r)
	case OpConst:
		r = c.register()
		c.constants = append(c.constants, constant{r, n.value})
	default:
		if len(c.code) == maxInstructions {
			return 0, fmt.Errorf("the expression has more than %d operations", maxInstructions)
		}
		r = c.register()
		c.code = append(c.code, instruction{n.op, r, args[0], args[1], args[2]})
	}
	c.byShape[s] = r
	return r, nil
}

// verify checks what the engine relies on: every register is written before it
// is read, once, and leaves are never written.
func (p *Program) verify() error {
	written := make([]bool, p.registers)
	for _, r := range slices.Concat(p.states, p.paramRegs) {
		written[r] = true
	}
	for _, c := range p.constants {
		written[c.register] = true
	}
	if p.input >= 0 {
		written[p.input] = true
	}
	for i, in := range p.code {
		for _, r := range []int{in.a, in.b, in.c}[:operations[in.op].arity] {
			if !written[r] {
				return fmt.Errorf("dynamics: instruction %d reads register %d before it is written", i, r)
			}
		}
		if written[in.dst] {
			return fmt.Errorf("dynamics: instruction %d writes register %d again", i, in.dst)
		}
		written[in.dst] = true
	}
	return nil
}
