package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"spikebook/snn"
	"spikebook/snn/neuron"
)

// What the README of the data demands.
const (
	outputTolerance    = 2e-6
	gradientTolerance  = 1e-5
	surrogateTolerance = 5e-7
	surrogateRange     = 10 // beyond which the tolerance is not promised
)

// result is the outcome of a case.
type result struct {
	skipped  string   // why it was not run
	partly   []string // what of it was not compared
	err      float64  // largest difference of an output
	gradient float64  // and of a gradient
	miss     string   // what is wrong
}

// unsupported is a case that this version cannot run.
type unsupported string

func (u unsupported) Error() string { return string(u) }

// check runs a case.
func check(g *group, c *reference) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r.miss = fmt.Sprint("panic: ", p)
		}
	}()
	var err error
	switch {
	case g.Group == "defaults":
		err = unsupported("arguments of constructors: no numbers to compare")
	case surrogates[c.Class] != nil:
		r, err = checkSurrogate(g, c)
	case neurons[c.Class] != nil || parallel[c.Class]:
		r, err = checkNeuron(g, c)
	case g.Group == "network":
		r, err = checkNetwork(g, c)
	case g.Group == "functional" || c.Class == "Linear":
		r, err = checkFunctional(g, c)
	default:
		err = unsupported(c.Class)
	}
	if u, ok := err.(unsupported); ok {
		r.skipped = string(u)
	} else if err != nil {
		r.miss = err.Error()
	}
	return r
}

// zeroStart are the classes whose potential is 0 before the first input, even
// if v_reset is not.
var zeroStart = map[string]bool{"CustomNode": true}

// trial is a case that is under way.
type trial struct {
	*reference
	module module
	layer  *neuron.Layer // nil for a module without states
	leaves map[string]*snn.Tensor
	output *snn.Tensor // of all steps
	v      *snn.Tensor
}

func checkNeuron(g *group, c *reference) (r result, err error) {
	t := trial{reference: c, leaves: map[string]*snn.Tensor{}}
	if t.module, err = makeLayer(c); err != nil {
		return r, err
	}
	t.layer, _ = t.module.(*neuron.Layer)
	if err := t.begin(); err != nil {
		return r, err
	}
	if err := t.run(); err != nil {
		return r, err
	}
	special := g.Group == "special_values"
	var loss *snn.Tensor
	for _, name := range slices.Sorted(maps.Keys(c.Outputs)) { // spikes come before potentials
		want := c.Outputs[name]
		got, err := t.result(name)
		if err != nil {
			return r, err
		}
		spikes := strings.HasPrefix(name, "spike") && !c.smooth()
		v := c.Outputs["v_seq"]
		switch {
		case spikes && special && v != nil:
			if !sameBeforeNaN(got, want.Tensor, v.Tensor) {
				return r, fmt.Errorf("spikes differ: got %v, want %v", got, want)
			}
			r.partly = append(r.partly, "spikes behind a NaN of the peer (no demand)")
		case spikes:
			if !same(got, want.Tensor) {
				return r, fmt.Errorf("spikes differ: got %v, want %v", got, want)
			}
		case special:
			r.partly = append(r.partly, name+" of special values (no demand)")
		default:
			d := difference(got, want.Tensor)
			if r.err = max(r.err, d); d > outputTolerance {
				return r, fmt.Errorf("%s differs by %.2g, allowed %.2g", name, d, outputTolerance)
			}
		}
		if g := c.Upstream[name]; g != nil {
			part := got.Mul(g.Tensor).Sum()
			if loss == nil {
				loss = part
			} else {
				loss = loss.Add(part)
			}
		}
	}
	if loss == nil || special {
		return r, nil
	}
	if loss.RequiresGrad() {
		loss.Backward()
	}
	return t.compareGradients(r)
}

// sameBeforeNaN compares spikes up to where the peer's potential becomes NaN by
// its hard reset, where ours is v_reset.
func sameBeforeNaN(got, want, v *snn.Tensor) bool {
	n := want.Size() / want.Shape()[0]
	for i, s := range want.Data() {
		if i >= n && math.IsNaN(float64(v.Data()[i-n])) {
			continue
		}
		if got.Data()[i] != s {
			return false
		}
	}
	return snn.SameShape(got, want)
}

