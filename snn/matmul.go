package snn

import (
	"iter"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"spikebook/snn/parallel"
	"spikebook/snn/vector"
)

// MatMul returns the matrix product of t, [..., K], and u, [K, M]: [..., M]. Each
// sum goes from the first value to the last, a product is rounded before it is added,
// and what is 0 in t adds nothing, whatever u is there: the bits are the same on every
// machine, on a device too.
func (t *Tensor) MatMul(u *Tensor) *Tensor {
	refuseNil("MatMul", t, u)
	rank := len(t.shape)
	if rank == 0 || len(u.shape) != 2 || t.shape[rank-1] != u.shape[0] {
		panic(Shapef("MatMul", "shapes %v and %v do not fit: expected [..., K] and [K, M] with the same K", t.shape, u.shape))
	}
	k, m := u.shape[0], u.shape[1]
	out := gemm(false, false, count(t.shape[:rank-1]), m, k, t, u)
	out.shape = slices.Concat(t.shape[:rank-1], u.shape[1:])
	record(matrixProduct{t, u}, []*Tensor{t, u}, out)
	return out
}

type matrixProduct struct{ t, u *Tensor }

func (p matrixProduct) Backward(grads []*Tensor) []*Tensor {
	k, m := p.u.shape[0], p.u.shape[1]
	n := count(p.t.shape[:len(p.t.shape)-1])
	var gt, gu *Tensor
	if p.t.RequiresGrad() {
		gt = gemm(false, true, n, k, m, grads[0], p.u).view(0, p.t.shape)
	}
	if p.u.RequiresGrad() {
		gu = gemm(true, false, k, m, n, p.t, grads[0])
	}
	return []*Tensor{gt, gu}
}

func (matrixProduct) makes() {}

// MatMulTransposed returns the product of t, [..., K], and the transposed of u,
// [M, K]: [..., M]. That is a linear layer with weights u. What is 0 in t adds
// nothing, whatever u is there, so spikes cost what they are. A row of the result
// depends on that row of t alone: all steps at once give the bits of single steps.
// They are those of [Tensor.MatMul].
func (t *Tensor) MatMulTransposed(u *Tensor) *Tensor {
	refuseNil("MatMulTransposed", t, u)
	rank := len(t.shape)
	if rank == 0 || len(u.shape) != 2 || t.shape[rank-1] != u.shape[1] {
		panic(Shapef("MatMulTransposed", "shapes %v and %v do not fit: expected [..., K] and [M, K] with the same K", t.shape, u.shape))
	}
	out := t.timesTransposed(u, nil)
	record(transposedProduct{t, u}, []*Tensor{t, u}, out)
	return out
}

// Affine returns MatMulTransposed of t, [..., K], and u, [M, K], plus b, [M], in one
// go: a linear layer with weights u and biases b. The bits are those of the two after
// each other.
func (t *Tensor) Affine(u, b *Tensor) *Tensor {
	refuseNil("Affine", t, u, b)
	rank := len(t.shape)
	if rank == 0 || len(u.shape) != 2 || t.shape[rank-1] != u.shape[1] || len(b.shape) != 1 || b.shape[0] != u.shape[0] {
		panic(Shapef("Affine", "shapes %v, %v and %v do not fit: expected [..., K], [M, K] with the same K, and [M]", t.shape, u.shape, b.shape))
	}
	if placeOf(t, u, b) != nil {
		return t.MatMulTransposed(u).Add(b)
	}
	out := t.timesTransposed(u, b.data)
	record(affine{transposedProduct{t, u}, b.shape}, []*Tensor{t, u, b}, out)
	return out
}

type affine struct {
	transposedProduct
	bias []int
}

func (a affine) Backward(grads []*Tensor) []*Tensor {
	return append(a.transposedProduct.Backward(grads), grads[0].total(a.bias, 1))
}

func (t *Tensor) timesTransposed(u *Tensor, bias []float32) *Tensor {
	m, k := u.shape[0], u.shape[1]
	before := t.shape[:len(t.shape)-1]
	out := gemmPlus(false, true, count(before), m, k, t, u, bias)
	out.shape = append(clone(before), m)
	return out
}

type transposedProduct struct{ t, u *Tensor }

