package vector

import (
	"cmp"
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
)

var exhaustive = flag.Bool("exhaustive", false, "compare all 2^32 values of float32 with math, minutes for each function")

// function is compared with math, computed in float64. The limit is in units in
// the last place of the exact result, those of denormal results too.
type function struct {
	op    Op
	exact func(float64) float64
	limit float64
}

var functions = []function{
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
// place; infinitely far if one of them is NaN, or if the zeros differ in sign.
func ulps(got float32, exact float64) float64 {
	switch want := float32(exact); {
	case got != got && want != want:
		return 0
	case got != got || want != want || got == 0 && want == 0 && math.Signbit(float64(got)) != math.Signbit(exact):
		return math.Inf(1)
	case math.IsInf(float64(want), 0) && got == want:
		return 0
	case math.IsInf(float64(got), 0):
		// Where the next number would be.
		return math.Abs(math.Copysign(0x1p128, float64(got))-exact) / 0x1p104
	}
	_, e := math.Frexp(exact)
	return math.Abs(float64(got)-exact) / math.Ldexp(1, max(e-24, -149))
}

func TestAccuracy(t *testing.T) {
	step := uint64(1021) // a prime
	if *exhaustive {
		step = 1
	}
	for _, f := range functions {
		t.Run(f.op.String(), func(t *testing.T) {
			workers := uint64(runtime.GOMAXPROCS(0))
			found := make([]worst, workers)
			var wg sync.WaitGroup
			for w := range workers {
				wg.Go(func() {
					for i := w * step; i < 1<<32; i += workers * step {
						found[w].compare(f, math.Float32frombits(uint32(i)))
					}
				})
			}
			wg.Wait()
			for _, x := range special {
				for near := -50; near <= 50; near++ {
					i := math.Float32bits(x) + uint32(near)
					found[0].compare(f, math.Float32frombits(i))
					found[0].compare(f, math.Float32frombits(i^1<<31))
				}
			}
			most := slices.MaxFunc(found, func(a, b worst) int { return cmp.Compare(a.ulps, b.ulps) })
			t.Logf("at most %.3f ulp, at %g (%#x)", most.ulps, most.x, math.Float32bits(most.x))
			if most.ulps > f.limit {
				t.Errorf("%s(%g) = %g, which is %.3f ulp from %g; expected at most %g", f.op, most.x, f.op.Value(most.x, 0, 0), most.ulps, f.exact(float64(most.x)), f.limit)
			}
		})
	}
}

// worst is where a function differs most.
type worst struct {
	ulps float64
	x    float32
}

func (w *worst) compare(f function, x float32) {
	if d := ulps(f.op.Value(x, 0, 0), f.exact(float64(x))); d > w.ulps {
		*w = worst{d, x}
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
