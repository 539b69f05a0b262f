package surrogate_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// all are the surrogates that the properties below are tested with.
var all = []struct {
	new     func() surrogate.Function
	name    string
	peak    float64 // the gradient at 0
	limited bool    // the primitive goes from 0 to 1
}{
	{func() surrogate.Function { return surrogate.Sigmoid(4) }, "Sigmoid(alpha=4)", 1, true},
	{func() surrogate.Function { return surrogate.Sigmoid(0.5) }, "Sigmoid(alpha=0.5)", 0.125, true},
	{func() surrogate.Function { return surrogate.ATan(2) }, "ATan(alpha=2)", 1, true},
	{func() surrogate.Function { return surrogate.ATan(3.5) }, "ATan(alpha=3.5)", 1.75, true},
	{func() surrogate.Function { return surrogate.Erf(2) }, "Erf(alpha=2)", 2 / math.Sqrt(math.Pi), true},
	{func() surrogate.Function { return surrogate.SoftSign(2) }, "SoftSign(alpha=2)", 1, true},
	{func() surrogate.Function { return surrogate.SuperSpike(1) }, "SuperSpike(alpha=1)", 1, false},
	{func() surrogate.Function { return surrogate.PiecewiseQuadratic(1) }, "PiecewiseQuadratic(alpha=1)", 1, true},
	{func() surrogate.Function { return surrogate.PiecewiseQuadratic(2.5) }, "PiecewiseQuadratic(alpha=2.5)", 2.5, true},
	{func() surrogate.Function { return surrogate.PiecewiseExp(1) }, "PiecewiseExp(alpha=1)", 0.5, true},
	{func() surrogate.Function { return surrogate.QPseudoSpike(2) }, "QPseudoSpike(alpha=2)", 1, true},
	{func() surrogate.Function { return surrogate.QPseudoSpike(3.5) }, "QPseudoSpike(alpha=3.5)", 1, true},
	{func() surrogate.Function { return surrogate.S2NN(4, 1) }, "S2NN(alpha=4, beta=1)", 1, false},
	{func() surrogate.Function { return surrogate.NonzeroSignLogAbs(2) }, "NonzeroSignLogAbs(alpha=2)", 2, false},
	{func() surrogate.Function { return surrogate.PiecewiseLeakyReLU(1, 0.01) }, "PiecewiseLeakyReLU(w=1, c=0.01)", 0.5, false},
	{func() surrogate.Function { return surrogate.SquarewaveFourierSeries(2, 8) }, "SquarewaveFourierSeries(n=2, period=8)", 0.5, false},
	{func() surrogate.Function { return surrogate.SquarewaveFourierSeries(4, 4) }, "SquarewaveFourierSeries(n=4, period=4)", 3, false},
	{func() surrogate.Function { return surrogate.LeakyKReLU(0.25, 1) }, "LeakyKReLU(leak=0.25, k=1)", 1, false},
	{func() surrogate.Function { return surrogate.FakeNumericalGradient(0.3) }, "FakeNumericalGradient(alpha=0.3)", 0.3, false},
	{func() surrogate.Function { return surrogate.LogTailedReLU(0.125) }, "LogTailedReLU(alpha=0.125)", 0.125, false},
	{func() surrogate.Function { return surrogate.Rect(1) }, "Rect(alpha=1)", 1, true},
	{func() surrogate.Function { return surrogate.DeterministicPass() }, "DeterministicPass()", 1, false},
	{func() surrogate.Function { return surrogate.PoissonPass() }, "PoissonPass()", 1, false},
	{func() surrogate.Function { return surrogate.MultiLevelSpikeCount(4) }, "MultiLevelSpikeCount(max=4)", 1, false},
	{func() surrogate.Function { return surrogate.MultiLevelSpikeCountWindow(2, 0, 1.5) }, "MultiLevelSpikeCount(max=2, lo=0, hi=1.5)", 1, false},
	{triangle, "Triangle", 1, true},
	{func() surrogate.Function {
		return surrogate.Equation("alpha/2/(1 + (alpha*x)**2)", surrogate.Params{"alpha": 2})
	}, "Equation(alpha/2/(1 + (alpha*x)**2), alpha=2)", 1, false},
	{func() surrogate.Function { return &box{} }, "box", 0.5, false},
}

// triangle is PiecewiseQuadratic(1) by its expressions.
func triangle() surrogate.Function {
	one, half := dynamics.Const(1), dynamics.Const(0.5)
	return surrogate.Custom("Triangle",
		func(x dynamics.Expr) dynamics.Expr { return one.Sub(x.Abs()).Max(dynamics.Const(0)) },
		func(x dynamics.Expr) dynamics.Expr {
			u := x.Clamp(dynamics.Const(-1), one)
			return u.Sub(u.Mul(u.Abs()).Mul(half)).Add(half)
		})
}

