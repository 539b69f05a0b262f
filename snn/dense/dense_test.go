package dense_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"spikebook/snn"
	"spikebook/snn/dense"
)

// Whoever writes to one of the two changes the other, both ways.
func TestSharedMemory(t *testing.T) {
	for _, shape := range [][]int{{}, {1}, {3}, {2, 3}, {1, 1}, {2, 1, 3}, {4, 1}} {
		x := snn.Rand(shape...)
		d := dense.Of(x)
		if !slices.Equal([]int(d.Shape()), shape) {
			t.Errorf("shape %v became %v", shape, d.Shape())
		}
		back, err := dense.From(d)
		if err != nil {
			t.Errorf("%v: %v", shape, err)
			continue
		}
		if !slices.Equal(back.Shape(), shape) {
			t.Errorf("shape %v came back as %v", shape, back.Shape())
		}
		last := x.Size() - 1
		x.Data()[last] = 7
		if back.Data()[last] != 7 || d.Float32s()[last] != 7 {
			t.Errorf("%v: what is written to x does not show in the others", shape)
		}
		back.Data()[0] = 9
		if x.Data()[0] != 9 {
			t.Errorf("%v: what is written to the tensor that came back does not show in x", shape)
		}
		if _, err := d.AddScalar(float32(1), true, tensor.UseUnsafe()); err != nil { // in place
			t.Errorf("%v: %v", shape, err)
		} else if x.Data()[0] != 10 {
			t.Errorf("%v: what gorgonia writes does not show in x", shape)
		}
	}
}

// counting is the matrix 0 1 2 3; 4 5 6 7; 8 9 10 11.
func counting() *tensor.Dense {
	return tensor.New(tensor.WithShape(3, 4), tensor.WithBacking(tensor.Range(tensor.Float32, 0, 12)))
}

func slice(t *testing.T, d *tensor.Dense, s ...tensor.Slice) *tensor.Dense {
	t.Helper()
	v, err := d.Slice(s...)
	if err != nil {
		t.Fatal(err)
	}
	return v.(*tensor.Dense)
}

// Parts and transposed matrices come over if their values lie as ours do, and
// are never read in the wrong order.
func TestViews(t *testing.T) {
	transposed := counting()
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	moved := counting()
	if err := moved.T(); err != nil {
		t.Fatal(err)
	}
	if err := moved.Transpose(); err != nil {
		t.Fatal(err)
	}
	gaps := "dense.From: the values of shape %s are not in row-major order without gaps; call Transpose on a transposed tensor, Materialize on a slice"
	for _, test := range []struct {
		name  string
		d     *tensor.Dense
		shape []int
		data  []float32
		err   string
	}{
		{"whole", counting(), []int{3, 4}, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, ""},
		{"rows", slice(t, counting(), tensor.S(1, 3)), []int{2, 4}, []float32{4, 5, 6, 7, 8, 9, 10, 11}, ""},
		{"row", slice(t, counting(), tensor.S(1)), []int{4}, []float32{4, 5, 6, 7}, ""},
		{"element", slice(t, counting(), tensor.S(1), tensor.S(2)), []int{}, []float32{6}, ""},
		{"moved", moved, []int{4, 3}, []float32{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}, ""},
		{"scalar", tensor.New(tensor.FromScalar(float32(3))), []int{}, []float32{3}, ""},
		{"transposed", transposed, nil, nil, fmt.Sprintf(gaps, "(4, 3)")},
		{"columns", slice(t, counting(), nil, tensor.S(1, 3)), nil, nil, fmt.Sprintf(gaps, "(3, 2)")},
		{"column", slice(t, counting(), nil, tensor.S(1)), nil, nil, fmt.Sprintf(gaps, "(3)")},
		{"Fortran", tensor.New(tensor.WithShape(2, 2), tensor.AsFortran([]float32{1, 2, 3, 4})), nil, nil, fmt.Sprintf(gaps, "(2, 2)")},
		{"float64", tensor.New(tensor.WithBacking([]float64{1, 2})), nil, nil, "dense.From: the tensor holds float64, expected float32"},
		{"masked", tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}, []bool{true, false})), nil, nil, "dense.From: the tensor of shape (2) has masked values; replace them with Filled first"},
		{"empty", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(0, 3)), []int{0, 3}, []float32{}, ""},
		{"nil", nil, nil, nil, "dense.From: the tensor is nil"},
	} {
		x, err := dense.From(test.d)
		switch {
		case test.err != "":
			if err == nil || err.Error() != test.err || x != nil {
				t.Errorf("%s: got %v, %v, want %s", test.name, x, err, test.err)
			}
		case err != nil:
			t.Errorf("%s: %v", test.name, err)
		case !slices.Equal(x.Shape(), test.shape) || !slices.Equal(x.Data(), test.data):
			t.Errorf("%s: got %v of shape %v", test.name, x, x.Shape())
		}
	}
	// What the errors advise helps.
	m := slice(t, counting(), nil, tensor.S(1, 3)).Materialize().(*tensor.Dense)
	if x, err := dense.From(m); err != nil || !slices.Equal(x.Data(), []float32{1, 2, 5, 6, 9, 10}) {
		t.Errorf("materialized columns: %v, %v", x, err)
	}
}

func TestOfNothing(t *testing.T) {
	err := snn.Maybe(func() { dense.Of(snn.Zeros(2, 0)) })
	if err == nil || !strings.HasPrefix(err.Error(), "dense.Of: the tensor of shape [2 0] has no values") {
		t.Errorf("got %v", err)
	}
}

// The oracle: gorgonia computes what our arithmetic computes.
func TestArithmetic(t *testing.T) {
	snn.Seed(7)
	x, y := snn.Rand(5, 7), snn.Rand(5, 7).Add(snn.Full(0.5, 1))
	for _, op := range []struct {
		name   string
		ours   *snn.Tensor
		theirs func(a, b *tensor.Dense) (*tensor.Dense, error)
	}{
		{"Add", x.Add(y), func(a, b *tensor.Dense) (*tensor.Dense, error) { return a.Add(b) }},
		{"Sub", x.Sub(y), func(a, b *tensor.Dense) (*tensor.Dense, error) { return a.Sub(b) }},
		{"Mul", x.Mul(y), func(a, b *tensor.Dense) (*tensor.Dense, error) { return a.Mul(b) }},
		{"Div", x.Div(y), func(a, b *tensor.Dense) (*tensor.Dense, error) { return a.Div(b) }},
		{"Scale", x.Scale(0.3), func(a, _ *tensor.Dense) (*tensor.Dense, error) { return a.MulScalar(float32(0.3), true) }},
	} {
		d, err := op.theirs(dense.Of(x.Clone()), dense.Of(y.Clone()))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := dense.From(d)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(op.ours.Data(), theirs.Data()) {
			t.Errorf("%s differs from gorgonia", op.name)
		}
	}
}

func ExampleOf() {
	x := snn.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
	d := dense.Of(x)
	_ = d.SetAt(float32(20), 0, 1) // the indices are within the shape
	fmt.Println(d.Shape(), x)
	// Output:
	// (2, 2) [[ 1 20]
	//  [ 3  4]]
}

func ExampleFrom() {
	d := tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}))
	x, err := dense.From(d)
	fmt.Println(x, err)
	_, err = dense.From(tensor.New(tensor.WithBacking([]float64{1, 2})))
	fmt.Println(err)
	// Output:
	// [1 2] <nil>
	// dense.From: the tensor holds float64, expected float32
}
