package snn

import (
	"slices"

	"spikebook/snn/vector"
)

// Add returns t + u, element by element. Shapes are broadcast as numpy does:
// aligned at the last dimension, with 1 stretched.
func (t *Tensor) Add(u *Tensor) *Tensor {
	out := broadcast("Add", vector.Add, t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] + b[i*db]
		}
	})
	if Recording(t, u) {
		record(sum{t.shape, u.shape}, []*Tensor{t, u}, out)
	}
	return out
}

type sum struct{ t, u []int }

func (s sum) Backward(grads []*Tensor) []*Tensor {
	return []*Tensor{shrink(grads[0], s.t), shrink(grads[0], s.u)}
}

// Sub returns t - u, broadcast as in Add.
func (t *Tensor) Sub(u *Tensor) *Tensor {
	out := broadcast("Sub", vector.Sub, t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] - b[i*db]
		}
	})
	if Recording(t, u) {
		record(difference{t.shape, u.shape}, []*Tensor{t, u}, out)
	}
	return out
}

type difference struct{ t, u []int }

func (d difference) Backward(grads []*Tensor) []*Tensor {
	return []*Tensor{shrink(grads[0], d.t), shrink(grads[0].Neg(), d.u)}
}

// Mul returns t * u, broadcast as in Add.
func (t *Tensor) Mul(u *Tensor) *Tensor {
	out := broadcast("Mul", vector.Mul, t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] * b[i*db]
		}
	})
	if Recording(t, u) {
		record(productOf(t, u), []*Tensor{t, u}, out)
	}
	return out
}

// product has of each operand its values if the gradient of the other needs them, and
// its shape if it requires a gradient itself.
type product struct {
	t, u           *Tensor
	shapeT, shapeU []int
}

func productOf(t, u *Tensor) (p product) {
	if t.RequiresGrad() {
		p.shapeT, p.u = t.shape, u.Detach()
	}
	if u.RequiresGrad() {
		p.shapeU, p.t = u.shape, t.Detach()
	}
	return p
}

func (p product) Backward(grads []*Tensor) []*Tensor {
	var gt, gu *Tensor
	if p.u != nil {
		gt = shrink(grads[0].Mul(p.u), p.shapeT)
	}
	if p.t != nil {
		gu = shrink(grads[0].Mul(p.t), p.shapeU)
	}
	return []*Tensor{gt, gu}
}

// Div returns t / u, broadcast as in Add. Division by zero gives what IEEE 754
// says.
func (t *Tensor) Div(u *Tensor) *Tensor {
	out := broadcast("Div", vector.Div, t, u, func(dst, a, b []float32, da, db int) {
		for i := range dst {
			dst[i] = a[i*da] / b[i*db]
		}
	})
	if Recording(t, u) {
		q := quotient{u: u.Detach()}
		if t.RequiresGrad() {
			q.shapeT = t.shape
		}
		if u.RequiresGrad() {
			q.out = out.Detach()
		}
		record(q, []*Tensor{t, u}, out)
	}
	return out
}

// quotient has the shape of t and the result if the gradients of t and u are required.
type quotient struct {
	shapeT []int
	u, out *Tensor
}

func (q quotient) Backward(grads []*Tensor) []*Tensor {
	var gt, gu *Tensor
	if q.shapeT != nil {
		gt = shrink(grads[0].Div(q.u), q.shapeT)
	}
	if q.out != nil {
		gu = shrink(grads[0].Mul(q.out).Div(q.u).Neg(), q.u.shape)
	}
	return []*Tensor{gt, gu}
}

// shrink adds up the gradient of a tensor that was stretched to the shape of g.
func shrink(g *Tensor, shape []int) *Tensor {
	if slices.Equal(g.shape, shape) {
		return g
	}
	return g.total(shape, 1)
}

// sums adds up the values of g that are one value of a tensor of the given
// shape, which broadcasts to that of g.
func (g *Tensor) sums(shape []int) []float64 {
	rank := len(g.shape)
	sums := make([]float64, count(shape))
	steps := strides(&Tensor{shape: shape}, rank)
	// The last dimensions that are all added up, or all kept, are one: a run of values.
	outer, run, kept := rank, 1, true
	for ; outer > 0; outer-- {
		if d := g.shape[outer-1]; d != 1 {
			keep := steps[outer-1] != 0
			if run != 1 && keep != kept {
				break
			}
			run, kept = run*d, keep
		}
	}
	index := make([]int, outer)
	for at, rest := 0, g.values(); len(rest) > 0; rest = rest[run:] {
		if kept {
			for i, v := range rest[:run] {
				sums[at+i] += float64(v)
			}
		} else {
			sums[at] += total(rest[:run])
		}
		for d := outer - 1; d >= 0; d-- {
			index[d]++
			at += steps[d]
			if index[d] < g.shape[d] {
				break
			}
			index[d] = 0
			at -= g.shape[d] * steps[d]
		}
	}
	return sums
}

// total adds up values: four sums at a time, which do not wait for each other. Kernel
// sum of spikebook/gpu/ptx/library keeps to the order.
func total(values []float32) float64 {
	var a, b, c, d float64
	for ; len(values) >= 4; values = values[4:] {
		a += float64(values[0])
		b += float64(values[1])
		c += float64(values[2])
		d += float64(values[3])
	}
	for _, v := range values {
		a += float64(v)
	}
	return a + b + (c + d)
}

// common returns the shape that t and u are broadcast to.
func common(name string, t, u *Tensor) []int {
	rank := max(len(t.shape), len(u.shape))
	shape := make([]int, rank)
	for k := range shape {
		a, b := dim(t, k, rank), dim(u, k, rank)
		switch {
		case a == b || b == 1:
			shape[k] = a
		case a == 1:
			shape[k] = b
		default:
			panic(Shapef(name, "shapes %v and %v do not fit: dimensions must be equal or 1, counted from the last", t.shape, u.shape))
		}
	}
	size(name, shape)
	return shape
}

// broadcast applies op to rows of the last dimension, and f, which is the same, to
// those of an operand that is stretched: da and db say how far apart the
// neighbours in a and b are, 1 or 0.
func broadcast(name string, op vector.Op, t, u *Tensor, f func(dst, a, b []float32, da, db int)) *Tensor {
	refuseNil(name, t, u)
	if on := placeOf(t, u); on != nil {
		return broadcastOn(on, name, op, t, u)
	}
	if SameShape(t, u) {
		out := Empty(t.shape...)
		op.Run(out.data, nil, t.values(), u.values(), nil)
		return out
	}
	shape := common(name, t, u)
	rank := len(shape) // at least 1: the shapes differ
	out := Empty(shape...)
	from, with := t.values(), u.values()
	ts, us := strides(t, rank), strides(u, rank)
	row := shape[rank-1]
	index := make([]int, rank)
	for at, i, j := 0, 0, 0; at < len(out.data); at += row {
		dst, a, b, da, db := out.data[at:at+row], from[i:], with[j:], ts[rank-1], us[rank-1]
		if da == 1 && db == 1 {
			op.Run(dst, nil, a, b, nil)
		} else {
			f(dst, a, b, da, db)
		}
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
