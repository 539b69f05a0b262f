//go:build goexperiment.simd && amd64

package vector

import (
	mathbits "math/bits"
	"simd/archsimd"
	"unsafe"
)

// combineLoop does combine for the columns of some vectors. One after the other of
// these begins a vector further, but the last one at the column that is given: it may
// lie over the one before.
type combineLoop func(more bool, dst unsafe.Pointer, weights []float32, rows []int32, matrix unsafe.Pointer, apart, last int)

// combineVectors does combine, or returns false if dst fills no vector. The sums of
// some columns stay in registers while the rows go by.
func combineVectors(more bool, dst, weights []float32, rows []int32, matrix []float32, apart int) bool {
	way, n := current, len(dst)
	if way.lanes > 0 && n < way.lanes {
		way = pathAVX2
	}
	if way.lanes == 0 || n < way.lanes {
		return false
	}
	for from, left := 0, (n+way.lanes-1)/way.lanes; left > 0; {
		calls := (left + len(way.combine) - 1) / len(way.combine)
		some := (left + calls - 1) / calls // as many each time, so that they are more than one at the end
		last := min((some-1)*way.lanes, n-way.lanes-from)
		way.combine[some-1](more, start(dst[from:]), weights, rows, start(matrix[from:]), apart, last)
		from += some * way.lanes
		left -= some
	}
	archsimd.ClearAVXUpperBits()
	return true
}

// packVectors does pack for the values that fill vectors, and returns how many: only
// AVX-512 has an instruction for it. It sets n to how many are not 0.
func packVectors(weights []float32, rows []int32, values []float32, n *int) (done int) {
	const lanes = 16
	if current.lanes != lanes || len(values) < lanes {
		return 0
	}
	var zero archsimd.Float32x16
	numbers, step := archsimd.LoadInt32x16(&sixteen), archsimd.BroadcastInt32x16(lanes)
	for ; done+lanes <= len(values); done += lanes {
		v := archsimd.LoadFloat32x16((*[lanes]float32)(values[done:]))
		keep := v.NotEqual(zero)
		v.Compress(keep).Store((*[lanes]float32)(weights[*n:]))
		numbers.Compress(keep).Store((*[lanes]int32)(rows[*n:]))
		numbers = numbers.Add(step)
		*n += mathbits.OnesCount16(keep.ToBits())
	}
	archsimd.ClearAVXUpperBits()
	return done
}

var sixteen = [16]int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// transposeSquare turns 8 rows of 8 values on their side, or returns false.
func transposeSquare(dst []float32, apart int, src []float32, stride int) bool {
	if current.lanes == 0 {
		return false
	}
	row := func(i int) archsimd.Uint32x8 {
		return archsimd.LoadUint32x8((*[8]uint32)(unsafe.Add(start(src), 4*i*stride)))
	}
	r0, r1, r2, r3, r4, r5, r6, r7 := row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7)
	// Pairs of two rows, in each half of a vector; then fours of four rows.
	p0, p1 := r0.InterleaveLoGrouped(r1).AsUint64x4(), r0.InterleaveHiGrouped(r1).AsUint64x4()
	p2, p3 := r2.InterleaveLoGrouped(r3).AsUint64x4(), r2.InterleaveHiGrouped(r3).AsUint64x4()
	p4, p5 := r4.InterleaveLoGrouped(r5).AsUint64x4(), r4.InterleaveHiGrouped(r5).AsUint64x4()
	p6, p7 := r6.InterleaveLoGrouped(r7).AsUint64x4(), r6.InterleaveHiGrouped(r7).AsUint64x4()
	q0, q1, q2, q3 := p0.InterleaveLoGrouped(p2), p0.InterleaveHiGrouped(p2), p1.InterleaveLoGrouped(p3), p1.InterleaveHiGrouped(p3)
	q4, q5, q6, q7 := p4.InterleaveLoGrouped(p6), p4.InterleaveHiGrouped(p6), p5.InterleaveLoGrouped(p7), p5.InterleaveHiGrouped(p7)
	store := func(i int, v archsimd.Uint64x4) {
		v.Store((*[4]uint64)(unsafe.Add(start(dst), 4*i*apart)))
	}
	store(0, q0.Select128FromPair(0, 2, q4))
	store(1, q1.Select128FromPair(0, 2, q5))
	store(2, q2.Select128FromPair(0, 2, q6))
	store(3, q3.Select128FromPair(0, 2, q7))
	store(4, q0.Select128FromPair(1, 3, q4))
	store(5, q1.Select128FromPair(1, 3, q5))
	store(6, q2.Select128FromPair(1, 3, q6))
	store(7, q3.Select128FromPair(1, 3, q7))
	archsimd.ClearAVXUpperBits()
	return true
}
