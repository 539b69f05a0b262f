package vector

// Value returns the result for one lane: the definition of the operations
// before FireHard. Operands that op does not have are ignored.
func (op Op) Value(a, b, c float32) float32 {
	switch op {
	case Copy:
		return a
	case Add:
		return a + b
	case Sub:
		return a - b
	case Mul:
		return a * b
	case Div:
		return a / b
	case Neg:
		return -a
	case Abs:
		return abs(a)
	case Sqrt:
		return sqrt(a)
	case Exp:
		return exp(a)
	case Log:
		return log(a)
	case Tanh:
		return tanh(a)
	case Sigmoid:
		return sigmoid(a)
	case Sin:
		return sin(a)
	case Cos:
		return cos(a)
	case Atan:
		return atan(a)
	case Erf:
		return erf(a)
	case Pow:
		return pow(a, b)
	case Min:
		return min(a, b)
	case Max:
		return max(a, b)
	case Round:
		return round(a)
	case Floor:
		return floor(a)
	case Sign:
		return pick(a > 0, 1, pick(a < 0, -1, a))
	case Less:
		return pick(a < b, 1, 0)
	case LessEqual:
		return pick(a <= b, 1, 0)
	case Equal:
		return pick(a == b, 1, 0)
	case Select:
		return pick(a != 0, b, c)
	case Heaviside:
		return pick(a >= 0, 1, 0)
	case Mix:
		return pick(a == 1, b, pick(a == 0, c, float32(a*b)+float32((1-a)*c)))
	}
	panic("vector: no operation on one value: " + op.String())
}
