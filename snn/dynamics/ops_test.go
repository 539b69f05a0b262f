package dynamics

import (
	"math"
	"slices"
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

// Each row of the table can be computed and printed, and has a derivative or is
// constant almost everywhere.
func TestOperations(t *testing.T) {
	constant := []Op{OpRound, OpFloor, OpSign, OpLess, OpLessEqual, OpEqual, OpHeaviside, OpDetach}
	for op := OpConst + 1; op < opCount; op++ {
		row := operations[op]
		if row.name == "" || row.text == "" || row.latex == "" || row.binding == 0 {
			t.Errorf("operation %d cannot be printed", op)
		}
		if op != OpSquare && op != OpGradient && row.arity != row.vector.Arity() {
			t.Errorf("%v has %d operands, %v has %d", op, row.arity, row.vector, row.vector.Arity())
		}
		if (derivatives[op] == nil) != slices.Contains(constant, op) {
			t.Errorf("%v: derivative", op)
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
		{a.Sin(), "sin(a)"}, {a.Cos(), "cos(a)"}, {a.Erf(), "erf(a)"}, {a.Power(b), "a**b"}, {a.Add(b).Power(b.Neg()), "(a + b)**(-b)"},
		{a.Round(), "round(a)"}, {a.Floor(), "floor(a)"}, {a.Sign(), "sign(a)"}, {a.Clamp(b, c), "min(max(a, b), c)"},
		{a.Less(b), "a < b"}, {a.LessEqual(b), "a <= b"}, {a.Greater(b), "b < a"}, {a.GreaterEqual(b), "b <= a"}, {a.Equal(b), "a == b"},
		{a.Less(b).Add(c), "(a < b) + c"}, {a.Less(b).Less(c), "(a < b) < c"}, {a.Less(b).Select(b, c), "where(a < b, b, c)"},
		{a.Detach().Add(b), "a + b"}, {WithGradient(a.Add(b), c, c).Mul(c), "(a + b) * c"},
		{a.Add(b).Replace("a", c.Mul(c)), "c * c + b"}, {a.Replace("b", c), "a"},
		{a.Spike(nil), "heaviside(a)"}, {a.Mix(b, c), "a * b + (1 - a) * c"}, {Const(0.1), "0.1"},
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
