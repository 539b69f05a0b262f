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
	definition dynamics.Definition
	program    *dynamics.Program

	mu          sync.Mutex // operations of tensors share their kernels
	derivatives []*derivative
}

// derivative is one with respect to some of the inputs and parameters.
type derivative struct {
	inputs, params []string
	*dynamics.Derivative
}

// NewKernel compiles a definition. The error is a *dynamics.Error.
func NewKernel(d dynamics.Definition) (*Kernel, error) {
	p, err := dynamics.Compile(d)
	return &Kernel{definition: d, program: p}, err
}

// Params returns the names of the parameters, in the order of Call.Params.
func (k *Kernel) Params() []string { return k.program.Params() }

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

	// Overwrite says that nobody else has the states, so that they may be
	// overwritten with those after the last step.
	Overwrite bool
}

// Run returns the outputs, nil for those that are not wanted, and the states
// after the last step. Random numbers of the definition are drawn as Rand draws
// them.
func (k *Kernel) Run(c Call) (outputs, states []*Tensor) {
	program, inputs := k.program, c.Inputs
	for range program.Uniforms() {
		inputs = append(slices.Clip(inputs), Rand(c.Shape...))
	}
	tape := k.record(c)
	if tape != nil {
		program = tape.derivative.Forward
	}
	outputs = make([]*Tensor, len(k.definition.Outputs))
	for i := range outputs {
		if c.wants(i) {
			// The shape is a copy: variables that share memory are kept together.
			outputs[i] = Empty(c.Shape...)
		}
	}
	states = c.States
	if tape != nil || !c.Overwrite {
		states = make([]*Tensor, len(c.States))
		for i, s := range c.States {
			states[i] = s.Detach().Clone()
		}
	}
	a := arguments.Get().(*runArguments)
	defer a.free()
	a.Run = dynamics.Run{
		T: c.Steps, N: count(c.Shape) / max(1, c.Steps),
		Inputs: data(a.Inputs, inputs), Outputs: data(a.Outputs, outputs), States: data(a.States, states),
		Params: k.paramsOf(a.Params, program, c.Params),
	}
	if tape == nil {
		program.Run(a.Run)
		return outputs, states
	}
	for _, s := range tape.derivative.Saved {
		if s.Input >= 0 {
			tape.saved = append(tape.saved, inputs[s.Input])
			continue
		}
		saved := Empty(c.Shape...)
		tape.saved, a.Outputs = append(tape.saved, saved), append(a.Outputs, saved.data)
	}
	program.Run(a.Run)
	results := slices.DeleteFunc(slices.Concat(outputs, states), func(t *Tensor) bool { return t == nil })
	Record(tape, slices.Concat(c.Inputs, c.Params, c.States), results...)
	return outputs, states
}

// wants says whether an output is wanted.
func (c *Call) wants(output int) bool { return c.Wanted == nil || c.Wanted[output] }

// runArguments are used again: a layer is often run for one step.
type runArguments struct{ dynamics.Run }

var arguments = sync.Pool{New: func() any { return new(runArguments) }}

// free forgets the slices, which must not be kept alive.
func (a *runArguments) free() {
	for _, list := range [][][]float32{a.Inputs, a.Params, a.Outputs, a.States} {
		clear(list)
	}
	a.Run = dynamics.Run{Inputs: a.Inputs[:0], Params: a.Params[:0], Outputs: a.Outputs[:0], States: a.States[:0]}
	arguments.Put(a)
}

// record returns a place for what the backward pass needs, or nil if nothing
// goes on the tape.
func (k *Kernel) record(c Call) *steps {
	if !Recording(c.Inputs...) && !Recording(c.Params...) && !Recording(c.States...) {
		return nil
	}
	return &steps{kernel: k, derivative: k.derivative(c.Inputs, c.Params), call: c, process: process}
}

// paramsOf appends the values of a program's parameters to list.
func (k *Kernel) paramsOf(list [][]float32, p *dynamics.Program, params []*Tensor) [][]float32 {
	for _, name := range p.Params() {
		list = append(list, params[slices.Index(k.program.Params(), name)].data)
	}
	return list
}

