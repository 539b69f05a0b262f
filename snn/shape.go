package snn

import (
	"runtime"
	"slices"

	"spikebook/snn/vector"
)

// Index returns t[i] along the first dimension: for a sequence [T, N, ...] the
// step i, of shape [N, ...]. It shares the values of t.
func (t *Tensor) Index(i int) *Tensor {
	if len(t.shape) == 0 {
		panic(Shapef("Index", "there is no [%d] in shape [], a single value; use Item", i))
	}
	if i < 0 || i >= t.shape[0] {
		panic(Shapef("Index", "there is no [%d] in shape %v; the first dimension has %d", i, t.shape, t.shape[0]))
	}
	out := t.slice(i, i+1)
	out.shape = t.shape[1:]
	return out
}

// Slice returns t[from:to] along the first dimension, without the end. It
// shares the values of t.
func (t *Tensor) Slice(from, to int) *Tensor {
	if len(t.shape) == 0 || from < 0 || to < from || to > t.shape[0] {
		panic(Shapef("Slice", "there is no [%d:%d] in shape %v", from, to, t.shape))
	}
	return t.slice(from, to)
}

func (t *Tensor) slice(from, to int) *Tensor {
	n := t.Size() / max(1, t.shape[0])
	out := t.view(from*n, slices.Clip(append([]int{to - from}, t.shape[1:]...)))
	if Recording(t) {
		record(sliced{t.shape, from * n}, []*Tensor{t}, out)
	}
	return out
}

// sliced puts the gradient of a part in its place.
type sliced struct {
	shape []int
	at    int
}

func (s sliced) Backward(grads []*Tensor) []*Tensor {
	g := zerosOn(placeOf(grads[0]), s.shape...)
	addTo(g, s.at, grads[0])
	return []*Tensor{g}
}

// Reshape returns a tensor of another shape over the same values. One
// dimension may be -1: it is what the others leave.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	given := shape
	shape = clone(shape)
	if k := slices.Index(shape, -1); k >= 0 {
		shape[k] = 1
		if slices.Contains(shape, -1) {
			panic(Shapef("Reshape", "shape %v has more than one -1; expected one dimension at most that is left to be found", given))
		}
		n := size("Reshape", shape)
		if n == 0 {
			panic(Shapef("Reshape", "the -1 of shape %v could be anything, since another dimension is 0; give it a number", given))
		}
		shape[k] = t.Size() / n
	}
	if size("Reshape", shape) != t.Size() {
		panic(Shapef("Reshape", "shape %v does not hold the %d values of shape %v", given, t.Size(), t.shape))
	}
	out := t.view(0, shape)
	if Recording(t) {
		record(reshaped{t.shape}, []*Tensor{t}, out)
	}
	return out
}

type reshaped struct{ shape []int }

func (r reshaped) Backward(grads []*Tensor) []*Tensor {
	return []*Tensor{grads[0].view(0, r.shape)}
}

// Flatten returns a tensor whose dimensions from start on are one.
func (t *Tensor) Flatten(start int) *Tensor {
	k := t.dimension("Flatten", start)
	return t.Reshape(append(clone(t.shape[:k]), count(t.shape[k:]))...)
}

// BroadcastTo returns t stretched to a shape, as numpy does: aligned at the last
// dimension, with 1 stretched.
func (t *Tensor) BroadcastTo(shape ...int) *Tensor {
	rank := len(shape)
	fits := len(t.shape) <= rank
	for k := 0; fits && k < rank; k++ {
		d := dim(t, k, rank)
		fits = d == 1 || d == shape[k]
	}
	if !fits {
		panic(Shapef("BroadcastTo", "shape %v cannot be stretched to %v: dimensions must be equal or 1, counted from the last", t.shape, shape))
	}
	size("BroadcastTo", shape)
	out := t.stretched(shape, strides(t, rank))
	if Recording(t) {
		record(stretched{t.shape}, []*Tensor{t}, out)
	}
	return out
}

type stretched struct{ shape []int }

func (s stretched) Backward(grads []*Tensor) []*Tensor {
	return []*Tensor{shrink(grads[0], s.shape)}
}

// stretched returns a tensor of values of t that are as far apart as the steps say.
func (t *Tensor) stretched(shape, steps []int) *Tensor {
	out := emptyOn(placeOf(t), shape...)
	switch {
	case out.Size() == 0:
	case out.place != nil:
		out.place.on().strided(out, t, shape, steps)
	default:
		stretch(out.data, t.data, shape, steps)
	}
	return out
}

// stretch fills dst, of the given shape, with values that are as far apart as
// the steps say. It is also how dimensions change places.
func stretch(dst, src []float32, shape, steps []int) {
	switch rank := len(shape); {
	case rank == 0:
		dst[0] = src[0]
	case rank == 1 && steps[0] == 1:
		copy(dst, src)
	case steps[0] == 0: // the same again and again
		done := len(dst) / shape[0]
		stretch(dst[:done], src, shape[1:], steps[1:])
		for ; done < len(dst); done *= 2 {
			copy(dst[done:], dst[:done])
		}
	case rank == 1:
		for i := range dst {
			dst[i] = src[i*steps[0]]
		}
	case rank == 2 && steps[0] == 1: // a matrix on its side
		vector.Transpose(dst, shape[1], shape[0], shape[1], src, steps[1])
	default:
		n := len(dst) / shape[0]
		for i := range shape[0] {
			stretch(dst[i*n:(i+1)*n], src[i*steps[0]:], shape[1:], steps[1:])
		}
	}
}

