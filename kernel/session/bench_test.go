package session

import (
	"syscall"
	"testing"
)

// cpu reports the processor time per cycle, which neighbours on the machine disturb less than the clock.
func cpu(b *testing.B) func() {
	used := func() float64 {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
	}
	before := used()
	return func() { b.ReportMetric((used()-before)/float64(b.N), "cpu-ms/op") }
}

// cycle restores and commits as a cell does, and reports both times.
func cycle[T any](b *testing.B, src *T, change func(*T)) {
	dir := b.TempDir()
	commit(b, dir, src)
	var dst *T
	b.Run("restore", func(b *testing.B) {
		defer cpu(b)()
		for b.Loop() {
			dst = new(T)
			s, err := open(dir, vars(dst)...)
			if err != nil {
				b.Fatal(err)
			}
			s.unmap()
		}
	})
	b.Run("both", func(b *testing.B) {
		defer cpu(b)()
		for b.Loop() {
			dst = new(T)
			s, err := open(dir, vars(dst)...)
			if err != nil {
				b.Fatal(err)
			}
			if change != nil {
				change(dst)
			}
			if err := s.commit(false); err != nil {
				b.Fatal(err)
			}
			s.unmap()
		}
	})
}

func BenchmarkSmall(b *testing.B) {
	type V struct {
		A, B, C int
		D, E    string
		F       float64
		G       []int
		H       map[string]int
		I       *node
		J       any
	}
	cycle(b, &V{G: []int{1, 2}, H: map[string]int{"a": 1}, I: &node{}, J: 1.5}, func(v *V) { v.A++ })
}

func BenchmarkGibibyte(b *testing.B) {
	type V struct{ X []float32 }
	cycle(b, &V{make([]float32, 1<<28)}, nil)
}

func list100k() *node {
	var n *node
	for i := range 100_000 {
		n = &node{val: i, next: n}
	}
	return n
}

func BenchmarkNodes(b *testing.B) {
	type V struct{ N *node }
	b.Run("unchanged", func(b *testing.B) { cycle(b, &V{list100k()}, nil) })
	b.Run("changed", func(b *testing.B) { cycle(b, &V{list100k()}, func(v *V) { v.N.val++ }) })
}

func BenchmarkMap(b *testing.B) {
	type V struct{ M map[string]int }
	v := &V{map[string]int{}}
	for i := range 100_000 {
		v.M[string(rune('a'+i%26))+string(rune(i))] = i
	}
	cycle(b, v, func(v *V) { v.M["a"]++ })
}
