package snn_test

import (
	"runtime"
	"testing"
	"time"

	"spikebook/snn"
)

// Memory is used again only when nobody can reach it: a slice of the values, or
// one step of them, is enough to keep it.
func TestMemoryIsNotTaken(t *testing.T) {
	const n = 1 << 16
	fill := func(v float32) (*snn.Tensor, []float32) {
		t := snn.Empty(4, n)
		for i := range t.Data() {
			t.Data()[i] = v
		}
		return t.Index(3), t.Data()[n : n+2]
	}
	step, part := fill(1)
	for range 20 {
		runtime.GC()
		fill(2)
	}
	for _, v := range append(part, step.Data()...) {
		if v != 1 {
			t.Fatal("memory that is in use was given away")
		}
	}
}

// A loop that drops large tensors goes on with the memory of those that it
// dropped, and one that keeps them gets others; zeros are zeros in either.
func TestMemoryIsUsedAgain(t *testing.T) {
	const n, rounds = 1 << 19, 200
	allocated := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.TotalAlloc
	}
	before := allocated()
	for i := range rounds {
		x := snn.Zeros(n)
		for k, v := range x.Data() {
			if v != 0 {
				t.Fatalf("round %d: value %d of Zeros is %v", i, k, v)
			}
			x.Data()[k] = 1
		}
	}
	if got, all := allocated()-before, uint64(4*n*rounds); got > all*3/4 {
		t.Errorf("%d MB were allocated for tensors of %d MB", got>>20, all>>20)
	}
	var kept []*snn.Tensor
	for i := range 40 {
		kept = append(kept, snn.Full(float32(i), n))
	}
	for i, x := range kept {
		if x.Data()[0] != float32(i) || x.Data()[n-1] != float32(i) {
			t.Errorf("tensor %d holds %v and %v", i, x.Data()[0], x.Data()[n-1])
		}
	}
}

// A small tensor that finds no memory to use again does not have garbage collected
// because of what large ones have left: there is hardly any of its own size.
func TestGarbageOfOtherSizes(t *testing.T) {
	const rounds, large, small = 200, 1 << 19, 1 << 15
	collected := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumForcedGC
	}
	runtime.GC()
	before := collected()
	for range rounds {
		snn.Empty(large)
		snn.Empty(small)
	}
	const each = 32 << 20 // at most; that of the small ones alone would be 8
	if got, most := collected()-before, uint32(4*(large+small)*rounds/each); got > most {
		t.Errorf("garbage was collected %d times for %d tensors of 2 MB and as many of 128 KB, expected at most %d", got, rounds, most)
	}
}

// What is in use is counted when all finalizers have run: what is garbage, but counted
// then, would let more and more memory go round.
func TestFinalizersLeft(t *testing.T) {
	goOn := make(chan struct{})
	runtime.SetFinalizer(new([64]int), func(*[64]int) { <-goOn })
	runtime.GC()
	if !snn.FinalizersLeft() {
		t.Error("a finalizer that waits is not left")
	}
	close(goOn)
	for deadline := time.Now().Add(time.Minute); snn.FinalizersLeft(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("finalizers are left after a minute")
		}
	}
}

// A size holds what is asked of it.
func TestEmptySizes(t *testing.T) {
	for _, n := range []int{1 << 14, 1<<14 + 1, 20000, 1<<15 - 1, 1 << 15, 100_003, 1 << 20} {
		for range 3 {
			x := snn.Empty(n)
			if x.Size() != n || cap(x.Data()) != n {
				t.Fatalf("%d values: size %d, capacity %d", n, x.Size(), cap(x.Data()))
			}
			x.Data()[n-1] = 1
			runtime.GC()
			runtime.Gosched()
		}
	}
}

func BenchmarkEmpty(b *testing.B) {
	for b.Loop() {
		x := snn.Empty(16, 1<<20)
		for i := 0; i < x.Size(); i += 1024 { // a value of each page
			x.Data()[i] = 1
		}
	}
}
