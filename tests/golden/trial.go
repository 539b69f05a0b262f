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

// trial is a case of a neuron that is under way.
type trial struct {
	*reference
	module module
	layer  *neuron.Layer // nil for a module without states
	leaves map[string]*snn.Tensor
	output *snn.Tensor              // of all steps
	states map[string][]*snn.Tensor // of the layer after each single step
}

func checkNeuron(g *group, c *reference) (r result, err error) {
	t := trial{reference: c, leaves: map[string]*snn.Tensor{}, states: map[string][]*snn.Tensor{}}
	for name := range c.Upstream {
		if c.Outputs[name] == nil {
			return r, unsupported(c.Class + " with a gradient of " + name + ", which is no output")
		}
	}
	switch {
	case len(c.Outputs) == 0:
		return r, unsupported(c.Class + " without outputs")
	case c.Eval && plainInEval[c.Class] && (c.smooth() || len(c.Grads) > 0):
		return r, unsupported(c.Class + " in evaluation mode, with a gradient or smooth")
	}
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
	loss, err := t.compareOutputs(&r, special)
	if err != nil || loss == nil || special {
		return r, err
	}
	if loss.RequiresGrad() {
		loss.Backward()
	}
	return r, t.compareGradients(&r)
}

// plainInEval are the classes that have no gradient and no smooth primitive in
// evaluation mode.
var plainInEval = map[string]bool{"OTTTLIFNode": true, "SLTTLIFNode": true, "ComplementaryLIFNode": true}

// zeroStart are the classes whose potential is 0 before the first input, even
// if v_reset is not, and ours is.
var zeroStart = map[string]bool{"CustomNode": true}

// smooth says whether the case gives out the primitive instead of spikes.
func (c *reference) smooth() bool {
	p, _ := c.Params["surrogate_function"].(map[string]any)
	return p["spiking"] == false
}

// begin sets the states and makes leaves of what a gradient is wanted for.
func (t *trial) begin() error {
	x := t.Inputs["x_seq"]
	if x == nil || len(x.Shape()) == 0 {
		return unsupported(t.Class + " without a sequence x_seq")
	}
	t.leaf("x_seq", x.Clone())
	inputs := []string{"x_seq"}
	if t.layer == nil {
		for name, p := range t.Parameters {
			t.leaf(name, p.Tensor)
		}
		return only(t.Class+" with the input", t.Inputs, inputs...)
	}
	for name := range t.Parameters {
		t.leaf(name, t.layer.ParamTensor(name))
	}
	shape := x.Index(0).Shape()
	if zeroStart[t.Class] {
		t.layer.SetV(snn.Zeros(shape...))
	}
	for _, state := range t.layer.States() {
		name := state + "_init"
		inputs = append(inputs, name)
		switch given := t.Inputs[name]; {
		case given != nil:
			t.layer.SetState(state, t.leaf(name, given.Clone()).BroadcastTo(shape...))
		case t.Grads[name] != nil:
			t.layer.SetState(state, t.leaf(name, t.layer.State(state).BroadcastTo(shape...).Clone()))
		}
	}
	return only(t.Class+" with the input", t.Inputs, inputs...)
}

// leaf makes a leaf of a tensor if its gradient is wanted.
func (t *trial) leaf(name string, x *snn.Tensor) *snn.Tensor {
	if t.Grads[name] != nil {
		x.RequireGrad()
	}
	t.leaves[name] = x
	return x
}

// run takes the module through the sequence.
func (t *trial) run() error {
	x := t.leaves["x_seq"]
	if t.layer != nil {
		t.layer.SetStoreVSeq(true)
	}
	if err := t.module.SetStepMode(t.StepMode); err != nil {
		return unsupported(fmt.Sprintf("%s in step mode %q", t.Class, t.StepMode))
	}
	if err := place(t.module, t.StepMode); err != nil {
		return err
	}
	if t.StepMode == snn.MultiStep {
		t.output = t.module.Forward(x.To(backend))
		return nil
	}
	var list []*snn.Tensor
	for i := range x.Shape()[0] {
		list = append(list, t.module.Forward(x.Index(i)))
		if t.layer != nil {
			for _, state := range t.layer.States() {
				t.states[state] = append(t.states[state], t.layer.State(state))
			}
		}
	}
	t.output = snn.Stack(list...)
	return nil
}

