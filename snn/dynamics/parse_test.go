package dynamics

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func names() map[string]Expr {
	return map[string]Expr{"v": State("v"), "x": Input("x"), "tau": Param("tau"), "v_rest": Param("v_rest"), "τ": Param("τ"), "exp": Param("exp")}
}

var formulas = []struct{ formula, want string }{
	{"v + x**2", "v + x**2"},
	{"v + (x - (v - v_rest))/tau", "v + (x - (v - v_rest)) / tau"},
	{"v - v/tau + x", "v - v / tau + x"},
	{"0.9*v + tanh(x)", "0.9 * v + tanh(x)"},
	{"v + (exp(-v) * x) / 2", "v + exp(-v) * x / 2"},
	{" v\t+x ", "v + x"},
	{"x^2", "x**2"},
	{"x ** 3", "x**2 * x"},
	{"x**1", "x"},
	{"-x**2", "-x**2"},
	{"(-x)**2", "(-x)**2"},
	{"--x", "--x"},
	{"+x", "x"},
	{"x - -2", "x - -2"},
	{"x*-v", "x * -v"},
	{"1 - 2 - 3", "1 - 2 - 3"},
	{"1 - (2 - 3)", "1 - (2 - 3)"},
	{"1 + (2 + 3)", "1 + (2 + 3)"},
	{"8 / 4 / 2", "8 / 4 / 2"},
	{"8 / (4 / 2)", "8 / (4 / 2)"},
	{"8 / (4 * 2)", "8 / (4 * 2)"},
	{"2 * (x + v)", "2 * (x + v)"},
	{"1e-3 + 1E+2 + .5 + 2.", "0.001 + 100 + 0.5 + 2"},
	{"min(x, max(v, 0))", "min(x, max(v, 0))"},
	{"abs(x)+log(x)+sqrt(x)+sigmoid(x)+atan(x)", "abs(x) + log(x) + sqrt(x) + sigmoid(x) + atan(x)"},
	{"τ*x", "τ * x"},
	{"exp * exp(exp)", "exp * exp(exp)"}, // a name and a function
	{"x**0.5 + x**tau", "x**0.5 + x**tau"},
	{"x**-1", "x**(-1)"},
	{"pow(x, 4) + pow(x + v, 0.5)", "pow(x, 4) + (x + v)**0.5"},
	{"x**17", "x**17"},
	{"(x + v)**(x - v)", "(x + v)**(x - v)"},
	{"where(x < v, x, -v)", "where(x < v, x, -v)"},
	{"(x >= v) * 2", "(v <= x) * 2"},
	{"x > v", "v < x"},
	{"x == v + 1", "x == v + 1"},
	{"clamp(x, 0, 1) + relu(v)", "min(max(x, 0), 1) + max(0, v)"},
	{"sin(x)*cos(x) - erf(x)", "sin(x) * cos(x) - erf(x)"},
	{"round(x) + floor(x) + sign(x) + heaviside(x)", "round(x) + floor(x) + sign(x) + heaviside(x)"},
	{"pi*x", "3.1415927 * x"},
}

func TestParse(t *testing.T) {
	for _, test := range formulas {
		e, err := Parse(test.formula, names())
		if err != nil {
			t.Errorf("%s: %v", test.formula, err)
			continue
		}
		if got := e.String(); got != test.want {
			t.Errorf("%s is %s, want %s", test.formula, got, test.want)
		}
	}
}

// Operators bind as in Python; the wanted values come from there.
func TestParseValues(t *testing.T) {
	leaves := map[string]float32{"x": 3, "v": 0.5, "tau": 4, "v_rest": -1, "τ": 2, "exp": 0}
	for _, test := range []struct {
		formula string
		want    float32
	}{
		{"2 + 3*4 - 5", 9}, {"2*3**2", 18}, {"-3**2", -9}, {"(-3)**2", 9}, {"2 - 3 - 4", -5}, {"2/4/2", 0.25}, {"2/(4/2)", 1},
		{"2*-3", -6}, {"1 - -1", 2}, {"x**4", 81}, {"x**5 - 1", 242}, {"v + (x - v)/tau", 1.125}, {"min(x, v) - max(x, tau)", -3.5},
		{"abs(v - x) + sqrt(tau)", 4.5}, {"exp(exp)", 1},
	} {
		e, err := Parse(test.formula, names())
		if err != nil {
			t.Errorf("%s: %v", test.formula, err)
		} else if got := interpret(e, leaves); got != test.want {
			t.Errorf("%s is %v, want %v", test.formula, got, test.want)
		}
	}
}

