package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// special are values for which some operation has a rule, or a step.
var special = []float32{
	0, 1, 2, 3, 0.5, 1.5, 2.5, 0.25, 1.0000001, 0.99999994, 0.625, 0.70710677, 0.7071068, 1.1892071, 1.4142135,
	1e-45, 1.1754942e-38, 1.1754944e-38, 1e-40, 1e-20, 1e20, math.MaxFloat32, inf, nan,
	87, 87.33655, 88, 88.72283, 88.72284, 89, 103.27893, 103.97208, 104, 104.5, 16.635532, 17.5, 9.1, 10, 3.9, 4,
	math.Pi / 4, math.Pi / 2, math.Pi, 8191.9995, 8192, 8192.001, 1e5, 1e10, 4194304, 8388607, 8388607.5, 8388608, 8388609, 16777215, 16777216, 2147483648, 1 << 33,
}

// random returns a value of any kind.
func random(r *rand.Rand) float32 {
	var x float32
	switch r.IntN(8) {
	case 0, 1:
		x = special[r.IntN(len(special))]
	case 2:
		x = math.Float32frombits(r.Uint32()) // any exponent
	case 3:
		x = float32(r.IntN(9) - 4) // equal ones
	case 4:
		x = math.Float32frombits(r.Uint32() & 0x807fffff) // denormal
	default:
		x = float32(r.NormFloat64() * math.Exp2(float64(r.IntN(16)-8)))
	}
	if r.IntN(2) == 0 {
		x = -x
	}
	return x
}

// define returns the results of any operation for one lane.
func define(op Op, a, b, c float32) (dst, dst2 float32) {
	switch {
	case op == FireHard || op == FireSoft:
		s := Heaviside.Value(a-b, 0, 0)
		if op == FireHard {
			return Select.Value(s, c, a), s
		}
		return Sub.Value(a, Mul.Value(s, b, 0), 0), s
	case op >= fused:
		first, second, slot := op.pair()
		x := first.Value(a, b, 0)
		if slot == 1 {
			return second.Value(c, x, 0), 0
		}
		return second.Value(x, c, 0), 0
	}
	return op.Value(a, b, c), 0
}

// same reports whether two values have the same bits, or both are NaN.
func same(x, y float32) bool {
	return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
}

// all returns the operations that the current path has.
func all() (out []Op) {
	for op := range fused {
		out = append(out, op)
	}
	for first := Add; first <= Div; first++ {
		for second := Add; second <= Div; second++ {
			for slot := range 2 {
				if op, ok := Fuse(first, second, slot); ok && !slices.Contains(out, op) {
					out = append(out, op)
				}
			}
		}
	}
	return out
}

// guarded is a slice between sentinels.
type guarded struct{ before, mid, behind []float32 }

const sentinel = 1234.5

func guard(values []float32, before int) guarded {
	all := slices.Repeat([]float32{sentinel}, before+len(values)+20)
	g := guarded{all[:before], all[before:][:len(values):len(values)], all[before+len(values):]}
	copy(g.mid, values)
	return g
}

func (g guarded) intact() bool {
	touched := func(x float32) bool { return x != sentinel }
	return !slices.ContainsFunc(g.before, touched) && !slices.ContainsFunc(g.behind, touched)
}

// TestLoops compares Run with the definitions for all operations, paths and
// lengths up to a few vectors, with results in place of each operand.
func TestLoops(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, op := range all() {
			t.Run(op.String(), func(t *testing.T) {
				for n := range 68 {
					for alias := range 7 { // dst is one of a, b, c, or none; dst2 too
						checkRun(t, r, op, n, alias)
					}
				}
			})
		}
	})
}

