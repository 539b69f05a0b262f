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
// results differ. As for [Run], states that are nil are those that the kernel sums.
func Compare(d device.Device, k *ptx.Kernel, p *dynamics.Program, r dynamics.Run) error {
	got := r
	got.Outputs, got.States = clone(r.Outputs), clone(r.States)
	sums, err := Run(d, k, got)
	if err != nil {
		return err
	}
	r.States = slices.Clone(r.States)
	for i, s := range r.States {
		if s == nil {
			r.States[i] = make([]float32, r.N)
		}
	}
	p.Run(r)
	for i, s := range got.States {
		if s != nil {
			continue
		}
		if err := compareSum(sums[0], r.States[i]); err != nil {
			return fmt.Errorf("state %d: %w", i, err)
		}
		sums, got.States[i] = sums[1:], r.States[i]
	}
	for kind, lists := range map[string][2][][]float32{"output": {got.Outputs, r.Outputs}, "state": {got.States, r.States}} {
		for i := range lists[0] {
			if at, same := Same(lists[0][i], lists[1][i]); !same {
				return fmt.Errorf("%s %d has %v at %d, on the CPU %v", kind, i, lists[0][i][at], at, lists[1][i][at])
			}
		}
	}
	return nil
}

// compareSum compares a sum that was taken in float64 with that in another order.
func compareSum(got float32, values []float32) error {
	var want, size float64 // no sum is off by more than rounding of this size
	for _, v := range values {
		want += float64(v)
		size += math.Abs(float64(v))
	}
	off := math.Abs(float64(got) - want)
	switch rounded := float32(want); {
	case rounded == got || rounded != rounded && got != got:
		return nil
	case !math.IsInf(size, 0) && off <= size*float64(len(values))*0x1p-53+math.Abs(want)*0x1p-23:
		return nil
	}
	return fmt.Errorf("the sum is %v, on the CPU %v", got, want)
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
