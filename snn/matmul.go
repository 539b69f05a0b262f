package snn

import (
	"iter"
	"runtime"
	"slices"

	"spikebook/snn/parallel"
	"spikebook/snn/vector"
)

// MatMul returns the matrix product of t, [..., K], and u, [K, M]: [..., M]. Each
// sum goes from the first value to the last, a product is rounded before it is added,
// and what is 0 in t adds nothing, whatever u is there: the bits are the same on every
// machine, on a device too.
func (t *Tensor) MatMul(u *Tensor) *Tensor {
	rank := len(t.shape)
	if rank == 0 || len(u.shape) != 2 || t.shape[rank-1] != u.shape[0] {
		panic(Shapef("MatMul", "shapes %v and %v do not fit: expected [..., K] and [K, M] with the same K", t.shape, u.shape))
	}
	k, m := u.shape[0], u.shape[1]
	out := gemm(false, false, count(t.shape[:rank-1]), m, k, t, u)
	out.shape = slices.Concat(t.shape[:rank-1], u.shape[1:])
	Record(matrixProduct{t, u}, []*Tensor{t, u}, out)
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

// MatMulTransposed returns the product of t, [..., K], and the transposed of u,
// [M, K]: [..., M]. That is a linear layer with weights u. What is 0 in t adds
// nothing, whatever u is there, so spikes cost what they are. A row of the result
// depends on that row of t alone: all steps at once give the bits of single steps.
// They are those of [Tensor.MatMul].
func (t *Tensor) MatMulTransposed(u *Tensor) *Tensor {
	rank := len(t.shape)
	if rank == 0 || len(u.shape) != 2 || t.shape[rank-1] != u.shape[1] {
		panic(Shapef("MatMulTransposed", "shapes %v and %v do not fit: expected [..., K] and [M, K] with the same K", t.shape, u.shape))
	}
	m, k := u.shape[0], u.shape[1]
	out := gemm(false, true, count(t.shape[:rank-1]), m, k, t, u)
	out.shape = append(clone(t.shape[:rank-1]), m)
	Record(transposedProduct{t, u}, []*Tensor{t, u}, out)
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
	const density = 3
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
	on := placeOf(a, b)
	c := emptyOn(on, m, n)
	switch {
	case m == 0 || n == 0 || k == 0:
		return zerosOn(on, m, n)
	case on != nil:
		a, b = on.operand(a), on.operand(b)
		on.must(on.MatMul(c.place.at(0), a.place.at(0), b.place.at(0), m, n, k, transA, transB))
		runtime.KeepAlive(a)
		runtime.KeepAlive(b)
	case transB && !transA && m < manyRows:
		fewRows(c.data, a.values(), b.values(), n, k)
	default:
		if transB {
			b = b.Detach().Transpose(0, 1)
		}
		p := multiplication{c.data, a.values(), b.values(), m, n, k, k, 1}
		if transA {
			p.row, p.column = 1, m
		}
		p.run()
	}
	return c
}

// multiplication is that of a, [m, k], and b, [k, n]. In a it is row values to the next row,
// and column to the next column.
type multiplication struct {
	c, a, b     []float32
	m, n, k     int
	row, column int
}

// What a second goroutine is worth, and how many rows it takes at a time.
const (
	parallelProducts = 1 << 18 // multiplications
	someRows         = 8
)

func (p *multiplication) run() {
	pieces := (p.m + someRows - 1) / someRows
	workers := min(pieces, parallel.Workers(p.m*p.n*p.k, parallelProducts))
	if workers <= 1 {
		p.rows(0, p.m)
		return
	}
	parallel.Do(workers, pieces, func(pieces iter.Seq[int]) {
		for i := range pieces {
			p.rows(i*someRows, min((i+1)*someRows, p.m))
		}
	})
}

// rows computes some rows of c.
func (p *multiplication) rows(lo, hi int) {
	var fewWeights [128]float32
	var fewRows [128]int
	weights, rows := fewWeights[:], fewRows[:]
	if p.k > len(rows) {
		weights, rows = make([]float32, p.k), make([]int, p.k)
	}
	for i := lo; i < hi; i++ {
		n := 0
		for j, at := 0, i*p.row; j < p.k; j, at = j+1, at+p.column {
			v := p.a[at]
			weights[n], rows[n] = v, j
			if v != 0 { // without a jump, which nobody could foresee
				n++
			}
		}
		vector.Combine(p.c[i*p.n:(i+1)*p.n], weights[:n], rows[:n], p.b)
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
	Record(banded{k, n}, []*Tensor{t}, out)
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
