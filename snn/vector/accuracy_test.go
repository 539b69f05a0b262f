package vector

import (
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

var exhaustive = flag.Bool("exhaustive", false, "compare all 2^32 values of float32 with math, minutes for each function")

// functions are compared with math, computed in float64. The limits are in
// units in the last place of the exact result, those of denormal results too.
var functions = []struct {
	op    Op
	exact func(float64) float64
	limit float64
}{
	{Exp, math.Exp, 2},
	{Log, math.Log, 2},
	{Tanh, math.Tanh, 2},
	{Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 2},
	{Sin, math.Sin, 2},
	{Cos, math.Cos, 2},
	{Atan, math.Atan, 2},
	{Erf, math.Erf, 2},
}

// ulps returns how far got is from the exact result in units in its last
// place; infinitely far if one is NaN or the zeros differ in sign.
func ulps(got float32, exact float64) float64 {
	want := float32(exact)
	if got == want && math.Signbit(float64(got)) == math.Signbit(exact) || got != got && want != want {
		if math.IsInf(exact, 0) || got != got || exact == 0 || math.IsInf(float64(got), 0) {
			return 0
		}
	} else if got == 0 && want == 0 {
		return math.Inf(1)
	}
	if math.IsInf(float64(got), 0) && !math.IsInf(float64(want), 0) {
		// One more than the greatest number.
		return math.Abs(math.Ldexp(1, 128)-math.Abs(exact)) / math.Ldexp(1, 104)
	}
	_, e := math.Frexp(exact)
	unit := math.Ldexp(1, max(e-24, -149))
	d := math.Abs(float64(got)-exact) / unit
	if math.IsNaN(d) {
		return math.Inf(1)
	}
	return d
}

func TestAccuracy(t *testing.T) {
	step := uint64(1021) // a prime
	if *exhaustive {
		step = 1
	}
	for _, f := range functions {
		t.Run(f.op.String(), func(t *testing.T) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			worst, at := -1.0, float32(0)
			workers := uint64(runtime.GOMAXPROCS(0))
			for w := range workers {
				wg.Go(func() {
					most, where := -1.0, float32(0)
					for i := w * step; i < 1<<32; i += workers * step {
						x := math.Float32frombits(uint32(i))
						if d := ulps(f.op.Value(x, 0, 0), f.exact(float64(x))); d > most {
							most, where = d, x
						}
					}
					mu.Lock()
					defer mu.Unlock()
					if most > worst {
						worst, at = most, where
					}
				})
			}
			wg.Wait()
			t.Logf("at most %.3f ulp, at %g (%#x)", worst, at, math.Float32bits(at))
			if worst > f.limit {
				t.Errorf("%s(%g) = %g, which is %.3f ulp from %g; expected at most %g", f.op, at, f.op.Value(at, 0, 0), worst, f.exact(float64(at)), f.limit)
			}
		})
	}
}

// TestPowAccuracy takes y where the result is neither 0 nor infinite.
func TestPowAccuracy(t *testing.T) {
	n := 1 << 21
	if *exhaustive {
		n = 1 << 30
	}
	r := rand.New(rand.NewPCG(1, 2))
	worst, atX, atY := 0.0, float32(0), float32(0)
	for range n {
		x := math.Float32frombits(r.Uint32() >> 1)
		if k := r.IntN(4); k < 3 {
			x = float32(math.Exp2(math.Ldexp(r.Float64()*2-1, -8*k))) // near 1
		}
		if !(x < inf) || x == 0 {
			continue
		}
		y := float32((r.Float64()*2 - 1) * 150 / math.Log2(float64(x)))
		if r.IntN(4) == 0 {
			y = math.Float32frombits(r.Uint32())
		}
		if d := ulps(pow(x, y), math.Pow(float64(x), float64(y))); d > worst {
			worst, atX, atY = d, x, y
		}
	}
	t.Logf("at most %.3f ulp, at %g to the %g", worst, atX, atY)
	if worst > 4 {
		t.Errorf("pow(%g, %g) = %g, which is %.3f ulp from %g; expected at most 4", atX, atY, pow(atX, atY), worst, math.Pow(float64(atX), float64(atY)))
	}
}

// TestPowSpecial has each pair of values for which math.Pow has a rule.
func TestPowSpecial(t *testing.T) {
	special := []float32{0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 1 << 22, 1<<23 - 1, 1<<23 + 1, 1<<24 - 1, 1 << 24, 1 << 40, 3e38,
		1e-45, 1e-40, 1.1754944e-38, 1e-10, 0.99999994, 1.0000001, 1e30, math.MaxFloat32, inf, nan}
	for _, x := range special {
		for _, x := range []float32{x, -x} {
			for _, y := range special {
				for _, y := range []float32{y, -y} {
					got, want := pow(x, y), math.Pow(float64(x), float64(y))
					if d := ulps(got, want); d > 4 {
						t.Errorf("pow(%g, %g) = %g, expected %g", x, y, got, want)
					}
				}
			}
		}
	}
}
