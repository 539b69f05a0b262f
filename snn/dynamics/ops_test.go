package dynamics

import (
	"math"
	"testing"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
	// special are the values around which floating point misbehaves.
	special = []float32{
		0, float32(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 2, math.Nextafter32(1, 2), math.Nextafter32(1, 0), math.Nextafter32(0, -1),
		1e-38, 1e-45, -1e-45, 1e38, -3e38, 88.8, -104, 0.1, 0.3, 1 << 24, inf, -inf, nan,
	}
)

// equalBits compares bit by bit; one NaN is as good as another.
func equalBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// meaning says what each operation is, apart from the table: it is what the
// other tests compare with. Products are rounded before they are added.
var meaning = map[Op]func(a, b, c float32) float32{
	OpAdd: func(a, b, _ float32) float32 { return a + b },
	OpSub: func(a, b, _ float32) float32 { return a - b },
	OpMul: func(a, b, _ float32) float32 { return float32(a * b) },
	OpDiv: func(a, b, _ float32) float32 { return a / b },
	OpNeg: func(a, _, _ float32) float32 {
		return float32(math.Copysign(float64(a), -math.Copysign(1, float64(a))))
	},
	OpSquare: func(a, _, _ float32) float32 { return float32(a * a) },
	OpAbs:    func(a, _, _ float32) float32 { return float32(math.Copysign(float64(a), 1)) },
	OpExp:    func(a, _, _ float32) float32 { return float32(math.Exp(float64(a))) },
	OpLog:    func(a, _, _ float32) float32 { return float32(math.Log(float64(a))) },
	OpSqrt:   func(a, _, _ float32) float32 { return float32(math.Sqrt(float64(a))) },
	OpTanh:   func(a, _, _ float32) float32 { return float32(math.Tanh(float64(a))) },
	OpAtan:   func(a, _, _ float32) float32 { return float32(math.Atan(float64(a))) },
	OpSigmoid: func(a, _, _ float32) float32 {
		if a < 0 { // exp(a) does not overflow
			return float32(math.Exp(float64(a)) / (1 + math.Exp(float64(a))))
		}
		return float32(1 / (1 + math.Exp(-float64(a))))
	},
	OpMin: func(a, b, _ float32) float32 {
		if a != a || b != b { // math.Min(NaN, -Inf) is -Inf
			return nan
		}
		return float32(math.Min(float64(a), float64(b)))
	},
	OpMax: func(a, b, _ float32) float32 {
		if a != a || b != b {
			return nan
		}
		return float32(math.Max(float64(a), float64(b)))
	},
	OpSpike: func(a, _, _ float32) float32 {
		if a >= 0 {
			return 1
		}
		return 0
	},
	OpMix: func(s, a, b float32) float32 {
		switch s {
		case 1:
			return a
		case 0:
			return b
		}
		return float32(s*a) + float32((1-s)*b)
	},
	opCopy: func(a, _, _ float32) float32 { return a },
}

// Each row of the table: its value is what it should be, and so are its lanes,
// for every combination of special values, also when they are written over an
// operand, and nothing beside them is touched.
func TestOperations(t *testing.T) {
	for op := OpAdd; op < opCount; op++ {
		row, want := operations[op], meaning[op]
		if want == nil || row.value == nil || row.arity < 1 || row.arity > 3 {
			t.Errorf("%v has no meaning in this test, no value, or no operands", op)
			continue
		}
		if op != opCopy && (row.text == "" || row.latex == "" || row.binding == 0) {
			t.Errorf("%v cannot be printed", op)
		}
		if row.lanes == nil && row.arity == 3 {
			t.Errorf("%v has three operands and no lanes", op)
		}
		var a, b, c []float32
		for _, x := range special {
			for _, y := range special {
				for _, z := range special {
					a, b, c = append(a, x), append(b, y), append(c, z)
				}
			}
		}
		for i := range a {
			if got := row.value(a[i], b[i], c[i]); !equalBits(got, want(a[i], b[i], c[i])) {
				t.Fatalf("%v(%v, %v, %v) is %v, want %v", op, a[i], b[i], c[i], got, want(a[i], b[i], c[i]))
			}
		}
		const guard = 12345
		for _, n := range []int{0, 1, 2, 3, 7, 64, 65, len(a)} {
			for over := -1; over < row.arity; over++ { // the operand that is the destination, too
				operands := [3][]float32{}
				for k, full := range [][]float32{a, b, c} {
					operands[k] = append(append([]float32{guard}, full[len(full)-n:]...), guard)
				}
				dst := make([]float32, n+2)
				dst[0], dst[n+1] = guard, guard
				if over >= 0 {
					dst = operands[over]
				}
				row.run(dst[1:n+1], operands[0][1:n+1], operands[1][1:n+1], operands[2][1:n+1])
				for i := range n {
					j := len(a) - n + i
					if w := want(a[j], b[j], c[j]); !equalBits(dst[1+i], w) {
						t.Fatalf("%d lanes of %v, written over operand %d: (%v, %v, %v) gives %v, want %v", n, op, over, a[j], b[j], c[j], dst[1+i], w)
					}
				}
				if dst[0] != guard || dst[n+1] != guard {
					t.Errorf("%d lanes of %v write outside", n, op)
				}
			}
		}
	}
}

// What the operations promise where a framework would give NaN.
func TestSpecialValues(t *testing.T) {
	for _, test := range []struct {
		op         Op
		a, b, c    float32
		want       float32
		difference string
	}{
		{OpMix, 1, -0.5, inf, -0.5, "a hard reset from an infinite potential"},
		{OpMix, 1, -0.5, nan, -0.5, "a hard reset from NaN"},
		{OpMix, 0, inf, 0.25, 0.25, "no reset"},
		{OpMix, 0.5, 1, 3, 2, "a smooth spike"},
		{OpSpike, nan, 0, 0, 0, "NaN does not fire"},
		{OpSpike, inf, 0, 0, 1, "infinity fires"},
		{OpSpike, float32(math.Copysign(0, -1)), 0, 0, 1, "exactly at the threshold fires"},
		{OpSpike, -1e-45, 0, 0, 0, "just below does not"},
		{OpSigmoid, -inf, 0, 0, 0, ""},
		{OpSigmoid, inf, 0, 0, 1, ""},
		{OpMin, nan, 1, 0, nan, ""},
		{OpMax, 1, nan, 0, nan, ""},
	} {
		if got := operations[test.op].value(test.a, test.b, test.c); !equalBits(got, test.want) {
			t.Errorf("%v(%v, %v, %v) is %v, want %v: %s", test.op, test.a, test.b, test.c, got, test.want, test.difference)
		}
	}
}

// Every method that builds an expression builds its operation.
func TestMethods(t *testing.T) {
	a, b, c := Input("a"), Param("b"), State("c")
	for _, test := range []struct {
		e    Expr
		want string
	}{
		{a.Add(b), "a + b"}, {a.Sub(b), "a - b"}, {a.Mul(b), "a * b"}, {a.Div(b), "a / b"}, {a.Neg(), "-a"}, {a.Square(), "a**2"},
		{a.Abs(), "abs(a)"}, {a.Exp(), "exp(a)"}, {a.Log(), "log(a)"}, {a.Sqrt(), "sqrt(a)"}, {a.Tanh(), "tanh(a)"},
		{a.Sigmoid(), "sigmoid(a)"}, {a.Atan(), "atan(a)"}, {a.Min(b), "min(a, b)"}, {a.Max(b), "max(a, b)"},
		{a.Spike(nil), "spike(a)"}, {a.Mix(b, c), "a * b + (1 - a) * c"}, {Const(0.1), "0.1"},
		{a.Pow(1), "a"}, {a.Pow(2), "a**2"}, {a.Pow(3), "a**2 * a"}, {a.Pow(4), "(a**2)**2"}, {a.Pow(5), "(a**2)**2 * a"},
	} {
		if got := test.e.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	if !(Expr{}).IsZero() || a.IsZero() {
		t.Error("IsZero")
	}
}

// misuse returns the text of the *Error that f panics with.
func misuse(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		t.Helper()
		err, ok := recover().(*Error)
		if !ok {
			t.Fatal("no panic with an *Error")
		}
		text = err.Error()
	}()
	f()
	return ""
}

func TestMisuse(t *testing.T) {
	x := Input("x")
	deep := func() {
		e := x
		for range MaxDepth + 1 {
			e = e.Neg()
		}
	}
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { x.Add(Expr{}) }, "dynamics: operand 2 of add is the zero Expr; make it with Input, State, Param or Const"},
		{func() { Expr{}.Exp() }, "dynamics: operand 1 of exp is the zero Expr; make it with Input, State, Param or Const"},
		{func() { x.Pow(0) }, "dynamics: the exponent is 0, expected a whole number from 1 to 16"},
		{func() { x.Pow(17) }, "dynamics: the exponent is 17, expected a whole number from 1 to 16"},
		{deep, "dynamics: the expression is nested more than 10000 deep; is one step meant?"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}
