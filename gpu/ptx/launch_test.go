package ptx_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"spikebook/gpu/device"
	"spikebook/gpu/ptx"
	"spikebook/snn/dynamics"
	"spikebook/snn/vector"
)

// leak is a neuron with all that a kernel can have.
func leak(t testing.TB) *ptx.Kernel {
	v, x := dynamics.State("v"), dynamics.Input("x")
	p, err := dynamics.Compile(dynamics.Definition{
		Inputs: []string{"x", "unused", "y"}, Outputs: []dynamics.Expr{v, x},
		States: []dynamics.StateEquation{{Name: "v", Next: v.Mul(dynamics.Param("keep")).Add(x).Add(dynamics.Input("y"))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	k, err := ptx.New(p.Listing(), ptx.Options{Name: "leak", Wanted: []bool{true, false}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Addresses and distances are right where they need more than 32 bits.
func TestLaunch(t *testing.T) {
	k := leak(t)
	const n, steps, row = math.MaxInt32, 5, 4 * math.MaxInt32
	a := ptx.Arguments{
		T: steps, N: n, Inputs: []ptx.Array{{At: 1 << 40}, {}, {At: 2 << 40, Shared: true}}, Params: []ptx.Array{{At: 3 << 40}},
		States: []device.Pointer{4 << 40}, Outputs: []device.Pointer{5 << 40, 0},
	}
	forward := []any{
		uint32(n), uint32(steps), int64(row), device.Pointer(1 << 40), int64(row), uint32(4), device.Pointer(2 << 40), int64(4), uint32(0),
		device.Pointer(3 << 40), uint32(4), device.Pointer(4 << 40), device.Pointer(5 << 40),
	}
	backward := []any{
		uint32(n), uint32(steps), int64(-row), device.Pointer(1<<40 + 4*row), int64(-row), uint32(4), device.Pointer(2<<40 + 16), int64(-4), uint32(0),
		device.Pointer(3 << 40), uint32(4), device.Pointer(4 << 40), device.Pointer(5<<40 + 4*row),
	}
	for reverse, want := range map[bool][]any{false: forward, true: backward} {
		a.Reverse = reverse
		l, err := k.Launch(a)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(l.Args, want) {
			t.Errorf("reverse %v: %v, expected %v", reverse, l.Args, want)
		}
		if l.Kernel != "steps_leak" || l.Grid != [3]int{1 << 24, 1, 1} || l.Block != [3]int{ptx.BlockSize, 1, 1} {
			t.Errorf("kernel %s, grid %v, block %v", l.Kernel, l.Grid, l.Block)
		}
	}
}

// A state that is summed needs no memory; all sums go to one place, which is the last
// argument.
func TestLaunchSums(t *testing.T) {
	k := counter(t, 3, []bool{true, false, true})
	a := ptx.Arguments{T: 2, N: 2*ptx.BlockSize + 1, Inputs: []ptx.Array{{At: 1 << 40}}, States: []device.Pointer{0, 2 << 40, 0}}
	if _, err := k.Launch(a); err == nil || err.Error() != "ptx: the array of sums has address 0; expected one that Alloc returned" {
		t.Error(err)
	}
	a.Sums = 3 << 40
	l, err := k.Launch(a)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := l.Args[len(l.Args)-2:], []any{device.Pointer(2 << 40), device.Pointer(3 << 40)}; !reflect.DeepEqual(got, want) {
		t.Errorf("the last arguments are %v, expected %v", got, want)
	}
	if l, err = ptx.Totals(4<<40, a.Sums, 2, l.Grid[0]); err != nil {
		t.Fatal(err)
	}
	if want := []any{device.Pointer(4 << 40), device.Pointer(3 << 40), uint32(3)}; !reflect.DeepEqual(l.Args, want) || l.Grid != [3]int{2, 1, 1} {
		t.Errorf("arguments %v, grid %v, expected %v and two blocks", l.Args, l.Grid, want)
	}
	for want, mistake := range map[string]func() error{
		"0 rows":        func() error { _, err := ptx.Totals(1, 1, 0, 1); return err },
		"0 values":      func() error { _, err := ptx.Totals(1, 1, 1, 0); return err },
		"array of sums": func() error { _, err := ptx.Totals(1, 0, 1, 1); return err },
		"an array of s": func() error { _, err := ptx.Totals(0, 1, 1, 1); return err },
		"Summed has 1":  func() error { _, err := ptx.New(dynamics.Listing{}, ptx.Options{Summed: []bool{true}}); return err },
	} {
		if err := mistake(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; expected an error with %q", err, want)
		}
	}
}

// What does not fit is an error that says so.
func TestMistakes(t *testing.T) {
	right := func() ptx.Arguments {
		return ptx.Arguments{
			T: 1, N: 1, Inputs: []ptx.Array{{At: 1}, {}, {At: 1}}, Params: []ptx.Array{{At: 1}},
			States: []device.Pointer{1}, Outputs: []device.Pointer{1, 0},
		}
	}
	k := leak(t)
	if _, err := k.Launch(right()); err != nil {
		t.Error(err)
	}
	for want, mistake := range map[string]func(a *ptx.Arguments){
		"0 neurons":         func(a *ptx.Arguments) { a.N = 0 },
		"-1 steps":          func(a *ptx.Arguments) { a.T = -1 },
		"2147483648 neuron": func(a *ptx.Arguments) { a.N = 1 << 31 },
		"2 inputs":          func(a *ptx.Arguments) { a.Inputs = a.Inputs[:2] },
		"input y has":       func(a *ptx.Arguments) { a.Inputs[2].At = 0 },
		"parameter keep":    func(a *ptx.Arguments) { a.Params[0].At = 0 },
		"state v":           func(a *ptx.Arguments) { a.States[0] = 0 },
		"output 0":          func(a *ptx.Arguments) { a.Outputs[0] = 0 },
	} {
		a := right()
		mistake(&a)
		if _, err := k.Launch(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; expected an error with %q", err, want)
		}
	}
	if _, err := ptx.New(dynamics.Listing{}, ptx.Options{Wanted: []bool{true}}); err == nil || !strings.Contains(err.Error(), "Wanted has 1") {
		t.Error(err)
	}
	unknown := dynamics.Listing{Code: []vector.Instruction{{Op: 255, Dst2: -1}}}
	if _, err := ptx.New(unknown, ptx.Options{}); err == nil || !strings.Contains(err.Error(), "no instructions for operation invalid") {
		t.Error(err)
	}
}

// Names and comments may be anything.
func TestText(t *testing.T) {
	k, err := ptx.New(dynamics.Listing{}, ptx.Options{Name: "3 µ.add", Comment: []string{"a\nret; // \"Θ\" \\", ""}})
	if err != nil {
		t.Fatal(err)
	}
	if k.Entry != "steps_3___add" || !strings.Contains(k.Module, "\n// a ret; // \"?\"\n//\n.visible") {
		t.Errorf("%s\n%s", k.Entry, k.Module)
	}
}

// The same program gives the same text, by which devices know a kernel.
func TestSameText(t *testing.T) {
	l := dynamics.Listing{Constants: map[int]float32{}}
	for i := range 10 {
		l.Constants[i] = float32(i)
	}
	first, err := ptx.New(l, ptx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if k, err := ptx.New(l, ptx.Options{}); err != nil || k.Module != first.Module {
			t.Fatalf("%v\n%s\nand\n%s", err, first.Module, k.Module)
		}
	}
}
