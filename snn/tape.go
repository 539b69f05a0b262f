package snn

import (
	"slices"
	"sync/atomic"
)

// Function is an operation on the tape: what [Tensor.Backward] goes through to
// compute gradients. One that is to survive from cell to cell of a notebook
// keeps what it needs in its fields, not in a closure.
type Function interface {
	// Backward returns the gradients of the inputs, nil for those that need none,
	// from the gradients of the outputs, nil for those that nothing depends on. A
	// gradient has the shape of its tensor.
	Backward(grads []*Tensor) []*Tensor
}

// node is an operation that was recorded.
type node struct {
	function Function  // nil when Backward has been through it
	inputs   []*Tensor // where their gradients go; nil for those that require none
	outputs  int

	// What the call of Backward with that number, or if it is under way the gradients
	// of the outputs, has left here: to find them takes no time.
	pass    int64
	grads   []gradient
	fewGrad [3]gradient
}

// gradient is that of an output, as far as it is known.
type gradient struct {
	*Tensor
	own bool // nobody else has the values, so that more can be added to them
}

// passes counts the calls of Backward.
var passes atomic.Int64

// off counts the calls of NoGrad that are under way.
var off atomic.Int32

// NoGrad calls f and records nothing that is computed meanwhile: for measuring a
// network, and for changing parameters by hand. That holds for all goroutines.
func NoGrad(f func()) {
	off.Add(1)
	defer off.Add(-1)
	f()
}

// GradEnabled reports whether operations are recorded: whether no NoGrad is
// under way.
func GradEnabled() bool { return off.Load() == 0 }

// RequireGrad makes t a leaf for which [Tensor.Backward] computes a gradient,
// and returns it. All that is computed from t is recorded, until Backward.
func (t *Tensor) RequireGrad() *Tensor {
	if t.onTape() {
		panic(gradf("RequireGrad", "the tensor of shape %v is the result of a computation that has a gradient already; call Detach() first", t.shape))
	}
	t.requires, t.node = true, nil
	return t
}

// RequiresGrad reports whether gradients flow to t: whether it is a leaf made by
// RequireGrad, or computed from one. What comes from a computation that Backward
// has been through counts as a constant.
func (t *Tensor) RequiresGrad() bool { return t.requires || t.onTape() }

// IsLeaf reports whether t is no result of a recorded computation: of one that Backward
// has been through, results count as constants. Only leaves have a gradient after
// Backward, and so only they can be trained.
func (t *Tensor) IsLeaf() bool { return !t.onTape() }

func (t *Tensor) onTape() bool { return t.node != nil && t.node.function != nil }

// Grad returns the gradient of a leaf, which has its shape; nil before the
// first Backward. Gradients add up until ZeroGrad.
func (t *Tensor) Grad() *Tensor {
	for c := t.twin; c != nil; c = c.twin {
		if c.grad != nil {
			t.accumulate(c.grad, true)
			c.grad = nil
		}
	}
	return t.grad
}

// ZeroGrad forgets the gradient.
func (t *Tensor) ZeroGrad() {
	for c := t; c != nil; c = c.twin {
		c.grad = nil
	}
}

// addTwin has the gradient of a copy count as that of t. It is added when it is asked
// for, so that devices need not wait for each other before.
func (t *Tensor) addTwin(c *Tensor) {
	for t != c {
		if t.twin == nil {
			t.twin = c
		}
		t = t.twin
	}
}

// Detach returns a tensor with the values of t, not copied, through which no
// gradient flows.
func (t *Tensor) Detach() *Tensor { return &Tensor{shape: t.shape, data: t.data, place: t.place} }

// apart returns t, or if it is on the tape or a leaf, t detached.
func (t *Tensor) apart() *Tensor {
	if t.node != nil || t.requires {
		return t.Detach()
	}
	return t
}

// Recording reports whether [Record] would record an operation on these inputs:
// whether gradients are on and one of them requires one. A function that saves
// values for its Backward asks first. An input may be nil.
func Recording(inputs ...*Tensor) bool {
	if off.Load() > 0 {
		return false
	}
	for _, t := range inputs {
		if t != nil && t.RequiresGrad() {
			return true
		}
	}
	return false
}