func (p transposedProduct) Backward(grads []*Tensor) []*Tensor {
	m, k := p.u.shape[0], p.u.shape[1]
	n := count(p.t.shape[:len(p.t.shape)-1])
	var gt, gu *Tensor
	if p.t.RequiresGrad() {
		gt = gemm(false, false, n, k, m, grads[0], p.u).view(0, p.t.shape)
	}
	if p.u.RequiresGrad() { // what is 0 in the first operand takes no time
		if p.t.place == nil && p.t.sparse() {
			gu = gemm(true, false, k, m, n, p.t, grads[0]).Transpose(0, 1)
		} else {
			gu = gemm(true, false, m, k, n, grads[0], p.t)
		}
	}
	return []*Tensor{gt, gu}
}

func (transposedProduct) makes() {}

// manyRows is where it pays to turn the weights round first.
const manyRows = 8

// fewRows sets dst to the products of each row of t, [n, k], with the rows of u,
// [m, k].
func fewRows(dst, t, u []float32, m, k int) {
	active := make([]int, 0, k)
	for i := 0; k > 0 && i*k < len(t); i++ {
		row := t[i*k : (i+1)*k]
		active = active[:0]
		for j, x := range row {
			if x != 0 {
				active = append(active, j)
			}
		}
		o := 0
		for ; o+4 <= m; o += 4 { // four sums at a time, which do not wait for each other
			u0, u1, u2, u3 := u[o*k:(o+1)*k], u[(o+1)*k:(o+2)*k], u[(o+2)*k:(o+3)*k], u[(o+3)*k:(o+4)*k]
			var s0, s1, s2, s3 float32
			for _, j := range active {
				x := row[j]
				s0 += float32(x * u0[j])
				s1 += float32(x * u1[j])
				s2 += float32(x * u2[j])
				s3 += float32(x * u3[j])
			}
			dst[i*m+o], dst[i*m+o+1], dst[i*m+o+2], dst[i*m+o+3] = s0, s1, s2, s3
		}
		for ; o < m; o++ {
			weights := u[o*k : (o+1)*k]
			var sum float32
			for _, j := range active {
				sum += float32(row[j] * weights[j])
			}
			dst[i*m+o] = sum
		}
	}
}

// sparse reports whether few values are not 0, so that it is quicker to pass over
// the others (BenchmarkLinear of snn/layer). It stops counting when there are too
// many.
func (t *Tensor) sparse() bool {
	const density = 16
	limit := t.Size() / density
	for _, v := range t.values() {
		if v != 0 {
			if limit--; limit < 0 {
				return false
			}
		}
	}
	return true
}

// gemm returns the product, [m, n], of a, [m, k], and b, [k, n], each in row-major
// order; one that is transposed is stored the other way round.
func gemm(transA, transB bool, m, n, k int, a, b *Tensor) *Tensor {
	return gemmPlus(transA, transB, m, n, k, a, b, nil)
}

// gemmPlus is gemm, plus a bias for each column. On a device there is none.
func gemmPlus(transA, transB bool, m, n, k int, a, b *Tensor, bias []float32) *Tensor {
	on := placeOf(a, b)
	c := emptyOn(on, m, n)
	switch {
	case m == 0 || n == 0:
	case k == 0:
		c = zerosOn(on, m, n)
		for i := 0; i < len(c.data); i += n {
			copy(c.data[i:], bias)
		}
	case on != nil:
		a, b = on.operand(a), on.operand(b)
		on.must(on.MatMul(c.place.at(0), a.place.at(0), b.place.at(0), m, n, k, transA, transB))
		runtime.KeepAlive(a)
		runtime.KeepAlive(b)
	case transB && !transA && m < manyRows:
		fewRows(c.data, a.values(), b.values(), n, k)
		for i := 0; bias != nil && i < m*n; i += n {
			vector.Add.Run(c.data[i:i+n], nil, c.data[i:i+n], bias, nil)
		}
	default:
		p := multiplication{c: c.data, a: a.values(), bias: bias, m: m, n: n, k: k, row: k, column: 1, b: b.values(), apart: n}
		if transA {
			p.row, p.column = 1, m
		}
		if transB {
			memory := p.turn()
			defer memory.release()
		}
		p.run()
	}
	return c
}

// multiplication is that of a, [m, k], and b, [k, n]. In a it is row values to the next row,
// and column to the next column; in b apart to the next row.
type multiplication struct {
	c, a, b     []float32
	bias        []float32 // for each column; or nil
	m, n, k     int
	row, column int
	apart       int
}

