package dynamics

import "spikebook/snn/vector"

// RunSingle is Run for one neuron. It goes through all steps value by value: for a
// single one that takes less time than getting vectors ready. It keeps nothing of the
// run, which so may be on the stack of the caller.
func (p *Program) RunSingle(r *Run) {
	p.checkRun(r)
	var few [fewRegisters]float32
	v := p.single(few[:])
	for i, at := range p.params {
		v[at] = r.Params[i][0]
	}
	before := r.Before
	if len(before) == 0 {
		before = r.States
	}
	for i, at := range p.states {
		v[at] = before[i][0]
	}
	runValues(p.prologue, v)
	for k := range r.T {
		t := k
		if r.Reverse {
			t = r.T - 1 - k
		}
		for i, at := range p.inputs {
			if at >= 0 {
				v[at] = r.Inputs[i][t]
			}
		}
		runValues(p.code, v)
		for i, o := range p.outputs {
			if r.Outputs[i] != nil {
				r.Outputs[i][t] = v[o.register]
			}
		}
		for i, next := range p.next {
			v[p.states[i]] = v[next]
		}
	}
	for i, at := range p.states {
		if r.States[i] != nil {
			r.States[i][0] = v[at]
		}
	}
}

// Step is RunSingle for one step. It takes the values themselves: of states those
// before the step, which become those after it; outputs that are not wanted, too.
func (p *Program) Step(inputs, params, states, outputs []float32) {
	if len(inputs) != len(p.inputs) || len(params) != len(p.params) || len(states) != len(p.states) || len(outputs) != len(p.outputs) {
		panic(errorf("a step got %d inputs, %d parameters, %d states and %d outputs; expected inputs %q, parameters %q, states %q and %d outputs",
			len(inputs), len(params), len(states), len(outputs), p.inputNames, p.paramNames, p.stateNames, len(p.outputs)))
	}
	var few [fewRegisters]float32
	v := p.single(few[:])
	for i, at := range p.params {
		v[at] = params[i]
	}
	for i, at := range p.states {
		v[at] = states[i]
	}
	runValues(p.prologue, v)
	for i, at := range p.inputs {
		if at >= 0 {
			v[at] = inputs[i]
		}
	}
	runValues(p.code, v)
	for i, o := range p.outputs {
		outputs[i] = v[o.register]
	}
	for i, next := range p.next {
		states[i] = v[next]
	}
}

// fewRegisters is how many are on the stack.
const fewRegisters = 32

// single returns registers of one value, few if they suffice, with the constants.
func (p *Program) single(few []float32) []float32 {
	if p.registers > len(few) {
		few = make([]float32, p.registers)
	}
	for _, c := range p.constants {
		few[c.register] = c.value
	}
	return few
}

// runValues runs instructions on registers of one value.
func runValues(code []vector.Instruction, v []float32) {
	for i := range code {
		in := &code[i]
		a, b, c := v[in.Args[0]], v[in.Args[1]], v[in.Args[2]]
		switch op := in.Op; {
		case arithmetic(op):
			v[in.Dst] = calculate(op, a, b)
		case op == vector.FireHard:
			v[in.Dst2] = vector.Heaviside.Value(a-b, 0, 0)
			v[in.Dst] = vector.Select.Value(v[in.Dst2], c, a)
		case op == vector.FireSoft:
			v[in.Dst2] = vector.Heaviside.Value(a-b, 0, 0)
			v[in.Dst] = a - float32(v[in.Dst2]*b)
		default:
			first, second, slot, pair := op.Pair()
			switch {
			case !pair:
				v[in.Dst] = op.Value(a, b, c)
			case slot == 0:
				v[in.Dst] = calculate(second, calculate(first, a, b), c)
			default:
				v[in.Dst] = calculate(second, c, calculate(first, a, b))
			}
		}
	}
}

// calculate is [vector.Op.Value] for the operations that most instructions are made
// of, without a call.
func calculate(op vector.Op, a, b float32) float32 {
	switch op {
	case vector.Add:
		return a + b
	case vector.Sub:
		return a - b
	case vector.Mul:
		return float32(a * b) // rounded: it may stand in a sum
	}
	return a / b
}
