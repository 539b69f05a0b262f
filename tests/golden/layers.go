package main

import (
	"fmt"
	"maps"

	"spikebook/snn"
	"spikebook/snn/layer"
)

// layers make those of the peer that are no neurons, with their parameters.
var layers map[string]func(c *reference, n *network, description map[string]any, prefix string) error

func init() { // they may contain each other
	layers = map[string]func(c *reference, n *network, description map[string]any, prefix string) error{
		"Linear": (*reference).linear, "SynapseFilter": (*reference).synapseFilter, "Delay": (*reference).delay,
		"ElementWiseRecurrentContainer": (*reference).elementWiseRecurrent, "LinearRecurrentContainer": (*reference).linearRecurrent,
	}
}

func (c *reference) linear(n *network, description map[string]any, prefix string) error {
	if err := only("Linear with argument", description, "class", "in_features", "out_features", "bias"); err != nil {
		return err
	}
	given := c.below(prefix)
	if given["weight"] == nil {
		return unsupported("Linear without its weight, which is random")
	}
	l := &layer.Linear{Weight: given["weight"].Clone().RequireGrad()}
	n.params[prefix+"weight"] = l.Weight
	if b := given["bias"]; b != nil {
		l.Bias = b.Clone().RequireGrad()
		n.params[prefix+"bias"] = l.Bias
	}
	n.Module = l
	return nil
}

func (c *reference) synapseFilter(n *network, description map[string]any, prefix string) error {
	if err := only("SynapseFilter with argument", description, "class", "tau", "learnable"); err != nil {
		return err
	}
	a := arguments(maps.Clone(description))
	make := layer.NewSynapseFilter
	if a.flag("learnable", false) {
		make = layer.NewLearnableSynapseFilter
	}
	f := make(a.number("tau", 100))
	if w := c.below(prefix)["w"]; w != nil {
		f.W = w.Clone().RequireGrad()
		n.params[prefix+"w"] = f.W
	}
	n.Module = f
	return nil
}

func (c *reference) delay(n *network, description map[string]any, _ string) error {
	if err := only("Delay with argument", description, "class", "delay_steps"); err != nil {
		return err
	}
	n.Module = layer.NewDelay(int(arguments(description).peek("delay_steps", 0)))
	return nil
}

// subModule builds what a container contains.
func (c *reference) subModule(n *network, description map[string]any, prefix string) (snn.Module, error) {
	sub, _ := description["sub_module"].(map[string]any)
	m, err := c.build(sub, prefix+"sub_module.")
	if err != nil {
		return nil, err
	}
	maps.Copy(n.params, m.params)
	return m.Module, nil
}

func (c *reference) elementWiseRecurrent(n *network, description map[string]any, prefix string) error {
	if err := only("ElementWiseRecurrentContainer with argument", description, "class", "sub_module", "element_wise_function"); err != nil {
		return err
	}
	f := map[any]func(y, x *snn.Tensor) *snn.Tensor{
		"y + x":       (*snn.Tensor).Add,
		"x - 0.5 * y": func(y, x *snn.Tensor) *snn.Tensor { return x.Sub(y.Scale(0.5)) },
	}[description["element_wise_function"]]
	if f == nil {
		return unsupported(fmt.Sprint("ElementWiseRecurrentContainer with the function ", description["element_wise_function"]))
	}
	sub, err := c.subModule(n, description, prefix)
	if err == nil {
		n.Module = layer.NewElementWiseRecurrent(sub, f)
	}
	return err
}

func (c *reference) linearRecurrent(n *network, description map[string]any, prefix string) error {
	if err := only("LinearRecurrentContainer with argument", description, "class", "sub_module", "in_features", "out_features", "bias"); err != nil {
		return err
	}
	sub, err := c.subModule(n, description, prefix)
	if err != nil {
		return err
	}
	a := arguments(description)
	r := layer.NewLinearRecurrent(sub, int(a.peek("in_features", 0)), int(a.peek("out_features", 0)))
	rc := &network{params: n.params}
	if err := c.linear(rc, nil, prefix+"rc."); err != nil {
		return err
	}
	r.Synapses, n.Module = rc.Module.(*layer.Linear), r
	return nil
}

// checkLayer runs a case of a layer: a sequence, or its steps.
func checkLayer(c *reference) (r result, err error) {
	if err := only(c.Class+" with the input", c.Inputs, "x_seq"); err != nil {
		return r, err
	}
	description := maps.Clone(c.Params)
	if description == nil {
		description = map[string]any{}
	}
	description["class"] = c.Class
	net, err := c.build(description, "")
	if err != nil {
		return r, err
	}
	x := c.Inputs["x_seq"].Clone()
	if c.Grads["x_seq"] != nil {
		x.RequireGrad()
	}
	_, recurrent := net.Module.(*layer.Recurrent)
	if backend != snn.CPU && (recurrent || c.StepMode == snn.SingleStep) {
		return r, onlySequences(backend)
	}
	var got *snn.Tensor
	if c.StepMode == snn.SingleStep {
		var steps []*snn.Tensor
		for t := range x.Shape()[0] {
			steps = append(steps, net.Forward(x.Index(t)))
		}
		got = snn.Stack(steps...)
	} else {
		if err := snn.SetStepMode(net.Module, snn.MultiStep); err != nil {
			return r, err
		}
		if err := place(net.Module, snn.MultiStep); err != nil {
			return r, err
		}
		got = net.Forward(x.To(backend))
	}
	name := "y_seq"
	if c.Outputs[name] == nil {
		name = "spike_seq"
	}
	for _, err := range []error{
		only(c.Class+" with output", c.Outputs, name), only(c.Class+" with a gradient of", c.Upstream, name), r.compare(c, name, got),
	} {
		if err != nil {
			return r, err
		}
	}
	if loss := c.addLoss(nil, name, got); loss != nil && loss.RequiresGrad() {
		loss.Backward()
	}
	net.params["x_seq"] = x
	return r, r.gradients(c, net.params)
}
