// Package surrogate holds surrogate functions: what stands in for the step
// function of a spiking neuron where its derivative is wanted. A surrogate is
// two expressions; forward, every one of them is the step, which fires at 0. It
// does not know neurons.
//
// Surrogates are values: two layers never share one, as they do in
// SpikingJelly when both use the default.
package surrogate

import (
	"math"
	"strconv"

	"spikebook/snn/dynamics"
)

// Function is a surrogate function.
type Function = dynamics.Surrogate

func named(name string, alpha float64) string {
	return name + "(alpha=" + strconv.FormatFloat(alpha, 'g', -1, 64) + ")"
}

// positive returns alpha, or panics with a *dynamics.Error unless it is a
// positive number that a float32 can hold.
func positive(name string, alpha float64) float64 {
	if f := float32(alpha); !(f > 0) || math.IsInf(float64(f), 0) {
		panic(&dynamics.Error{Op: "surrogate." + name, Text: "alpha is " + strconv.FormatFloat(alpha, 'g', -1, 64) + ", expected a positive number"})
	}
	return alpha
}
