package snn

import (
	"slices"
	"sync"

	"spikebook/snn/dynamics"
)

// Kernel is a compiled definition with its derivatives. It runs on tensors and
// puts what it does on the tape, as one operation for all steps. The
// derivatives are compiled when they are needed.
type Kernel struct {
	Name string   // what a device calls it, such as "LIF"
	Text []string // what a reader of its code is told, such as the equations

	definition dynamics.Definition
	program    *dynamics.Program
	params     []string // those that only a derivative uses, too
	at         []int    // the parameters of the program among them

	mu          sync.Mutex // operations of tensors share their kernels
	derivatives []*derivative
}

// derivative is one of some outputs with respect to some of the inputs and
// parameters.
type derivative struct {
	wanted         []bool
	inputs, params []string
	*dynamics.Derivative
	forward, backward []int // their parameters among those of the kernel
}

// NewKernel compiles a definition. The error is a *dynamics.Error.
func NewKernel(d dynamics.Definition) (*Kernel, error) {
	p, err := dynamics.Compile(d)
	if err != nil {
		return nil, err
	}
	k := &Kernel{definition: d, program: p, params: slices.Clone(p.Params())}
	for _, name := range d.Params() {
		if !slices.Contains(k.params, name) {
			k.params = append(k.params, name)
		}
	}
	k.at = k.indices(p)
	return k, nil
}

// indices returns which parameters of the kernel are those of a program.
func (k *Kernel) indices(p *dynamics.Program) []int {
	at := make([]int, len(p.Params()))
	for i, name := range p.Params() {
		at[i] = slices.Index(k.params, name)
	}
	return at
}

// Params returns the names of the parameters, in the order of Call.Params.
func (k *Kernel) Params() []string { return k.params }

// States returns the names of the states, in the order of Call.States.
func (k *Kernel) States() []string { return k.program.States() }

// Call is what a kernel runs on.
type Call struct {
	Steps  int
	Shape  []int     // of each output: of all steps
	Inputs []*Tensor // in the order of the definition: [T, N, ...], or [T], which all neurons share
	Params []*Tensor // in the order of Kernel.Params: one value, or [N, ...]
	States []*Tensor // before the first step, in the order of Kernel.States: [N, ...]
	Wanted []bool    // outputs, in the order of the definition; nil means all

	// Backend is where the kernel runs; "" means where an input is.
	Backend string

	// Overwrite says that nobody else has the states, so that they may be
	// overwritten with those after the last step.
	Overwrite bool
}

// Run returns the outputs, nil for those that are not wanted, and the states
// after the last step. Random numbers of the definition are drawn as Rand draws
// them. It does not keep the lists of inputs and parameters.
func (k *Kernel) Run(c Call) (outputs, states []*Tensor) {
	program, inputs, params := k.program, c.Inputs, k.at
	tape := k.record(&c)
	if tape != nil {
		program, params = tape.derivative.Forward, tape.derivative.forward
	}
	on := c.backend()
	for range program.Uniforms() {
		inputs = append(slices.Clip(inputs), randOn(on, c.Shape...))
	}
	outputs = k.outputs(&c, on, tape != nil)
	r := run{kernel: k, program: program, on: on, steps: c.Steps, neurons: count(c.Shape) / max(1, c.Steps), inputs: inputs, params: c.Params, which: params, outputs: outputs}
	states = c.States
	if tape != nil || !c.Overwrite || slices.ContainsFunc(states, func(s *Tensor) bool { return !s.isOn(on) }) {
		states, r.before = make([]*Tensor, len(c.States)), c.States
		for i, s := range c.States {
			states[i] = emptyOn(on, s.shape...)
		}
	}
	r.states = states
	if tape == nil {
		r.run()
		return outputs, states
	}
	tape.saved = tape.fewSaved[:0]
	few := lists.Get().(*fewLists)
	r.outputs = append(few.outputs[:0], outputs...)
	for _, s := range tape.derivative.Saved {
		if s.Input >= 0 {
			tape.saved = append(tape.saved, inputs[s.Input])
			continue
		}
		saved := emptyOn(on, c.Shape...)
		tape.saved, r.outputs = append(tape.saved, saved), append(r.outputs, saved)
	}
	r.run()
	record(tape, append(tape.fewPlaces[:0], tape.operands...), append(append(few.states[:0], outputs...), states...)...)
	few.free()
	return outputs, states
}