// box is a type of a user's own.
type box struct{ surrogate.Base }

func (*box) Gradient(x dynamics.Expr) dynamics.Expr {
	return x.Abs().Less(dynamics.Const(1)).Mul(dynamics.Const(0.5))
}

func (*box) String() string { return "box" }

// evaluate returns the values of an expression of x.
func evaluate(t *testing.T, e dynamics.Expr, x ...float32) []float32 {
	t.Helper()
	p, err := dynamics.Compile(dynamics.Definition{Inputs: []string{"x"}, Outputs: []dynamics.Expr{e}})
	if err != nil {
		t.Fatal(err)
	}
	r := dynamics.Run{T: 1, N: len(x), Inputs: [][]float32{x}, Outputs: [][]float32{make([]float32, len(x))}}
	for range p.Uniforms() {
		r.Inputs = append(r.Inputs, []float32{0.25})
	}
	p.Run(r)
	return r.Outputs[0]
}

var x = dynamics.Input("x")

// TestGradient: the gradient is the derivative of the primitive.
func TestGradient(t *testing.T) {
	const h = 1.0 / 512 // the difference of two floats near 1 is good to 6e-8/h
	for _, s := range all {
		f := s.new()
		primitive := f.Primitive(x)
		if g := evaluate(t, f.Gradient(x), 0)[0]; math.Abs(float64(g)-s.peak) > 1e-6 {
			t.Errorf("%v: the gradient at 0 is %v, want %v", f, g, s.peak)
		}
		if primitive.IsZero() || strings.Contains(s.name, "lo=") { // a window of one's own is no derivative
			continue
		}
		kinks := 0
		for k := -2560; k <= 2560; k += 64 {
			at := float32(k)/512 + 1.0/32 // the kinks lie elsewhere
			g := evaluate(t, f.Gradient(x), at-h, at, at+h)
			if math.Abs(float64(g[2]-g[0])) > 0.1 { // a kink of the primitive
				kinks++
				continue
			}
			p := evaluate(t, primitive, at-h, at, at+h)
			if slope := float64(p[2]-p[0]) / (2 * h); math.Abs(slope-float64(g[1])) > 3e-4*max(1, s.peak*s.peak) {
				t.Errorf("%v at %v: the gradient is %v, the slope of the primitive %v", f, at, g[1], slope)
			}
			if s.limited && (g[1] < 0 || p[1] < 0 || p[1] > 1) {
				t.Errorf("%v at %v: gradient %v, primitive %v", f, at, g[1], p[1])
			}
		}
		if kinks > 3 {
			t.Errorf("%v has %d kinks", f, kinks)
		}
		if p := evaluate(t, primitive, 0, 1e30, -1e30, float32(math.Inf(1)), float32(math.Inf(-1))); s.limited {
			for i, want := range []float64{0.5, 1, 0, 1, 0} {
				if math.Abs(float64(p[i])-want) > 1e-7 {
					t.Errorf("%v: the primitive at 0 and far away is %v", f, p)
					break
				}
			}
		}
	}
}

// Far away there is a number wherever there is a limit, and what is no number
// does not become one.
func TestFar(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	far := []float32{-inf, -math.MaxFloat32, -1e20, 1e20, math.MaxFloat32, inf}
	list := []surrogate.Function{
		surrogate.LeakyKReLU(0, 1), surrogate.LeakyKReLU(0.2, 0), surrogate.LogTailedReLU(0), surrogate.PiecewiseLeakyReLU(1, 0),
		surrogate.PiecewiseQuadratic(1e30), surrogate.PiecewiseQuadratic(1e-30), surrogate.SoftSign(1e30), surrogate.Rect(1e-30),
	}
	for _, s := range all {
		if !strings.HasPrefix(s.name, "Squarewave") { // which has no limit
			list = append(list, s.new())
		}
	}
	for _, s := range list {
		for i, g := range evaluate(t, s.Gradient(x), far...) {
			if g != g {
				t.Errorf("%v: the gradient at %v is NaN", s, far[i])
			}
		}
		if s.Primitive(x).IsZero() {
			continue
		}
		for i, p := range evaluate(t, s.Primitive(x), far...) {
			if p != p {
				t.Errorf("%v: the primitive at %v is NaN", s, far[i])
			}
		}
		if p := evaluate(t, s.Primitive(x), nan)[0]; p == p {
			t.Errorf("%v: the primitive of NaN is %v", s, p)
		}
	}
	if p := evaluate(t, surrogate.PiecewiseLeakyReLU(2, 0).Primitive(x), -inf, -3, 0, 3, inf); !slices.Equal(p, []float32{0, 0, 0.5, 1, 1}) {
		t.Errorf("without a leak: %v", p)
	}
}

