package dynamics

import "math"

// Op is an operation.
type Op uint8

// The operations. The first four are leaves.
const (
	OpInput Op = iota
	OpState
	OpParam
	OpConst

	OpAdd
	OpSub
	OpMul
	OpDiv
	OpNeg
	OpSquare
	OpAbs
	OpExp
	OpLog
	OpSqrt
	OpTanh
	OpSigmoid
	OpAtan
	OpMin
	OpMax
	OpSpike
	OpMix

	opCopy // only in programs

	opCount
)

// operation is what an operation means.
type operation struct {
	name  string
	arity int

	// value defines the operation, in float32.
	value func(a, b, c float32) float32

	// lanes does the same for many neurons at once, where that is worth a loop
	// of its own. All slices have the length of dst.
	lanes func(dst, a, b, c []float32)

	// latex is the form in which it is printed: %a, %b and %c stand for the
	// operands, and binding says how tightly it binds them.
	latex   string
	text    string
	binding int
}

// How tightly an operation binds. An operand that binds less gets brackets.
const (
	bindSum = iota + 1
	bindProduct
	bindSign
	bindPower
	bindAtom
)

// operations has a row for each operation. The value is the definition; a test
// holds lanes to it, bit by bit. The conversions around products keep the
// compiler from fusing them with a sum.
var operations = [opCount]operation{
	OpInput: {name: "input"},
	OpState: {name: "state"},
	OpParam: {name: "param"},
	OpConst: {name: "const"},

	OpAdd: {"add", 2, func(a, b, _ float32) float32 { return a + b }, func(dst, a, b, _ []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] + b[i]
		}
	}, "%a + %b", "%a + %b", bindSum},
	OpSub: {"sub", 2, func(a, b, _ float32) float32 { return a - b }, func(dst, a, b, _ []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] - b[i]
		}
	}, "%a - %b", "%a - %b", bindSum},
	OpMul: {"mul", 2, func(a, b, _ float32) float32 { return float32(a * b) }, func(dst, a, b, _ []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = float32(a[i] * b[i])
		}
	}, `%a \cdot %b`, "%a * %b", bindProduct},
	OpDiv: {"div", 2, func(a, b, _ float32) float32 { return a / b }, func(dst, a, b, _ []float32) {
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = a[i] / b[i]
		}
	}, `\frac{%a}{%b}`, "%a / %b", bindProduct},
	OpNeg: {"neg", 1, func(a, _, _ float32) float32 { return -a }, func(dst, a, _, _ []float32) {
		a = a[:len(dst)]
		for i := range dst {
			dst[i] = -a[i]
		}
	}, "-%a", "-%a", bindSign},
	OpSquare: {"square", 1, func(a, _, _ float32) float32 { return float32(a * a) }, func(dst, a, _, _ []float32) {
		a = a[:len(dst)]
		for i := range dst {
			dst[i] = float32(a[i] * a[i])
		}
	}, "{%a}^2", "%a**2", bindPower},
	OpAbs:     {"abs", 1, viaFloat64(math.Abs), nil, `\left|%a\right|`, "abs(%a)", bindAtom},
	OpExp:     {"exp", 1, viaFloat64(math.Exp), nil, `\exp\left(%a\right)`, "exp(%a)", bindAtom},
	OpLog:     {"log", 1, viaFloat64(math.Log), nil, `\ln\left(%a\right)`, "log(%a)", bindAtom},
	OpSqrt:    {"sqrt", 1, viaFloat64(math.Sqrt), nil, `\sqrt{%a}`, "sqrt(%a)", bindAtom},
	OpTanh:    {"tanh", 1, viaFloat64(math.Tanh), nil, `\tanh\left(%a\right)`, "tanh(%a)", bindAtom},
	OpSigmoid: {"sigmoid", 1, viaFloat64(sigmoid), nil, `\sigma\left(%a\right)`, "sigmoid(%a)", bindAtom},
	OpAtan:    {"atan", 1, viaFloat64(math.Atan), nil, `\arctan\left(%a\right)`, "atan(%a)", bindAtom},
	OpMin:     {"min", 2, func(a, b, _ float32) float32 { return min(a, b) }, nil, `\min\left(%a, %b\right)`, "min(%a, %b)", bindAtom},
	OpMax:     {"max", 2, func(a, b, _ float32) float32 { return max(a, b) }, nil, `\max\left(%a, %b\right)`, "max(%a, %b)", bindAtom},
	OpSpike: {"spike", 1, func(a, _, _ float32) float32 { return heaviside(a) }, func(dst, a, _, _ []float32) {
		a = a[:len(dst)]
		for i := range dst {
			dst[i] = heaviside(a[i])
		}
	}, `\Theta\left(%a\right)`, "spike(%a)", bindAtom},
	OpMix: {"mix", 3, mix, func(dst, a, b, c []float32) {
		a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
		for i, s := range a { // mix, which is too long for the compiler to put it here
			sBits := math.Float32bits(s)
			isOne, isZero := ifZero(sBits^one), ifZero(sBits<<1)
			sum := math.Float32bits(float32(s*b[i]) + float32((1-s)*c[i]))
			dst[i] = math.Float32frombits(math.Float32bits(b[i])&isOne | math.Float32bits(c[i])&isZero | sum&^(isOne|isZero))
		}
	}, `%a \cdot %b + \left(1 - %a\right) \cdot %c`, "%a * %b + (1 - %a) * %c", bindSum},

	opCopy: {name: "copy", arity: 1, value: func(a, _, _ float32) float32 { return a }, lanes: func(dst, a, _, _ []float32) {
		copy(dst, a)
	}},
}

// String returns the name of the operation.
func (op Op) String() string { return operations[op].name }

// run evaluates the operation for all lanes of dst, which may be one of the
// operands. Operands that the operation does not have are ignored.
func (o *operation) run(dst, a, b, c []float32) {
	switch {
	case o.lanes != nil:
		o.lanes(dst, a, b, c)
	case o.arity == 1:
		for i, v := range a[:len(dst)] {
			dst[i] = o.value(v, 0, 0)
		}
	case o.arity == 2:
		a, b = a[:len(dst)], b[:len(dst)]
		for i := range dst {
			dst[i] = o.value(a[i], b[i], 0)
		}
	}
}

// heaviside and mix choose between the bits of numbers without a jump: whether
// a neuron spikes cannot be predicted, and a mispredicted jump costs more than
// all of the arithmetic of a step.

// one is the bits of 1.
const one = 0x3f800000

func heaviside(x float32) float32 {
	var bits uint32
	if x >= 0 { // the compiler makes a conditional move of it
		bits = one
	}
	return math.Float32frombits(bits)
}

// mix is a if s is 1, b if s is 0 or -0, and else s*a + (1-s)*b.
func mix(s, a, b float32) float32 {
	sBits := math.Float32bits(s)
	isOne, isZero := ifZero(sBits^one), ifZero(sBits<<1)
	sum := math.Float32bits(float32(s*a) + float32((1-s)*b))
	return math.Float32frombits(math.Float32bits(a)&isOne | math.Float32bits(b)&isZero | sum&^(isOne|isZero))
}

// ifZero returns all ones if bits is 0, else 0.
func ifZero(bits uint32) uint32 { return uint32((uint64(bits) - 1) >> 32) }
