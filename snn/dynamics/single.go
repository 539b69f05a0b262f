package dynamics

import "spikebook/snn/vector"

// RunSingle is Run for one neuron. It goes through all steps value by value: for a
// single one that takes less time than getting vectors ready. It keeps nothing of the
// run, which so may be on the stack of the caller.
func (p *Program) RunSingle(r *Run) {
	p.checkRun(r)
	var few [32]float32
	v := few[:]
	if p.registers > len(few) {
		v = make([]float32, p.registers)
	}
	for _, c := range p.constants {
		v[c.register] = c.value
	}
	for i, at := range p.params {
		v[at] = r.Params[i][0]
	}
	for i, at := range p.states {
		v[at] = r.States[i][0]
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
		r.States[i][0] = v[at]
	}
}

// runValues runs instructions on registers of one value.
func runValues(code []vector.Instruction, v []float32) {
	for i := range code {
		in := &code[i]
		a, b, c := v[in.Args[0]], v[in.Args[1]], v[in.Args[2]]
		switch in.Op {
		case vector.FireHard:
			v[in.Dst2] = vector.Heaviside.Value(a-b, 0, 0)
			v[in.Dst] = vector.Select.Value(v[in.Dst2], c, a)
		case vector.FireSoft:
			v[in.Dst2] = vector.Heaviside.Value(a-b, 0, 0)
			v[in.Dst] = a - float32(v[in.Dst2]*b)
		default:
			first, second, slot, pair := in.Op.Pair()
			switch {
			case !pair:
				v[in.Dst] = in.Op.Value(a, b, c)
			case slot == 0:
				v[in.Dst] = second.Value(first.Value(a, b, 0), c, 0)
			default:
				v[in.Dst] = second.Value(c, first.Value(a, b, 0), 0)
			}
		}
	}
}
