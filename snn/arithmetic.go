package snn

import "math"

// Add returns t + u, element by element. Shapes are broadcast as numpy does:
// aligned at the last dimension, with 1 stretched.
func (t *Tensor) Add(u *Tensor) *Tensor {
	return broadcast("Add", t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] + b[i*db]
		}
	})
}

// Sub returns t - u, broadcast as in Add.
func (t *Tensor) Sub(u *Tensor) *Tensor {
	return broadcast("Sub", t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] - b[i*db]
		}
	})
}

// Mul returns t * u, broadcast as in Add.
func (t *Tensor) Mul(u *Tensor) *Tensor {
	return broadcast("Mul", t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] * b[i*db]
		}
	})
}

// Div returns t / u, broadcast as in Add. Division by zero gives what IEEE 754
// says.
func (t *Tensor) Div(u *Tensor) *Tensor {
	return broadcast("Div", t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] / b[i*db]
		}
	})
}

// Scale returns t * c.
func (t *Tensor) Scale(c float32) *Tensor {
	out := Zeros(t.shape...)
	for i, v := range t.data {
		out.data[i] = v * c
	}
	return out
}

// Sum returns the sum of all values, of shape []. It is taken in float64.
func (t *Tensor) Sum() *Tensor { return Scalar(float32(t.sum())) }

// Mean returns the mean of all values, of shape []; NaN if there are none.
func (t *Tensor) Mean() *Tensor {
	if len(t.data) == 0 {
		return Scalar(float32(math.NaN()))
	}
	return Scalar(float32(t.sum() / float64(len(t.data))))
}

func (t *Tensor) sum() (s float64) {
	for _, v := range t.data {
		s += float64(v)
	}
	return s
}

// broadcast applies f to rows of the last dimension. da and db say how far apart
// the neighbours in a and b are: 1, or 0 where an operand is stretched.
func broadcast(op string, t, u *Tensor, f func(dst, a, b []float32, da, db int)) *Tensor {
	if SameShape(t, u) {
		out := Zeros(t.shape...)
		f(out.data, t.data, u.data, 1, 1)
		return out
	}
	rank := max(len(t.shape), len(u.shape)) // at least 1: the shapes differ
	shape := make([]int, rank)
	for k := range shape {
		a, b := dim(t, k, rank), dim(u, k, rank)
		switch {
		case a == b || b == 1:
			shape[k] = a
		case a == 1:
			shape[k] = b
		default:
			panic(Shapef(op, "shapes %v and %v do not fit: dimensions must be equal or 1, counted from the last", t.shape, u.shape))
		}
	}
	out := Zeros(shape...)
	ts, us := strides(t, rank), strides(u, rank)
	row := shape[rank-1]
	index := make([]int, rank)
	for at, i, j := 0, 0, 0; at < len(out.data); at += row {
		f(out.data[at:at+row], t.data[i:], u.data[j:], ts[rank-1], us[rank-1])
		for d := rank - 2; d >= 0; d-- {
			index[d]++
			i, j = i+ts[d], j+us[d]
			if index[d] < shape[d] {
				break
			}
			index[d] = 0
			i, j = i-shape[d]*ts[d], j-shape[d]*us[d]
		}
	}
	return out
}

// dim returns dimension k of t when its shape is padded with ones to the rank.
func dim(t *Tensor, k, rank int) int {
	if k -= rank - len(t.shape); k >= 0 {
		return t.shape[k]
	}
	return 1
}

// strides returns how far apart neighbours are in each dimension of the padded
// shape; 0 where it is stretched.
func strides(t *Tensor, rank int) []int {
	s := make([]int, rank)
	step := 1
	for k := rank - 1; k >= 0; k-- {
		if d := dim(t, k, rank); d != 1 {
			s[k] = step
			step *= d
		}
	}
	return s
}