func checkRun(t *testing.T, r *rand.Rand, op Op, n, alias int) {
	t.Helper()
	operands := make([][]float32, 3)
	guards := make([]guarded, 3)
	for k := range operands {
		v := make([]float32, n)
		for i := range v {
			v[i] = random(r)
		}
		guards[k] = guard(v, r.IntN(9))
		operands[k] = slices.Clone(v)
	}
	fires := op == FireHard || op == FireSoft
	args := make([][]float32, 3)
	for k := range op.Arity() {
		args[k] = guards[k].mid
	}
	results := []guarded{guard(make([]float32, n), r.IntN(9)), guard(make([]float32, n), r.IntN(9))}
	if k := alias - 1; k >= 0 && k < 3 && k < op.Arity() {
		results[0] = guards[k]
	}
	if k := alias - 4; fires && k >= 0 && k < op.Arity() {
		results[1] = guards[k]
	}
	if fires {
		op.Run(results[0].mid, results[1].mid, args[0], args[1], args[2])
	} else {
		op.Run(results[0].mid, nil, args[0], args[1], args[2])
	}
	for i := range n {
		a, b, c := operands[0][i], operands[1][i], operands[2][i]
		want, want2 := define(op, a, b, c)
		if got := results[0].mid[i]; !same(got, want) {
			t.Fatalf("%s(%g, %g, %g) = %g (%#x), expected %g (%#x); lane %d of %d, alias %d", op, a, b, c, got, math.Float32bits(got), want, math.Float32bits(want), i, n, alias)
		}
		if got := results[1].mid[i]; fires && !same(got, want2) {
			t.Fatalf("the second result of %s(%g, %g, %g) is %g, expected %g; lane %d of %d, alias %d", op, a, b, c, got, want2, i, n, alias)
		}
	}
	for _, g := range append(guards, results...) {
		if !g.intact() {
			t.Fatalf("%s of %d lanes wrote beside the slice, alias %d", op, n, alias)
		}
	}
}

// TestMany compares the functions for many values.
func TestMany(t *testing.T) {
	const n = 1 << 12
	eachPath(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		a, b, c, dst, dst2 := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		for _, op := range all() {
			for range 8 {
				for i := range a {
					a[i], b[i], c[i] = random(r), random(r), random(r)
				}
				op.Run(dst, dst2, a, b, c)
				for i := range a {
					if want, want2 := define(op, a[i], b[i], c[i]); !same(dst[i], want) || (op == FireHard || op == FireSoft) && dst2[i] != want2 {
						t.Fatalf("%s(%g, %g, %g) = %g, %g, expected %g, %g", op, a[i], b[i], c[i], dst[i], dst2[i], want, want2)
					}
				}
			}
		}
	})
}

// TestValue has the rules of the operations.
func TestValue(t *testing.T) {
	minus0 := float32(math.Copysign(0, -1))
	for _, c := range []struct {
		op      Op
		a, b, c float32
		want    float32
	}{
		{Copy, minus0, 0, 0, minus0},
		{Neg, 0, 0, 0, minus0},
		{Abs, minus0, 0, 0, 0},
		{Round, 0.5, 0, 0, 0}, {Round, 1.5, 0, 0, 2}, {Round, 2.5, 0, 0, 2}, {Round, -2.5, 0, 0, -2},
		{Floor, -0.5, 0, 0, -1}, {Floor, 1.5, 0, 0, 1},
		{Sign, -3, 0, 0, -1}, {Sign, 3, 0, 0, 1}, {Sign, minus0, 0, 0, minus0}, {Sign, nan, 0, 0, nan},
		{Less, 1, 2, 0, 1}, {Less, 2, 2, 0, 0}, {Less, nan, 2, 0, 0}, {Less, 1, nan, 0, 0},
		{LessEqual, 2, 2, 0, 1}, {LessEqual, nan, nan, 0, 0},
		{Equal, 2, 2, 0, 1}, {Equal, nan, nan, 0, 0}, {Equal, 0, minus0, 0, 1},
		{Select, 0, 5, 6, 6}, {Select, minus0, 5, 6, 6}, {Select, nan, 5, 6, 5}, {Select, 1e-45, 5, 6, 5},
		{Heaviside, 0, 0, 0, 1}, {Heaviside, minus0, 0, 0, 1}, {Heaviside, -1e-45, 0, 0, 0}, {Heaviside, nan, 0, 0, 0}, {Heaviside, inf, 0, 0, 1},
		{Mix, 1, 5, nan, 5}, {Mix, 0, nan, 6, 6}, {Mix, minus0, inf, 6, 6}, {Mix, 0.25, 8, 4, 5},
		{Min, nan, 1, 0, nan}, {Min, 1, nan, 0, nan}, {Min, 0, minus0, 0, minus0},
		{Max, nan, 1, 0, nan}, {Max, 1, nan, 0, nan}, {Max, minus0, 0, 0, 0},
		{Exp, 0, 0, 0, 1}, {Exp, -inf, 0, 0, 0}, {Exp, inf, 0, 0, inf}, {Exp, 89, 0, 0, inf}, {Exp, nan, 0, 0, nan},
		{Log, 0, 0, 0, -inf}, {Log, minus0, 0, 0, -inf}, {Log, -1, 0, 0, nan}, {Log, 1, 0, 0, 0}, {Log, inf, 0, 0, inf},
		{Sigmoid, 0, 0, 0, 0.5}, {Sigmoid, inf, 0, 0, 1}, {Sigmoid, -inf, 0, 0, 0},
		{Tanh, inf, 0, 0, 1}, {Tanh, minus0, 0, 0, minus0},
		{Sin, inf, 0, 0, nan}, {Sin, minus0, 0, 0, minus0}, {Cos, 0, 0, 0, 1}, {Cos, -inf, 0, 0, nan},
		{Pow, 2, 10, 0, 1024}, {Pow, nan, 0, 0, 1}, {Pow, -2, 3, 0, -8}, {Pow, -2, 0.5, 0, nan},
	} {
		if got := c.op.Value(c.a, c.b, c.c); !same(got, c.want) {
			t.Errorf("%s(%g, %g, %g) = %g, expected %g", c.op, c.a, c.b, c.c, got, c.want)
		}
	}
}

