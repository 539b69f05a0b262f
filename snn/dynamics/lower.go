package dynamics

import (
	"math"
	"slices"
)

// lower is the first pass: it turns expressions into instructions. Each
// instruction has a register of its own, and each register one value.
func lower(d Definition) (*Program, error) {
	c := compiler{
		Program:  &Program{input: -1},
		def:      d,
		byNode:   map[*node]int{},
		byShape:  map[shape]int{},
		stateReg: map[string]int{},
	}
	for _, s := range d.States {
		if _, twice := c.stateReg[s.Name]; twice {
			return nil, errorf("state %q is defined twice", s.Name)
		}
		r := c.register()
		c.stateReg[s.Name] = r
		c.states = append(c.states, r)
		c.stateNames = append(c.stateNames, s.Name)
	}
	var err error
	if c.output, err = c.compile("the output", d.Output); err != nil {
		return nil, err
	}
	for _, s := range d.States {
		r, err := c.compile("state "+s.Name, s.Next)
		if err != nil {
			return nil, err
		}
		if slices.Contains(c.states, r) && r != c.stateReg[s.Name] {
			// The old value of another state, which will be overwritten.
			from := r
			r = c.register()
			c.code = append(c.code, instruction{op: opCopy, dst: r, a: from})
		}
		c.next = append(c.next, r)
	}
	return c.Program, nil
}

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

// compile returns the register in which an expression will be; what says whose
// it is. It uses a stack of its own: an expression may be deep.
func (c *compiler) compile(what string, e Expr) (int, error) {
	if e.n == nil {
		return 0, errorf("%s is the zero Expr; make it with Input, State, Param or Const", what)
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
		r, err := c.emit(what, n)
		if err != nil {
			return 0, err
		}
		c.byNode[n] = r
		stack = stack[:len(stack)-1]
	}
	return c.byNode[e.n], nil
}

// emit returns the register of a node whose operands have theirs.
func (c *compiler) emit(what string, n *node) (int, error) {
	s := shape{op: n.op, name: n.name, value: math.Float32bits(n.value)}
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
			return 0, errorf("%s uses state %q, which has no equation; the states are %q", what, n.name, c.stateNames)
		}
	case OpInput:
		if n.name != c.def.Input {
			return 0, errorf("%s uses input %q; the input is %q", what, n.name, c.def.Input)
		}
		r = c.register()
		c.input = r
	case OpParam:
		r = c.register()
		c.params = append(c.params, r)
		c.paramNames = append(c.paramNames, n.name)
	case OpConst:
		r = c.register()
		c.constants = append(c.constants, constant{r, n.value})
	default:
		if len(c.code) == maxInstructions {
			return 0, errorf("%s makes more than %d operations; is one step meant?", what, maxInstructions)
		}
		r = c.register()
		c.code = append(c.code, instruction{n.op, r, args[0], args[1], args[2]})
	}
	c.byShape[s] = r
	return r, nil
}
