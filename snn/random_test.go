package snn

import (
	"math"
	"testing"
)

// The known answers that are published with Random123 (kat_vectors).
func TestPhilox(t *testing.T) {
	for _, test := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{
			[4]uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, [2]uint32{0xffffffff, 0xffffffff},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		},
		{ // the digits of pi
			[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	} {
		if got := philox(test.counter, test.key); got != test.want {
			t.Errorf("philox(%x, %x) is %x, want %x", test.counter, test.key, got, test.want)
		}
	}
}

// Numbers that a seed must give for ever, on every machine: notebooks depend
// on them.
func TestSeed(t *testing.T) {
	Seed(42)
	first, normal, second := Rand(5), Randn(5), Rand(2, 3)
	words := philox([4]uint32{}, [2]uint32{42, 0})
	for i, w := range words {
		if got, want := first.At(i), float32(w>>8)/(1<<24); got != want {
			t.Errorf("the first numbers: %v at %d, want %v", got, i, want)
		}
	}
	for _, test := range []struct {
		name string
		x    *Tensor
		want []float32
	}{
		{"Rand(5)", first, wantFirst},
		{"Randn(5)", normal, wantNormal},
		{"Rand(2, 3)", second, wantSecond},
	} {
		for i, want := range test.want {
			if got := test.x.Data()[i]; got != want {
				t.Errorf("after Seed(42), %s gives %v at %d, want %v", test.name, got, i, want)
			}
		}
	}

	Seed(42)
	if again := Rand(5, 1); again.Data()[4] != first.Data()[4] {
		t.Error("Seed did not start again")
	}
	Seed(-1)
	if negative := Rand(5); negative.Data()[0] == first.Data()[0] {
		t.Error("another seed gives the same numbers")
	}
}

// Without Seed two programs draw different numbers; here, two starts of the
// generator.
func TestUnseeded(t *testing.T) {
	start := func() float32 {
		randomLock.Lock()
		random.Seeded = false
		randomLock.Unlock()
		return Rand(1).Item()
	}
	a, b, c := start(), start(), start()
	if a == b && b == c { // three equal ones in 2^48 starts
		t.Errorf("unseeded numbers repeat: %v", a)
	}
}

// moments returns mean, variance, skewness and excess kurtosis.
func moments(data []float32) (mean, variance, skew, kurtosis float64) {
	n := float64(len(data))
	for _, v := range data {
		mean += float64(v) / n
	}
	for _, v := range data {
		d := float64(v) - mean
		variance += d * d / n
		skew += d * d * d / n
		kurtosis += d * d * d * d / n
	}
	return mean, variance, skew / math.Pow(variance, 1.5), kurtosis/(variance*variance) - 3
}

func TestRandDistribution(t *testing.T) {
	Seed(1)
	const n, bins = 1 << 20, 64
	x := Rand(n)
	var count [bins]float64
	for _, v := range x.Data() {
		if v < 0 || v >= 1 {
			t.Fatalf("%v is outside of [0, 1)", v)
		}
		count[int(v*bins)]++
	}
	chi2 := 0.0
	for _, c := range count {
		chi2 += (c - n/bins) * (c - n/bins) / (n / bins)
	}
	// 63 degrees of freedom: mean 63, standard deviation 11; 4 of those
	if chi2 > 63+4*11.2 || chi2 < 63-4*11.2 {
		t.Errorf("chi squared of %d bins is %.1f", bins, chi2)
	}
	mean, variance, _, _ := moments(x.Data())
	if math.Abs(mean-0.5) > 4*math.Sqrt(1./12/n) || math.Abs(variance-1./12) > 4*math.Sqrt(1./180/n) {
		t.Errorf("mean %v, variance %v", mean, variance)
	}
}

func TestRandnDistribution(t *testing.T) {
	Seed(2)
	const n = 1 << 20
	x := Randn(n)
	mean, variance, skew, kurtosis := moments(x.Data())
	for _, m := range []struct {
		name            string
		got, want, sdev float64 // of the estimate from n numbers
	}{
		{"mean", mean, 0, math.Sqrt(1. / n)},
		{"variance", variance, 1, math.Sqrt(2. / n)},
		{"skewness", skew, 0, math.Sqrt(6. / n)},
		{"kurtosis", kurtosis, 0, math.Sqrt(24. / n)},
	} {
		if math.Abs(m.got-m.want) > 4*m.sdev {
			t.Errorf("%s is %v, want %v within %.2g", m.name, m.got, m.want, 4*m.sdev)
		}
	}
	for _, limit := range []float64{-2, -1, -0.5, 0, 0.5, 1, 2, 3} {
		below := 0.0
		for _, v := range x.Data() {
			if float64(v) < limit {
				below++
			}
		}
		p := 0.5 * math.Erfc(-limit/math.Sqrt2)
		if math.Abs(below/n-p) > 4*math.Sqrt(p*(1-p)/n) {
			t.Errorf("%v of the numbers are below %v, want %v", below/n, limit, p)
		}
	}
	// Neighbours come from one pair; they must not go together.
	together := 0.0
	for i := 0; i < n; i += 2 {
		together += float64(x.Data()[i]) * float64(x.Data()[i+1]) / (n / 2)
	}
	if math.Abs(together) > 4/math.Sqrt(n/2) {
		t.Errorf("the correlation of neighbours is %v", together)
	}
}

// Our own functions against those of package math.
func TestFunctionsOfRandn(t *testing.T) {
	for i := range 100000 {
		u := float64(i) / 100000
		if got, want := ln(1-u), math.Log(1-u); math.Abs(got-want) > 4e-16*max(1, -want) {
			t.Fatalf("ln(%v) is %v, want %v", 1-u, got, want)
		}
		u = float64(i*167) / (1 << 24) // 24 bits, as it is used
		wantSin, wantCos := math.Sincos(2 * math.Pi * u)
		if s, c := sinCosTurns(u); math.Abs(s-wantSin) > 1e-15 || math.Abs(c-wantCos) > 1e-15 {
			t.Fatalf("sinCosTurns(%v) is %v, %v, want %v, %v", u, s, c, wantSin, wantCos)
		}
	}
	if got := ln(0x1p-24); math.Abs(got+24*math.Ln2) > 1e-14 {
		t.Errorf("ln of the smallest number is %v", got)
	}
	// Randn of the extreme words is finite, and no larger than it says.
	for _, u := range []float64{0, 1 - 0x1p-24} {
		if r := math.Sqrt(-2 * ln(1-u)); !(r >= 0 && r < 5.8) {
			t.Errorf("the radius for %v is %v", u, r)
		}
	}
}

func BenchmarkRand(b *testing.B) {
	b.SetBytes(4 << 16)
	for b.Loop() {
		Rand(1 << 16)
	}
}

func BenchmarkRandn(b *testing.B) {
	b.SetBytes(4 << 16)
	for b.Loop() {
		Randn(1 << 16)
	}
}

// Computed from the definition in Python, with its own Philox and math module.
var (
	wantFirst  = []float32{0.61295986, 0.4685865, 0.0732317, 0.3408615, 0.98771864}
	wantNormal = []float32{-1.0185008, -1.5679687, 0.2006207, -1.3439121, -0.77344257}
	wantSecond = []float32{0.3264181, 0.8390454, 0.322743, 0.2357198, 0.31484747, 0.29346782}
)
