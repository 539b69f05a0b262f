// Package library has the kernels that a network needs besides those of its neurons:
// it fills, copies, adds up, multiplies matrices and draws random numbers. They are
// written in PTX, in the folder kernels.
//
// A function checks what it is asked for and returns the launches that do it, to be
// run one after the other on one device; there are none if there is nothing to do.
//
// Tensors are of float32 in row-major order, and nothing is fused or approximated: a
// result is the same each time, and where a function says so, it has the bits that
// package snn computes. What is written must not overlap what is read, but where a
// function says so.
package library

import (
	"fmt"
	"slices"

	"spikebook/gpu/device"
)

// limit is the number of values that one launch can count.
const limit = 1<<31 - 1

// volume returns the number of values of a shape.
func volume(op string, shape ...int) (int, error) {
	n, empty := 1, slices.Contains(shape, 0)
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, fmt.Errorf("library.%s: a size of %v is negative; expected 0 or more", op, shape)
		case empty:
			n = 0
		case n > limit/d:
			return 0, fmt.Errorf("library.%s: sizes %v make more than %d values, which one launch can count; split the tensor", op, shape, limit)
		default:
			n *= d
		}
	}
	return n, nil
}

// address is where values of so many bytes are.
type address struct {
	what  string
	at    device.Pointer
	bytes device.Pointer
}

// aligned checks that values can be at the addresses.
func aligned(op string, addresses ...address) error {
	for _, a := range addresses {
		if a.at == 0 || a.at%a.bytes != 0 {
			return fmt.Errorf("library.%s: the address of %s is %#x; expected a multiple of %d other than 0, such as Alloc returns", op, a.what, uint64(a.at), a.bytes)
		}
	}
	return nil
}

// perThread launches n threads. Their number is the last argument of the kernel.
func perThread(module, kernel string, n int, args ...any) device.Launch {
	const block = 256
	return device.Launch{
		Module: text(module),
		Kernel: kernel,
		Grid:   [3]int{(n + block - 1) / block, 1, 1},
		Block:  [3]int{block, 1, 1},
		Args:   append(args, uint32(n)),
	}
}
