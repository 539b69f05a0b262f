package snn

import (
	"math/bits"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// Empty returns a tensor whose values are whatever was in memory: for results
// that are about to be written. A large one uses the memory of tensors that are
// gone: fresh memory costs more than computing what is put there, because the
// system must find and clear each page.
func Empty(shape ...int) *Tensor {
	return &Tensor{shape: clone(shape), data: empty(size("Empty", shape))}
}

// leastReused is the number of values from which on memory is used again.
const leastReused = 1 << 14

// reused holds memory by size: at number k there are arrays of 2^(k/4) quarters,
// so that at most a fifth is not used. What is not taken for a while, the
// garbage collector frees.
var reused [4 * 64]sync.Pool

// class returns the number of the smallest size for n values, and that size.
func class(n int) (k, size int) {
	shift := max(0, bits.Len(uint(n-1))-3) // three leading bits: 4/8, 5/8, 6/8, 7/8
	quarters := (n + 1<<shift - 1) >> shift
	return 4*shift + quarters&3, quarters << shift
}

// empty returns n values.
func empty(n int) []float32 {
	if n < leastReused {
		return make([]float32, n)
	}
	k, size := class(n)
	if first, _ := reused[k].Get().(*float32); first != nil {
		return watch(first, k, n, size)
	}
	return watch(unsafe.SliceData(make([]float32, size)), k, n, size)
}

// process tells values of this process from those that an earlier cell of a
// notebook left, whose memory is not ours to give away.
var process = time.Now().UnixNano()

// release gives the memory of values back at once. Nobody else may have a slice
// of it, and this process must have got it from empty.
func release(data []float32) {
	if len(data) < leastReused {
		return
	}
	k, _ := class(len(data))
	first := unsafe.SliceData(data)
	runtime.SetFinalizer(first, nil)
	reused[k].Put(first)
}

// watch returns n values of an array, and puts it back when nobody can reach it
// any more: not even by a slice of a part. That is when its finalizer runs,
// which gets the array itself.
func watch(first *float32, k, n, size int) []float32 {
	runtime.SetFinalizer(first, func(first *float32) { reused[k].Put(first) })
	return unsafe.Slice(first, size)[:n:n]
}
