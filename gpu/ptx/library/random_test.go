package library

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spikebook/snn"
)

// checkRandom compares with package snn, which draws from where its state says.
func checkRandom(m memory, n int, seed, next uint64) {
	for _, test := range []struct {
		what string
		run  func(to pointer)
		draw func(shape ...int) *snn.Tensor
	}{
		{"Uniform", func(to pointer) { m.run(Uniform(to, n, seed, next)) }, snn.Rand},
		{"Normal", func(to pointer) { m.run(Normal(to, n, seed, next)) }, snn.Randn},
	} {
		state := snn.RandomState()
		*state = snn.Random{Seeded: true, Seed: seed, Next: next}
		expected := test.draw(n).Data()
		if drawn := state.Next - next; drawn != Blocks(n) {
			m.tb.Fatalf("package snn takes %d blocks for %d numbers, Blocks says %d", drawn, n, Blocks(n))
		}
		to := put(m, noise(n+1, 1))
		test.run(to)
		what := fmt.Sprintf("%s, %d numbers with seed %#x from block %#x on", test.what, n, seed, next)
		want(m.tb, what, get[float32](m, to, n+1), append(expected, noise(n+1, 1)[n]))
	}
}

func TestRandom(t *testing.T) {
	m := open(t)
	for _, n := range append(sizes, 3, 4, 5, 6, 1023, 1025) {
		checkRandom(m, n, 42, 0)
	}
	checkRandom(m, 4000, 1<<63+7, 1<<32-500) // across the word of the counter
}

func TestRandomAny(t *testing.T) {
	m := open(t)
	rapid.Check(t, func(t *rapid.T) {
		checkRandom(memory{t, m.dev}, rapid.IntRange(0, 600).Draw(t, "n"), rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "next"))
	})
}

// The last coefficients count for less than a float32 shows: the numbers alone would
// not miss them.
func TestSeries(t *testing.T) {
	text := text("random")
	for _, series := range [][]float64{
		{1. / 25, 1. / 23, 1. / 21, 1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3, 1},
		{1. / 355687428096000, -1. / 1307674368000, 1. / 6227020800, -1. / 39916800, 1. / 362880, -1. / 5040, 1. / 120, -1. / 6, 1},
		{1. / 20922789888000, -1. / 87178291200, 1. / 479001600, -1. / 3628800, 1. / 40320, -1. / 720, 1. / 24, -1. / 2, 1},
	} {
		rest := text
		for _, c := range series {
			_, after, found := strings.Cut(rest, double(c)+";\n")
			if !found {
				t.Fatalf("coefficient %v of %v is missing", c, series)
			}
			rest = after
		}
	}
}
