package ptx_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"spikebook/gpu/ptx"
	"spikebook/gpu/ptx/ptxtest"
	"spikebook/gpu/ptxsim"
	"spikebook/snn/dynamics"
	"spikebook/snn/vector"
)

// open returns the interpreter.
func open(t testing.TB) *ptxsim.Device {
	d := ptxsim.Open(ptxsim.Options{})
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// special are values for which some operation has a rule, or a step.
var special = signed(
	0, 1, 2, 3, 0.5, 1.5, 2.5, 1.0000001, 0.99999994, 0.70710677, 1.1892071, 1e-45, 1.1754942e-38, 1.1754944e-38, 1e-20, 1e20, math.MaxFloat32,
	float32(math.Inf(1)), float32(math.NaN()), 87, 88.72284, 89, 103.97208, 104.5, 9.1, 10, 3.9, 4, math.Pi/4, math.Pi/2, math.Pi,
	8191.9995, 8192, 8192.001, 1e5, 1e10, 4194304, 8388607.5, 8388609, 16777216, 1<<33,
)

func signed(values ...float32) (both []float32) {
	for _, v := range values {
		both = append(both, v, -v)
	}
	return both
}

// random returns a value of any kind.
func random(r *rand.Rand) float32 {
	switch r.IntN(4) {
	case 0:
		return special[r.IntN(len(special))]
	case 1:
		return math.Float32frombits(r.Uint32()) // any exponent
	case 2:
		return float32(r.IntN(9) - 4) // equal ones
	}
	return float32(r.NormFloat64() * math.Exp2(float64(r.IntN(16)-8)))
}

// operations are all operations, those that are fused from two as well.
func operations() (list []vector.Op) {
	for op := vector.Op(0); op.String() != "invalid"; op++ {
		list = append(list, op)
	}
	return list
}

// onCPU runs an operation as the engine does.
func onCPU(op vector.Op, y, y2 []float32, args [3][]float32) {
	first, second, slot, pair := op.Pair()
	if !pair {
		op.Run(y, y2, args[0], args[1], args[2])
		return
	}
	inner := make([]float32, len(y))
	first.Run(inner, nil, args[0], args[1], nil)
	if slot == 0 {
		second.Run(y, nil, inner, args[2], nil)
	} else {
		second.Run(y, nil, args[2], inner, nil)
	}
}

// Every operation gives the bits that it gives on the CPU: for all special values
// against each other, and for random ones.
func TestOperations(t *testing.T) {
	d := open(t)
	pairs := len(special) * len(special)
	count := 2 * pairs
	r := rand.New(rand.NewPCG(1, 2))
	var args [3][]float32
	for i := range count {
		k := i % pairs
		a, b, c := special[k%len(special)], special[k/len(special)], random(r)
		if i >= pairs {
			a, b = random(r), random(r)
		}
		args[0], args[1], args[2] = append(args[0], a), append(args[1], b), append(args[2], c)
	}
	ops := operations()
	if len(ops) != int(vector.FireSoft)+1+24 {
		t.Fatalf("%d operations, expected those of package vector and 24 pairs", len(ops))
	}
	for _, op := range ops {
		t.Run(op.String(), func(t *testing.T) {
			in := vector.Instruction{Op: op, Dst: 3, Dst2: -1, Args: [3]int{0, 1, 2}}
			outputs, want, got := []int{3}, [][]float32{make([]float32, count)}, [][]float32{make([]float32, count)}
			var y2 []float32
			if op == vector.FireHard || op == vector.FireSoft {
				in.Dst2 = 4
				y2 = make([]float32, count)
				outputs, want, got = append(outputs, 4), append(want, y2), append(got, make([]float32, count))
			}
			k, err := ptx.New(dynamics.Listing{
				Registers: 5, Code: []vector.Instruction{in}, Inputs: []int{0, 1, 2}, Outputs: outputs, InputNames: []string{"a", "b", "c"},
			}, ptx.Options{Name: op.String()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ptxtest.Run(d, k, dynamics.Run{T: 1, N: count, Inputs: args[:], Outputs: got}); err != nil {
				t.Fatal(err)
			}
			onCPU(op, want[0], y2, args)
			for o := range want {
				if i, same := ptxtest.Same(got[o], want[o]); !same {
					t.Fatalf("result %d of %s is %v (%#08x), on the CPU %v (%#08x)", o, call(op, args, i),
						got[o][i], math.Float32bits(got[o][i]), want[o][i], math.Float32bits(want[o][i]))
				}
			}
		})
	}
}

func call(op vector.Op, args [3][]float32, i int) string {
	operands := make([]float32, op.Arity())
	for k := range operands {
		operands[k] = args[k][i]
	}
	return fmt.Sprint(op, operands)
}

// A result may take the place of an operand, as the programs of neurons have it.
func TestResultInPlace(t *testing.T) {
	d := open(t)
	for _, op := range []vector.Op{vector.Exp, vector.Pow, vector.Max, vector.FireHard, vector.FireSoft} {
		for place := range op.Arity() {
			in := vector.Instruction{Op: op, Dst: place, Dst2: -1, Args: [3]int{0, 1, 2}}
			var y2 []float32
			if op == vector.FireHard || op == vector.FireSoft {
				in.Dst2, y2 = 3, make([]float32, 4)
			}
			k, err := ptx.New(dynamics.Listing{
				Registers: 4, Code: []vector.Instruction{in}, Inputs: []int{0, 1, 2}, Outputs: []int{place}, InputNames: []string{"a", "b", "c"},
			}, ptx.Options{})
			if err != nil {
				t.Fatal(err)
			}
			args := [3][]float32{{0.5, 1, 2, 3}, {0.75, 1, -2, 4}, {-1, -2, -3, -4}}
			got, want := make([]float32, 4), make([]float32, 4)
			if _, err := ptxtest.Run(d, k, dynamics.Run{T: 1, N: 4, Inputs: args[:], Outputs: [][]float32{got}}); err != nil {
				t.Fatal(err)
			}
			if onCPU(op, want, y2, args); !slices.Equal(got, want) {
				t.Errorf("%s into operand %d: %v, expected %v", op, place, got, want)
			}
		}
	}
}
