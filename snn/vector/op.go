package vector

// Op is an operation on the lanes of slices.
type Op uint8

// The operations. a, b and c stand for the operands.
const (
	Copy      Op = iota // a
	Add                 // a + b
	Sub                 // a - b
	Mul                 // a * b
	Div                 // a / b
	Neg                 // -a
	Abs                 // |a|
	Sqrt                // the square root, correctly rounded
	Exp                 // e to the a
	Log                 // the natural logarithm
	Tanh                // the hyperbolic tangent
	Sigmoid             // 1 / (1 + e to the -a)
	Sin                 // the sine of a in radians
	Cos                 // the cosine of a in radians
	Atan                // the arc tangent in radians
	Erf                 // the error function
	Pow                 // a to the b, with the special cases of math.Pow
	Min                 // the smaller one; NaN if one is NaN; -0 is smaller than +0
	Max                 // the greater one; NaN if one is NaN; +0 is greater than -0
	Round               // the nearest integer, halves to the even one
	Floor               // the greatest integer that is not above a
	Sign                // 1 or -1; a itself where that is ±0 or NaN
	Less                // 1 if a < b, else 0
	LessEqual           // 1 if a <= b, else 0
	Equal               // 1 if a = b, else 0
	Select              // b if a != 0 (NaN is not 0), else c
	Heaviside           // 1 if a >= 0, else 0
	Mix                 // b if a is 1, c if a is ±0, else a*b + (1-a)*c

	// FireHard and FireSoft have two results. dst2 is s = 1 if a - b >= 0, else
	// 0: the spikes of a membrane potential a over a threshold b.
	FireHard // c if s, else a: back to the reset potential
	FireSoft // a - s*b: less by the threshold

	fused // the first of the fused operations; see Fuse

	// One of four fused with one of six; see Fuse.
	count = fused + 4*6
)

var ops = [fused]struct {
	name  string
	arity int
}{
	Copy:      {"copy", 1},
	Add:       {"add", 2},
	Sub:       {"sub", 2},
	Mul:       {"mul", 2},
	Div:       {"div", 2},
	Neg:       {"neg", 1},
	Abs:       {"abs", 1},
	Sqrt:      {"sqrt", 1},
	Exp:       {"exp", 1},
	Log:       {"log", 1},
	Tanh:      {"tanh", 1},
	Sigmoid:   {"sigmoid", 1},
	Sin:       {"sin", 1},
	Cos:       {"cos", 1},
	Atan:      {"atan", 1},
	Erf:       {"erf", 1},
	Pow:       {"pow", 2},
	Min:       {"min", 2},
	Max:       {"max", 2},
	Round:     {"round", 1},
	Floor:     {"floor", 1},
	Sign:      {"sign", 1},
	Less:      {"less", 2},
	LessEqual: {"lessequal", 2},
	Equal:     {"equal", 2},
	Select:    {"select", 3},
	Heaviside: {"heaviside", 1},
	Mix:       {"mix", 3},
	FireHard:  {"firehard", 3},
	FireSoft:  {"firesoft", 2},
}

// String returns the name of op in lower case, such as "add"; of a fused one
// those of the two operations, such as "mul.add".
func (op Op) String() string {
	if op < fused {
		return ops[op].name
	}
	if op >= count {
		return "invalid"
	}
	first, second, slot := op.pair()
	name := first.String() + "." + second.String()
	if slot == 1 {
		name += ".reversed"
	}
	return name
}

// Arity returns how many operands op has: 1, 2 or 3.
func (op Op) Arity() int {
	if op < fused {
		return ops[op].arity
	}
	return 3
}
