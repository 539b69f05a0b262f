package dynamics

import (
	"math"
	"slices"

	"spikebook/snn/vector"
)

// values are what expressions come to: numbered, equal ones once, operands
// before what is made of them. Constants are folded where that changes no bit.
type values struct {
	list   []value
	number map[value]int
	ofNode map[*node]int
	walked map[*node]bool
}

// value is a leaf or an operation on values. Values that are equal in Go are
// equal in meaning.
type value struct {
	leaf Op // OpInput to OpConst; computed if it is none
	name string
	bits uint32 // of a constant
	op   vector.Op
	args [3]int
}

const computed = opCount

func newValues() *values {
	return &values{number: map[value]int{}, ofNode: map[*node]int{}, walked: map[*node]bool{}}
}

// maxValues is how many operations a program may have.
const maxValues = 100000

// of returns the value of an expression.
func (v *values) of(e Expr) (int, error) {
	walkInto(v.walked, e.n, func(n *node) { v.ofNode[n] = v.ofOperation(n) })
	if len(v.list) > maxValues {
		return 0, errorf("the definition makes more than %d operations; is one step meant?", maxValues)
	}
	return v.ofNode[e.n], nil
}

// ofOperation returns the value of a node whose operands have theirs.
func (v *values) ofOperation(n *node) int {
	arg := func(i int) int { return v.ofNode[n.args[i]] }
	switch n.op {
	case OpInput, OpState, OpParam, OpUniform:
		return v.add(value{leaf: n.op, name: n.name})
	case OpConst:
		return v.constant(n.value)
	case OpDetach, OpGradient:
		return arg(0)
	case OpSquare:
		return v.compute(vector.Mul, arg(0), arg(0), 0)
	}
	var args [3]int
	for i := range operations[n.op].arity {
		args[i] = arg(i)
	}
	return v.compute(operations[n.op].vector, args[0], args[1], args[2])
}

func (v *values) add(x value) int {
	if i, ok := v.number[x]; ok {
		return i
	}
	v.list = append(v.list, x)
	v.number[x] = len(v.list) - 1
	return len(v.list) - 1
}

func (v *values) constant(c float32) int {
	return v.add(value{leaf: OpConst, bits: math.Float32bits(c)})
}

// is says whether a value is a constant with just the bits of c.
func (v *values) is(i int, c float32) bool {
	return v.list[i].leaf == OpConst && v.list[i].bits == math.Float32bits(c)
}

var negativeZero = float32(math.Copysign(0, -1))

// compute returns the value of an operation. Operands that it does not have are
// ignored.
func (v *values) compute(op vector.Op, a, b, c int) int {
	arity := op.Arity()
	args := [3]int{a, b, c}
	clear(args[arity:])
	fold := true
	for _, i := range args[:arity] {
		fold = fold && v.list[i].leaf == OpConst
	}
	if fold {
		number := func(i int) float32 { return math.Float32frombits(v.list[i].bits) }
		return v.constant(op.Value(number(args[0]), number(args[1]), number(args[2])))
	}
	switch op {
	case vector.Add, vector.Mul, vector.Equal: // the order does not matter
		if a > b {
			a, b = b, a
			args[0], args[1] = a, b
		}
	}
	switch { // what gives one operand back, bit by bit
	case op == vector.Add && v.is(a, negativeZero), op == vector.Mul && v.is(a, 1):
		return b
	case op == vector.Add && v.is(b, negativeZero), op == vector.Mul && v.is(b, 1),
		op == vector.Sub && v.is(b, 0), op == vector.Div && v.is(b, 1):
		return a
	case op == vector.Mul && v.is(a, -1):
		return v.compute(vector.Neg, b, 0, 0)
	case op == vector.Mul && v.is(b, -1):
		return v.compute(vector.Neg, a, 0, 0)
	case op == vector.Neg && v.isNeg(a):
		return v.list[a].args[0]
	}
	switch { // signs, which derivatives are full of
	case op == vector.Add && v.isNeg(b):
		return v.compute(vector.Sub, a, v.list[b].args[0], 0)
	case op == vector.Add && v.isNeg(a):
		return v.compute(vector.Sub, b, v.list[a].args[0], 0)
	case op == vector.Sub && v.isNeg(b):
		return v.compute(vector.Add, a, v.list[b].args[0], 0)
	case (op == vector.Mul || op == vector.Div) && v.isNeg(a):
		return v.compute(vector.Neg, v.compute(op, v.list[a].args[0], b, 0), 0, 0)
	case (op == vector.Mul || op == vector.Div) && v.isNeg(b):
		return v.compute(vector.Neg, v.compute(op, a, v.list[b].args[0], 0), 0, 0)
	}
	switch {
	case op == vector.Select && b == c:
		return b
	case op == vector.Select && v.list[a].leaf == OpConst:
		if math.Float32frombits(v.list[a].bits) != 0 {
			return b
		}
		return c
	case op == vector.Mix && v.zeroOrOne(a):
		return v.compute(vector.Select, a, b, c)
	}
	return v.add(value{leaf: computed, op: op, args: args})
}

