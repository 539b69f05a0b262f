package snn

import (
	"math"
	"runtime"
	"slices"
)

// Sum returns the sum along the given dimensions, which are gone in the result;
// without one, the sum of all values, of shape []. A dimension below 0 counts
// from the last. Sums are taken in float64.
func (t *Tensor) Sum(dims ...int) *Tensor {
	kept := t.reduced("Sum", dims)
	out := t.total(kept, 1)
	out.shape = t.without(dims)
	if Recording(t) {
		record(summed{t.shape, kept}, []*Tensor{t}, out)
	}
	return out
}

// total adds up the values of t that are one value of a tensor of the given shape,
// which broadcasts to that of t, in float64, and divides by n.
func (t *Tensor) total(shape []int, n int) *Tensor {
	if on := placeOf(t); on != nil {
		return totalOn(on, t, shape, n)
	}
	out := Empty(shape...)
	for i, v := range t.sums(shape) {
		out.data[i] = float32(v / float64(n))
	}
	return out
}

// summed stretches the gradient: kept is its shape with 1 for the dimensions
// that are gone.
type summed struct{ shape, kept []int }

func (s summed) Backward(grads []*Tensor) []*Tensor {
	return []*Tensor{grads[0].Reshape(s.kept...).BroadcastTo(s.shape...)}
}

// Mean returns the mean along the given dimensions, or without one that of all
// values, as Sum does; NaN if there are none.
func (t *Tensor) Mean(dims ...int) *Tensor {
	kept := t.reduced("Mean", dims)
	n := t.Size() / max(1, count(t.without(dims)))
	if n == 0 {
		return Full(float32(math.NaN()), t.without(dims)...).moved(placeOf(t))
	}
	out := t.total(kept, n)
	out.shape = t.without(dims)
	if Recording(t) {
		record(averaged{summed{t.shape, kept}, n}, []*Tensor{t}, out)
	}
	return out
}

type averaged struct {
	summed
	n int
}

func (a averaged) Backward(grads []*Tensor) []*Tensor {
	return a.summed.Backward([]*Tensor{grads[0].Scale(1 / float32(a.n))})
}

// reduced returns the shape of t with 1 for each of the given dimensions.
func (t *Tensor) reduced(op string, dims []int) []int {
	refuseNil(op, t)
	kept := clone(t.shape)
	if len(dims) == 0 {
		for k := range kept {
			kept[k] = 1
		}
	}
	for i, d := range dims {
		k := t.dimension(op, d)
		if kept[k] = 1; slices.ContainsFunc(dims[:i], func(e int) bool { return t.dimension(op, e) == k }) {
			panic(Shapef(op, "dimension %d is given twice for shape %v", d, t.shape))
		}
	}
	return kept
}

// without returns the shape of t without the given dimensions; [] if there is
// none.
func (t *Tensor) without(dims []int) []int {
	shape := []int{}
	for k, d := range t.shape {
		if len(dims) > 0 && !slices.Contains(dims, k) && !slices.Contains(dims, k-len(t.shape)) {
			shape = append(shape, d)
		}
	}
	return slices.Clip(shape)
}

// dimension returns the number of a dimension, which may count from the last.
func (t *Tensor) dimension(op string, d int) int {
	k := d
	if d < 0 {
		k += len(t.shape)
	}
	if k < 0 || k >= len(t.shape) {
		panic(Shapef(op, "there is no dimension %d in shape %v", d, t.shape))
	}
	return k
}

// Max returns the largest values along a dimension, which is gone in the
// result. The gradient goes to the first of equal ones. NaN is larger than any
// number.
func (t *Tensor) Max(dim int) *Tensor { return t.largest("Max", dim, false).of(t) }

// MaxAbs returns the values with the largest absolute value along a dimension,
// with their signs. The gradient goes to the first of equal ones.
func (t *Tensor) MaxAbs(dim int) *Tensor { return t.largest("MaxAbs", dim, true).of(t) }

// ArgMax returns where the largest values along a dimension are: counted from 0,
// the first of equal ones. The values go through the other dimensions in
// row-major order.
func (t *Tensor) ArgMax(dim int) []int {
	p := t.largest("ArgMax", dim, false)
	return p.list()
}

// largest returns where the largest values, or absolute values, along a dimension
// are.
func (t *Tensor) largest(op string, dim int, abs bool) picks {
	k := t.dimension(op, dim)
	if t.shape[k] == 0 {
		panic(Shapef(op, "dimension %d of shape %v is empty, there is no largest value", k, t.shape))
	}
	p := t.picksAlong(k)
	if on := placeOf(t); on != nil {
		on.must(on.Largest(p.places.place.at(0), t.place.at(0), p.outer, p.n, p.inner, abs))
		runtime.KeepAlive(t)
		return p
	}
	values := t.data
	if abs {
		values = t.Detach().Abs().data
	}
	for i := range p.places.data {
		best, first := float32(math.Inf(-1)), i/p.inner*p.n*p.inner+i%p.inner
		place := 0
		for k := range p.n {
			if v := values[first+k*p.inner]; v > best || v != v && best == best {
				best, place = v, k
			}
		}
		p.set(i, place)
	}
	return p
}
