// Package parallel spreads work over the processors.
package parallel

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// Workers returns how many workers an amount of work is worth, if a second one is
// worth the amount that is given: at most as many as there are processors.
func Workers(work, worth int) int { return min(runtime.GOMAXPROCS(0), 1+work/worth) }

// Do calls work once for each worker, at the same time, and returns when all are
// done. Together they get the numbers from 0 to n-1: each a contiguous part of its
// own at first, since what a processor has computed before is in its cache, and
// then what others have not begun with. The caller is one of the workers.
func Do(workers, n int, work func(pieces iter.Seq[int])) {
	next := make([]atomic.Int64, workers) // of each part
	end := func(part int) int { return (part + 1) * n / workers }
	for part := range next {
		next[part].Store(int64(end(part - 1)))
	}
	run := func(worker int) {
		work(func(yield func(int) bool) {
			for k := range workers {
				part := (worker + k) % workers
				for {
					piece := int(next[part].Add(1) - 1)
					if piece >= end(part) {
						break
					}
					if !yield(piece) {
						return
					}
				}
			}
		})
	}
	var wg sync.WaitGroup
	for worker := range workers - 1 {
		wg.Go(func() { run(worker) })
	}
	if workers > 1 {
		// The last goroutine that was started is the next one of this processor, which
		// others leave to it for a while: 50 microseconds, on Linux. So it is this one.
		wg.Go(func() {})
	}
	run(workers - 1)
	wg.Wait()
}
