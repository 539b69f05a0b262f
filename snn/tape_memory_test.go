package snn_test

import (
	"runtime"
	"strings"
	"testing"

	"spikebook/snn"
)

// What Backward forgets is what the result was computed from, no more.
func TestReleased(t *testing.T) {
	x := snn.FromSlice([]float32{2}).RequireGrad()
	shared := x.Square()
	a, b := shared.Scale(1), shared.Scale(10)
	a.Backward()
	gradOf(t, x, 4)
	if shared.RequiresGrad() || !b.RequiresGrad() {
		t.Errorf("shared: %v, other branch: %v", shared.RequiresGrad(), b.RequiresGrad())
	}
	if err := snn.Maybe(func() { b.Backward() }); err == nil || !strings.Contains(err.Error(), "a part of the computation, of shape [1], was differentiated by another call") {
		t.Errorf("a second way through what was forgotten: error %v", err)
	}
	gradOf(t, x, 4)
	shared.Scale(3).Add(x).Backward() // what is computed from then on takes it as a constant
	gradOf(t, x, 5)
	shared.RequireGrad() // may become a leaf
	shared.Scale(5).Backward()
	gradOf(t, shared, 5)

	// The same with what Backward keeps.
	x.ZeroGrad()
	shared = x.Square()
	a, b = shared.Scale(1), shared.Scale(10)
	a.Backward(snn.RetainGraph())
	b.Backward(snn.RetainGraph())
	gradOf(t, x, 44)
	b.Backward()
	gradOf(t, x, 84)

	// A leaf that loses its gradient counts as a leaf still.
	x.ZeroGrad()
	if x.Grad() != nil || !x.RequiresGrad() {
		t.Error("ZeroGrad makes the leaf a constant")
	}
	x.Backward() // of itself
	gradOf(t, x, 1)
	x.BackwardFrom(snn.Full(3, 1))
	gradOf(t, x, 4)
}

// What nobody asked a gradient of costs no more than its result: the tensor,
// its shape, its values, and what the operation itself needs. The least of some
// runs counts, because the race detector throws pooled memory away at random.
func TestNoTapeNoAllocation(t *testing.T) {
	x, y := snn.Ones(2, 3), snn.Ones(2, 3)
	w := snn.Ones(4, 3)
	for _, test := range []struct {
		name string
		most float64
		f    func()
	}{
		{"Sub", 3, func() { x.Sub(y) }}, {"Mul", 3, func() { x.Mul(y) }}, {"Div", 3, func() { x.Div(y) }},
		{"Scale", 3, func() { x.Scale(2) }}, {"AddScalar", 3, func() { x.AddScalar(2) }},
		{"Exp", 5, func() { x.Exp() }}, {"Tanh", 5, func() { x.Tanh() }}, {"Sum", 4, func() { x.Sum() }}, {"Mean", 7, func() { x.Mean(1) }},
		{"Index", 3, func() { x.Index(1) }}, {"Slice", 3, func() { x.Slice(0, 1) }}, {"Reshape", 3, func() { x.Reshape(3, 2) }}, {"Clone", 3, func() { x.Clone() }},
		{"Transpose", 4, func() { x.Transpose(0, 1) }}, {"BroadcastTo", 4, func() { x.BroadcastTo(2, 2, 3) }},
		{"MatMulTransposed", 7, func() { x.MatMulTransposed(w) }},
	} {
		least := testing.AllocsPerRun(1, test.f)
		for range 50 {
			least = min(least, testing.AllocsPerRun(1, test.f))
		}
		if least > test.most {
			t.Errorf("%s allocates %v times, expected %v", test.name, least, test.most)
		}
	}
}

// What was computed from a large tensor does not keep its values in memory until
// Backward, if they are not needed for that: neither those that a device has.
func TestValuesAreNotKept(t *testing.T) {
	h := newHost("values not kept")
	const n = 1 << 14
	for _, backend := range []string{snn.CPU, "values not kept"} {
		x := snn.Full(3, n).To(backend).RequireGrad()
		allocated := func() int64 {
			runtime.GC()
			for snn.FinalizersLeft() {
				runtime.Gosched()
			}
			stats, err := h.Stats()
			if err != nil {
				t.Fatal(err)
			}
			return stats.Allocated + snn.HandedOut()
		}
		compute := func() *snn.Tensor { return x.Scale(2).Add(x).Reshape(2, n/2).Scale(3).Div(snn.Scalar(2)).Mean(0) }
		compute() // a device keeps numbers, and memory to work with
		before := allocated()
		y := compute()
		if got, want := allocated()-before, int64(4*n/2); got != want {
			t.Errorf("%s: %d bytes are in use for a result of %d", backend, got, want)
		}
		y.Sum().Backward()
		if g := x.Grad().To(snn.CPU).Data(); g[0] != 2.25 || g[n-1] != 2.25 {
			t.Errorf("%s: the gradient is %v and %v, expected 2.25", backend, g[0], g[n-1])
		}
	}
}
