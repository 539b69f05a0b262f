package surrogate_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// all are the surrogates that the properties below are tested with, and the
// largest gradient that each claims.
var all = []struct {
	f    surrogate.Function
	name string
	peak float64
}{
	{surrogate.Sigmoid(4), "Sigmoid(alpha=4)", 1},
	{surrogate.Sigmoid(0.5), "Sigmoid(alpha=0.5)", 0.125},
	{surrogate.ATan(2), "ATan(alpha=2)", 1},
	{surrogate.ATan(3.5), "ATan(alpha=3.5)", 1.75},
}

// evaluate returns the values of an expression of x.
func evaluate(t *testing.T, e dynamics.Expr, x ...float32) []float32 {
	t.Helper()
	p, err := dynamics.Compile(dynamics.Definition{Input: "x", Output: e})
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float32, len(x))
	p.Run(dynamics.Run{T: 1, N: len(x), X: x, Out: y})
	return y
}

var x = dynamics.Input("x")

// TestGradient: the gradient is the derivative of the primitive, which rises
// from 0 to 1 through 1/2.
func TestGradient(t *testing.T) {
	const h = 1.0 / 512 // the difference of two floats near 1 is good to 6e-8/h
	for _, s := range all {
		for k := -2560; k <= 2560; k += 64 {
			at := float32(k) / 512
			p := evaluate(t, s.f.Primitive(x), at-h, at, at+h)
			g := float64(evaluate(t, s.f.Gradient(x), at)[0])
			if slope := float64(p[2]-p[0]) / (2 * h); math.Abs(slope-g) > 2e-4*max(1, s.peak*s.peak) {
				t.Errorf("%v at %v: the gradient is %v, the slope of the primitive %v", s.f, at, g, slope)
			}
			if g < 0 || g > s.peak || p[1] < 0 || p[1] > 1 {
				t.Errorf("%v at %v: gradient %v, primitive %v", s.f, at, g, p[1])
			}
		}
		if g := evaluate(t, s.f.Gradient(x), 0)[0]; float64(g) != s.peak {
			t.Errorf("%v: the gradient at 0 is %v, want %v", s.f, g, s.peak)
		}
		if p := evaluate(t, s.f.Primitive(x), 0, 1e30, -1e30); p[0] != 0.5 || p[1] != 1 || math.Abs(float64(p[2])) > 1e-7 {
			t.Errorf("%v: the primitive at 0 and far away is %v", s.f, p)
		}
	}
}

// TestForward: forward every surrogate is the same step.
func TestForward(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	at := []float32{-inf, -1, -1e-45, float32(math.Copysign(0, -1)), 0, 1e-45, 1, inf, nan}
	want := []float32{0, 0, 0, 1, 1, 1, 1, 1, 0}
	for _, s := range all {
		for i, y := range evaluate(t, x.Spike(s.f), at...) {
			if y != want[i] {
				t.Errorf("%v at %v is %v, want %v", s.f, at[i], y, want[i])
			}
		}
	}
}

func TestStringAndMistakes(t *testing.T) {
	for _, s := range all {
		if got := s.f.String(); got != s.name {
			t.Errorf("got %s, want %s", got, s.name)
		}
	}
	for name, f := range map[string]func(float64) surrogate.Function{"Sigmoid": surrogate.Sigmoid, "ATan": surrogate.ATan} {
		for _, alpha := range []float64{0, -1, math.NaN(), math.Inf(1), 1e39, 1e-60} {
			func() {
				defer func() {
					var mistake *dynamics.Error
					err, _ := recover().(error)
					if want := fmt.Sprintf("surrogate.%s: alpha is %v, expected a positive number", name, alpha); !errors.As(err, &mistake) || err.Error() != want {
						t.Errorf("got %v, want %s", err, want)
					}
				}()
				f(alpha)
			}()
		}
	}
	if surrogate.Sigmoid(4) != surrogate.Sigmoid(4) {
		t.Error("surrogates are not values")
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
