package dynamics

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
	constants []constant

	input      int // register of the input, -1 if it is not used
	output     int
	ownOutput  bool  // the output register is written by the code and by nothing else
	states     []int // registers of the states before the step
	next       []int // and after it; a state may be computed in its own register
	params     []int
	stateNames []string
	paramNames []string
}

// instruction computes one register from others.
type instruction struct {
	op      Op
	dst     int
	a, b, c int
}

// operands returns the registers that an instruction reads.
func (in *instruction) operands() []int {
	return []int{in.a, in.b, in.c}[:operations[in.op].arity]
}

type constant struct {
	register int
	value    float32
}

// maxInstructions is how many operations a program may have.
const maxInstructions = 100000

// Compile checks a definition and turns it into a program. Equal parts are
// computed once; nothing else is changed, so that the results are those of the
// expressions as they are written. The error is an *Error.
func Compile(d Definition) (*Program, error) {
	virtual, err := lower(d)
	if err != nil {
		return nil, err
	}
	p := allocate(virtual)
	return p, verify(virtual, p)
}

// Params returns the names of the parameters, in the order of Run.Params.
func (p *Program) Params() []string { return p.paramNames }

// States returns the names of the states, in the order of Run.States.
func (p *Program) States() []string { return p.stateNames }