// turn turns b round, whose columns lie together, and returns the memory that it is in
// then. Rows begin where a line of the cache does: a vector in two lines takes twice as
// long to read.
func (p *multiplication) turn() *Tensor {
	const line = 16 // values
	p.apart = (p.n + line - 1) &^ (line - 1)
	memory := Empty(p.k*p.apart + line)
	at := int(-uintptr(unsafe.Pointer(unsafe.SliceData(memory.data)))/4) & (line - 1)
	turned := memory.data[at:]
	vector.Transpose(turned, p.apart, p.k, p.n, p.b, p.k)
	p.b = turned
	return memory
}

// What a second goroutine is worth, and how many rows it takes at a time.
const (
	parallelProducts = 1 << 18 // multiplications
	someRows         = 8
)

func (p *multiplication) run() {
	pieces := (p.m + someRows - 1) / someRows
	workers := min(pieces, parallel.Workers(p.m*p.n*p.k, parallelProducts))
	parallel.Do(max(1, workers), pieces, func(pieces iter.Seq[int]) {
		s := scratches.Get().(*scratch)
		for i := range pieces {
			p.rows(s, i*someRows, min((i+1)*someRows, p.m))
		}
		scratches.Put(s)
	})
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// How many terms of each sum are added at a time: for these, the rows of b are in the
// second-level cache when the next row of c needs them.
const (
	leastTerms = 16
	termsBytes = 256 << 10 // of b
)

// scratch is the memory that computing some rows takes.
type scratch struct {
	terms  vector.Terms
	turned [someRows * vector.MostTerms]float32 // rows of a that was stored as columns
}

// rows computes some rows of c, at most someRows.
func (p *multiplication) rows(s *scratch, lo, hi int) {
	some := min(max(termsBytes/4/p.n, leastTerms), vector.MostTerms)
	for from := 0; from < p.k; from += some {
		n := min(some, p.k-from)
		if p.row == 1 {
			vector.Transpose(s.turned[:], n, hi-lo, n, p.a[lo+from*p.column:], p.column)
		}
		for i := lo; i < hi; i++ {
			values := s.turned[(i-lo)*n:][:n]
			if p.row != 1 {
				values = p.a[i*p.row+from:][:n]
			}
			vector.Product(from > 0, p.c[i*p.n:(i+1)*p.n], values, p.b[from*p.apart:], p.apart, &s.terms)
		}
	}
	for i := lo; p.bias != nil && i < hi; i++ {
		row := p.c[i*p.n : (i+1)*p.n]
		vector.Add.Run(row, nil, row, p.bias, nil)
	}
}

// Band returns a matrix [n, n] with the values of t, [K], in a band: t[K-1] on
// the diagonal, t[K-2] to the left of it, and so on; 0 elsewhere.
func (t *Tensor) Band(n int) *Tensor {
	if len(t.shape) != 1 {
		panic(Shapef("Band", "the tensor has shape %v, expected [K]", t.shape))
	}
	on, k := placeOf(t), t.shape[0]
	out := zerosOn(on, n, n)
	diagonals(n, k, func(i, at, length int) {
		if on != nil {
			on.must(on.Strided(out.place.at(at), t.place.at(i), []int{length}, []int{n + 1}, []int{0}))
			return
		}
		for ; length > 0; at, length = at+n+1, length-1 {
			out.data[at] = t.data[i]
		}
	})
	runtime.KeepAlive(t)
	record(banded{k, n}, []*Tensor{t}, out)
	return out
}

type banded struct{ k, n int }

func (b banded) Backward(grads []*Tensor) []*Tensor {
	g := grads[0]
	on := placeOf(g)
	rows := zerosOn(on, b.k, b.n) // a diagonal each
	diagonals(b.n, b.k, func(i, at, length int) {
		if on != nil {
			on.must(on.Strided(rows.place.at(i*b.n), g.place.at(at), []int{length}, []int{1}, []int{b.n + 1}))
			return
		}
		stretch(rows.data[i*b.n:][:length], g.data[at:], []int{length}, []int{b.n + 1})
	})
	runtime.KeepAlive(g)
	return []*Tensor{rows.Sum(1)}
}

// diagonals calls f for each diagonal of a band of k values in a matrix [n, n], with
// the number of its value, where it begins, and its length.
func diagonals(n, k int, f func(i, at, length int)) {
	for d := range min(n, k) {
		f(k-1-d, d*n, n-d)
	}
}
