// Package backend makes a device that runs PTX a backend of package snn: what
// layers and tensors are set to by a name such as "cuda".
package backend

import (
	"fmt"
	"sync"

	"spikebook/gpu/device"
	"spikebook/gpu/ptx"
	"spikebook/gpu/ptx/library"
	"spikebook/snn"
	"spikebook/snn/dynamics"
)

// accelerator is a device with kernels for the programs that were run on it.
type accelerator struct {
	device.Device

	mu      sync.Mutex
	kernels map[variant]*ptx.Kernel
}

// variant is a program with the outputs that are wanted of it, and the states of which
// only the sum is.
type variant struct {
	program *dynamics.Program
	name    string
	wanted  string
}

// mostKernels is how many kernels are kept.
const mostKernels = 1 << 10

// New returns the accelerator of a device.
func New(d device.Device) snn.Accelerator {
	return &accelerator{Device: d, kernels: map[variant]*ptx.Kernel{}}
}

// Keeper returns the device if it is a worker's.
func (a *accelerator) Keeper() device.Keeper {
	k, _ := a.Device.(device.Keeper)
	return k
}

// kernel returns the kernel of a run, which is written when it is needed for the
// first time.
func (a *accelerator) kernel(p *dynamics.Program, r *snn.PlacedRun) (*ptx.Kernel, error) {
	wanted := make([]bool, len(r.Outputs))
	for i, at := range r.Outputs {
		wanted[i] = at != 0
	}
	var summed []bool
	for _, at := range r.States {
		summed = append(summed, at == 0)
	}
	key := variant{p, r.Name, fmt.Sprint(wanted, summed)}
	a.mu.Lock()
	defer a.mu.Unlock()
	if k := a.kernels[key]; k != nil {
		return k, nil
	}
	k, err := ptx.New(p.Listing(), ptx.Options{Name: r.Name, Comment: r.Text, Wanted: wanted, Summed: summed})
	if err != nil {
		return nil, err
	}
	if len(a.kernels) == mostKernels {
		clear(a.kernels)
	}
	a.kernels[key] = k
	return k, nil
}

// Source returns the PTX of a run.
func (a *accelerator) Source(p *dynamics.Program, r snn.PlacedRun) (string, error) {
	k, err := a.kernel(p, &r)
	if err != nil {
		return "", err
	}
	return k.Module, nil
}

// Program runs a program, as one kernel. If it sums states, another one adds up what
// its blocks leave of all of them.
func (a *accelerator) Program(p *dynamics.Program, r snn.PlacedRun) error {
	summed, blocks := 0, ptx.Blocks(r.N)
	for _, at := range r.States {
		if at == 0 {
			summed++
		}
	}
	if r.N == 0 {
		return a.Fill(r.Sums, 0, summed)
	}
	k, err := a.kernel(p, &r)
	if err != nil {
		return err
	}
	args := ptx.Arguments{T: r.T, N: r.N, Inputs: arrays(r.Inputs), Params: arrays(r.Params), Outputs: r.Outputs, States: r.States, Reverse: r.Reverse}
	if summed > 0 {
		if args.Sums, err = a.Alloc(int64(8*summed*blocks), "sums of blocks"); err != nil {
			return err
		}
		defer a.Free(args.Sums) // behind the launches
	}
	run, err := k.Launch(args)
	if err != nil || summed == 0 {
		return a.launch([]device.Launch{run}, err)
	}
	totals, err := ptx.Totals(r.Sums, args.Sums, summed, blocks)
	return a.launch([]device.Launch{run, totals}, err)
}

func arrays(list []snn.Placed) []ptx.Array {
	out := make([]ptx.Array, len(list))
	for i, p := range list {
		out[i] = ptx.Array{At: p.At, Shared: p.Shared}
	}
	return out
}

// launch runs kernels, one after the other.
func (a *accelerator) launch(list []device.Launch, err error) error {
	for _, l := range list {
		if err == nil {
			err = a.Launch(l)
		}
	}
	return err
}

// Strided copies values between any places.
func (a *accelerator) Strided(to, from device.Pointer, shape, toSteps, fromSteps []int) error {
	return a.launch(library.Strided(to, from, shape, toSteps, fromSteps))
}

// Fill sets values.
func (a *accelerator) Fill(to device.Pointer, value float32, n int) error {
	return a.launch(library.Fill(to, value, n))
}

// Accumulate adds values to others.
func (a *accelerator) Accumulate(to, from device.Pointer, n int) error {
	return a.launch(library.Add(to, from, n))
}

// Uniform draws random numbers.
func (a *accelerator) Uniform(to device.Pointer, n int, seed, next uint64) error {
	return a.launch(library.Uniform(to, n, seed, next))
}

// MatMul multiplies matrices.
func (a *accelerator) MatMul(c, x, y device.Pointer, m, n, k int, transposeA, transposeB bool) error {
	return a.launch(library.MatMul(c, x, y, library.Product{M: m, N: n, K: k, TransposeA: transposeA, TransposeB: transposeB, Batch: 1}))
}

// Total adds values up, or takes their mean.
func (a *accelerator) Total(to, from device.Pointer, outer, n, inner int, mean bool) error {
	axis, total := library.Axis{Outer: outer, N: n, Inner: inner}, library.Sum
	if mean {
		total = library.Mean
	}
	return a.withScratch(library.SumScratch(axis), "scratch of a sum", func(scratch device.Pointer) ([]device.Launch, error) {
		return total(to, from, scratch, axis)
	})
}

// Largest finds the places of the largest values.
func (a *accelerator) Largest(places, from device.Pointer, outer, n, inner int, abs bool) error {
	axis, largest := library.Axis{Outer: outer, N: n, Inner: inner}, library.Max
	if abs {
		largest = library.MaxAbs
	}
	return a.withScratch(library.MaxScratch(axis), "scratch of a largest value", func(scratch device.Pointer) ([]device.Launch, error) {
		return largest(0, places, from, scratch, axis)
	})
}

// withScratch launches kernels of the library that need memory besides operands and
// results.
func (a *accelerator) withScratch(bytes int64, label string, kernels func(scratch device.Pointer) ([]device.Launch, error)) error {
	if bytes == 0 {
		return a.launch(kernels(0))
	}
	scratch, err := a.Alloc(bytes, label)
	if err != nil {
		return err
	}
	defer a.Free(scratch) // behind the launches
	return a.launch(kernels(scratch))
}

// Pick takes a value of each row.
func (a *accelerator) Pick(values, rows, places device.Pointer, outer, n, inner int) error {
	return a.launch(library.Pick(values, rows, places, library.Axis{Outer: outer, N: n, Inner: inner}))
}

// Put puts a value into each row.
func (a *accelerator) Put(rows, values, places device.Pointer, outer, n, inner int) error {
	return a.launch(library.Put(rows, values, places, library.Axis{Outer: outer, N: n, Inner: inner}))
}
