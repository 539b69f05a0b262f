package render

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// ticks returns at most n ticks at multiples of 1, 2 or 5 times a power of ten
// within [lo, hi], closest together; whole numbers only when integer is set. All
// labels have the same decimals. There is at least one tick unless no whole
// number lies in the interval.
func ticks(lo, hi float64, n int, integer bool) plot.ConstantTicks {
	if !(hi > lo) || n < 1 || math.IsInf(hi-lo, 0) {
		return nil
	}
	for exp := math.Floor(math.Log10((hi-lo)/float64(n))) - 1; ; exp++ {
		if integer && exp < 0 {
			exp = 0
		}
		for _, digit := range []float64{1, 2, 5} {
			step := digit * math.Pow(10, exp)
			first, last := multiples(lo, hi, step)
			if last-first+1 > float64(n) {
				continue
			}
			var marks plot.ConstantTicks
			for k := first; k <= last; k++ {
				value := k*step + 0 // −0 + 0 is 0
				if exp < 0 {        // 3/10 is nearer to 0.3 than 3·0.1
					value = k * digit / math.Pow(10, -exp)
				}
				marks = append(marks, plot.Tick{Value: value, Label: label(value, exp, max(math.Abs(lo), math.Abs(hi)))})
			}
			return marks
		}
	}
}

// named returns ticks at the middles of cells that have names, at most n of them:
// of cells that are too many, every second, third, ...
func named(names []string, scale float64, n int) plot.ConstantTicks {
	every := (len(names) + max(n, 1) - 1) / max(n, 1)
	var marks plot.ConstantTicks
	for i := 0; i < len(names); i += every {
		marks = append(marks, plot.Tick{Value: float64(i) * scale, Label: minus(names[i])})
	}
	return marks
}

// multiples returns the first and last k with k·step in [lo, hi], where ends
// that miss a multiple by rounding alone count as hitting it.
func multiples(lo, hi, step float64) (first, last float64) {
	slack := 1e-9 * (hi - lo) / step
	return math.Ceil(lo/step - slack), math.Floor(hi/step + slack)
}

// label returns the text of a tick on an axis with a step of magnitude 10^exp
// and values of up to largest.
func label(value, exp, largest float64) string {
	if value == 0 {
		return "0"
	}
	if largest >= 1e7 || exp < -5 {
		digits := max(0, int(math.Floor(math.Log10(math.Abs(value)))-exp))
		return minus(strconv.FormatFloat(value, 'e', min(digits, 15), 64))
	}
	return minus(strconv.FormatFloat(value, 'f', max(0, int(-exp)), 64))
}

// minus returns number with a minus sign of the width of a plus sign instead of
// a hyphen.
func minus(number string) string {
	if number != "" && number[0] == '-' {
		return "−" + number[1:]
	}
	return number
}
