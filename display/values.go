package display

import (
	"fmt"
	"math"
	"strconv"

	"spikebook/snn"
)

// isSpike says whether a value of a spike train is a spike.
func isSpike(x float32) bool { return x != 0 && finite(x) }

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }

// extent prints the interval of the finite values.
func extent(t *snn.Tensor) string {
	lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, x := range t.Data() {
		if finite(x) {
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	if lo > hi {
		return "[]"
	}
	number := func(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }
	return "[" + number(lo) + ", " + number(hi) + "]"
}

// notFinite says how many values are not finite, if any.
func notFinite(ts ...*snn.Tensor) string {
	nan, inf := 0, 0
	for _, t := range ts {
		for _, x := range t.Data() {
			switch {
			case math.IsNaN(float64(x)):
				nan++
			case math.IsInf(float64(x), 0):
				inf++
			}
		}
	}
	if nan+inf == 0 {
		return ""
	}
	return fmt.Sprintf("; left out: %d NaN, %d infinite", nan, inf)
}
