package neuron_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// formula is a line of mathematics in float64: another reading of what an
// expression prints, to compare the engine with.
type formula func() float64

// values are those of the names in formulas.
type values map[string]*float64

func (v values) of(name string) *float64 {
	if v[name] == nil {
		v[name] = new(float64)
	}
	return v[name]
}

// readFormula reads what dynamics.Expr.String prints.
func readFormula(text string, names values) formula {
	r := &formulaReader{text: text, names: names}
	f := r.binary(0)
	if r.peek() != "" {
		r.fail("the end")
	}
	return f
}

type formulaReader struct {
	text  string
	at    int
	names values
}

func (r *formulaReader) fail(expected string) {
	panic(fmt.Sprintf("expected %s at %q of %q", expected, r.text[r.at:], r.text))
}

// peek returns the next sign, name or number.
func (r *formulaReader) peek() string {
	for r.at < len(r.text) && r.text[r.at] == ' ' {
		r.at++
	}
	rest := r.text[r.at:]
	for _, sign := range []string{"**", "<=", "==", "<", "+", "-", "*", "/", "(", ")", ","} {
		if strings.HasPrefix(rest, sign) {
			return sign
		}
	}
	for i, c := range rest {
		word := c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		exponent := i > 0 && strings.ContainsRune("+-", c) && rest[i-1] == 'e' && rest[0] <= '9'
		if !word && !exponent {
			return rest[:i]
		}
	}
	return rest
}

func (r *formulaReader) take(token string) bool {
	if r.peek() != token {
		return false
	}
	r.at += len(token)
	return true
}

// levels are the operators, those that bind least first.
var levels = []map[string]func(a, b float64) float64{
	{
		"<":  func(a, b float64) float64 { return truth(a < b) },
		"<=": func(a, b float64) float64 { return truth(a <= b) },
		"==": func(a, b float64) float64 { return truth(a == b) },
	},
	{"+": func(a, b float64) float64 { return a + b }, "-": func(a, b float64) float64 { return a - b }},
	{"*": func(a, b float64) float64 { return a * b }, "/": func(a, b float64) float64 { return a / b }},
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (r *formulaReader) binary(level int) formula {
	if level == len(levels) {
		return r.unary()
	}
	f := r.binary(level + 1)
	for {
		sign := r.peek()
		op := levels[level][sign]
		if op == nil {
			return f
		}
		r.at += len(sign)
		a, b := f, r.binary(level+1)
		f = func() float64 { return op(a(), b()) }
	}
}

func (r *formulaReader) unary() formula {
	if r.take("-") {
		f := r.unary()
		return func() float64 { return -f() }
	}
	f := r.atom()
	if r.take("**") {
		g := r.unary()
		return func() float64 { return math.Pow(f(), g()) }
	}
	return f
}

func (r *formulaReader) atom() formula {
	if r.take("(") {
		f := r.binary(0)
		if !r.take(")") {
			r.fail(")")
		}
		return f
	}
	word := r.peek()
	r.at += len(word)
	switch v, err := strconv.ParseFloat(word, 32); {
	case err == nil:
		return func() float64 { return v }
	case word == "" || !r.take("("):
		v := r.names.of(word)
		return func() float64 { return *v }
	}
	var args []formula
	for {
		args = append(args, r.binary(0))
		if r.take(")") {
			break
		}
		if !r.take(",") {
			r.fail(",")
		}
	}
	return call(word, args)
}

func call(name string, args []formula) formula {
	if f := map[string]func(float64) float64{
		"abs": math.Abs, "exp": math.Exp, "log": math.Log, "sqrt": math.Sqrt, "tanh": math.Tanh, "sin": math.Sin, "cos": math.Cos,
		"atan": math.Atan, "erf": math.Erf, "round": math.RoundToEven, "floor": math.Floor,
		"sigmoid":   func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"heaviside": func(x float64) float64 { return truth(x >= 0) },
	}[name]; f != nil {
		return func() float64 { return f(args[0]()) }
	}
	if f := map[string]func(a, b float64) float64{"min": math.Min, "max": math.Max, "pow": math.Pow}[name]; f != nil {
		return func() float64 { return f(args[0](), args[1]()) }
	}
	if name != "where" {
		panic("there is no function " + name)
	}
	return func() float64 {
		if args[0]() != 0 {
			return args[1]()
		}
		return args[2]()
	}
}

func TestFormula(t *testing.T) {
	for text, want := range map[string]float64{
		"1 - 2 - 3": -4, "2 + 3 * 4**2": 50, "-2**2": -4, "(1 + 2) * -x": -9, "8 / 2 / 2": 2, "1e-03 * 1000": float64(float32(1e-3)) * 1000, "0.1": float64(float32(0.1)),
		"where(x < 4, max(x, 5), 1)": 5, "(x <= 3) + (x == 3)": 2, "sigmoid(0) + heaviside(0) + heaviside(-1)": 1.5, "pow(x, 2) + abs(-v_1)": 16,
	} {
		x, v := 3.0, 7.0
		if got := readFormula(text, values{"x": &x, "v_1": &v})(); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}