// result returns an output by its name.
func (t *trial) result(name string) (*snn.Tensor, error) {
	switch {
	case name == "spike_seq" || name == "y_seq" || name == "y":
		return t.output, nil
	case t.layer == nil:
	case name == "v_seq":
		return t.layer.VSeq(), nil
	case name == "u_final" && t.Class == "GatedLIFNode": // where u becomes v at the end of a step
		return t.layer.V(), nil
	default:
		if state, ok := strings.CutSuffix(name, "_final"); ok && slices.Contains(t.layer.States(), state) {
			return t.layer.State(state), nil
		}
		if state, ok := strings.CutSuffix(name, "_seq"); ok && t.states[state] != nil {
			return snn.Stack(t.states[state]...), nil
		}
	}
	return nil, unsupported(t.Class + " with output " + name)
}

// compareOutputs compares the outputs, and returns the loss of those that have a
// gradient, nil if none has.
func (t *trial) compareOutputs(r *result, special bool) (loss *snn.Tensor, err error) {
	for _, name := range slices.Sorted(maps.Keys(t.Outputs)) { // spikes come before potentials
		want := t.Outputs[name]
		got, err := t.result(name)
		if err != nil {
			return nil, err
		}
		spikes := strings.HasPrefix(name, "spike") && !t.smooth()
		v := t.Outputs["v_seq"]
		switch {
		case spikes && special && v != nil:
			if !sameBeforeNaN(got, want.Tensor, v.Tensor) {
				return nil, fmt.Errorf("spikes differ: got %v, want %v", got, want)
			}
			r.partly = append(r.partly, "spikes behind a NaN of the peer (no demand)")
		case spikes:
			if !same(got, want.Tensor) {
				return nil, fmt.Errorf("spikes differ: got %v, want %v", got, want)
			}
		case special:
			r.partly = append(r.partly, name+" of special values (no demand)")
		default:
			d := difference(got, want.Tensor)
			if r.err = max(r.err, d); d > outputTolerance {
				return nil, fmt.Errorf("%s differs by %.2g, allowed %.2g", name, d, outputTolerance)
			}
		}
		loss = t.addLoss(loss, name, got)
	}
	return loss, nil
}

// addLoss adds what an output is part of the loss of the case.
func (c *reference) addLoss(loss *snn.Tensor, name string, got *snn.Tensor) *snn.Tensor {
	g := c.Upstream[name]
	if g == nil {
		return loss
	}
	part := got.Mul(g.Tensor).Sum()
	if loss == nil {
		return part
	}
	return loss.Add(part)
}

func (t *trial) compareGradients(r *result) error {
	for _, name := range slices.Sorted(maps.Keys(t.Grads)) {
		want, leaf := t.Grads[name], t.leaves[name]
		if leaf == nil && t.Class == "GatedLIFNode" && name == "u_init" { // which nothing depends on
			leaf = snn.Zeros(want.Shape()...)
		}
		if leaf == nil {
			r.partly = append(r.partly, "gradient "+name+" of "+t.Class)
			continue
		}
		if err := r.compareGradient(name, leaf, want.Tensor); err != nil {
			return err
		}
	}
	return nil
}

// compareGradient compares that of a leaf; none is one of zeros.
func (r *result) compareGradient(name string, leaf, want *snn.Tensor) error {
	got := snn.Zeros(want.Shape()...)
	if g := leaf.Grad(); g != nil && g.Size() == want.Size() {
		got = g.Reshape(want.Shape()...)
	} else if leaf.Size() != want.Size() {
		return fmt.Errorf("gradient %s has shape %v, want %v", name, leaf.Shape(), want.Shape())
	}
	d := difference(got, want)
	if r.gradient = max(r.gradient, d); d > gradientTolerance || math.IsNaN(d) {
		return fmt.Errorf("gradient %s differs by %.2g, allowed %.2g", name, d, gradientTolerance)
	}
	return nil
}
