package library

import (
	"fmt"

	"spikebook/gpu/device"
)

// Max finds the largest values along an axis: values, and their places as int32,
// counted from 0. One of the two addresses may be 0 for what is not wanted. As in
// package snn, NaN is larger than any number, and the first of equal ones is taken.
// It needs scratch memory of [MaxScratch] bytes.
func Max(values, places, from, scratch device.Pointer, a Axis) ([]device.Launch, error) {
	return largest("Max", values, places, from, scratch, a, 0xffffffff)
}

// MaxAbs is Max for the largest absolute values, which it returns with their signs.
func MaxAbs(values, places, from, scratch device.Pointer, a Axis) ([]device.Launch, error) {
	return largest("MaxAbs", values, places, from, scratch, a, 0x7fffffff)
}

// MaxScratch returns how many bytes Max and MaxAbs need besides operand and results.
func MaxScratch(a Axis) int64 { return a.scratch(a.passes()) }

// largest compares the bits of values that are in the mask.
func largest(op string, values, places, from, scratch device.Pointer, a Axis, mask uint32) ([]device.Launch, error) {
	_, results, err := a.count(op)
	if err != nil || results == 0 {
		return nil, err
	}
	if a.N == 0 {
		return nil, fmt.Errorf("library.%s: axis %v has no values; expected at least one, of which the largest can be found", op, a)
	}
	addresses := []address{{"the operand", from, 4}, {"the scratch memory", scratch, 8}}
	if values != 0 || places == 0 {
		addresses = append(addresses, address{"the values", values, 4})
	}
	if places != 0 {
		addresses = append(addresses, address{"the places", places, 4})
	}
	if err := aligned(op, addresses...); err != nil {
		return nil, err
	}
	inner := uint32(a.Inner)
	var candidates device.Pointer
	launches := a.eachPass(from, scratch, func(pass, n int, to, from device.Pointer, row, step uint32) device.Launch {
		candidates = to
		if pass == 0 {
			return perThread("max", "max_values", n, to, from, row, step, inner, mask)
		}
		return perThread("max", "max_candidates", n, to, from, row, step)
	})
	return append(launches, perThread("max", "max_result", results, values, places, candidates, from, uint32(a.N*a.Inner), inner)), nil
}