// An error points at the place: the caret stands under the character that the
// message is about.
func TestParseErrors(t *testing.T) {
	known := "exp, tau, v, v_rest, x, τ"
	for _, test := range []struct{ formula, message, caret string }{
		{"", "expected a number, a name or a bracket", "^"},
		{"v +", "expected a number, a name or a bracket", "   ^"},
		{"v + y*2", `"y" is unknown; there are ` + known, "    ^"},
		{"v + (x", "expected )", "      ^"},
		{"v + x)", "expected an operator or the end", "     ^"},
		{"v x", "expected an operator or the end", "  ^"},
		{"2x", "expected an operator or the end", " ^"},
		{"v**2**2", "a power of a power needs brackets", "    ^"},
		{"cot(x)", `there is no function "cot"; there are abs, atan, clamp, cos, erf, exp, floor, heaviside, log, max, min, pow, relu, round, sigmoid, sign, sin, sqrt, tanh, where`, "^"},
		{"v < x < v", "comparisons do not chain; use a product: (a < b) * (b < c)", "      ^"},
		{"v ** ", "expected a number, a name or a bracket", "     ^"},
		{"min(x)", "min takes 2 arguments, got 1", "^"},
		{"v + exp(x, v)", "exp takes 1 arguments, got 2", "    ^"},
		{"exp()", "expected a number, a name or a bracket", "    ^"},
		{"1.2.3", `"1.2.3" is no number`, "^"},
		{"1e", `"1e" is no number`, "^"},
		{"1e39 + v", "1e39 is too large for a float32", "^"},
		{"v = x", "expected an operator or the end", "  ^"},
		{"τ + τ + q", `"q" is unknown; there are ` + known, "        ^"}, // columns, not bytes
		{"x ; v", "expected an operator or the end", "  ^"},
		{"x\x00", "expected an operator or the end", " ^"},
	} {
		_, err := Parse(test.formula, names())
		want := "dynamics.Parse: " + test.message + "\n    " + test.formula + "\n    " + test.caret
		if err == nil || err.Error() != want {
			t.Errorf("%q: got\n%v\nwant\n%s", test.formula, err, want)
		}
	}
	for _, test := range []struct{ formula, want string }{
		{strings.Repeat("(", 600) + "x" + strings.Repeat(")", 600), "nested more than 500 deep"},
		{strings.Repeat("-", 600) + "x", "nested more than 500 deep"},
		{strings.Repeat("x + ", MaxDepth+1) + "x", "nested more than 10000 deep"},
	} {
		if _, err := Parse(test.formula, names()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %.200v, want %s", err, test.want)
		}
	}
}

// What is printed reads back as the same expression: the same operations, so
// the same bits.
func TestPrintParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := definitionGen.Draw(t, "definition")
		text := d.Outputs[0].String()
		if strings.ContainsAny(text, "IN") { // Inf and NaN cannot be written in a formula
			return
		}
		leaves, free := map[string]float32{}, map[string]Expr{"x": Input("x"), "y": Input("y"), "u": Uniform("u"), "w": Uniform("w"), "p": Param("p"), "q": Param("q")}
		for _, s := range d.States {
			free[s.Name] = State(s.Name)
		}
		for _, name := range []string{"x", "y", "u", "w", "p", "q", "a", "b", "c"} {
			leaves[name] = number.Draw(t, name)
		}
		e, err := Parse(text, free)
		if err != nil {
			if strings.Contains(err.Error(), "nested") || text == "(too long to print)" {
				return
			}
			t.Fatal(err)
		}
		mixes := false
		walk(d.Outputs[0].n, func(n *node) { mixes = mixes || n.op == OpMix })
		if mixes { // printed as a sum, which differs where s is 0 or 1
			return
		}
		if got, want := interpret(e, leaves), interpret(d.Outputs[0], leaves); !equalBits(got, want) {
			t.Fatalf("%s is %v, and %v when it is read back as %s", text, want, got, e)
		}
	})
}

