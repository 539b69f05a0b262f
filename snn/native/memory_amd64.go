//go:build linux

package native

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// Loops stay in memory until the process ends. A program has a few for each kind
// of neuron; beyond this number none are made.
const maxLoops = 4096

var loops atomic.Int32

// load puts code where it may be run, and returns its address; 0 if the system
// does not allow that.
func load(code []byte) uintptr {
	if loops.Add(1) > maxLoops {
		return 0
	}
	page, err := syscall.Mmap(-1, 0, len(code), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return 0
	}
	copy(page, code)
	if syscall.Mprotect(page, syscall.PROT_READ|syscall.PROT_EXEC) != nil {
		syscall.Munmap(page)
		return 0
	}
	return uintptr(unsafe.Pointer(unsafe.SliceData(page)))
}

// call runs code on the stack of the goroutine: it neither calls nor returns
// anything, and is done before a garbage collection can wait for it.
//
//go:noescape
func call(code uintptr, frame *Frame, bytes int)

// fence waits until other processors see what was written past the caches.
func fence()
