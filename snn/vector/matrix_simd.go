//go:build goexperiment.simd && amd64

package vector

import (
	"simd/archsimd"
	"unsafe"
)

// combineVectors does Combine, or returns false if dst fills no vector. The sums of
// some columns stay in registers while the rows go by. The last columns that fill no
// vector are computed together with some that have been.
func combineVectors(dst, weights []float32, rows []int, matrix []float32) bool {
	const lanes = 8
	n := len(dst)
	if current.lanes == 0 || n < lanes {
		return false
	}
	for j := 0; j < n; {
		switch rest := n - j; {
		case rest >= 8*lanes:
			combine8(start(dst[j:]), weights, rows, start(matrix[j:]), n)
			j += 8 * lanes
		case rest >= 2*lanes:
			combine2(start(dst[j:]), weights, rows, start(matrix[j:]), n)
			j += 2 * lanes
		default:
			j = min(j, n-lanes)
			combine1(start(dst[j:]), weights, rows, start(matrix[j:]), n)
			j += lanes
		}
	}
	archsimd.ClearAVXUpperBits()
	return true
}

// combine8 computes 64 columns.
func combine8(dst unsafe.Pointer, weights []float32, rows []int, matrix unsafe.Pointer, n int) {
	var s0, s1, s2, s3, s4, s5, s6, s7 archsimd.Float32x8
	for i, r := range rows {
		w, row := archsimd.BroadcastFloat32x8(weights[i]), (*[8][8]float32)(unsafe.Add(matrix, 4*r*n))
		s0 = s0.Add(w.Mul(archsimd.LoadFloat32x8(&row[0])))
		s1 = s1.Add(w.Mul(archsimd.LoadFloat32x8(&row[1])))
		s2 = s2.Add(w.Mul(archsimd.LoadFloat32x8(&row[2])))
		s3 = s3.Add(w.Mul(archsimd.LoadFloat32x8(&row[3])))
		s4 = s4.Add(w.Mul(archsimd.LoadFloat32x8(&row[4])))
		s5 = s5.Add(w.Mul(archsimd.LoadFloat32x8(&row[5])))
		s6 = s6.Add(w.Mul(archsimd.LoadFloat32x8(&row[6])))
		s7 = s7.Add(w.Mul(archsimd.LoadFloat32x8(&row[7])))
	}
	to := (*[8][8]float32)(dst)
	s0.Store(&to[0])
	s1.Store(&to[1])
	s2.Store(&to[2])
	s3.Store(&to[3])
	s4.Store(&to[4])
	s5.Store(&to[5])
	s6.Store(&to[6])
	s7.Store(&to[7])
}

// combine2 computes 16 columns.
func combine2(dst unsafe.Pointer, weights []float32, rows []int, matrix unsafe.Pointer, n int) {
	var s0, s1 archsimd.Float32x8
	for i, r := range rows {
		w, row := archsimd.BroadcastFloat32x8(weights[i]), (*[2][8]float32)(unsafe.Add(matrix, 4*r*n))
		s0 = s0.Add(w.Mul(archsimd.LoadFloat32x8(&row[0])))
		s1 = s1.Add(w.Mul(archsimd.LoadFloat32x8(&row[1])))
	}
	to := (*[2][8]float32)(dst)
	s0.Store(&to[0])
	s1.Store(&to[1])
}

// combine1 computes 8 columns.
func combine1(dst unsafe.Pointer, weights []float32, rows []int, matrix unsafe.Pointer, n int) {
	var sum archsimd.Float32x8
	for i, r := range rows {
		w := archsimd.BroadcastFloat32x8(weights[i])
		sum = sum.Add(w.Mul(archsimd.LoadFloat32x8((*[8]float32)(unsafe.Add(matrix, 4*r*n)))))
	}
	sum.Store((*[8]float32)(dst))
}

// transposeSquare turns 8 rows of 8 values on their side, or returns false.
func transposeSquare(dst []float32, columns int, src []float32, stride int) bool {
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
		v.Store((*[4]uint64)(unsafe.Add(start(dst), 4*i*columns)))
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
