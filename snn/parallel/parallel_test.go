package parallel_test

import (
	"iter"
	"runtime"
	"sync/atomic"
	"testing"

	"spikebook/snn/parallel"
)

func TestDo(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 7} {
		for _, n := range []int{0, 1, 2, 5, 6, 1000} {
			var calls atomic.Int64
			done := make([]atomic.Int64, n)
			parallel.Do(workers, n, func(pieces iter.Seq[int]) {
				calls.Add(1)
				for i := range pieces {
					done[i].Add(1)
				}
			})
			if calls.Load() != int64(workers) {
				t.Errorf("%d workers, %d pieces: work was called %d times", workers, n, calls.Load())
			}
			for i := range done {
				if times := done[i].Load(); times != 1 {
					t.Errorf("%d workers: piece %d of %d was done %d times", workers, i, n, times)
				}
			}
		}
	}
}

// A worker that is slow does not keep the others from its part.
func TestOthersHelp(t *testing.T) {
	const n = 10
	rest := make(chan int, n)
	var first atomic.Bool
	parallel.Do(2, n, func(pieces iter.Seq[int]) {
		for i := range pieces {
			if first.CompareAndSwap(false, true) {
				for range n - 1 { // until all others are done
					<-rest
				}
				continue
			}
			rest <- i
		}
	})
	if len(rest) != 0 {
		t.Errorf("%d pieces were done twice", len(rest))
	}
}

// A worker that wants no more leaves the rest to the others.
func TestLeave(t *testing.T) {
	var done atomic.Int64
	parallel.Do(1, 5, func(pieces iter.Seq[int]) {
		for range pieces {
			done.Add(1)
			break
		}
	})
	if done.Load() != 1 {
		t.Errorf("%d pieces were done after the only worker left, expected 1", done.Load())
	}
}

func TestWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for _, c := range []struct{ work, want int }{{0, 1}, {99, 1}, {100, 2}, {399, 4}, {1 << 40, 4}} {
		if got := parallel.Workers(c.work, 100); got != c.want {
			t.Errorf("work of %d is worth %d workers, expected %d", c.work, got, c.want)
		}
	}
}
