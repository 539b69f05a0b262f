package library

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"spikebook/gpu/device"
)

// maxRank is the largest number of dimensions that Strided can tell apart.
const maxRank = 8

// Strided copies the values of a tensor of the given shape. Along a dimension,
// neighbours are as many values apart as its stride says, in each of the two
// memories. A stride of 0 stretches what is read; a negative one goes backwards from
// the address.
//
// That is how tensors are broadcast, sliced, put together, and how their dimensions
// change places.
func Strided(to, from device.Pointer, shape, toStrides, fromStrides []int) ([]device.Launch, error) {
	return stridedLaunch("Strided", "copy", to, from, shape, toStrides, fromStrides)
}

// AddStrided adds values to others, which are read and written where [Strided] would
// write: to = to + from.
func AddStrided(to, from device.Pointer, shape, toStrides, fromStrides []int) ([]device.Launch, error) {
	return stridedLaunch("AddStrided", "add", to, from, shape, toStrides, fromStrides)
}

// Add adds n values to others: to[i] = to[i] + from[i]. The two may be the same.
func Add(to, from device.Pointer, n int) ([]device.Launch, error) {
	return stridedLaunch("Add", "add", to, from, []int{n}, []int{1}, []int{1})
}

// dimension is one that is left of a shape when neighbours are merged.
type dimension struct{ size, to, from int }

func stridedLaunch(op, kernel string, to, from device.Pointer, shape, toStrides, fromStrides []int) ([]device.Launch, error) {
	if len(toStrides) != len(shape) || len(fromStrides) != len(shape) {
		return nil, fmt.Errorf("library.%s: shape %v with strides %v and %v; expected one of each for each dimension", op, shape, toStrides, fromStrides)
	}
	n, err := volume(op, shape...)
	if err != nil || n == 0 {
		return nil, err
	}
	if err := aligned(op, address{"the result", to, 4}, address{"the operand", from, 4}); err != nil {
		return nil, err
	}
	dims := merge(shape, toStrides, fromStrides)
	if len(dims) > maxRank {
		return nil, fmt.Errorf("library.%s: shape %v with strides %v and %v has %d dimensions that cannot be merged; expected %d at most, copy it in parts",
			op, shape, toStrides, fromStrides, len(dims), maxRank)
	}
	args := []any{to, from}
	for i, d := range dims {
		if d.to != int(int32(d.to)) || d.from != int(int32(d.from)) {
			return nil, fmt.Errorf("library.%s: a stride of %v or %v is too large; expected %d at most", op, toStrides, fromStrides, math.MaxInt32)
		}
		if i < len(dims)-1 {
			args = append(args, uint32(d.size))
		}
		args = append(args, int32(d.to), int32(d.from))
	}
	if !distinct(dims) {
		return nil, fmt.Errorf("library.%s: strides %v put several values of shape %v in one place; expected one place for each", op, toStrides, shape)
	}
	return []device.Launch{perThread(stridedModule(len(dims)), kernel, n, args...)}, nil
}

// merge returns the dimensions of a shape, the innermost first, where those that go
// on as the one before them does are one with it. There is at least one.
func merge(shape, toStrides, fromStrides []int) []dimension {
	var dims []dimension
	for k, size := range slices.Backward(shape) {
		d := dimension{size, toStrides[k], fromStrides[k]}
		last := len(dims) - 1
		switch {
		case size == 1:
		case last >= 0 && d.to == dims[last].to*dims[last].size && d.from == dims[last].from*dims[last].size:
			dims[last].size *= size
		default:
			dims = append(dims, d)
		}
	}
	if len(dims) == 0 {
		return []dimension{{size: 1}}
	}
	return dims
}

// distinct reports whether each value is written to a place of its own: a step along
// a dimension must lead beyond all that smaller steps reach.
func distinct(dims []dimension) bool {
	far := func(d dimension) int { return max(d.to, -d.to) }
	reach := 0
	for _, d := range slices.SortedFunc(slices.Values(dims), func(a, b dimension) int { return cmp.Compare(far(a), far(b)) }) {
		if far(d) <= reach && d.size > 1 {
			return false
		}
		reach += far(d) * (d.size - 1)
	}
	return true
}

func stridedModule(rank int) string { return fmt.Sprint("strided", rank) }

// strided returns the kernels for so many dimensions.
func strided(rank int) string {
	inner := numbers(rank - 1)
	return each(file("strided", "$name", "copy", "$combine", "// nothing to add"), "d", inner...) +
		each(file("strided", "$name", "add", "$combine", "ld.global.f32 %old, [%to];\n\tadd.rn.f32 %value, %old, %value;"), "d", inner...)
}
