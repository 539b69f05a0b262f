// Package native turns the instructions of a step into one loop of machine code,
// in which a value stays in a register of the processor from the instruction that
// computes it to the last one that reads it. It is for Linux on x86-64 with AVX2;
// where package vector uses AVX-512, loops do so, too. Elsewhere [Compile] returns
// nil, and instructions run one after the other.
//
// A loop computes the bits that package vector defines: it has the same operations
// in the same order. What takes a polynomial (exp, tanh and so on) it does not
// know.
package native

import "spikebook/snn/vector"

// Use says what there is to know of a row besides what the instructions do.
type Use uint8

const (
	Live    Use = 1 << iota // it is read behind the loop; others need not be stored
	Uniform                 // it holds one value only
	Stream                  // it is written past the caches, for it is not read soon
	Ahead                   // the next step has it elsewhere: see [Frame.Ahead]
)

// Knows says whether a loop may contain an operation.
func Knows(op vector.Op) bool { return op < vector.Exp || op > vector.Pow }

// Lanes is what the number of values of a row must be a multiple of. A loop of
// AVX-512 does the last ones with a mask, however many they are.
//
// Align is what the addresses of rows that are streamed must be a multiple of: the
// bytes of a vector.
var Lanes, Align = func() (int, uintptr) {
	if vector.Path() == "avx512" {
		return 1, 64
	}
	return 8, 32
}()

// constants is what a loop needs besides its rows.
type constants struct{ zero, one, minusOne, sign, magnitude [16]uint32 }

var common = func() (c constants) {
	for i := range c.one {
		c.one[i], c.minusOne[i], c.sign[i], c.magnitude[i] = 0x3f800000, 0xbf800000, 0x80000000, 0x7fffffff
	}
	return c
}()