// isNeg says whether a value is the negative of another.
func (v *values) isNeg(i int) bool {
	return v.list[i].leaf == computed && v.list[i].op == vector.Neg
}

// zeroOrOne says whether a value can be nothing but 0 and 1.
func (v *values) zeroOrOne(i int) bool {
	x := v.list[i]
	switch {
	case x.leaf == OpConst:
		return v.is(i, 0) || v.is(i, 1)
	case x.leaf == computed:
		switch x.op {
		case vector.Heaviside, vector.Less, vector.LessEqual, vector.Equal:
			return true
		case vector.Select:
			return v.zeroOrOne(x.args[1]) && v.zeroOrOne(x.args[2])
		}
	}
	return false
}

// operands returns the values that a value is made of.
func (x value) operands() []int {
	if x.leaf != computed {
		return nil
	}
	return x.args[:x.op.Arity()]
}

// roots are the values of a definition.
type roots struct {
	inputs        []value // leaves: the inputs, and behind them the random numbers
	outputs, next []int
	states        []string
}

func (v *values) roots(d Definition) (roots, error) {
	var r roots
	for _, name := range d.Inputs {
		r.inputs = append(r.inputs, value{leaf: OpInput, name: name})
	}
	for _, e := range d.Outputs {
		i, err := v.of(e)
		if err != nil {
			return r, err
		}
		r.outputs = append(r.outputs, i)
	}
	for _, s := range d.States {
		i, err := v.of(s.Next)
		if err != nil {
			return r, err
		}
		r.next = append(r.next, i)
		r.states = append(r.states, s.Name)
	}
	need := v.needed(r, nil)
	for i, x := range v.list {
		if need[i] && x.leaf == OpUniform {
			r.inputs = append(r.inputs, x)
		}
	}
	return r, nil
}

// needed marks what the roots are made of. It does not look below the values
// that are given.
func (v *values) needed(r roots, given []int) []bool {
	need, stop := make([]bool, len(v.list)), v.mark(given)
	for _, i := range slices.Concat(r.outputs, r.next) {
		need[i] = true
	}
	for i := len(v.list) - 1; i >= 0; i-- {
		if need[i] && !stop[i] {
			for _, a := range v.list[i].operands() {
				need[a] = true
			}
		}
	}
	return need
}

// mark returns for each value whether it is in a list.
func (v *values) mark(list []int) []bool {
	in := make([]bool, len(v.list))
	for _, i := range list {
		in[i] = true
	}
	return in
}

// constantOverSteps marks the values that are made of parameters and constants
// alone.
func (v *values) constantOverSteps() []bool {
	same := make([]bool, len(v.list))
	for i, x := range v.list {
		same[i] = x.leaf == OpParam || x.leaf == OpConst || x.leaf == computed
		for _, a := range x.operands() {
			same[i] = same[i] && same[a]
		}
	}
	return same
}
