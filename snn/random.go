package snn

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"sync"
)

// The generator is Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel
// random numbers: as easy as 1, 2, 3" (SC 2011): the n-th block is a function
// of the seed and n alone, so a GPU draws the same numbers in any order.
const (
	philoxM0 = 0xD2511F53
	philoxM1 = 0xCD9E8D57
	philoxW0 = 0x9E3779B9
	philoxW1 = 0xBB67AE85
)

func philox(counter [4]uint32, key [2]uint32) [4]uint32 {
	for range 10 {
		hi0, lo0 := bits.Mul32(philoxM0, counter[0])
		hi1, lo1 := bits.Mul32(philoxM1, counter[2])
		counter = [4]uint32{hi1 ^ counter[1] ^ key[0], lo1, hi0 ^ counter[3] ^ key[1], lo0}
		key[0] += philoxW0
		key[1] += philoxW1
	}
	return counter
}

// Random is the state of the generator behind [Rand] and [Randn].
type Random struct {
	Seeded bool
	Seed   uint64
	Next   uint64 // block to be drawn
}

var (
	randomLock sync.Mutex // guards random
	random     Random
)

// RandomState returns the state of the generator. A notebook keeps it from
// cell to cell; nobody else needs it. It must not be used while others draw.
func RandomState() *Random { return &random }

// Seed makes what Rand and Randn return from now on reproducible, on every
// machine. A notebook goes on drawing in its next cell, and repeats its numbers
// when the cell that calls Seed and those after it run again. Without Seed
// every notebook, and every program, draws other numbers.
//
// A call draws from whole blocks of four: which numbers it gets depends on how
// many calls of which sizes came before, and not on shapes.
func Seed(seed int) {
	randomLock.Lock()
	defer randomLock.Unlock()
	random = Random{Seeded: true, Seed: uint64(seed)}
}

// randomNow returns the state of the generator, from which setRandom goes on.
func randomNow() Random {
	randomLock.Lock()
	defer randomLock.Unlock()
	seeded()
	return random
}

func setRandom(r Random) {
	randomLock.Lock()
	defer randomLock.Unlock()
	random = r
}

// draw fills dst with uniform numbers in [0, 1) of 24 bits, all that a float32
// can hold.
func draw(dst []float32) {
	randomLock.Lock()
	defer randomLock.Unlock()
	seeded()
	key := [2]uint32{uint32(random.Seed), uint32(random.Seed >> 32)}
	for len(dst) > 0 {
		block := philox([4]uint32{uint32(random.Next), uint32(random.Next >> 32)}, key)
		random.Next++
		n := min(len(block), len(dst))
		for i, b := range block[:n] {
			dst[i] = float32(b>>8) * (1.0 / (1 << 24))
		}
		dst = dst[n:]
	}
}

// seeded chooses a seed if there is none.
func seeded() {
	if !random.Seeded {
		// The Go run time seeds this one anew in each process. crypto/rand would
		// add twenty packages to every cell.
		random.Seeded, random.Seed = true, rand.Uint64()
	}
}

// randOn is Rand on a backend, nil for the host.
func randOn(on *backend, shape ...int) *Tensor {
	if on == nil {
		return Rand(shape...)
	}
	out := emptyOn(on, shape...)
	n := out.Size()
	randomLock.Lock()
	defer randomLock.Unlock()
	seeded()
	on.must(on.Uniform(out.place.at(0), n, random.Seed, random.Next))
	random.Next += uint64(n+3) / 4
	return out
}

// Rand returns numbers drawn uniformly from [0, 1): multiples of 2^-24.
func Rand(shape ...int) *Tensor {
	t := newTensor(shape, empty(size("Rand", shape)))
	draw(t.data)
	return t
}

// Randn returns numbers drawn from the normal distribution with mean 0 and
// standard deviation 1, by the method of Box and Muller. None is larger than
// 5.8, which 24 bits allow.
func Randn(shape ...int) *Tensor {
	t := newTensor(shape, empty(size("Randn", shape)))
	u := make([]float32, (len(t.data)+1)/2*2)
	draw(u)
	for i := 0; i < len(u); i += 2 {
		r := math.Sqrt(-2 * ln(1-float64(u[i]))) // 1-u is in (0, 1]
		s, c := sinCosTurns(float64(u[i+1]))
		t.data[i] = float32(r * c)
		if i+1 < len(t.data) {
			t.data[i+1] = float32(r * s)
		}
	}
	return t
}

// ln and sinCosTurns are written out, with every product rounded before it is
// added, because math.Log and math.Sin differ in the last bit between
// processors. They are good to about 1e-15, far more than a float32 shows.

// The coefficients of the series, highest power first.
var (
	atanhSeries = [...]float64{1. / 25, 1. / 23, 1. / 21, 1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3, 1}
	sinSeries   = [...]float64{1. / 355687428096000, -1. / 1307674368000, 1. / 6227020800, -1. / 39916800, 1. / 362880, -1. / 5040, 1. / 120, -1. / 6, 1}
	cosSeries   = [...]float64{1. / 20922789888000, -1. / 87178291200, 1. / 479001600, -1. / 3628800, 1. / 40320, -1. / 720, 1. / 24, -1. / 2, 1}
)

// horner returns the value of a polynomial.
func horner(x float64, coefficients []float64) float64 {
	sum := 0.0
	for _, c := range coefficients {
		sum = float64(sum*x) + c
	}
	return sum
}

// ln returns the natural logarithm of x in (0, 1], from the series of
// 2*atanh(s) with s = (m-1)/(m+1).
func ln(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	s := (m - 1) / (m + 1)
	return float64(float64(e)*math.Ln2) + float64(2*s*horner(float64(s*s), atanhSeries[:]))
}

// sinCosTurns returns sine and cosine of 2*pi*u for u in [0, 1), by Taylor's
// series within an eighth of a turn.
func sinCosTurns(u float64) (sin, cos float64) {
	quarter := math.Floor(float64(u*4) + 0.5)
	x := float64((u - float64(quarter*0.25)) * (2 * math.Pi)) // u has 24 bits, so the difference is exact
	x2 := float64(x * x)
	s, c := float64(x*horner(x2, sinSeries[:])), horner(x2, cosSeries[:])
	switch int(quarter) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	}
	return -c, s
}
