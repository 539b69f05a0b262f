//go:build cuda

package cuda

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"gorgonia.org/cu"

	"spikebook/gpu/cuda/entry"
	"spikebook/gpu/device"
)

// module is PTX that the driver has compiled.
type module struct {
	loaded  cu.Module
	kernels map[string]cu.Function // those that were launched
	entries entry.Entries
}

// Launch implements [device.Device].
func (g *gpu) Launch(l device.Launch) error {
	return g.do("Launch", l.Kernel, func() error {
		m, err := g.module(l.Module)
		if err != nil {
			return err
		}
		function, err := m.kernel(l.Kernel)
		if err != nil {
			return err
		}
		slots, err := entry.Pack(m.entries[l.Kernel], l.Args)
		if err != nil {
			return err
		}
		blocks, threads := l.Grid, l.Block
		sizes := append(append([]int{l.Shared + 1}, blocks[:]...), threads[:]...)
		if slices.Min(sizes) < 1 || slices.Max(sizes) > math.MaxInt32 {
			return impossible(l)
		}
		switch err := enqueue(function, g.stream, blocks, threads, l.Shared, slots); err {
		case cu.Success:
		case cu.InvalidValue:
			return impossible(l)
		default:
			return err
		}
		g.stats.Launches++
		if !slices.Contains(g.running, l.Kernel) {
			g.running = append(g.running, l.Kernel)
		}
		return nil
	})
}

// enqueue is [cu.Function.Launch], which writes pointers to memory that malloc returned,
// as Go code must not: the garbage collector looks at what was there before, and if that
// is an address that the driver has once been given, of a number that was copied to the
// host, it finds an object that is free already and ends the program.
func enqueue(function cu.Function, stream cu.Stream, blocks, threads [3]int, shared int, arguments []uint64) error {
	sizes := [7]C.uint{C.uint(blocks[0]), C.uint(blocks[1]), C.uint(blocks[2]), C.uint(threads[0]), C.uint(threads[1]), C.uint(threads[2]), C.uint(shared)}
	// A cu.Function is the driver's handle and nothing else, which cu does not give out.
	handle := *(*unsafe.Pointer)(unsafe.Pointer(&function))
	result := C.shim_launch(handle, &sizes[0], unsafe.Pointer(stream.C()), (*C.uint64_t)(unsafe.SliceData(arguments)), C.size_t(len(arguments)))
	return sameType(cu.Success, int(result))
}

// sameType returns a result of the driver as cu's type for them, which has no name
// outside.
func sameType[T ~int](_ T, result int) T { return T(result) }

// The size of a cu.Function is that of a handle.
var _ = [1]struct{}{}[unsafe.Sizeof(cu.Function{})-unsafe.Sizeof(uintptr(0))]

// impossible says that no device does a launch of this form.
func impossible(l device.Launch) error {
	return fmt.Errorf("no grid of %v blocks of %v threads with %d bytes of shared memory can be launched: a block has 1 to 1024 threads and, on most devices, 48 KiB", l.Grid, l.Block, l.Shared)
}

// module returns what PTX was loaded as, now or before.
func (g *gpu) module(ptx string) (*module, error) {
	if m := g.modules[ptx]; m != nil {
		return m, nil
	}
	entries, err := entry.Parse(ptx)
	if err != nil {
		return nil, err
	}
	// The driver writes into the log by an address that Go does not see.
	const size = 8 << 10
	log := unsafe.Slice((*byte)(C.calloc(1, size)), size)
	defer C.free(unsafe.Pointer(&log[0]))
	loaded, err := cu.LoadDataEx(ptx, &cu.JITErrorLogBuffer{Buffer: log})
	if err != nil {
		text, _, _ := bytes.Cut(log, []byte{0})
		if text = bytes.TrimSpace(text); len(text) > 0 {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return nil, err
	}
	m := &module{loaded: loaded, kernels: map[string]cu.Function{}, entries: entries}
	g.modules[ptx] = m
	return m, nil
}

// kernel returns a kernel of a module.
func (m *module) kernel(name string) (cu.Function, error) {
	if f, ok := m.kernels[name]; ok {
		return f, nil
	}
	if _, ok := m.entries[name]; !ok {
		return cu.Function{}, errors.New("the module has no entry of this name")
	}
	f, err := m.loaded.Function(name)
	if err == nil {
		m.kernels[name] = f
	}
	return f, err
}
