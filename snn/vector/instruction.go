package vector

// Instruction computes one row of values from others, or two. Rows are numbered.
type Instruction struct {
	Op   Op
	Dst  int
	Dst2 int // the second result of FireHard and FireSoft, else -1
	Args [3]int
}

// Operands returns the rows that an instruction reads.
func (in *Instruction) Operands() []int { return in.Args[:in.Op.Arity()] }

// Results returns the rows that an instruction writes.
func (in *Instruction) Results() []int {
	if in.Dst2 < 0 {
		return []int{in.Dst}
	}
	return []int{in.Dst, in.Dst2}
}
