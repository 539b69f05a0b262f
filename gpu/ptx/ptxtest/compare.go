package ptxtest

import (
	"fmt"
	"math"
	"slices"

	"spikebook/gpu/device"
	"spikebook/gpu/ptx"
	"spikebook/snn/dynamics"
)

// NewRun returns a run of a program, on values that draw makes: inputs are [T, N],
// parameters one value. Outputs that are not wanted are nil; nil wants all.
func NewRun(p *dynamics.Program, steps, n int, wanted []bool, draw func(n int) []float32) dynamics.Run {
	r := dynamics.Run{T: steps, N: n}
	for range p.Inputs() {
		r.Inputs = append(r.Inputs, draw(steps*n))
	}
	for range p.Params() {
		r.Params = append(r.Params, draw(1))
	}
	for range p.States() {
		r.States = append(r.States, draw(n))
	}
	for i := range p.Listing().Outputs {
		r.Outputs = append(r.Outputs, nil)
		if wanted == nil || wanted[i] {
			r.Outputs[i] = make([]float32, steps*n)
		}
	}
	return r
}

// Compare runs a program on the device and on the CPU. The error says where the
// results differ.
func Compare(d device.Device, k *ptx.Kernel, p *dynamics.Program, r dynamics.Run) error {
	got := r
	got.Outputs, got.States = clone(r.Outputs), clone(r.States)
	if err := Run(d, k, got); err != nil {
		return err
	}
	p.Run(r)
	for kind, lists := range map[string][2][][]float32{"output": {got.Outputs, r.Outputs}, "state": {got.States, r.States}} {
		for i := range lists[0] {
			if at, same := Same(lists[0][i], lists[1][i]); !same {
				return fmt.Errorf("%s %d has %v at %d, on the CPU %v", kind, i, lists[0][i][at], at, lists[1][i][at])
			}
		}
	}
	return nil
}

func clone(lists [][]float32) (copies [][]float32) {
	for _, l := range lists {
		copies = append(copies, slices.Clone(l))
	}
	return copies
}

// Same says whether two lists have the same bits, but for which NaN a NaN is, and
// where they differ first.
func Same(a, b []float32) (at int, same bool) {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return i, false
		}
	}
	return 0, true
}
