package snn

// MSELoss returns the mean squared error between t and a target of its shape. It
// panics with a *ShapeError if the shapes differ: a target that is stretched would
// be another loss.
func MSELoss(t, target *Tensor) *Tensor { return errorOf("MSELoss", t, target).Square().Mean() }

// L1Loss returns the mean absolute error between t and a target of its shape. It
// panics as MSELoss does.
func L1Loss(t, target *Tensor) *Tensor { return errorOf("L1Loss", t, target).Abs().Mean() }

func errorOf(loss string, t, target *Tensor) *Tensor {
	refuseNil(loss, t, target)
	if !SameShape(t, target) {
		panic(Shapef(loss, "the target has shape %v, expected %v as the tensor has; use Reshape or BroadcastTo", target.shape, t.shape))
	}
	return t.Sub(target)
}

// CrossEntropyLoss returns the mean cross entropy between logits, [N, C], and
// the classes that are right, from 0 to C-1. It panics with a *ShapeError if
// they do not fit.
func CrossEntropyLoss(logits *Tensor, classes []int) *Tensor {
	refuseNil("CrossEntropyLoss", logits)
	if len(logits.shape) != 2 || logits.shape[0] != len(classes) || len(classes) == 0 {
		panic(Shapef("CrossEntropyLoss", "logits of shape %v and %d classes, expected [N, C] and N classes with N >= 1", logits.shape, len(classes)))
	}
	n := logits.shape[1]
	for i, c := range classes {
		if c < 0 || c >= n {
			panic(Shapef("CrossEntropyLoss", "class %d of sample %d is outside of the %d logits; counting starts at 0", c, i, n))
		}
	}
	right := picks{logits.shape, len(classes), n, 1, Empty(len(classes))}
	for i, c := range classes {
		right.set(i, c)
	}
	return right.of(logits.LogSoftmax()).Mean().Neg()
}

// Softmax returns exp(t) over its sum along the last dimension.
func (t *Tensor) Softmax() *Tensor {
	_, exp, total := t.exponentials("Softmax")
	out := exp.Div(total)
	if Recording(t) {
		record(softmax{out.Detach()}, []*Tensor{t}, out)
	}
	return out
}

// exponentials returns how far values are from the largest one of their row, the
// exponentials of that, and the sum of each row of those.
func (t *Tensor) exponentials(op string) (below, exp, total *Tensor) {
	below = t.Detach()
	if t.shape[t.dimension(op, -1)] > 0 {
		top := below.Max(-1)
		below = below.Sub(top.Reshape(t.reduced(op, []int{-1})...))
	}
	exp = below.Exp()
	return below, exp, exp.rowSums()
}

// rowSums returns the sum of each row of the last dimension, which is 1 then.
func (t *Tensor) rowSums() *Tensor { return t.total(t.reduced("Sum", []int{-1}), 1) }

type softmax struct{ out *Tensor }

func (s softmax) Backward(grads []*Tensor) []*Tensor {
	g := grads[0].Mul(s.out)
	return []*Tensor{g.Sub(g.rowSums().Mul(s.out))}
}

// LogSoftmax returns the logarithm of Softmax, which it computes without taking
// the logarithm of what rounds to 0.
func (t *Tensor) LogSoftmax() *Tensor {
	below, _, total := t.exponentials("LogSoftmax")
	out := below.Sub(total.Log())
	if Recording(t) {
		record(logSoftmax{out.Detach()}, []*Tensor{t}, out)
	}
	return out
}

type logSoftmax struct{ out *Tensor }

func (s logSoftmax) Backward(grads []*Tensor) []*Tensor {
	return []*Tensor{grads[0].Sub(grads[0].rowSums().Mul(s.out.Exp()))}
}
