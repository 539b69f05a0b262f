package dynamics

import "spikebook/snn/vector"

// Op is an operation of an expression.
type Op uint8

// The operations. The first five are leaves.
const (
	OpInput Op = iota
	OpState
	OpParam
	OpUniform
	OpConst

	OpAdd
	OpSub
	OpMul
	OpDiv
	OpNeg
	OpSquare
	OpAbs
	OpSqrt
	OpExp
	OpLog
	OpTanh
	OpSigmoid
	OpSin
	OpCos
	OpAtan
	OpErf
	OpPow
	OpMin
	OpMax
	OpRound
	OpFloor
	OpSign
	OpLess
	OpLessEqual
	OpEqual
	OpSelect
	OpHeaviside
	OpMix
	OpDetach
	OpGradient

	opCount
)

// operation is what an operation means and how it is written.
type operation struct {
	name   string
	arity  int
	vector vector.Op // computes it; Copy for those that only steer the derivative

	// text and latex are the forms in which it is printed: %a, %b and %c stand
	// for the operands. binding says how tightly it binds them.
	text, latex string
	binding     int
}

// How tightly an operation binds. An operand that binds less gets brackets.
const (
	bindComparison = iota + 1
	bindSum
	bindProduct
	bindSign
	bindPower
	bindAtom
)

// operations has a row for each operation. Its derivative is in derive.go.
var operations = [opCount]operation{
	OpInput:   {name: "input"},
	OpState:   {name: "state"},
	OpParam:   {name: "param"},
	OpUniform: {name: "uniform"},
	OpConst:   {name: "const"},

	OpAdd:       {"add", 2, vector.Add, "%a + %b", "%a + %b", bindSum},
	OpSub:       {"sub", 2, vector.Sub, "%a - %b", "%a - %b", bindSum},
	OpMul:       {"mul", 2, vector.Mul, "%a * %b", `%a \cdot %b`, bindProduct},
	OpDiv:       {"div", 2, vector.Div, "%a / %b", `\frac{%a}{%b}`, bindProduct},
	OpNeg:       {"neg", 1, vector.Neg, "-%a", "-%a", bindSign},
	OpSquare:    {"square", 1, vector.Mul, "%a**2", "{%a}^2", bindPower},
	OpAbs:       {"abs", 1, vector.Abs, "abs(%a)", `\left|%a\right|`, bindAtom},
	OpSqrt:      {"sqrt", 1, vector.Sqrt, "sqrt(%a)", `\sqrt{%a}`, bindAtom},
	OpExp:       {"exp", 1, vector.Exp, "exp(%a)", `\exp\left(%a\right)`, bindAtom},
	OpLog:       {"log", 1, vector.Log, "log(%a)", `\ln\left(%a\right)`, bindAtom},
	OpTanh:      {"tanh", 1, vector.Tanh, "tanh(%a)", `\tanh\left(%a\right)`, bindAtom},
	OpSigmoid:   {"sigmoid", 1, vector.Sigmoid, "sigmoid(%a)", `\sigma\left(%a\right)`, bindAtom},
	OpSin:       {"sin", 1, vector.Sin, "sin(%a)", `\sin\left(%a\right)`, bindAtom},
	OpCos:       {"cos", 1, vector.Cos, "cos(%a)", `\cos\left(%a\right)`, bindAtom},
	OpAtan:      {"atan", 1, vector.Atan, "atan(%a)", `\arctan\left(%a\right)`, bindAtom},
	OpErf:       {"erf", 1, vector.Erf, "erf(%a)", `\operatorname{erf}\left(%a\right)`, bindAtom},
	OpPow:       {"pow", 2, vector.Pow, "%a**%b", "{%a}^{%b}", bindPower},
	OpMin:       {"min", 2, vector.Min, "min(%a, %b)", `\min\left(%a, %b\right)`, bindAtom},
	OpMax:       {"max", 2, vector.Max, "max(%a, %b)", `\max\left(%a, %b\right)`, bindAtom},
	OpRound:     {"round", 1, vector.Round, "round(%a)", `\left\lfloor %a\right\rceil`, bindAtom},
	OpFloor:     {"floor", 1, vector.Floor, "floor(%a)", `\left\lfloor %a\right\rfloor`, bindAtom},
	OpSign:      {"sign", 1, vector.Sign, "sign(%a)", `\operatorname{sgn}\left(%a\right)`, bindAtom},
	OpLess:      {"less", 2, vector.Less, "%a < %b", `\left[%a < %b\right]`, bindComparison},
	OpLessEqual: {"lessequal", 2, vector.LessEqual, "%a <= %b", `\left[%a \le %b\right]`, bindComparison},
	OpEqual:     {"equal", 2, vector.Equal, "%a == %b", `\left[%a = %b\right]`, bindComparison},
	OpSelect:    {"select", 3, vector.Select, "where(%a, %b, %c)", `\begin{cases}%b & \text{if } %a \\ %c & \text{else}\end{cases}`, bindAtom},
	OpHeaviside: {"heaviside", 1, vector.Heaviside, "heaviside(%a)", `\Theta\left(%a\right)`, bindAtom},
	OpMix:       {"mix", 3, vector.Mix, "%a * %b + (1 - %a) * %c", `%a \cdot %b + \left(1 - %a\right) \cdot %c`, bindSum},
	OpDetach:    {"detach", 1, vector.Copy, "%a", "%a", bindAtom},
	OpGradient:  {"gradient", 3, vector.Copy, "%a", "%a", bindAtom},
}

// String returns the name of the operation.
func (op Op) String() string { return operations[op].name }
