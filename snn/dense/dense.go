// Package dense makes one memory of a tensor of ours and a tensor of
// gorgonia.org/tensor. It is a package of its own because that library is
// large: only a cell that imports it waits for its linking.
package dense

import (
	"fmt"

	"gorgonia.org/tensor"

	"spikebook/snn"
)

// Of returns the values of t as a tensor of gorgonia, without copying: who
// writes to one changes the other. A tensor of shape [] becomes gorgonia's
// scalar.
func Of(t *snn.Tensor) *tensor.Dense {
	return tensor.New(tensor.WithShape(t.Shape()...), tensor.WithBacking(t.Data()))
}

// From returns the values of d as a tensor of ours, without copying. It returns
// an error unless d holds float32 values in row-major order without gaps: clone
// or materialise it then.
func From(d *tensor.Dense) (*snn.Tensor, error) {
	if d.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("dense.From: the tensor holds %v, expected float32", d.Dtype())
	}
	if d.IsView() && !d.IsNativelyAccessible() || !d.DataOrder().IsContiguous() || d.DataOrder().IsColMajor() || d.RequiresIterator() {
		return nil, fmt.Errorf("dense.From: the values of shape %v are not in row-major order without gaps; call Materialize or Clone first", d.Shape())
	}
	if d.IsScalar() {
		v, ok := d.ScalarValue().(float32)
		if !ok {
			return nil, fmt.Errorf("dense.From: the scalar is %T, expected float32", d.ScalarValue())
		}
		return snn.Scalar(v), nil
	}
	data, ok := d.Data().([]float32)
	if !ok {
		return nil, fmt.Errorf("dense.From: the values are %T, expected []float32", d.Data())
	}
	return snn.FromSlice(data, d.Shape()...), nil
}
