// Package snn holds what every spiking neural network is made of: tensors,
// step modes, backends, and the interface of a stateful layer. It does not
// know any neuron; those are in snn/neuron. It is linked into every cell that
// computes, so it needs the standard library only.
//
// Shapes are time first: [T, N, ...] for a sequence in multi-step mode,
// [N, ...] for one step.
//
// Values are float32, as in the frameworks that spiking networks are trained
// with. It shows: a neuron that adds up 0.02 until it reaches 1 does so at step
// 50 in float32 and at step 49 in float64.
//
// A shape that does not fit is a mistake of the program, so functions panic
// with a [Misuse], one readable line, and return no error; see [Maybe].
package snn

import (
	"math"
	"runtime"
	"slices"
)

// Tensor is an array of float32 in row-major order. The shape [] is one value.
// FromSlice, Index and Reshape do not copy values; arithmetic always makes a new
// tensor.
type Tensor struct {
	shape []int
	data  []float32
	place *place // where the values are instead, if they are on a device

	requires bool    // a gradient; see RequireGrad
	grad     *Tensor // of a leaf
	twin     *Tensor // a copy of a leaf on another device, whose gradient counts as its own
	node     *node   // that made the tensor, as output number slot
	slot     int
}

// FromSlice returns a tensor of the given shape over data, which is not
// copied. Without a shape it is a vector. It panics with a *ShapeError if the
// shape does not hold exactly len(data) values.
func FromSlice(data []float32, shape ...int) *Tensor {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	if n := size("FromSlice", shape); n != len(data) {
		panic(Shapef("FromSlice", "shape %v holds %d values, got %d; expected as many as it holds", shape, n, len(data)))
	}
	return newTensor(shape, data)
}

// compact is a tensor and its shape in one piece of memory.
type compact struct {
	Tensor
	dims [mostDims]int
}

const mostDims = 4

// newTensor returns a tensor over data, with a copy of the shape. Who has the shape of
// a large one must not keep the values in memory with it.
func newTensor(shape []int, data []float32) *Tensor {
	if len(shape) > mostDims || len(data) >= leastReused {
		return &Tensor{shape: clone(shape), data: data}
	}
	t := new(compact)
	t.set(shape, data)
	return &t.Tensor
}

func (t *compact) set(shape []int, data []float32) {
	n := copy(t.dims[:], shape)
	t.shape, t.data = t.dims[:n:n], data
}

// single is a tensor of one value, that value and a list that begins with the tensor,
// in one piece of memory: for a single neuron, where a step takes less time than
// getting memory for each. The tensor must not go on the tape: who has its values
// would keep all that it was computed from.
type single struct {
	compact
	value [1]float32
	list  [mostSingle]*Tensor
}

const mostSingle = 2

func newSingle(shape []int) *single {
	s := new(single)
	s.set(shape, s.value[:])
	s.list[0] = &s.Tensor
	return s
}

// clone copies a shape. It has no spare capacity: who appends to the result of
// Shape gets memory of his own.
func clone(shape []int) []int { return slices.Clip(append([]int{}, shape...)) }

// Scalar returns a tensor of shape [].
func Scalar(v float32) *Tensor { return &Tensor{shape: []int{}, data: []float32{v}} }

// size returns the number of values in a shape.
func size(op string, shape []int) int {
	const most = math.MaxInt >> 18 // what Go can address
	n := 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > most/d {
			panic(Shapef(op, "shape %v is not possible: expected dimensions >= 0 whose product fits in memory", shape))
		}
		n *= d
	}
	return n
}

// Full returns a tensor with every value v. Without a shape it is a scalar.
func Full(v float32, shape ...int) *Tensor {
	t := newTensor(shape, empty(size("Full", shape)))
	t.Fill(v)
	return t
}

// Fill sets every value of t, wherever they are; nothing is recorded, and what was
// computed from t before takes the new ones in its backward pass.
func (t *Tensor) Fill(v float32) {
	if t.place != nil {
		on := t.place.on()
		on.must(on.Fill(t.place.write(0), v, t.Size()))
		runtime.KeepAlive(t)
		return
	}
	for i := range t.data {
		t.data[i] = v
	}
}

// Zeros returns a tensor of zeros.
func Zeros(shape ...int) *Tensor {
	n := size("Zeros", shape)
	return newTensor(shape, zeros(n))
}

// Ones returns a tensor of ones.
func Ones(shape ...int) *Tensor {
	size("Ones", shape)
	return Full(1, shape...)
}

// Shape returns the shape. It must not be changed.
func (t *Tensor) Shape() []int {
	if t == nil {
		refuseNil("Shape", t)
	}
	return t.shape
}

// Data returns the values themselves, in row-major order; of a tensor on a device
// a copy. Those that a gradient is to be computed of must stay as they are until
// Backward.
func (t *Tensor) Data() []float32 {
	if t == nil {
		refuseNil("Data", t)
	}
	if t.place != nil {
		return slices.Clone(t.values())
	}
	return t.data
}

// values returns the values for reading.
func (t *Tensor) values() []float32 {
	if t.place != nil {
		return t.place.memory.values()[t.place.from:][:count(t.shape)]
	}
	return t.data
}

// view returns a tensor over the values of t from one of them on.
func (t *Tensor) view(from int, shape []int) *Tensor {
	if t.place != nil {
		return &Tensor{shape: shape, place: t.place.part(from)}
	}
	n := count(shape)
	return &Tensor{shape: shape, data: t.data[from : from+n : from+n]}
}

// Size returns the number of values.
func (t *Tensor) Size() int {
	if t.place != nil {
		return count(t.shape)
	}
	return len(t.data)
}

// At returns the value at the given indices, one for each dimension.
func (t *Tensor) At(index ...int) float32 {
	if len(index) != len(t.shape) {
		panic(Shapef("At", "%d indices for a tensor of shape %v, expected %d", len(index), t.shape, len(t.shape)))
	}
	at := 0
	for k, i := range index {
		if i < 0 || i >= t.shape[k] {
			panic(Shapef("At", "index %v is outside of shape %v; counting starts at 0", slices.Clone(index), t.shape))
		}
		at = at*t.shape[k] + i
	}
	return t.values()[at]
}

// Item returns the value of a tensor that has just one.
func (t *Tensor) Item() float32 {
	if t.Size() != 1 {
		panic(Shapef("Item", "the tensor of shape %v has %d values, expected 1; choose one with At, or take Mean or Sum", t.shape, t.Size()))
	}
	return t.values()[0]
}

// Clone returns a copy.
func (t *Tensor) Clone() *Tensor {
	out := emptyOn(placeOf(t), t.shape...)
	copyTo(out, 0, t)
	if Recording(t) {
		record(same{}, []*Tensor{t}, out)
	}
	return out
}

// SameShape reports whether two tensors have the same shape.
func SameShape(a, b *Tensor) bool { return slices.Equal(a.shape, b.shape) }
