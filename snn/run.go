package snn

import (
	"runtime"
	"sync"

	"spikebook/gpu/device"
	"spikebook/snn/dynamics"
)

// run is a run of a program on tensors, on the host or on a device.
type run struct {
	kernel         *Kernel
	program        *dynamics.Program
	on             *backend // nil for the host
	steps, neurons int
	inputs         []*Tensor
	params         []*Tensor
	which          []int     // of the parameters are those of the program
	outputs        []*Tensor // nil for those that are not wanted
	states         []*Tensor // after the run; nil for those that are not wanted, on a device for those of which only the sum over all neurons is
	before         []*Tensor // before the run, nil for zeros; none if they are in states
	sums           *Tensor   // of those, one value for each, or nil
	reverse        bool
}

func (r *run) run() {
	if r.on != nil {
		r.runPlaced()
		return
	}
	if r.neurons == 1 {
		if r.steps != 1 || !r.step() {
			r.runSingle()
		}
		return
	}
	a := arguments.Get().(*arrays)
	a.Run = dynamics.Run{
		T: r.steps, N: r.neurons, Reverse: r.reverse,
		Inputs: values(a.Inputs, r.inputs), Outputs: values(a.Outputs, r.outputs), States: values(a.States, r.states), Before: r.valuesBefore(a.Before), Params: a.Params,
	}
	for _, i := range r.which {
		a.Params = append(a.Params, r.params[i].values())
	}
	r.program.Run(a.Run)
	a.free()
}

// runSingle needs nothing that outlives it: a single neuron is often run for one step.
func (r *run) runSingle() {
	var inputs, params, outputs, states, before [4][]float32
	d := dynamics.Run{
		T: r.steps, N: 1, Reverse: r.reverse,
		Inputs: values(inputs[:0], r.inputs), Outputs: values(outputs[:0], r.outputs), States: values(states[:0], r.states), Before: r.valuesBefore(before[:0]), Params: params[:0],
	}
	for _, i := range r.which {
		d.Params = append(d.Params, r.params[i].values())
	}
	r.program.RunSingle(&d)
}

// step runs one step of a single neuron, on nothing but values. It returns false, and
// has done nothing, if they are too many, or if a tensor has not just one, on the host.
func (r *run) step() bool {
	const most = 16
	var inputs, params, states, outputs [most]float32
	before := r.before
	if len(before) == 0 {
		before = r.states
	}
	if max(len(r.inputs), len(r.which), len(r.states), len(r.outputs)) > most || !ones(inputs[:], r.inputs) || !ones(states[:], before) {
		return false
	}
	for i, at := range r.which {
		if !ones(params[i:], r.params[at:at+1]) {
			return false
		}
	}
	r.program.Step(inputs[:len(r.inputs)], params[:len(r.which)], states[:len(r.states)], outputs[:len(r.outputs)])
	for i, t := range r.outputs {
		if t != nil {
			t.data[0] = outputs[i]
		}
	}
	for i, t := range r.states {
		if t != nil {
			t.data[0] = states[i]
		}
	}
	return true
}

// ones sets a list to the values of tensors that have one each, on the host; nil
// stands for 0.
func ones(list []float32, tensors []*Tensor) bool {
	for i, t := range tensors {
		if list[i] = 0; t == nil {
			continue
		}
		if len(t.data) != 1 {
			return false
		}
		list[i] = t.data[0]
	}
	return true
}

// mostFew is how many tensors most lists have at most. These need no memory of their
// own.
const mostFew = 8

// fewLists are places for the lists of a run, which are used again.
type fewLists struct{ inputs, outputs, states, before [mostFew]*Tensor }

var lists = sync.Pool{New: func() any { return new(fewLists) }}

// free forgets the tensors, which must not be kept alive.
func (l *fewLists) free() {
	*l = fewLists{}
	lists.Put(l)
}

// arrays are used again: a layer is often run for one step.
type arrays struct{ dynamics.Run }

var arguments = sync.Pool{New: func() any { return new(arrays) }}

// free forgets the slices, which must not be kept alive.
func (a *arrays) free() {
	for _, list := range [][][]float32{a.Inputs, a.Params, a.Outputs, a.States, a.Before} {
		clear(list)
	}
	a.Run = dynamics.Run{Inputs: a.Inputs[:0], Params: a.Params[:0], Outputs: a.Outputs[:0], States: a.States[:0], Before: a.Before[:0]}
	arguments.Put(a)
}

// values appends the values of tensors to list, nil for none.
func values(list [][]float32, tensors []*Tensor) [][]float32 {
	for _, t := range tensors {
		if t == nil {
			list = append(list, nil)
		} else {
			list = append(list, t.values())
		}
	}
	return list
}

var nought = []float32{0}

// valuesBefore appends the values of the states before the run to list.
func (r *run) valuesBefore(list [][]float32) [][]float32 {
	for _, t := range r.before {
		if t == nil {
			list = append(list, nought)
		} else {
			list = append(list, t.values())
		}
	}
	return list
}

func (r *run) runPlaced() {
	for i, before := range r.before {
		switch t := r.states[i]; {
		case t == nil:
		case before == nil:
			r.on.zero(t)
		default:
			copyTo(t, 0, before)
		}
	}
	p := r.kernel.placed(r.reverse)
	p.T, p.N = r.steps, r.neurons
	var operands []*Tensor
	place := func(t *Tensor, shared bool) Placed {
		t = r.on.operand(t)
		operands = append(operands, t)
		return Placed{t.place.at(0), shared}
	}
	for _, t := range r.inputs {
		p.Inputs = append(p.Inputs, place(t, t.Size() != r.steps*r.neurons))
	}
	for _, i := range r.which {
		t := r.params[i]
		p.Params = append(p.Params, place(t, t.Size() == 1))
	}
	for _, t := range r.outputs {
		p.Outputs = append(p.Outputs, addressOf(t))
	}
	for _, t := range r.states {
		p.States = append(p.States, addressOf(t))
	}
	p.Sums = addressOf(r.sums)
	r.on.must(r.on.Program(r.program, p))
	runtime.KeepAlive(operands)
}

// addressOf returns where a tensor that is written is on its device, 0 for nil.
func addressOf(t *Tensor) device.Pointer {
	if t == nil {
		return 0
	}
	return t.place.write(0)
}

// placed returns a run with the name of the kernel.
func (k *Kernel) placed(reverse bool) PlacedRun {
	name := k.Name
	if name == "" {
		name = "elementwise"
	}
	if reverse {
		name += "_backward"
	}
	return PlacedRun{Name: name, Text: k.Text, Reverse: reverse}
}

// Source returns the code that a backend runs for a kernel when no gradient is
// required. It is an error if there is no such backend, or if it has none.
func (k *Kernel) Source(backend string, wanted []bool) (string, error) {
	on, err := backendNamed(backend)
	if err != nil {
		return "", err
	}
	r := k.placed(false)
	for i := range k.definition.Outputs {
		at := device.Pointer(0)
		if wanted == nil || wanted[i] {
			at = 1
		}
		r.Outputs = append(r.Outputs, at)
	}
	return on.Source(k.program, r)
}