// outputs returns tensors for the outputs that are wanted. Their shape is a copy:
// variables that share memory are kept together.
func (k *Kernel) outputs(c *Call, on *backend, recorded bool) (list []*Tensor) {
	n := len(k.definition.Outputs)
	if on == nil && !recorded && 0 < n && n <= mostSingle && len(c.Shape) <= mostDims && c.wants(0) && size("Run", c.Shape) == 1 {
		list = newSingle(c.Shape).list[:n:n]
	} else {
		list = make([]*Tensor, n)
	}
	for i := range list {
		if list[i] == nil && c.wants(i) {
			list[i] = emptyOn(on, c.Shape...)
		}
	}
	return list
}

// backend returns where the kernel runs, nil for the CPU.
func (c *Call) backend() *backend {
	if c.Backend == "" {
		return placeOf(c.Inputs...)
	}
	return placeNamed(c.Backend)
}

// wants says whether an output is wanted.
func (c *Call) wants(output int) bool { return c.Wanted == nil || c.Wanted[output] }

// record returns a place for what the backward pass needs, or nil if nothing
// goes on the tape.
func (k *Kernel) record(c *Call) *steps {
	if !Recording(c.Inputs...) && !Recording(c.Params...) && !Recording(c.States...) {
		return nil
	}
	s := &steps{kernel: k, derivative: k.derivative(c), call: *c, process: process}
	s.operands = append(append(append(s.fewOperands[:0], c.Inputs...), c.Params...), c.States...)
	n, m := len(c.Inputs), len(c.Inputs)+len(c.Params)
	for i, t := range s.operands {
		if (i < n || i >= m) && Recording(t) {
			s.operands[i] = t.onlyPlace()
		}
	}
	s.call.Inputs, s.call.Params, s.call.States = s.operands[:n:n], s.operands[n:m:m], s.operands[m:]
	return s
}

func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// derivative returns that with respect to the inputs and parameters that
// require a gradient, and compiles it when it is asked for the first time.
func (k *Kernel) derivative(c *Call) *derivative {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, have := range k.derivatives {
		if k.suits(have, c) {
			return have
		}
	}
	var d derivative
	for i := range k.definition.Outputs {
		d.wanted = append(d.wanted, c.wants(i))
	}
	for i, x := range c.Inputs {
		if Recording(x) {
			d.inputs = append(d.inputs, k.definition.Inputs[i])
		}
	}
	for i, p := range c.Params {
		if Recording(p) {
			d.params = append(d.params, k.params[i])
		}
	}
	var err error
	if d.Derivative, err = k.definition.Differentiate(d.inputs, d.params, d.wanted); err != nil {
		panic(err) // a definition that compiles can be differentiated, but for its size
	}
	d.forward, d.backward = k.indices(d.Forward), k.indices(d.Backward)
	k.derivatives = append(k.derivatives, &d)
	return &d
}

// suits says whether a derivative is the one for a call.
func (k *Kernel) suits(d *derivative, c *Call) bool {
	for i, wanted := range d.wanted {
		if wanted != c.wants(i) {
			return false
		}
	}
	same := func(tensors []*Tensor, names, among []string) bool {
		for i, t := range tensors {
			if Recording(t) != slices.Contains(among, names[i]) {
				return false
			}
		}
		return true
	}
	return same(c.Inputs, k.definition.Inputs, d.inputs) && same(c.Params, k.params, d.params)
}

// steps is a run on the tape.
type steps struct {
	kernel     *Kernel
	derivative *derivative
	call       Call
	operands   []*Tensor // of the call: inputs, parameters and states
	saved      []*Tensor
	process    int64 // that saved them

	fewOperands, fewPlaces, fewSaved [mostFew]*Tensor // memory of operands, the node's inputs, and saved
}

