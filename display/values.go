package display

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"spikebook/snn"
)

// isSpike says whether a value of a spike train is a spike.
func isSpike(x float32) bool { return x != 0 && finite(x) }

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }

// extent says between which values the finite ones lie.
func extent(t *snn.Tensor) string {
	lo, hi := float32(math.Inf(1)), float32(math.Inf(-1))
	for _, x := range t.Data() {
		if finite(x) {
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	if lo > hi {
		return "never finite"
	}
	return "in [" + number(lo) + ", " + number(hi) + "]"
}

// number prints x as it is written: 0.3, not the nearest float32 to it. Where
// that takes seven digits, the value was computed; eight then tell it apart from
// its neighbours, and show that 0.99999958 is less than 1.
func number(x float32) string {
	s := strconv.FormatFloat(float64(x), 'g', -1, 32)
	if digits := strings.TrimLeft(strings.Replace(s, ".", "", 1), "-0"); len(digits) < 7 {
		return s
	}
	return strconv.FormatFloat(float64(x), 'g', 8, 32)
}

// notBinary says how many spikes have another value than 1, if any.
func notBinary(s *snn.Tensor) string {
	graded := 0
	for _, x := range s.Data() {
		if isSpike(x) && x != 1 {
			graded++
		}
	}
	if graded == 0 {
		return ""
	}
	return fmt.Sprintf("; %s not equal to 1", count(graded, "spike"))
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
