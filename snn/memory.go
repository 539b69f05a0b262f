package snn

import (
	"math/bits"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Empty returns a tensor whose values are whatever was in memory: for results
// that are about to be written. A large one uses the memory of tensors that are
// gone: fresh memory costs more than computing what is put there, because the
// system must find and clear each page.
func Empty(shape ...int) *Tensor {
	return newTensor(shape, empty(size("Empty", shape)))
}

// leastReused is the number of values from which on memory is used again.
const leastReused = 1 << 12

// reused holds memory by size: at number k there are arrays of 2^(k/4) quarters,
// so that at most a fifth is not used. What is not taken for a while, the
// garbage collector frees.
var reused [4 * 64]struct {
	sync.Pool
	out   atomic.Int64 // bytes of this size that are in use, or garbage
	inUse int64        // of them, after the last collection
}

// class returns the number of the smallest size for n values, and that size.
func class(n int) (k, size int) {
	shift := max(0, bits.Len(uint(n-1))-3) // three leading bits: 4/8, 5/8, 6/8, 7/8
	quarters := (n + 1<<shift - 1) >> shift
	return 4*shift + quarters&3, quarters << shift
}

// empty returns n values.
func empty(n int) []float32 {
	values, _ := take(n)
	return values
}

// zeros returns n zeros.
func zeros(n int) []float32 {
	values, used := take(n)
	if used {
		clear(values)
	}
	return values
}

// take returns n values, which are zeros unless the memory was used before.
func take(n int) (values []float32, used bool) {
	if n < leastReused {
		return make([]float32, n), false
	}
	k, size := class(n)
	first, _ := reused[k].Get().(*float32)
	if first == nil && collect(k, 4*size) {
		first, _ = reused[k].Get().(*float32)
	}
	if used = first != nil; !used {
		first = unsafe.SliceData(make([]float32, size))
	}
	return watch(first, k, n, size), used
}

// A program that computes in a loop leaves a large tensor behind each time. To
// collect garbage takes less than a millisecond if there are few pointers; to
// compute on into fresh memory takes far longer. So it is collected early, when
// there may be as much of it as there was memory in use, enough of the size that is
// wanted for many tensors, and so much that fresh memory would take longer than
// collecting did the last time. More of it would no longer fit into the last cache.
const (
	garbageTensors = 64
	leastCollected = 8 << 20  // bytes: less is too little, whatever the tensors are
	mostGarbage    = 64 << 20 // bytes: and this is enough, of all sizes together
	freshSpeed     = 4        // bytes per nanosecond
	finalizersTime = time.Millisecond
)

// handedOut is how many bytes are in use, or garbage.
var handedOut atomic.Int64

var collector struct {
	sync.Mutex
	inUse int64 // bytes after the last time
	took  time.Duration
}

// Small tensors are garbage like any other. Go collects it when there is as much as
// there was memory in use, but at least 4 MiB, which a layer of a thousand neurons
// leaves in a few hundred steps: half of the time went into that. This is memory in
// use that nobody touches, so that the system gives none for it.
var ballast = make([]byte, 8<<20)

func init() { runtime.KeepAlive(ballast) }

// collect collects garbage if there may be enough of it for a tensor of size number
// k, which are that many bytes.
func collect(k, bytes int) bool {
	if !collector.TryLock() {
		return false
	}
	defer collector.Unlock()
	out := handedOut.Load()
	collector.inUse = min(collector.inUse, out)
	kind, outOfKind := &reused[k], reused[k].out.Load()
	kind.inUse = min(kind.inUse, outOfKind)
	garbage := out - collector.inUse
	most := int64(mostGarbage)
	if runtime.GOMAXPROCS(0) > 1 { // they fill it faster, and collecting takes longer
		most *= 2
	}
	many := outOfKind-kind.inUse >= garbageTensors*int64(bytes) || garbage >= most
	if !many || garbage < max(collector.inUse, leastCollected, freshSpeed*int64(collector.took)) {
		return false
	}
	begin := time.Now()
	runtime.GC()
	for finalizersLeft() && time.Since(begin) < finalizersTime { // one of the user's may wait
		runtime.Gosched()
	}
	collector.took, collector.inUse = time.Since(begin), handedOut.Load()
	for k := range reused {
		reused[k].inUse = reused[k].out.Load()
	}
	return true
}

// finalizersLeft says whether finalizers are still to run. They run one after the
// other, in an order that nobody promises.
func finalizersLeft() bool {
	count := [2]metrics.Sample{{Name: "/gc/finalizers/queued:finalizers"}, {Name: "/gc/finalizers/executed:finalizers"}}
	metrics.Read(count[:])
	return count[0].Value.Uint64() > count[1].Value.Uint64()
}

// process tells values of this process from those that an earlier cell of a
// notebook left, whose memory is not ours to give away.
var process = time.Now().UnixNano()

// release gives the memory of a tensor back at once. Nobody else may have a part
// of it, and this process must have got it from empty.
func (t *Tensor) release() {
	if t.place != nil {
		t.place.memory.free()
		return
	}
	data := t.data
	if len(data) < leastReused {
		return
	}
	k, size := class(len(data))
	first := unsafe.SliceData(data)
	runtime.SetFinalizer(first, nil)
	back(first, k, size)
}

// watch returns n values of an array, and puts it back when nobody can reach it
// any more: not even by a slice of a part. That is when its finalizer runs,
// which gets the array itself.
func watch(first *float32, k, n, size int) []float32 {
	handOut(k, 4*int64(size))
	runtime.SetFinalizer(first, func(first *float32) { back(first, k, size) })
	return unsafe.Slice(first, size)[:n:n]
}

func back(first *float32, k, size int) {
	handOut(k, -4*int64(size))
	reused[k].Put(first)
}

func handOut(k int, bytes int64) {
	handedOut.Add(bytes)
	reused[k].out.Add(bytes)
}
