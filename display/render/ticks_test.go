package render

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"pgregory.net/rapid"
)

func labels(marks plot.ConstantTicks) string {
	var s []string
	for _, m := range marks {
		s = append(s, m.Label)
	}
	return strings.Join(s, " ")
}

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		lo, hi  float64
		n       int
		integer bool
		want    string
	}{
		{-0.5, 149.5, 10, true, "0 20 40 60 80 100 120 140"},
		{-0.5, 49.5, 10, true, "0 5 10 15 20 25 30 35 40 45"},
		{-0.5, 31.5, 16, true, "0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30"},
		{-0.5, 0.5, 10, true, "0"},
		{-0.5, 2.5, 10, true, "0 1 2"},
		{-0.5, 9999.5, 8, true, "0 2000 4000 6000 8000"},
		{0.2, 0.8, 5, true, ""},
		{0, 1, 6, false, "0 0.2 0.4 0.6 0.8 1.0"},
		{-0.06, 1.06, 6, false, "0 0.2 0.4 0.6 0.8 1.0"},
		{-1, 1, 5, false, "−1.0 −0.5 0 0.5 1.0"},
		{0, 0.003, 4, false, "0 0.001 0.002 0.003"},
		{0, 3e-7, 4, false, "0 1e-07 2e-07 3e-07"},
		{-3e-7, 0, 4, false, "−3e-07 −2e-07 −1e-07 0"},
		{0, 3e38, 4, false, "0 1e+38 2e+38 3e+38"},
		{1e7, 1.2e7, 3, false, "1.0e+07 1.1e+07 1.2e+07"},
		{1, 1, 4, false, ""},
		{math.NaN(), 1, 4, false, ""},
		{0, 1, 0, false, ""},
	} {
		t.Run(fmt.Sprint(tt.lo, "to", tt.hi), func(t *testing.T) {
			if got := labels(ticks(tt.lo, tt.hi, tt.n, tt.integer)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestTicksAnywhere demands of every interval a bearable number of different
// labels, at values inside of it.
func TestTicksAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Float64Range(-1e30, 1e30).Draw(t, "lo")
		span := math.Pow(10, rapid.Float64Range(-10, 1).Draw(t, "log10 of length / |lo|")) * max(1e-30, math.Abs(lo))
		hi := lo + span
		n := rapid.IntRange(1, 20).Draw(t, "n")
		integer := rapid.Bool().Draw(t, "integer")
		marks := ticks(lo, hi, n, integer)
		if len(marks) > n {
			t.Fatalf("%d ticks, want at most %d", len(marks), n)
		}
		if len(marks) == 0 && !integer && n > 10 {
			t.Fatal("no ticks")
		}
		seen := map[string]bool{}
		for _, m := range marks {
			if m.Value < lo-1e-6*span || m.Value > hi+1e-6*span {
				t.Errorf("tick %v is outside of [%v, %v]", m.Value, lo, hi)
			}
			if integer && m.Value != math.Trunc(m.Value) {
				t.Errorf("tick %v is no whole number", m.Value)
			}
			if seen[m.Label] {
				t.Errorf("label %q comes twice", m.Label)
			}
			seen[m.Label] = true
		}
	})
}

func TestNamed(t *testing.T) {
	names := []string{"-1", "a", "b", "c", "d"}
	for n, want := range map[int]string{9: "[{0 −1} {0.5 a} {1 b} {1.5 c} {2 d}]", 5: "[{0 −1} {0.5 a} {1 b} {1.5 c} {2 d}]", 3: "[{0 −1} {1 b} {2 d}]", 1: "[{0 −1}]", 0: "[{0 −1}]"} {
		if got := fmt.Sprint(named(names, 0.5, n)); got != want {
			t.Errorf("at most %d: %v, want %v", n, got, want)
		}
	}
}
