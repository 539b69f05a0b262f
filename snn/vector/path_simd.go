//go:build goexperiment.simd && amd64

package vector

import (
	"os"
	"simd/archsimd"
	"unsafe"
)

// loop does an operation on n lanes, a multiple of those of a vector and not 0.
type loop func(n int, dst, dst2, a, b, c unsafe.Pointer)

// path is a way to compute.
type path struct {
	name    string
	lanes   int // of a vector, a power of two; 0 in plain Go
	loops   *[count]loop
	combine []combineLoop
}

var (
	pathPlain  = path{"plain", 0, nil, nil}
	pathAVX2   = path{"avx2", 8, &loopsAVX2, combineAVX2}
	pathAVX512 = path{"avx512", 16, &loopsAVX512, combineAVX512}
)

// current is the path that Run takes.
var current = choose(os.Getenv("SPIKEBOOK_SIMD"))

// paths returns those that the machine has, the fastest one last.
func paths() []path {
	p := []path{pathPlain}
	if archsimd.X86.AVX2() {
		p = append(p, pathAVX2)
	}
	if archsimd.X86.AVX512() {
		p = append(p, pathAVX512)
	}
	return p
}

func choose(setting string) path {
	p := paths()
	switch {
	case setting == "off":
		return p[0]
	case setting == "avx2":
		return p[min(1, len(p)-1)]
	}
	return p[len(p)-1]
}

// Path says how Run computes: "plain" Go, "avx2" or "avx512". The environment
// variable SPIKEBOOK_SIMD, "off" or "avx2", takes a slower way than the machine
// has.
func Path() string { return current.name }

func fuses() bool { return current.lanes > 0 }

// runVectors does the lanes that fill vectors, and returns how many.
func runVectors(op Op, n int, dst, dst2, a, b, c unsafe.Pointer) int {
	whole := n &^ (current.lanes - 1)
	if whole > 0 {
		current.loops[op](whole, dst, dst2, a, b, c)
	}
	return whole
}

// runRest does the lanes that do not fill a vector: in plain Go, or where that
// takes longer, in a copy that does.
func runRest(op Op, dst, dst2, a, b, c []float32) {
	if current.lanes == 0 || op < fused && !slow(op) {
		loopsPlain[op](dst, dst2, a, b, c)
		return
	}
	n := len(dst)
	var t [4][16]float32
	copy(t[1][:n], a)
	copy(t[2][:n], b)
	copy(t[3][:n], c)
	current.loops[op](current.lanes, unsafe.Pointer(&t[0]), nil, unsafe.Pointer(&t[1]), unsafe.Pointer(&t[2]), unsafe.Pointer(&t[3]))
	copy(dst, t[0][:n])
}

// slow reports whether op is a polynomial or more.
func slow(op Op) bool { return op >= Exp && op <= Pow }
