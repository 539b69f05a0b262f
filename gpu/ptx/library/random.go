package library

import (
	"math"
	"slices"
	"strings"

	"spikebook/gpu/device"
)

// Uniform draws n numbers from [0, 1): those that package snn draws with this seed,
// when next is the block that comes next. It takes [Blocks](n) blocks.
func Uniform(to device.Pointer, n int, seed, next uint64) ([]device.Launch, error) {
	return drawn("Uniform", "uniform", to, n, (n+3)/4, seed, next)
}

// Normal draws n numbers from the normal distribution with mean 0 and standard
// deviation 1. They are, bit for bit, those of package snn. It takes [Blocks](n)
// blocks.
func Normal(to device.Pointer, n int, seed, next uint64) ([]device.Launch, error) {
	return drawn("Normal", "normal", to, n, (n+1)/2, seed, next)
}

// Blocks returns how many blocks of the generator n numbers take.
func Blocks(n int) uint64 { return (uint64(n) + 3) / 4 }

func drawn(op, kernel string, to device.Pointer, n, threads int, seed, next uint64) ([]device.Launch, error) {
	if _, err := volume(op, n); err != nil || n == 0 {
		return nil, err
	}
	if err := aligned(op, address{"the result", to, 4}); err != nil {
		return nil, err
	}
	return []device.Launch{perThread("random", kernel, threads, to, uint32(n), uint32(seed), uint32(seed>>32), next)}, nil
}

// random returns the kernels, with the constants and the series of package snn.
func random() string {
	text := file("random",
		"$philox", strings.TrimSpace(file("philox")),
		"$ulp", double(0x1p-24),
		"$zero", double(0),
		"$one", double(1),
		"$minustwo", double(-2),
		"$ln2", double(math.Ln2),
		"$halfroot", double(math.Sqrt2/2),
		"$twopi", double(2*math.Pi),
	)
	// The coefficients, that of the highest power first.
	var atanh, sin, cos []string
	for k := 12.; k >= 0; k-- {
		atanh = append(atanh, double(1/(2*k+1)))
	}
	factorial := 1. // of 2k, exact
	for k := 0.; k <= 8; k++ {
		sign := 1 - 2*math.Mod(k, 2)
		cos = append(cos, double(sign/factorial))
		sin = append(sin, double(sign/(factorial*(2*k+1))))
		factorial *= (2*k + 1) * (2*k + 2)
	}
	slices.Reverse(cos)
	slices.Reverse(sin)
	text = each(text, "w", numbers(4)...)
	text = each(text, "atanh", atanh...)
	text = each(text, "sin", sin...)
	return each(text, "cos", cos...)
}