// smooth says whether the case gives out the primitive instead of spikes.
func (c *reference) smooth() bool {
	p, _ := c.Params["surrogate_function"].(map[string]any)
	return p["spiking"] == false
}

// begin sets the states and makes leaves of what a gradient is wanted for.
func (t *trial) begin() error {
	x := t.Inputs["x_seq"].Clone()
	if len(x.Shape()) == 0 {
		return unsupported("an input of one value")
	}
	leaf := func(name string, t2 *snn.Tensor) *snn.Tensor {
		if t.Grads[name] != nil {
			t2.RequireGrad()
		}
		t.leaves[name] = t2
		return t2
	}
	leaf("x_seq", x)
	if t.layer == nil {
		for name, p := range t.Parameters {
			leaf(name, p.Tensor)
		}
		return nil
	}
	for name := range t.Parameters {
		leaf(name, t.layer.ParamTensor(name))
	}
	shape := x.Index(0).Shape()
	if zeroStart[t.Class] {
		t.layer.SetV(snn.Zeros(shape...))
	}
	states := t.layer.States()
	for _, name := range states {
		given, wanted := t.Inputs[name+"_init"], t.Grads[name+"_init"]
		if given == nil && wanted == nil {
			continue
		}
		var start *snn.Tensor
		if given != nil {
			start = given.BroadcastTo(shape...).Clone()
		} else {
			t.layer.SetState(states[0], t.stateAtStart(states[0], shape)) // so that all have their shape
			start = t.layer.State(name).Clone()
		}
		t.layer.SetState(name, leaf(name+"_init", start))
	}
	return nil
}

// stateAtStart is a state as it is before the first input.
func (t *trial) stateAtStart(name string, shape []int) *snn.Tensor {
	return t.layer.State(name).BroadcastTo(shape...)
}

// run takes the module through the sequence.
func (t *trial) run() error {
	x := t.leaves["x_seq"]
	multi := t.StepMode == snn.MultiStep || t.layer == nil
	if t.layer != nil {
		t.layer.SetStoreVSeq(true)
		if err := t.layer.SetStepMode(t.StepMode); err != nil {
			return unsupported(fmt.Sprintf("%s in step mode %q", t.Class, t.StepMode))
		}
	}
	if multi {
		t.output = t.module.Forward(x)
	} else {
		var list []*snn.Tensor
		for i := range x.Shape()[0] {
			list = append(list, t.module.Forward(x.Index(i)))
		}
		t.output = snn.Stack(list...)
	}
	if t.layer != nil {
		t.v = t.layer.VSeq()
	}
	return nil
}

// result returns an output by its name.
func (t *trial) result(name string) (*snn.Tensor, error) {
	switch name {
	case "spike_seq", "y_seq", "y":
		return t.output, nil
	case "v_seq":
		return t.v, nil
	case "u_final":
		if t.Class == "GatedLIFNode" { // where u becomes v at the end of a step
			name = "v_final"
		}
	}
	if state, ok := strings.CutSuffix(name, "_final"); ok && t.layer != nil {
		for _, s := range t.layer.States() {
			if s == state {
				return t.layer.State(s), nil
			}
		}
	}
	return nil, unsupported(t.Class + " with output " + name)
}

func (t *trial) compareGradients(r result) (result, error) {
	for name, want := range t.Grads {
		leaf := t.leaves[name]
		if leaf == nil && t.Class == "GatedLIFNode" && name == "u_init" { // which nothing depends on
			leaf = snn.Zeros(want.Shape()...)
		}
		if leaf == nil {
			r.partly = append(r.partly, "gradient "+name+" of "+t.Class)
			continue
		}
		got := leaf.Grad()
		if got == nil {
			got = snn.Zeros(leaf.Shape()...)
		}
		d := difference(got.Reshape(want.Shape()...), want.Tensor)
		if r.gradient = max(r.gradient, d); d > gradientTolerance || math.IsNaN(d) {
			return r, fmt.Errorf("gradient %s differs by %.2g, allowed %.2g", name, d, gradientTolerance)
		}
	}
	return r, nil
}