// Record puts outputs, which f computes from inputs, on the tape, if
// [Recording]. They must be new tensors, or nil. Inputs that require a gradient later
// on get none from these outputs.
func Record(f Function, inputs []*Tensor, outputs ...*Tensor) {
	if Recording(inputs...) {
		record(f, slices.Clone(inputs), outputs...)
	}
}

// record is Record with a list of inputs that becomes its own.
func record(f Function, inputs []*Tensor, outputs ...*Tensor) {
	if !Recording(inputs...) {
		return
	}
	for i, t := range inputs {
		inputs[i] = t.onlyPlace()
	}
	n := &node{function: f, inputs: inputs, outputs: len(outputs)}
	for i, t := range outputs {
		if t != nil {
			t.node, t.slot = n, i
		}
	}
}

// onlyPlace returns where a gradient of t goes, nil if it requires none: t or, if it is
// a large tensor on the tape, one that has its place there but not its values. Those
// need not stay in memory until Backward because of what was computed from them.
func (t *Tensor) onlyPlace() *Tensor {
	switch {
	case t == nil || !t.RequiresGrad():
		return nil
	case t.requires || t.place == nil && len(t.data) < leastReused || count(t.shape) < leastReused:
		return t
	}
	only := &Tensor{shape: t.shape, node: t.node, slot: t.slot}
	if t.place != nil {
		only.place = &place{memory: &memory{backend: t.place.memory.backend}}
	}
	return only
}

// A BackwardOption is an option of Backward.
type BackwardOption int

// RetainGraph keeps the computation, so that Backward can go through it once
// more.
func RetainGraph() BackwardOption { return retain }

const retain BackwardOption = 1

// Backward computes the gradient of t, which has one value, with respect to all
// leaves that it was computed from, and adds it to their gradients. It forgets
// the computation: its results count as constants afterwards. A layer whose
// state comes from an earlier input and was not reset is harmless therefore:
// gradients end at what had been differentiated when the input came. It panics with
// a *GradError if t has more values, or no gradient, or if a part of what it was
// computed from has been forgotten since.
func (t *Tensor) Backward(options ...BackwardOption) {
	if t.Size() != 1 {
		panic(gradf("Backward", "the tensor of shape %v has %d values, expected 1; take Mean() or Sum() of it, or use BackwardFrom with a gradient for each", t.shape, t.Size()))
	}
	t.BackwardFrom(Full(1, t.shape...), options...)
}

// BackwardFrom is Backward for a tensor of any shape: g, of the same shape, is
// the gradient of what is to be differentiated with respect to t.
func (t *Tensor) BackwardFrom(g *Tensor, options ...BackwardOption) {
	switch {
	case g == nil:
		panic(gradf("BackwardFrom", "the gradient is nil; expected a tensor of shape %v", t.shape))
	case !slices.Equal(g.shape, t.shape):
		panic(gradf("BackwardFrom", "the gradient has shape %v, the tensor %v", g.shape, t.shape))
	case t.requires:
		t.accumulate(g, false)
		return
	case t.node != nil && t.node.function == nil:
		panic(gradf("Backward", "the computation was differentiated before, and then forgotten; compute it again, or call Backward(snn.RetainGraph()) the first time"))
	case t.node == nil:
		panic(gradf("Backward", "nothing that this tensor was computed from requires a gradient; call RequireGrad() on the parameters before, and compute outside of NoGrad"))
	}
	keep := slices.Contains(options, retain)
	var few [32]*node
	order := t.node.order(few[:0], passes.Add(1))
	on := placeOf(t)
	if on != nil {
		g = on.operand(g) // what comes before t is computed there, too
	}
	if !g.isOn(on) {
		g = g.moved(on)
	}
	give(t, g, false)
	for _, n := range slices.Backward(order) {
		if n.grads != nil {
			grads := make([]*Tensor, n.outputs)
			for i, g := range n.grads {
				grads[i] = g.Tensor
			}
			if part, ok := n.function.(sliced); ok {
				givePart(n.inputs[0], part.at, grads[0])
			} else {
				_, own := n.function.(maker)
				for i, g := range n.function.Backward(grads) {
					if g != nil {
						give(n.inputs[i], g, own)
					}
				}
				for _, g := range n.grads {
					if own && g.own && g.place == nil { // nobody has it any more; on a device others may have a part
						g.release()
					}
				}
			}
			n.grads, n.fewGrad = nil, [3]gradient{}
		}
		if !keep {
			if r, ok := n.function.(releaser); ok {
				r.release()
			}
			n.function, n.inputs = nil, nil
		}
	}
}