// The derivative that dynamics finds of the primitive is the gradient.
func TestSymbolicGradient(t *testing.T) {
	for _, s := range all {
		f := s.new()
		if f.Primitive(x).IsZero() {
			continue
		}
		d, err := dynamics.Definition{Inputs: []string{"x"}, Outputs: []dynamics.Expr{f.Primitive(x)}}.Differentiate([]string{"x"}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		at := []float32{-3.3, -0.6, -0.3, -0.01, 0.02, 0.3, 0.7, 1.3, 2.6}
		r := dynamics.Run{T: 1, N: len(at), Outputs: [][]float32{make([]float32, len(at))}}
		for _, s := range d.Saved {
			if s.Input != 0 { // a primitive is cheap: all is computed from x, or from one value
				values := evaluate(t, f.Primitive(x), at...)
				forward := dynamics.Run{T: 1, N: len(at), Inputs: [][]float32{at}, Outputs: [][]float32{values, make([]float32, len(at))}}
				d.Forward.Run(forward)
				r.Inputs = append(r.Inputs, forward.Outputs[s.Output])
				continue
			}
			r.Inputs = append(r.Inputs, at)
		}
		r.Inputs = append(r.Inputs, []float32{1})
		d.Backward.Run(r)
		for i, want := range evaluate(t, f.Gradient(x), at...) {
			if got := r.Outputs[0][i]; math.Abs(float64(got-want)) > 2e-5*max(1, s.peak) && !strings.HasPrefix(s.name, "MultiLevelSpikeCount(max=2") {
				t.Errorf("%v at %v: the derivative of the primitive is %v, the gradient %v", f, at[i], got, want)
			}
		}
	}
}

// TestForward: forward most surrogates are the same step.
func TestForward(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	at := []float32{-inf, -1, -1e-45, float32(math.Copysign(0, -1)), 0, 1e-45, 0.5, 1, 1.5, 2.5, inf, nan}
	step := []float32{0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0}
	for _, s := range all {
		want := step
		switch strings.Cut(s.name, "("); {
		case s.name == "PoissonPass()": // the random number is 1/4
			want = []float32{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0}
		case s.name == "MultiLevelSpikeCount(max=4)":
			want = []float32{0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 4, nan}
		case s.name == "MultiLevelSpikeCount(max=2, lo=0, hi=1.5)":
			want = []float32{0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, nan}
		}
		for i, y := range evaluate(t, x.Spike(s.new()), at...) {
			if y != want[i] && (y == y || want[i] == want[i]) {
				t.Errorf("%s at %v is %v, want %v", s.name, at[i], y, want[i])
			}
		}
	}
}

func TestSpiking(t *testing.T) {
	for _, s := range all {
		f, other := s.new(), s.new()
		if got := f.String(); got != s.name || !f.Spiking() {
			t.Errorf("got %s, want %s", got, s.name)
		}
		if f.Primitive(x).IsZero() {
			if s.name == "box" { // who embeds Base decides alone
				continue
			}
			name, _, _ := strings.Cut(s.name, "(")
			if strings.HasPrefix(s.name, "Equation") {
				name = s.name
			}
			want := "surrogate." + name + ": it has no primitive, only a gradient, so SetSpiking(false) is not possible; choose another surrogate, such as surrogate.ATan(2)"
			if got := misuse(t, func() { f.SetSpiking(false) }); got != want || !f.Spiking() {
				t.Errorf("got %s\nwant %s", got, want)
			}
			continue
		}
		f.SetSpiking(false)
		if f.Spiking() || !strings.Contains(f.String(), "spiking=false)") {
			t.Errorf("%v is not smooth", f)
		}
		if !other.Spiking() {
			t.Errorf("%s: two calls share a surrogate", s.name)
		}
		f.SetSpiking(true)
		if f.String() != s.name {
			t.Errorf("got %v", f)
		}
	}
}

// misuse returns the text of the *dynamics.Error that f panics with.
func misuse(t *testing.T, f func()) (text string) {
	t.Helper()
	defer func() {
		t.Helper()
		err, _ := recover().(error)
		var mistake *dynamics.Error
		if !errors.As(err, &mistake) {
			t.Fatalf("panic with %v", err)
		}
		text = err.Error()
	}()
	f()
	return ""
}

func TestMistakes(t *testing.T) {
	positive := map[string]func(float64) surrogate.Function{
		"Sigmoid": surrogate.Sigmoid, "ATan": surrogate.ATan, "Erf": surrogate.Erf, "SoftSign": surrogate.SoftSign, "SuperSpike": surrogate.SuperSpike,
		"PiecewiseQuadratic": surrogate.PiecewiseQuadratic, "PiecewiseExp": surrogate.PiecewiseExp, "NonzeroSignLogAbs": surrogate.NonzeroSignLogAbs,
		"FakeNumericalGradient": surrogate.FakeNumericalGradient, "Rect": surrogate.Rect,
	}
	for name, f := range positive {
		for _, alpha := range []float64{0, -1, math.NaN(), math.Inf(1), 1e39, 1e-60} {
			want := fmt.Sprintf("surrogate.%s: alpha is %v, expected a positive number", name, alpha)
			if got := misuse(t, func() { f(alpha) }); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { surrogate.QPseudoSpike(1) }, "surrogate.QPseudoSpike: alpha is 1, expected a number above 1"},
		{func() { surrogate.S2NN(4, 0) }, "surrogate.S2NN: beta is 0, expected a positive number"},
		{func() { surrogate.PiecewiseLeakyReLU(-1, 0) }, "surrogate.PiecewiseLeakyReLU: w is -1, expected a positive number"},
		{func() { surrogate.PiecewiseLeakyReLU(1, math.NaN()) }, "surrogate.PiecewiseLeakyReLU: c is NaN, expected a finite number"},
		{func() { surrogate.SquarewaveFourierSeries(1, 8) }, "surrogate.SquarewaveFourierSeries: n is 1, expected a number from 2 to 100; there are n-1 terms"},
		{func() { surrogate.MultiLevelSpikeCount(0) }, "surrogate.MultiLevelSpikeCount: max is 0, expected a number from 1 to 1048576"},
		{func() { surrogate.MultiLevelSpikeCountWindow(2, 3, 1) }, "surrogate.MultiLevelSpikeCount: lo is 3, expected at most hi, which is 1"},
		{func() { surrogate.Custom("Mine", nil) }, "surrogate.Mine: it has no gradient; return an expression of x"},
		{func() { surrogate.Equation("x", surrogate.Params{"x": 2}) }, "surrogate.Equation: x is 2, expected no such parameter: it is the argument of the surrogate"},
		{func() { surrogate.Equation("a*x", surrogate.Params{"a": math.NaN()}) }, "surrogate.Equation: a is NaN, expected a finite number"},
		{func() {
			surrogate.Custom("Mine", func(x dynamics.Expr) dynamics.Expr { return x }, nil).SetSpiking(false)
		}, "surrogate.Mine: it has no primitive, only a gradient, so SetSpiking(false) is not possible; choose another surrogate, such as surrogate.ATan(2)"},
		{func() { surrogate.Equation("1 + y") }, "dynamics.Parse: \"y\" is unknown; there are x\n    1 + y\n        ^"},
	} {
		if got := misuse(t, test.f); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}

func ExampleSigmoid() {
	s := surrogate.Sigmoid(4)
	x := dynamics.Input("x")
	fmt.Println(s)
	fmt.Println(s.Primitive(x))
	fmt.Println(s.Gradient(x))
	// Output:
	// Sigmoid(alpha=4)
	// sigmoid(x * 4)
	// (1 - sigmoid(x * 4)) * sigmoid(x * 4) * 4
}

func ExampleATan() {
	s := surrogate.ATan(2)
	x := dynamics.Input("x")
	fmt.Println(s)
	fmt.Println(s.Primitive(x))
	fmt.Println(s.Gradient(x))
	// Output:
	// ATan(alpha=2)
	// atan(x * 3.1415927) / 3.1415927 + 0.5
	// 1 / ((x * 3.1415927)**2 + 1)
}

// A surrogate by its gradient alone.
func ExampleCustom() {
	s := surrogate.Custom("Triangle", func(x dynamics.Expr) dynamics.Expr {
		return dynamics.Const(1).Sub(x.Abs()).Max(dynamics.Const(0))
	})
	fmt.Println(s, s.Gradient(dynamics.State("h")))
	// Output:
	// Triangle max(1 - abs(h), 0)
}

func ExampleEquation() {
	s := surrogate.Equation("alpha/2/(1 + (alpha*x)**2)", surrogate.Params{"alpha": 2})
	fmt.Println(s)
	fmt.Println(s.Gradient(dynamics.State("h")))
	// Output:
	// Equation(alpha/2/(1 + (alpha*x)**2), alpha=2)
	// 2 / 2 / (1 + (2 * h)**2)
}
