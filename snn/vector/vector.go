// Package vector applies one operation to slices of float32.
//
// [Op.Value] is what an operation means, for one lane and in plain Go; [Op.Run]
// does it for whole slices, with SIMD instructions where there are some. The
// bits are the same on every machine, and no product is fused into a sum. Which
// NaN a NaN is does not count.
//
// Add, Sub, Mul, Div and Sqrt are rounded correctly. Exp, Log, Tanh, Sigmoid,
// Sin, Cos, Atan and Erf are within 2 units in the last place of the exact
// result for every argument, Pow within 4; denormal results too. The test of
// that takes a sample, and with -exhaustive every argument.
//
// The loops are generated from the definitions; see gen.
package vector

import "unsafe"

// Run sets each dst[i] to the operation on a[i], b[i] and c[i]. Operands that
// it does not have are ignored and may be nil; the others need at least
// len(dst) values. dst2 is for the second result of FireHard and FireSoft only.
// dst and dst2 may be operands themselves, but must not overlap with one in
// another way, nor with each other.
func (op Op) Run(dst, dst2, a, b, c []float32) {
	n := len(dst)
	if n == 0 {
		return
	}
	// The loops over vectors do not look at lengths.
	_ = a[n-1]
	if arity := op.Arity(); arity > 1 {
		_ = b[n-1]
		if arity > 2 {
			_ = c[n-1]
		}
	}
	if op == FireHard || op == FireSoft {
		_ = dst2[n-1]
	}
	done := runVectors(op, n, start(dst), start(dst2), start(a), start(b), start(c))
	if done < n {
		runRest(op, dst[done:], from(dst2, done), from(a, done), from(b, done), from(c, done))
	}
}

func start(s []float32) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// from returns what is behind the first n values; nil if there is nothing.
func from(s []float32, n int) []float32 { return s[min(n, len(s)):] }