// Backward runs the backward pass.
func (s *steps) Backward(grads []*Tensor) []*Tensor {
	c, d := &s.call, s.derivative
	on := placeOf(s.saved...)
	if on == nil {
		on = placeOf(grads...)
	}
	r := run{kernel: s.kernel, program: d.Backward, on: on, steps: c.Steps, neurons: count(c.Shape) / max(1, c.Steps), params: c.Params, which: d.backward, reverse: true}
	few := lists.Get().(*fewLists)
	r.inputs = append(few.inputs[:0], s.saved...)
	outputs := len(s.kernel.definition.Outputs)
	for i, wanted := range d.wanted {
		if !wanted {
			continue
		}
		g := grads[i]
		if g == nil {
			g = zerosOn(on, c.Steps) // for all neurons
		}
		r.inputs = append(r.inputs, g)
	}
	r.states, r.before = few.states[:0], append(few.before[:0], grads[outputs:]...)
	for _, before := range c.States {
		var after *Tensor // nobody asks for what was the first state
		if on != nil || before.RequiresGrad() {
			after = emptyOn(on, before.shape...)
		}
		r.states = append(r.states, after)
	}
	params := s.learnt(&r)
	r.outputs = few.outputs[:0]
	for _, name := range d.inputs {
		g := c.Inputs[slices.Index(s.kernel.definition.Inputs, name)]
		if count(g.shape) == c.Steps*r.neurons {
			g = emptyOn(on, g.shape...)
		} else {
			g = emptyOn(on, c.Steps, r.neurons)
		}
		r.outputs = append(r.outputs, g)
	}
	r.run()

	result := make([]*Tensor, 0, len(s.operands))
	give := func(tensors []*Tensor, names, wanted []string, gradients []*Tensor) {
		for i, x := range tensors {
			var g *Tensor
			if k := slices.Index(wanted, names[i]); k >= 0 {
				g = likeShape(gradients[k], x)
			}
			result = append(result, g)
		}
	}
	give(c.Inputs, s.kernel.definition.Inputs, d.inputs, r.outputs)
	give(c.Params, s.kernel.params, d.params, params)
	result = append(result, r.states[:len(c.States)]...)
	few.free()
	return result
}

// learnt gives a run its states for the gradients of parameters, and returns where
// they are after it: a row with one value for each neuron, or if a device adds up those
// of a parameter that all neurons share, one value.
func (s *steps) learnt(r *run) (gradients []*Tensor) {
	var shared []int
	for i, name := range s.derivative.params {
		var row *Tensor
		if p := s.call.Params[slices.Index(s.kernel.params, name)]; r.on != nil && r.neurons != 1 && p.Size() == 1 {
			shared = append(shared, i)
		} else {
			row = emptyOn(r.on, 1, r.neurons)
		}
		gradients = append(gradients, row)
	}
	r.states, r.before = append(r.states, gradients...), append(r.before, make([]*Tensor, len(gradients))...)
	if len(shared) > 0 {
		r.sums = emptyOn(r.on, len(shared))
	}
	for k, i := range shared {
		gradients[i] = r.sums.Slice(k, k+1)
	}
	return gradients
}

func (*steps) makes() {}

// release gives back what was saved for the backward pass alone.
func (s *steps) release() {
	if s.process != process {
		return
	}
	for i, from := range s.derivative.Saved {
		if from.Input < 0 {
			s.saved[i].release()
		}
	}
	s.saved = nil
}

// likeShape gives the gradient of x, which comes as rows of one value for each
// neuron or is added up, the shape and the place of x. If all neurons share a value,
// their gradients are added up, in float64.
func likeShape(rows, x *Tensor) *Tensor {
	on := placeOf(x)
	if rows.isOn(on) && slices.Equal(rows.shape, x.shape) {
		return rows
	}
	if count(x.shape) != rows.Size() {
		rows = rows.Sum(1)
	}
	return rows.moved(on).view(0, x.shape)
}
