// Package dense makes one memory of a tensor of ours and a tensor of
// gorgonia.org/tensor. It is a package of its own because that library is
// large: only a cell that imports it waits for its linking.
package dense

import (
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"spikebook/snn"
)

// Of returns the values of t as a tensor of gorgonia, without copying: who
// writes to one changes the other. A tensor of shape [] becomes gorgonia's
// scalar. It panics with a *snn.ShapeError if t has no values, which gorgonia
// cannot hold.
func Of(t *snn.Tensor) *tensor.Dense {
	if t.Size() == 0 {
		panic(snn.Shapef("dense.Of", "the tensor of shape %v has no values; gorgonia.org/tensor holds at least one", t.Shape()))
	}
	return tensor.New(tensor.WithShape(t.Shape()...), tensor.WithBacking(t.Data()))
}

// From returns the values of d as a tensor of ours, without copying. It returns
// an error unless d holds float32 values in row-major order without gaps, none
// of them masked: transposed and sliced tensors may not.
func From(d *tensor.Dense) (*snn.Tensor, error) {
	switch {
	case d == nil:
		return nil, errors.New("dense.From: the tensor is nil")
	case d.Dtype() != tensor.Float32:
		return nil, fmt.Errorf("dense.From: the tensor holds %v, expected float32", d.Dtype())
	case d.Shape().TotalSize() == 0:
		return snn.Zeros(d.Shape()...), nil
	case d.IsMasked():
		return nil, fmt.Errorf("dense.From: the tensor of shape %v has masked values; replace them with Filled first", d.Shape())
	case !d.DataOrder().IsContiguous() || d.DataOrder().IsColMajor() || d.RequiresIterator():
		return nil, fmt.Errorf("dense.From: the values of shape %v are not in row-major order without gaps; call Transpose on a transposed tensor, Materialize on a slice", d.Shape())
	}
	data := d.Float32s() // Data would copy a scalar
	if d.IsScalar() {
		return snn.FromSlice(data).Reshape(), nil
	}
	return snn.FromSlice(data, d.Shape()...), nil
}
