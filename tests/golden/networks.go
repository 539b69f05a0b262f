package main

import (
	"fmt"
	"strings"

	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
)

// network is a module that is made of others, with its parameters by the peer's
// names.
type network struct {
	snn.Module
	params map[string]*snn.Tensor
}

// below returns the parameters of a case whose names begin with prefix, without it.
func (c *reference) below(prefix string) map[string]*tensor {
	given := map[string]*tensor{}
	for name, t := range c.Parameters {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			given[rest] = t
		}
	}
	return given
}

// build makes a module from the peer's description and gives it the parameters
// of a case whose names begin with prefix.
func (c *reference) build(description map[string]any, prefix string) (*network, error) {
	n := &network{params: map[string]*snn.Tensor{}}
	given := c.below(prefix)
	class, _ := description["class"].(string)
	switch {
	case class == "Sequential":
		list, _ := description["modules"].([]any)
		var parts []snn.Module
		for i, m := range list {
			part, err := c.build(m.(map[string]any), fmt.Sprintf("%s%d.", prefix, i))
			if err != nil {
				return nil, err
			}
			parts = append(parts, part.Module)
			for name, t := range part.params {
				n.params[name] = t
			}
		}
		n.Module = snn.Sequential(parts...)
	case neurons[class] != nil:
		part := &reference{Class: class, Params: map[string]any{}, Parameters: map[string]*tensor{}, Inputs: c.Inputs}
		for name, v := range description {
			if name != "class" {
				part.Params[name] = v
			}
		}
		for name, t := range given {
			part.Parameters[name] = &tensor{t.Clone()}
		}
		m, err := makeLayer(part)
		if err != nil {
			return nil, err
		}
		for name := range given {
			n.params[prefix+name] = m.(*neuron.Layer).ParamTensor(name).RequireGrad()
		}
		n.Module = m
	case layers[class] != nil:
		if err := layers[class](c, n, description, prefix); err != nil {
			return nil, err
		}
	default:
		return nil, unsupported("a network with " + class)
	}
	return n, nil
}

// checkNetwork compares a network's outputs and gradients, and how each
// optimizer trains it.
func checkNetwork(c *reference) (r result, err error) {
	for _, err := range []error{
		only("a network with argument", c.Params, "modules", "loss"),
		only("a network with the input", c.Inputs, "x_seq", "target"),
		only("a network with output", c.Outputs, "spike_seq", "rate", "loss"),
		only("a network with a gradient of", c.Upstream),
	} {
		if err != nil {
			return r, err
		}
	}
	description := map[string]any{"class": "Sequential", "modules": c.Params["modules"]}
	net, err := c.build(description, "")
	if err != nil {
		return r, err
	}
	x := c.Inputs["x_seq"].Clone().RequireGrad()
	spikes, rate, loss, err := c.forward(net, x)
	if err != nil {
		return r, err
	}
	for name, got := range map[string]*snn.Tensor{"spike_seq": spikes, "rate": rate, "loss": loss} {
		if err := r.compare(c, name, got); err != nil {
			return r, err
		}
	}
	loss.Backward()
	net.params["x_seq"] = x
	if err := r.gradients(c, net.params); err != nil {
		return r, err
	}
	for _, training := range c.Training {
		if err := c.train(&r, description, training); err != nil {
			return r, err
		}
	}
	return r, nil
}

// forward runs a network from the start.
func (c *reference) forward(net *network, x *snn.Tensor) (spikes, rate, loss *snn.Tensor, err error) {
	snn.ResetNet(net.Module)
	if c.StepMode == snn.MultiStep {
		if err := snn.SetStepMode(net.Module, snn.MultiStep); err != nil {
			return nil, nil, nil, err
		}
		if err := place(net.Module, c.StepMode); err != nil {
			return nil, nil, nil, err
		}
		spikes = net.Forward(x.To(backend))
	} else if backend != snn.CPU {
		return nil, nil, nil, onlySequences(backend)
	} else {
		spikes = snn.MultiStepForward(x, net.Module)
	}
	rate = spikes.Mean(0)
	target := c.Inputs["target"].Tensor
	switch c.Params["loss"] {
	case "mse_of_rate":
		return spikes, rate, snn.MSELoss(rate, target), nil
	case "cross_entropy_of_rate":
		return spikes, rate, snn.CrossEntropyLoss(rate, target.ArgMax(1)), nil
	}
	return nil, nil, nil, unsupported(fmt.Sprint("loss ", c.Params["loss"]))
}

// training is what an optimizer did.
type training struct {
	Optimizer map[string]any     `json:"optimizer"`
	Steps     int                `json:"steps"`
	Losses    *tensor            `json:"losses"`
	Final     map[string]*tensor `json:"final_parameters"`
}

func (c *reference) train(r *result, description map[string]any, t training) error {
	net, err := c.build(description, "")
	if err != nil {
		return err
	}
	a := arguments(t.Optimizer)
	if err := only("", a, "class", "lr", "momentum", "weight_decay"); err != nil {
		r.partly = append(r.partly, fmt.Sprint("training by ", a["class"], " with", err))
		return nil
	}
	params := snn.Parameters(net.Module)
	var o optim.Optimizer
	switch a["class"] {
	case "SGD":
		sgd := optim.NewSGD(params, a.peek("lr", 0))
		sgd.Momentum, sgd.WeightDecay = float32(a.peek("momentum", 0)), float32(a.peek("weight_decay", 0))
		o = sgd
	case "Adam":
		adam := optim.NewAdam(params, a.peek("lr", 0))
		adam.WeightDecay = float32(a.peek("weight_decay", 0))
		o = adam
	case "AdamW":
		adam := optim.NewAdamW(params, a.peek("lr", 0))
		adam.WeightDecay = float32(a.peek("weight_decay", 0.01))
		o = adam
	default:
		r.partly = append(r.partly, fmt.Sprint("training by ", a["class"]))
		return nil
	}
	var losses []float32
	for range t.Steps {
		_, _, loss, err := c.forward(net, c.Inputs["x_seq"].Tensor)
		if err != nil {
			return err
		}
		losses = append(losses, loss.Item())
		o.ZeroGrad()
		loss.Backward()
		o.Step()
	}
	if d := difference(snn.FromSlice(losses), t.Losses.Tensor); d > trainingTolerance {
		return fmt.Errorf("losses of %v differ by %.2g, allowed %.2g", a["class"], d, trainingTolerance)
	}
	for name, want := range t.Final {
		if got := net.params[name]; got == nil {
			r.partly = append(r.partly, name+" after training")
		} else if d := difference(got.Detach(), want.Tensor); d > trainingTolerance {
			return fmt.Errorf("%s trained by %v differs by %.2g, allowed %.2g", name, a["class"], d, trainingTolerance)
		}
	}
	return nil
}