func TestFuse(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, c := range []struct {
			first, second Op
			slot          int
			name          string
		}{
			{Mul, Add, 0, "mul.add"},
			{Mul, Add, 1, "mul.add"},
			{Sub, Div, 0, "sub.div"},
			{Sub, Div, 1, "sub.div.reversed"},
			{Div, Div, 1, "div.div.reversed"},
		} {
			op, ok := Fuse(c.first, c.second, c.slot)
			if ok != (Path() != "plain") {
				t.Errorf("Fuse(%s, %s, %d): %t", c.first, c.second, c.slot, ok)
			}
			if ok && (op.String() != c.name || op.Arity() != 3) {
				t.Errorf("Fuse(%s, %s, %d) is %s with %d operands, expected %s with 3", c.first, c.second, c.slot, op, op.Arity(), c.name)
			}
		}
		for _, c := range [][2]Op{{Exp, Add}, {Add, Neg}, {FireSoft, Mul}} {
			if _, ok := Fuse(c[0], c[1], 0); ok {
				t.Errorf("Fuse(%s, %s, 0) is possible", c[0], c[1])
			}
		}
	})
}

// TestShort expects a panic where an operand has fewer values than dst, also if
// there is room behind them.
func TestShort(t *testing.T) {
	long, cut := make([]float32, 40), make([]float32, 40)[:39]
	for _, op := range all() {
		for k := range op.Arity() {
			args := [][]float32{long, long, long}
			args[k] = cut
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s reads behind operand %d", op, k)
					}
				}()
				op.Run(make([]float32, 40), make([]float32, 40), args[0], args[1], args[2])
			}()
		}
	}
}

func BenchmarkRun(b *testing.B) {
	const n = 512
	mem := make([]float32, 5*(n+32))
	slice := func(k int) []float32 { return mem[k*(n+32) : k*(n+32)+n] }
	eachPath(b, func(b *testing.B) {
		r := rand.New(rand.NewPCG(1, 1))
		for k := range 3 {
			for i := range slice(k) {
				slice(k)[i] = r.Float32()*4 - 2
			}
		}
		for _, op := range all() {
			b.Run(fmt.Sprint(op), func(b *testing.B) {
				for b.Loop() {
					op.Run(slice(3), slice(4), slice(0), slice(1), slice(2))
				}
			})
		}
	})
}
