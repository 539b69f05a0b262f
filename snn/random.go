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

// random is the state behind Rand and Randn.
var random = struct {
	sync.Mutex
	seeded bool
	seed   uint64
	next   uint64 // block
}{}

// Seed makes what Rand and Randn return from now on reproducible, on every
// machine. In a notebook each cell is a program of its own: call Seed in the
// cell that draws. Without it, each program draws other numbers.
//
// A call draws from whole blocks of four: which numbers it gets depends on how
// many calls of which sizes came before, and not on shapes.
func Seed(seed int) {
	random.Lock()
	defer random.Unlock()
	random.seeded, random.seed, random.next = true, uint64(seed), 0
}

// draw fills dst with uniform numbers in [0, 1) of 24 bits, all that a float32
// can hold.
func draw(dst []float32) {
	random.Lock()
	defer random.Unlock()
	if !random.seeded {
		// The Go run time seeds this one anew in each process. crypto/rand would
		// add twenty packages to every cell.
		random.seeded, random.seed = true, rand.Uint64()
	}
	key := [2]uint32{uint32(random.seed), uint32(random.seed >> 32)}
	for len(dst) > 0 {
		block := philox([4]uint32{uint32(random.next), uint32(random.next >> 32)}, key)
		random.next++
		n := min(len(block), len(dst))
		for i, b := range block[:n] {
			dst[i] = float32(b>>8) * (1.0 / (1 << 24))
		}
		dst = dst[n:]
	}
}

// Rand returns numbers drawn uniformly from [0, 1): multiples of 2^-24.
func Rand(shape ...int) *Tensor {
	t := Zeros(shape...)
	draw(t.data)
	return t
}

// Randn returns numbers drawn from the normal distribution with mean 0 and
// standard deviation 1, by the method of Box and Muller. None is larger than
// 5.8, which 24 bits allow.
func Randn(shape ...int) *Tensor {
	t := Zeros(shape...)
	u := make([]float32, (len(t.data)+1)/2*2)
	draw(u)
	for i := range t.data {
		pair := i &^ 1
		r := math.Sqrt(-2 * ln(1-float64(u[pair]))) // 1-u is in (0, 1]
		s, c := sinCosTurns(float64(u[pair+1]))
		if i == pair {
			t.data[i] = float32(r * c)
		} else {
			t.data[i] = float32(r * s)
		}
	}
	return t
}

// ln and sinCosTurns are written out, with every product rounded before it is
// added, because math.Log and math.Sin differ in the last bit between
// processors. They are good to about 1e-15, far more than a float32 shows.

// ln returns the natural logarithm of x in (0, 1], from the series of
// 2*atanh(s) with s = (m-1)/(m+1).
func ln(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	s := (m - 1) / (m + 1)
	s2 := float64(s * s)
	sum := 0.0
	for k := 25; k >= 1; k -= 2 {
		sum = float64(sum*s2) + 1/float64(k)
	}
	return float64(float64(e)*math.Ln2) + float64(2*s*sum)
}

// sinCosTurns returns sine and cosine of 2*pi*u for u in [0, 1), by Taylor's
// series within an eighth of a turn.
func sinCosTurns(u float64) (sin, cos float64) {
	quarter := math.Floor(float64(u*4) + 0.5)
	x := float64((u - quarter/4) * (2 * math.Pi)) // u has 24 bits, so the difference is exact
	x2 := float64(x * x)
	s, c := 0.0, 0.0
	for k := 19; k >= 1; k -= 2 { // Horner: s = x*(1 - x2/(2*3)*(1 - x2/(4*5)*(...)))
		s = 1 - float64(float64(x2*s)/float64((k+1)*(k+2)))
		c = 1 - float64(float64(x2*c)/float64(k*(k+1)))
	}
	s *= x
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