// Transpose returns t with two dimensions in each other's place. One below 0
// counts from the last.
func (t *Tensor) Transpose(a, b int) *Tensor {
	a, b = t.dimension("Transpose", a), t.dimension("Transpose", b)
	var few [8]int
	order := few[:0]
	for k := range t.shape {
		order = append(order, k)
	}
	order[a], order[b] = b, a
	return t.permute(order)
}

// Permute returns t with its dimensions in another order: dimension k of the
// result is dimension dims[k] of t. One below 0 counts from the last.
func (t *Tensor) Permute(dims ...int) *Tensor {
	order := make([]int, len(dims))
	for k, d := range dims {
		order[k] = t.dimension("Permute", d)
	}
	sorted := slices.Sorted(slices.Values(order))
	if len(slices.Compact(sorted)) != len(t.shape) || len(dims) != len(t.shape) {
		panic(Shapef("Permute", "dimensions %v are not an order of those of shape %v; expected each of 0 to %d once", dims, t.shape, len(t.shape)-1))
	}
	return t.permute(order)
}

func (t *Tensor) permute(order []int) *Tensor {
	shape, steps := make([]int, len(order)), make([]int, len(order))
	for k, d := range order {
		shape[k], steps[k] = t.shape[d], count(t.shape[d+1:])
	}
	out := t.stretched(shape, steps)
	if Recording(t) {
		record(permuted(slices.Clone(order)), []*Tensor{t}, out)
	}
	return out
}

type permuted []int

func (p permuted) Backward(grads []*Tensor) []*Tensor {
	back := make([]int, len(p))
	for k, d := range p {
		back[d] = k
	}
	return []*Tensor{grads[0].permute(back)}
}

// columns returns t[:, from:to], a copy unless it is all of t.
func (t *Tensor) columns(from, to int) *Tensor {
	if from == 0 && to == t.shape[1] {
		return t.Detach()
	}
	shape := clone(t.shape)
	shape[1] = to - from
	out := emptyOn(placeOf(t), shape...)
	copyColumns(out, 0, t, from, to-from)
	return out
}

// copyColumns copies n columns, with all that follows of the shapes, from one of them
// on. Both tensors are in the same place.
func copyColumns(to *Tensor, at int, from *Tensor, fromAt, n int) {
	rows, inner := to.shape[0], count(to.shape[2:])
	toStep, fromStep := to.shape[1]*inner, from.shape[1]*inner
	at, fromAt, n = at*inner, fromAt*inner, n*inner
	if to.place == nil {
		for i := range rows {
			copy(to.data[i*toStep+at:][:n], from.data[i*fromStep+fromAt:])
		}
		return
	}
	on := to.place.on()
	on.must(on.Strided(to.place.write(at), from.place.at(fromAt), []int{rows, n}, []int{toStep, 1}, []int{fromStep, 1}))
	runtime.KeepAlive(to)
	runtime.KeepAlive(from)
}

// Stack puts tensors of one shape [...] together along a new first dimension:
// [len(ts), ...].
func Stack(ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		panic(Shapef("Stack", "nothing to stack, expected at least one tensor"))
	}
	refuseNil("Stack", ts...)
	for i, t := range ts {
		if !slices.Equal(t.shape, ts[0].shape) {
			panic(Shapef("Stack", "tensor %d has shape %v, the first has %v: expected equal shapes", i, t.shape, ts[0].shape))
		}
	}
	return joined(append([]int{len(ts)}, ts[0].shape...), ts)
}

// Concat puts tensors together along the first dimension, [N, ...] and [M, ...]
// to [N+M, ...].
func Concat(ts ...*Tensor) *Tensor {
	if len(ts) == 0 {
		panic(Shapef("Concat", "nothing to put together, expected at least one tensor"))
	}
	refuseNil("Concat", ts...)
	n := 0
	for i, t := range ts {
		if len(t.shape) == 0 || len(t.shape) != len(ts[0].shape) || !slices.Equal(t.shape[1:], ts[0].shape[1:]) {
			panic(Shapef("Concat", "tensor %d has shape %v, the first has %v: expected shapes that are equal but for the first dimension", i, t.shape, ts[0].shape))
		}
		n += t.shape[0]
	}
	return joined(append([]int{n}, ts[0].shape[1:]...), ts)
}

func joined(shape []int, ts []*Tensor) *Tensor {
	out := emptyOn(placeOf(ts...), shape...)
	j := join{}
	at := 0
	for _, t := range ts {
		copyTo(out, at, t)
		at += t.Size()
		j.shapes = append(j.shapes, t.shape)
	}
	if Recording(ts...) {
		record(j, slices.Clone(ts), out) // the caller may use his slice again
	}
	return out
}

// join cuts the gradient into that of the parts.
type join struct{ shapes [][]int }

func (j join) Backward(grads []*Tensor) []*Tensor {
	list := make([]*Tensor, len(j.shapes))
	at := 0
	for i, shape := range j.shapes {
		n := count(shape)
		list[i] = grads[0].view(at, shape)
		at += n
	}
	return list
}
