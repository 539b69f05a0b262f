package snn_test

import (
	"runtime"
	"testing"

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
