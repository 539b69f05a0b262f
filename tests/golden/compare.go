package main

import (
	"math"

	"spikebook/snn"
)

// difference is the largest difference between two tensors over
// max(1, largest wanted value), as the README of the data compares. Two NaN are
// equal, and so are two equal infinities; tensors of different shapes differ
// infinitely.
func difference(got, want *snn.Tensor) float64 {
	if !snn.SameShape(got, want) {
		return math.Inf(1)
	}
	largest, scale := 0.0, 1.0
	for i, w := range want.Data() {
		g, w := float64(got.Data()[i]), float64(w)
		if !math.IsInf(w, 0) && !math.IsNaN(w) {
			scale = max(scale, math.Abs(w))
		}
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		d := math.Abs(g - w)
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		largest = max(largest, d)
	}
	return largest / scale
}

// same reports whether two tensors are equal: shape and every value.
func same(got, want *snn.Tensor) bool {
	if !snn.SameShape(got, want) {
		return false
	}
	for i, w := range want.Data() {
		if got.Data()[i] != w {
			return false
		}
	}
	return true
}

// sameBeforeNaN compares spikes up to where the peer's potential becomes NaN by
// its hard reset, where ours is v_reset.
func sameBeforeNaN(got, want, v *snn.Tensor) bool {
	n := want.Size() / want.Shape()[0]
	for i, s := range want.Data() {
		if i >= n && math.IsNaN(float64(v.Data()[i-n])) {
			continue
		}
		if got.Data()[i] != s {
			return false
		}
	}
	return snn.SameShape(got, want)
}
