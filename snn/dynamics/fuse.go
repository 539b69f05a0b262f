package dynamics

import (
	"slices"

	"spikebook/snn/vector"
)

// fuse joins instructions, so that what is between them need not be stored: two
// operations of arithmetic, and a fire with its reset. The results are the
// same, bit by bit. Each register still has one value.
func (p *Program) fuse() {
	uses, writer := p.uses()
	gone := make([]bool, len(p.code))
	by := func(register int) int { // the instruction that computes it for one reader alone
		if i := writer[register]; i >= 0 && uses[register] == 1 && !gone[i] {
			return i
		}
		return -1
	}
	readers := p.readers(vector.Heaviside, vector.Mul)
	for i := range p.code {
		if s := &p.code[i]; s.Op == vector.Heaviside {
			if d := writer[s.Args[0]]; d >= 0 && p.code[d].Op == vector.Sub {
				p.fuseFire(i, d, readers, by, writer, gone)
			}
		}
	}
	for i := range p.code {
		second := &p.code[i]
		if gone[i] || !arithmetic(second.Op) {
			continue
		}
		for slot := range 2 {
			f := by(second.Args[slot])
			if f < 0 || !arithmetic(p.code[f].Op) {
				continue
			}
			first := p.code[f]
			if op, ok := vector.Fuse(first.Op, second.Op, slot); ok {
				p.addDivision(i, first, *second, slot)
				*second = vector.Instruction{Op: op, Dst: second.Dst, Dst2: -1, Args: [3]int{first.Args[0], first.Args[1], second.Args[1-slot]}}
				gone[f] = true
				break
			}
		}
		if second.Op == vector.Div {
			p.divisions = append(p.divisions, division{code: i, arg: 1, op: vector.Mul})
		}
	}
	p.remove(gone)
}

func arithmetic(op vector.Op) bool {
	return vector.Add <= op && op <= vector.Div
}

// addDivision remembers what a pair of operations is when its divisor is turned
// into a factor.
func (p *Program) addDivision(code int, first, second vector.Instruction, slot int) {
	add := func(arg int, first, second vector.Op) {
		if op, ok := vector.Fuse(first, second, slot); ok {
			p.divisions = append(p.divisions, division{code: code, arg: arg, op: op})
		}
	}
	switch {
	case second.Op == vector.Div && slot == 0:
		add(2, first.Op, vector.Mul)
	case first.Op == vector.Div:
		add(1, vector.Mul, second.Op)
	}
}

// fuseFire joins the difference d, the step s of it, and the reset by that step:
// of h - v_threshold, h again. The difference stays if it is read elsewhere, too.
func (p *Program) fuseFire(s, d int, readers map[int][]int, by func(int) int, writer []int, gone []bool) {
	spike := p.code[s].Dst
	h, threshold := p.code[d].Args[0], p.code[d].Args[1]
	for _, i := range readers[spike] {
		in := p.code[i]
		var op vector.Op
		var c int
		switch {
		case in.Op == vector.Select && in.Args[0] == spike && in.Args[2] == h && writer[in.Args[1]] < s:
			op, c = vector.FireHard, in.Args[1]
		case in.Op == vector.Mul && by(in.Dst) == i && len(readers[in.Dst]) == 1 && isPair(in.Args, spike, threshold):
			m := i
			if i = readers[in.Dst][0]; p.code[i].Op != vector.Sub || p.code[i].Args[0] != h {
				continue
			}
			op, in = vector.FireSoft, p.code[i]
			gone[m] = true
		default:
			continue
		}
		p.code[s] = vector.Instruction{Op: op, Dst: in.Dst, Dst2: spike, Args: [3]int{h, threshold, c}}
		writer[in.Dst] = s
		gone[i], gone[d] = true, by(p.code[d].Dst) == d
		return
	}
}

func isPair(args [3]int, a, b int) bool {
	return args[0] == a && args[1] == b || args[0] == b && args[1] == a
}

// readers returns the instructions that read the results of some operations, by
// register.
func (p *Program) readers(of ...vector.Op) map[int][]int {
	list := map[int][]int{}
	for i := range p.code {
		in := &p.code[i]
		for _, r := range in.Operands() {
			if from, ok := list[r]; ok {
				list[r] = append(from, i)
			}
		}
		if slices.Contains(of, in.Op) {
			list[in.Dst] = nil
		}
	}
	return list
}

// uses counts the readers of each register, and returns the instruction that
// writes it, -1 for one that is there before a step.
func (p *Program) uses() (uses, writer []int) {
	uses, writer = make([]int, p.registers), make([]int, p.registers)
	for r := range writer {
		writer[r] = -1
	}
	for i := range p.code {
		for _, r := range p.code[i].Operands() {
			uses[r]++
		}
		for _, r := range p.code[i].Results() {
			writer[r] = i
		}
	}
	for _, o := range p.outputs {
		uses[o.register]++
	}
	for _, r := range p.next {
		uses[r]++
	}
	return uses, writer
}

// remove takes instructions out.
func (p *Program) remove(gone []bool) {
	at := make([]int, len(p.code)) // where they are then
	var code []vector.Instruction
	for i, in := range p.code {
		at[i] = len(code)
		if !gone[i] {
			code = append(code, in)
		}
	}
	p.code = code
	p.divisions = slices.DeleteFunc(p.divisions, func(d division) bool { return gone[d.code] })
	for i := range p.divisions {
		p.divisions[i].code = at[p.divisions[i].code]
	}
}