func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// data appends the values of tensors to list, nil for none.
func data(list [][]float32, tensors []*Tensor) [][]float32 {
	for _, t := range tensors {
		if t == nil {
			list = append(list, nil)
		} else {
			list = append(list, t.data)
		}
	}
	return list
}

// derivative returns that with respect to the inputs and parameters that
// require a gradient, and compiles it when it is asked for the first time.
func (k *Kernel) derivative(inputs, params []*Tensor) *derivative {
	var d derivative
	for i, x := range inputs {
		if Recording(x) {
			d.inputs = append(d.inputs, k.definition.Inputs[i])
		}
	}
	for i, p := range params {
		if Recording(p) {
			d.params = append(d.params, k.program.Params()[i])
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, have := range k.derivatives {
		if slices.Equal(have.inputs, d.inputs) && slices.Equal(have.params, d.params) {
			return have
		}
	}
	var err error
	if d.Derivative, err = k.definition.Differentiate(d.inputs, d.params, nil); err != nil {
		panic(err) // a definition that compiles can be differentiated, but for its size
	}
	k.derivatives = append(k.derivatives, &d)
	return &d
}

// steps is a run on the tape.
type steps struct {
	kernel     *Kernel
	derivative *derivative
	call       Call
	saved      []*Tensor
	process    int64 // that saved them
}

// Backward runs the backward pass.
func (s *steps) Backward(grads []*Tensor) []*Tensor {
	c, d := &s.call, s.derivative
	r := dynamics.Run{T: c.Steps, N: count(c.Shape) / max(1, c.Steps), Reverse: true}
	r.Inputs, r.Params = data(nil, s.saved), s.kernel.paramsOf(nil, d.Backward, c.Params)
	for i := range s.kernel.definition.Outputs {
		g := make([]float32, c.Steps) // 0 for all neurons
		if c.wants(i) {
			if grads[0] != nil {
				g = grads[0].Data()
			}
			grads = grads[1:]
		}
		r.Inputs = append(r.Inputs, g)
	}
	states := make([]*Tensor, len(c.States))
	for i, before := range c.States {
		states[i] = Zeros(before.Shape()...)
		if grads[i] != nil {
			copy(states[i].Data(), grads[i].Data())
		}
	}
	sums := make([]*Tensor, len(d.params))
	for i := range sums {
		sums[i] = Zeros(1, r.N)
	}
	inputs := make([]*Tensor, len(d.inputs))
	for i := range inputs {
		inputs[i] = Empty(c.Steps, r.N)
	}
	r.States, r.Outputs = data(nil, slices.Concat(states, sums)), data(nil, inputs)
	d.Backward.Run(r)

	var result []*Tensor
	give := func(tensors []*Tensor, names, wanted []string, gradients []*Tensor) {
		for i, x := range tensors {
			var g *Tensor
			if k := slices.Index(wanted, names[i]); k >= 0 {
				g = likeShape(gradients[k], x)
			}
			result = append(result, g)
		}
	}
	give(c.Inputs, s.kernel.definition.Inputs, d.inputs, inputs)
	give(c.Params, s.kernel.program.Params(), d.params, sums)
	return append(result, states...)
}

// release gives back what was saved for the backward pass alone.
func (s *steps) release() {
	if s.process != process {
		return
	}
	for i, from := range s.derivative.Saved {
		if from.Input < 0 {
			release(s.saved[i].data)
		}
	}
	s.saved = nil
}

// likeShape gives the gradient of x, which comes as rows of one value for each
// neuron, the shape of x. If all neurons share a value, their gradients are
// added up, in float64.
func likeShape(rows, x *Tensor) *Tensor {
	if x.Size() != rows.Size() {
		sums := make([]float32, rows.Shape()[0])
		for i := range sums {
			var sum float64
			for _, v := range rows.Index(i).Data() {
				sum += float64(v)
			}
			sums[i] = float32(sum)
		}
		rows = FromSlice(sums)
	}
	return &Tensor{shape: x.shape, data: rows.data}
}
