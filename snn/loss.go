package snn

import (
	"math"
	"slices"
)

// MSELoss returns the mean squared error between t and a target of its shape. It
// panics with a *ShapeError if the shapes differ: a target that is stretched would
// be another loss.
func MSELoss(t, target *Tensor) *Tensor { return errorOf("MSELoss", t, target).Square().Mean() }

// L1Loss returns the mean absolute error between t and a target of its shape. It
// panics as MSELoss does.
func L1Loss(t, target *Tensor) *Tensor { return errorOf("L1Loss", t, target).Abs().Mean() }

func errorOf(loss string, t, target *Tensor) *Tensor {
	switch {
	case t == nil || target == nil:
		panic(Shapef(loss, "an operand is nil; expected a tensor"))
	case !SameShape(t, target):
		panic(Shapef(loss, "the target has shape %v, expected %v as the tensor has; use Reshape or BroadcastTo", target.shape, t.shape))
	}
	return t.Sub(target)
}

// CrossEntropyLoss returns the mean cross entropy between logits, [N, C], and
// the classes that are right, from 0 to C-1. It panics with a *ShapeError if
// they do not fit.
func CrossEntropyLoss(logits *Tensor, classes []int) *Tensor {
	if len(logits.shape) != 2 || logits.shape[0] != len(classes) || len(classes) == 0 {
		panic(Shapef("CrossEntropyLoss", "logits of shape %v and %d classes, expected [N, C] and N classes with N >= 1", logits.shape, len(classes)))
	}
	n := logits.shape[1]
	for i, c := range classes {
		if c < 0 || c >= n {
			panic(Shapef("CrossEntropyLoss", "class %d of sample %d is outside of the %d logits; counting starts at 0", c, i, n))
		}
	}
	probabilities := logits.Detach().softmax()
	var sum float64
	values := logits.values()
	for i, c := range classes {
		row := values[i*n : (i+1)*n]
		top := largest(row)
		var total float64
		for _, v := range row {
			total += math.Exp(float64(v - top))
		}
		sum += math.Log(total) - float64(row[c]-top)
	}
	out := Scalar(float32(sum / float64(len(classes))))
	if Recording(logits) {
		Record(crossEntropy{probabilities, slices.Clone(classes)}, []*Tensor{logits}, out)
	}
	return out
}

type crossEntropy struct {
	probabilities *Tensor
	classes       []int
}

func (c crossEntropy) Backward(grads []*Tensor) []*Tensor {
	g := c.probabilities.home().Clone()
	n := g.shape[1]
	for i, class := range c.classes {
		g.data[i*n+class]--
	}
	return []*Tensor{g.Scale(grads[0].values()[0] / float32(len(c.classes)))}
}

// Softmax returns exp(t) over its sum along the last dimension.
func (t *Tensor) Softmax() *Tensor {
	out := t.softmax()
	Record(softmax{out.Detach()}, []*Tensor{t}, out)
	return out
}

func (t *Tensor) softmax() *Tensor {
	return t.shares("Softmax", func(v, total float64) float64 { return math.Exp(v) / total })
}

// shares computes each value from its distance to the largest one of its row, and the
// sum of the exponentials of those.
func (t *Tensor) shares(op string, f func(v, total float64) float64) *Tensor {
	n := t.shape[t.dimension(op, -1)]
	out, values := Empty(t.shape...), t.values()
	for at := 0; n > 0 && at < len(values); at += n {
		row, result := values[at:at+n], out.data[at:at+n]
		top := largest(row)
		var total float64
		for _, v := range row {
			total += math.Exp(float64(v - top))
		}
		for i, v := range row {
			result[i] = float32(f(float64(v-top), total))
		}
	}
	return out
}

func largest(row []float32) float32 {
	top := row[0]
	for _, v := range row {
		top = max(top, v)
	}
	return top
}

type softmax struct{ out *Tensor }

func (s softmax) Backward(grads []*Tensor) []*Tensor {
	g, p := grads[0].home().Mul(s.out), s.out.values()
	g.eachRow(func(sum float64, at int) { g.data[at] -= float32(float32(sum) * p[at]) })
	return []*Tensor{g}
}

// eachRow calls f for each value, with the sum of its row before the first one is
// changed.
func (t *Tensor) eachRow(f func(sum float64, at int)) {
	n := t.shape[len(t.shape)-1]
	for at := 0; n > 0 && at < len(t.data); at += n {
		var sum float64
		for _, v := range t.data[at : at+n] {
			sum += float64(v)
		}
		for i := range n {
			f(sum, at+i)
		}
	}
}

// LogSoftmax returns the logarithm of Softmax, which it computes without taking
// the logarithm of what rounds to 0.
func (t *Tensor) LogSoftmax() *Tensor {
	out := t.shares("LogSoftmax", func(v, total float64) float64 { return v - math.Log(total) })
	if Recording(t) {
		Record(logSoftmax{out.Detach()}, []*Tensor{t}, out)
	}
	return out
}

type logSoftmax struct{ out *Tensor }

func (s logSoftmax) Backward(grads []*Tensor) []*Tensor {
	g, p := grads[0].home().Clone(), s.out.values()
	g.eachRow(func(sum float64, at int) { g.data[at] -= float32(sum * math.Exp(float64(p[at]))) })
	return []*Tensor{g}
}