// releaser is a Function that holds memory which nobody else has.
type releaser interface{ release() }

// maker is a Function whose gradients are new tensors each, which it does not
// keep: others give the gradient of an output on, or a part of it.
type maker interface{ makes() }

// gradient returns the place for that of an output.
func (t *Tensor) gradient() *gradient {
	n := t.node
	if n.grads == nil {
		if n.grads = n.fewGrad[:min(n.outputs, len(n.fewGrad))]; n.outputs > len(n.fewGrad) {
			n.grads = make([]gradient, n.outputs)
		}
	}
	return &n.grads[t.slot]
}

// give adds a gradient to a leaf, or to those of the node that made the tensor.
// own says that nobody else has its values.
func give(t, g *Tensor, own bool) {
	g = g.apart()
	switch {
	case t == nil:
	case t.requires:
		t.accumulate(g, own)
	case t.onTape():
		switch have := t.gradient(); {
		case have.Tensor == nil:
			*have = gradient{g, own}
		case have.own:
			addTo(have.Tensor, 0, g)
		default:
			*have = gradient{have.Add(g), true}
		}
	}
}

// givePart adds the gradient of a part of t, which begins at a value. The steps
// of a sequence are such parts: a gradient as large as the sequence for each of
// them would cost the square of their number.
func givePart(t *Tensor, at int, g *Tensor) {
	switch {
	case t.requires:
		if t.grad == nil {
			t.grad = zerosOn(placeOf(t), t.shape...)
		}
		addTo(t.grad, at, g)
	case t.onTape():
		have := t.gradient()
		if have.Tensor == nil {
			*have = gradient{zerosOn(placeOf(g), t.shape...), true}
		} else if !have.own {
			*have = gradient{have.Clone(), true}
		}
		addTo(have.Tensor, at, g)
	}
}

// addTo adds the values of g to those of a tensor, from one of them on. Nobody else
// may have those.
func addTo(to *Tensor, at int, g *Tensor) {
	if to.place != nil {
		to.place.on().accumulate(to, at, g)
		return
	}
	dst := to.data[at:]
	for i, v := range g.values() {
		dst[i] += v
	}
}

// accumulate adds to the gradient of a leaf, which is where the leaf is.
func (t *Tensor) accumulate(g *Tensor, own bool) {
	switch on := placeOf(t); {
	case t.grad != nil:
		addTo(t.grad, 0, g)
	case !g.isOn(on):
		t.grad = g.moved(on)
	case own:
		t.grad = g
	default:
		t.grad = g.Clone()
	}
}

// order appends n and the nodes that it depends on to a list, those first. It leaves
// the number of the pass in each, and no gradients of one that did not end.
func (n *node) order(order []*node, pass int64) []*node {
	var few [32]*node
	for stack := append(few[:0], n); len(stack) > 0; {
		n := stack[len(stack)-1]
		ready := true
		if n.pass != pass {
			for _, t := range n.inputs {
				switch {
				case t == nil || t.requires:
				case !t.onTape():
					panic(gradf("Backward", "a part of the computation, of shape %v, was differentiated by another call of Backward meanwhile, and then forgotten; add up the losses and call Backward once, or call Backward(snn.RetainGraph()) for all but the last; if it is the state of a layer, call Reset or Detach between two inputs", t.shape))
				case t.node.pass != pass:
					stack = append(stack, t.node)
					ready = false
				}
			}
		}
		if !ready {
			continue
		}
		stack = stack[:len(stack)-1]
		if n.pass != pass {
			n.pass, n.grads, n.fewGrad = pass, nil, [3]gradient{}
			order = append(order, n)
		}
	}
	return order
}