func TestLaTeX(t *testing.T) {
	v, x, h, s := State("V[t-1]"), Input("X[t]"), State("H[t]"), State("S[t]")
	tau, reset := Param("tau"), Param("v_reset")
	shared := x
	for range 60 { // 2^60 characters, if it were printed
		shared = shared.Add(shared)
	}
	for _, test := range []struct {
		e    Expr
		want string
	}{
		{v.Add(x.Sub(v.Sub(reset)).Div(tau)), `V[t-1] + \frac{X[t] - \left(V[t-1] - v_{\mathrm{reset}}\right)}{\tau}`},
		{v.Add(x.Square()), `V[t-1] + {X[t]}^2`},
		{v.Add(x).Square(), `{\left(V[t-1] + X[t]\right)}^2`},
		{h.Sub(Param("v_threshold")).Spike(nil), `\Theta\left(H[t] - v_{\mathrm{threshold}}\right)`},
		{s.Mix(reset, h), `S[t] \cdot v_{\mathrm{reset}} + \left(1 - S[t]\right) \cdot H[t]`},
		{h.Sub(s.Mul(Param("v_threshold"))), `H[t] - S[t] \cdot v_{\mathrm{threshold}}`},
		{x.Div(tau).Mul(x.Neg()), `\frac{X[t]}{\tau} \cdot \left(-X[t]\right)`},
		{x.Div(tau).Square(), `{\left(\frac{X[t]}{\tau}\right)}^2`},
		{x.Exp().Abs().Log().Sqrt(), `\sqrt{\ln\left(\left|\exp\left(X[t]\right)\right|\right)}`},
		{x.Tanh().Sigmoid().Atan(), `\arctan\left(\sigma\left(\tanh\left(X[t]\right)\right)\right)`},
		{x.Min(Const(0)).Max(Const(-1)), `\max\left(\min\left(X[t], 0\right), -1\right)`},
		{x.Neg().Add(x.Neg()), `-X[t] + \left(-X[t]\right)`},
		{x.Neg().Neg(), `-\left(-X[t]\right)`},
		{s.Mix(x.Neg(), x.Div(tau)), `S[t] \cdot \left(-X[t]\right) + \left(1 - S[t]\right) \cdot \frac{X[t]}{\tau}`},
		{x.Mul(Const(-1)), `X[t] \cdot (-1)`},
		{Param("gain").Add(Param("tau_m")).Add(Param("a_b_c")), `\mathrm{gain} + \tau_{\mathrm{m}} + a_{\mathrm{b\_c}}`},
		{x.Less(v).Mul(h), `\left[X[t] < V[t-1]\right] \cdot H[t]`},
		{x.LessEqual(v).Square(), `{\left[X[t] \le V[t-1]\right]}^2`},
		{x.Equal(v.Neg()).Neg(), `-\left[X[t] = -V[t-1]\right]`},
		{x.Less(v).Less(h), `\left[\left[X[t] < V[t-1]\right] < H[t]\right]`},
		{x.Less(v).Select(x, v.Neg()), `\begin{cases}X[t] & \text{if } \left[X[t] < V[t-1]\right] \\ -V[t-1] & \text{else}\end{cases}`},
		{s.Select(x, v).Add(h), `\left(\begin{cases}X[t] & \text{if } S[t] \\ V[t-1] & \text{else}\end{cases}\right) + H[t]`},
		{s.Select(x, v).Exp(), `\exp\left(\begin{cases}X[t] & \text{if } S[t] \\ V[t-1] & \text{else}\end{cases}\right)`},
		{x.Add(v).Power(h.Sub(s)), `{\left(X[t] + V[t-1]\right)}^{H[t] - S[t]}`},
		{x.Power(h).Power(s), `{\left({X[t]}^{H[t]}\right)}^{S[t]}`},
		{x.Power(Const(-1)).Mul(h), `{X[t]}^{-1} \cdot H[t]`},
		{x.Round().Add(x.Floor()), `\left\lfloor X[t]\right\rceil + \left\lfloor X[t]\right\rfloor`},
		{x.Sign().Sin().Cos().Erf(), `\operatorname{erf}\left(\cos\left(\sin\left(\operatorname{sgn}\left(X[t]\right)\right)\right)\right)`},
		{x.Detach().Add(v).Detach().Square(), `{\left(X[t] + V[t-1]\right)}^2`},
		{Const(1e-5).Mul(x).Add(Const(-2.5e10)), `10^{-5} \cdot X[t] + (-2.5 \cdot 10^{10})`},
		{Const(1e-5).Square().Sub(Const(-1e-7)), `{(10^{-5})}^2 - (-10^{-7})`},
		{Const(math.Inf(-1)).Add(Const(math.Inf(1))).Add(Const(math.NaN())), `-\infty + \infty + \mathrm{NaN}`},
		{Param("τ").Mul(Param("eta_plus")).Mul(Param("_")), `τ \cdot \eta_{\mathrm{plus}} \cdot _{\mathrm{}}`},
		{Uniform("u").Less(x), `\left[u < X[t]\right]`},
		{shared, `\text{(too long to print)}`},
		{Expr{}, "(no expression)"},
	} {
		if got := test.e.LaTeX(); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
	if got := shared.String(); got != "(too long to print)" {
		t.Errorf("got %.100s", got)
	}
}

// FuzzParse: any text gives an expression that prints, or an error whose caret
// stands within the text.
func FuzzParse(f *testing.F) {
	for _, test := range formulas {
		f.Add(test.formula)
	}
	for _, s := range []string{"", "v +", "1e", "v**2**2", "((", "min(x", "τ + q", "\xff", "1e39", "x**99", "-", "**", "x.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, formula string) {
		e, err := Parse(formula, names())
		if err == nil {
			if _, err := Compile(Definition{Inputs: []string{"x"}, Outputs: []Expr{e}, States: []StateEquation{{"v", e}}}); err != nil {
				t.Errorf("%q: %v", formula, err)
			}
			if e.String() == "" || e.LaTeX() == "" {
				t.Errorf("%q prints nothing", formula)
			}
			return
		}
		if strings.Contains(err.Error(), "; is one step meant?") {
			return // too deep, which has no place
		}
		text := err.Error()
		caret := text[strings.LastIndexByte(text, '\n')+1:]
		if !strings.HasSuffix(caret, "^") || len(caret) < 5 || len(caret)-5 > utf8.RuneCountInString(formula) {
			t.Errorf("%q: the caret is outside:\n%s", formula, text)
		}
	})
}
