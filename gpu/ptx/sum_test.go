package ptx_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"spikebook/gpu/device"
	"spikebook/gpu/ptx"
	"spikebook/gpu/ptx/ptxtest"
	"spikebook/snn/dynamics"
)

// counter is a neuron with states that add up the input, times 1, 2 and so on.
func counter(t testing.TB, states int, summed []bool) *ptx.Kernel {
	d := dynamics.Definition{Inputs: []string{"x"}}
	for i := range states {
		s := dynamics.State(fmt.Sprint("s", i))
		d.States = append(d.States, dynamics.StateEquation{Name: fmt.Sprint("s", i), Next: s.Add(dynamics.Const(float64(i + 1)).Mul(dynamics.Input("x")))})
	}
	p, err := dynamics.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ptx.New(p.Listing(), ptx.Options{Name: "counter", Summed: summed})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Sums are right for any number of neurons, and the same each time.
func TestSums(t *testing.T) {
	d := open(t)
	r := rand.New(rand.NewPCG(3, 4))
	const states, steps = 9, 2
	k := counter(t, states, slices.Repeat([]bool{true}, states))
	// In the last case some threads of the second stage have two values.
	for _, n := range []int{1, 31, 33, ptx.BlockSize, ptx.BlockSize + 1, 1000, 300*ptx.BlockSize - 5} {
		run := func(x []float32) []float32 {
			sums, err := ptxtest.Run(d, k, dynamics.Run{T: steps, N: n, Inputs: [][]float32{x}, States: make([][]float32, states)})
			if err != nil {
				t.Fatal(err)
			}
			return sums
		}
		spikes, noise := make([]float32, steps*n), make([]float32, steps*n)
		count := 0
		for i := range spikes {
			spikes[i], noise[i] = float32(r.IntN(2)), float32(r.NormFloat64())
			count += int(spikes[i])
		}
		for i, got := range run(spikes) {
			if want := float32((i + 1) * count); got != want {
				t.Fatalf("%d neurons have sum %d of %v, expected %v", n, i, got, want)
			}
		}
		if first, again := run(noise), run(noise); !slices.Equal(first, again) {
			t.Errorf("%d neurons have sums of %v, and then of %v", n, first, again)
		}
		noise[len(noise)-1] = float32(math.Inf(-1))
		if got := run(noise); slices.ContainsFunc(got, func(v float32) bool { return v != float32(math.Inf(-1)) }) {
			t.Errorf("%d neurons, one of which is at -Inf, have sums of %v", n, got)
		}
	}
}

// Without a barrier or guard, or with one lane or warp less, a sum must fail here: with
// an error of the device, or with another result.
func TestSumsNeed(t *testing.T) {
	const n = 300*ptx.BlockSize - 5 // so that each warp of the second stage has something to add
	k := counter(t, 1, []bool{true})
	x, want := make([]float32, n), 0
	for i := range x { // warps differ, and sums are exact
		x[i] = float32(i%7 + i/4096)
		want += int(x[i])
	}
	run := dynamics.Run{T: 1, N: n, Inputs: [][]float32{x}, States: [][]float32{nil}}
	if sums, err := ptxtest.Run(open(t), k, run); err != nil || sums[0] != float32(want) {
		t.Fatalf("%v, %v; expected %d", sums, err, want)
	}
	modules := map[string]string{"first": k.Module, "second": ptx.TotalsModule()}
	for _, test := range []struct{ stage, old, new string }{
		{"first", "mov.b32 %r5, 0f00000000;", ""},
		{"first", "bra $none;", "bra $end;"},
		{"first", "bar.sync 0;", ""},
		{"first", ", 16;", ", 8;"},
		{"first", "[warps+24]", "[warps+16]"},
		{"first", "bra $end;", "bra $end2; $end2:"},
		{"second", "bra $all;", "bra $end;"},
		{"second", "bar.sync 0;", ""},
		{"second", ", 16;", ", 8;"},
		{"second", "[warps+56]", "[warps+48]"},
		{"second", "bra $end;", "bra $end2; $end2:"},
	} {
		module := modules[test.stage]
		if !strings.Contains(module, test.old) {
			t.Fatalf("%q is not in\n%s", test.old, module)
		}
		edit := edited{open(t), module, strings.Replace(module, test.old, test.new, 1)}
		if sums, err := ptxtest.Run(edit, k, run); err == nil && sums[0] == float32(want) {
			t.Errorf("with %q instead of %q in the %s stage the sum is right, too", test.new, test.old, test.stage)
		}
	}
}

// edited is a device that runs one module instead of another.
type edited struct {
	device.Device
	old, new string
}

func (e edited) Launch(l device.Launch) error {
	if l.Module == e.old {
		l.Module = e.new
	}
	return e.Device.Launch(l)
}
