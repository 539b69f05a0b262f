package snn

import (
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// MatMul returns the matrix product of t, [..., K], and u, [K, M]: [..., M]. It
// is computed by gonum's BLAS; the result does not depend on the number of
// processors.
func (t *Tensor) MatMul(u *Tensor) *Tensor {
	rank := len(t.shape)
	if rank == 0 || len(u.shape) != 2 || t.shape[rank-1] != u.shape[0] {
		panic(Shapef("MatMul", "shapes %v and %v do not fit: expected [..., K] and [K, M] with the same K", t.shape, u.shape))
	}
	out := Zeros(slices.Concat(t.shape[:rank-1], u.shape[1:])...)
	k, m := u.shape[0], u.shape[1]
	gemm(false, false, len(out.data)/max(1, m), m, k, t.data, u.data, out.data)
	Record(matrixProduct{t, u}, []*Tensor{t, u}, out)
	return out
}

type matrixProduct struct{ t, u *Tensor }

func (p matrixProduct) Backward(grads []*Tensor) []*Tensor {
	k, m := p.u.shape[0], p.u.shape[1]
	n := len(p.t.data) / max(1, k)
	var gt, gu *Tensor
	if p.t.RequiresGrad() {
		gt = Zeros(p.t.shape...)
		gemm(false, true, n, k, m, grads[0].data, p.u.data, gt.data)
	}
	if p.u.RequiresGrad() {
		gu = Zeros(p.u.shape...)
		gemm(true, false, k, m, n, p.t.data, grads[0].data, gu.data)
	}
	return []*Tensor{gt, gu}
}

// MatMulTransposed returns the product of t, [..., K], and the transposed of u,
// [M, K]: [..., M]. That is a linear layer with weights u. Where most of t is 0,
// as spikes are, it adds up the columns of u that count and does not multiply
// zeros.
func (t *Tensor) MatMulTransposed(u *Tensor) *Tensor {
	rank := len(t.shape)
	if rank == 0 || len(u.shape) != 2 || t.shape[rank-1] != u.shape[1] {
		panic(Shapef("MatMulTransposed", "shapes %v and %v do not fit: expected [..., K] and [M, K] with the same K", t.shape, u.shape))
	}
	m, k := u.shape[0], u.shape[1]
	n := len(t.data) / max(1, k)
	out := Zeros(append(clone(t.shape[:rank-1]), m)...)
	if t.sparse(n) {
		sparseProduct(t.data, u.Detach().Transpose(0, 1).data, out.data, n, k, m)
	} else {
		gemm(false, true, n, m, k, t.data, u.data, out.data)
	}
	Record(transposedProduct{t, u}, []*Tensor{t, u}, out)
	return out
}

type transposedProduct struct{ t, u *Tensor }

func (p transposedProduct) Backward(grads []*Tensor) []*Tensor {
	m, k := p.u.shape[0], p.u.shape[1]
	n := len(p.t.data) / max(1, k)
	var gt, gu *Tensor
	if p.t.RequiresGrad() {
		gt = Zeros(p.t.shape...)
		gemm(false, false, n, k, m, grads[0].data, p.u.data, gt.data)
	}
	switch {
	case !p.u.RequiresGrad():
	case p.t.sparse(n):
		columns := Zeros(k, m) // of the gradient
		for i := range n {
			row := grads[0].data[i*m : (i+1)*m]
			for j, x := range p.t.data[i*k : (i+1)*k] {
				if x != 0 {
					axpy(columns.data[j*m:(j+1)*m], x, row)
				}
			}
		}
		gu = columns.Transpose(0, 1)
	default:
		gu = Zeros(p.u.shape...)
		gemm(true, false, m, k, n, grads[0].data, p.t.data, gu.data)
	}
	return []*Tensor{gt, gu}
}

// A product with a sparse matrix is quicker up to about one value in ten that is
// not 0 (BenchmarkLinear of snn/layer; the cross-over lies between 0.1 and 0.2),
// unless there are few rows: it needs the weights the other way round.
const (
	sparseDensity = 10
	sparseRows    = 8
)

// sparse reports whether few values of a matrix of n rows are not 0. It stops
// counting when there are too many.
func (t *Tensor) sparse(n int) bool {
	limit := len(t.data) / sparseDensity
	if n < sparseRows {
		return false
	}
	for _, v := range t.data {
		if v != 0 {
			if limit--; limit < 0 {
				return false
			}
		}
	}
	return true
}

// sparseProduct adds to c, [n, m], the product of a, [n, k], and b, [k, m].
func sparseProduct(a, b, c []float32, n, k, m int) {
	for i := range n {
		row := c[i*m : (i+1)*m]
		for j, x := range a[i*k : (i+1)*k] {
			if x != 0 {
				axpy(row, x, b[j*m:(j+1)*m])
			}
		}
	}
}

// axpy adds x·a to dst.
func axpy(dst []float32, x float32, a []float32) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] += float32(x * a[i])
	}
}

// gemm adds to c, [m, n], the product of a, [m, k], and b, [k, n], each in
// row-major order; one that is transposed is stored the other way round.
func gemm(transA, transB bool, m, n, k int, a, b, c []float32) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	ta, lda := blas.NoTrans, k
	if transA {
		ta, lda = blas.Trans, m
	}
	tb, ldb := blas.NoTrans, n
	if transB {
		tb, ldb = blas.Trans, k
	}
	gonum.Implementation{}.Sgemm(ta, tb, m, n, k, 1, a, lda, b, ldb, 1, c, n)
}

// Band returns a matrix [n, n] with the values of t, [K], in a band: t[K-1] on
// the diagonal, t[K-2] to the left of it, and so on; 0 elsewhere.
func (t *Tensor) Band(n int) *Tensor {
	if len(t.shape) != 1 {
		panic(Shapef("Band", "the tensor has shape %v, expected [K]", t.shape))
	}
	out := Zeros(n, n)
	band(n, t.shape[0], func(at, k int) { out.data[at] = t.data[k] })
	Record(banded{t.shape[0], n}, []*Tensor{t}, out)
	return out
}

type banded struct{ k, n int }

func (b banded) Backward(grads []*Tensor) []*Tensor {
	g := Zeros(b.k)
	band(b.n, b.k, func(at, k int) { g.data[k] += grads[0].data[at] })
	return []*Tensor{g}
}

// band calls f for each place in the band of a matrix.
func band(n, k int, f func(at, k int)) {
	for i := range n {
		for j := max(0, i-k+1); j <= i; j++ {
			f(i*n+j, k-1-i+j)
		}
	}
}
