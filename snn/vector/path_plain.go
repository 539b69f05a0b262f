//go:build !(goexperiment.simd && amd64)

package vector

import "unsafe"

// Path says how Run computes: "plain" Go, "avx2" or "avx512". The environment
// variable SPIKEBOOK_SIMD, "off" or "avx2", takes a slower way than the machine
// has.
func Path() string { return "plain" }

func fuses() bool { return false }

// runVectors does no lanes: there are no vectors.
func runVectors(Op, int, unsafe.Pointer, unsafe.Pointer, unsafe.Pointer, unsafe.Pointer, unsafe.Pointer) int {
	return 0
}

func runRest(op Op, dst, dst2, a, b, c []float32) { loopsPlain[op](dst, dst2, a, b, c) }
