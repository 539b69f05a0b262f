package main

import (
	"fmt"
	"strings"

	"spikebook/snn"
	"spikebook/snn/functional"
	"spikebook/snn/layer"
	"spikebook/snn/neuron"
	"spikebook/snn/optim"
)

// network is a module that is made of others, with its parameters by the peer's
// names.
type network struct {
	snn.Module
	params map[string]*snn.Tensor
}

// build makes a module from the peer's description and gives it the parameters
// of a case whose names begin with prefix.
func (c *reference) build(description map[string]any, prefix string) (*network, error) {
	n := &network{params: map[string]*snn.Tensor{}}
	given := map[string]*tensor{}
	for name, t := range c.Parameters {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			given[rest] = t
		}
	}
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
	case class == "Linear":
		l := &layer.Linear{Weight: given["weight"].Clone().RequireGrad()}
		n.params[prefix+"weight"] = l.Weight
		if b := given["bias"]; b != nil {
			l.Bias = b.Clone().RequireGrad()
			n.params[prefix+"bias"] = l.Bias
		}
		n.Module = l
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
	default:
		return nil, unsupported("a network with " + class)
	}
	return n, nil
}

// compare compares what was computed with an output, and adds to the loss of
// the case.
func (r *result) compare(c *reference, name string, got *snn.Tensor, loss **snn.Tensor) error {
	want := c.Outputs[name]
	if want == nil {
		return fmt.Errorf("there is no output %s", name)
	}
	d := difference(got, want.Tensor)
	if r.err = max(r.err, d); d > outputTolerance || strings.HasPrefix(name, "spike") && !same(got, want.Tensor) {
		return fmt.Errorf("%s differs by %.2g, allowed %.2g", name, d, outputTolerance)
	}
	if g := c.Upstream[name]; g != nil {
		part := got.Mul(g.Tensor).Sum()
		if *loss != nil {
			part = part.Add(*loss)
		}
		*loss = part
	}
	return nil
}

// gradients compares those of leaves.
func (r *result) gradients(c *reference, leaves map[string]*snn.Tensor) error {
	for name, want := range c.Grads {
		got := snn.Zeros(want.Shape()...)
		if leaf := leaves[name]; leaf == nil {
			return fmt.Errorf("there is no leaf %s", name)
		} else if leaf.Grad() != nil {
			got = leaf.Grad().Reshape(want.Shape()...)
		}
		d := difference(got, want.Tensor)
		if r.gradient = max(r.gradient, d); d > gradientTolerance {
			return fmt.Errorf("gradient %s differs by %.2g, allowed %.2g", name, d, gradientTolerance)
		}
	}
	return nil
}

// checkFunctional runs a case of group functional, and layers without a state.
func checkFunctional(_ *group, c *reference) (r result, err error) {
	leaves := map[string]*snn.Tensor{}
	for name, t := range c.Inputs {
		leaves[name] = t.Clone()
		if c.Grads[name] != nil {
			leaves[name].RequireGrad()
		}
	}
	x := leaves["x_seq"]
	a := arguments(c.Params)
	var net *network
	description, _ := c.Params["module"].(map[string]any)
	if c.Class == "Linear" {
		description = map[string]any{"class": "Linear"}
	}
	if description != nil {
		if net, err = c.build(description, ""); err != nil {
			return r, err
		}
		for name, t := range net.params {
			leaves[name] = t
		}
	}
	var name string
	var got *snn.Tensor
	switch strings.TrimPrefix(c.Class, "functional.") {
	case "Linear":
		name, got = "y_seq", net.Forward(x)
	case "multi_step_forward":
		name, got = "spike_seq", snn.MultiStepForward(x, net)
	case "t_last_multi_step_forward":
		name, got = "spike_seq", functional.TLastMultiStepForward(x, net)
	case "seq_to_ann_forward":
		name, got = "y_seq", functional.SeqToANNForward(x, net)
	case "chunk_multi_step_forward":
		if err := snn.SetStepMode(net.Module, "m"); err != nil {
			return r, err
		}
		name, got = "spike_seq", functional.ChunkMultiStepForward(int(a.peek("split_size", 1)), x, net)
	case "delay":
		name, got = "y_seq", functional.Delay(x, int(a.peek("delay_steps", 1)))
	case "first_spike_index":
		name, got = "first", functional.FirstSpikeIndex(leaves["spikes"])
	case "redundant_one_hot":
		name, got = "y", functional.RedundantOneHot(ints(leaves["labels"]), int(a.peek("num_classes", 0)), int(a.peek("n", 1)))
	case "temporal_efficient_training_cross_entropy":
		name, got = "loss", functional.TemporalEfficientTrainingCrossEntropy(x, ints(c.Targets.Tensor))
	case "spike_similar_loss":
		loss := map[any]func(x, y *snn.Tensor) *snn.Tensor{"mse": snn.MSELoss, "l1": snn.L1Loss}[c.Params["loss_type"]]
		kernel, err := kernelOf(c)
		if err != nil || loss == nil {
			return r, unsupported(fmt.Sprint("spike_similar_loss with ", c.Params))
		}
		name, got = "loss", functional.SpikeSimilarLoss(leaves["spikes"], c.Labels.Tensor, kernel, loss)
	default:
		return r, unsupported(c.Class)
	}
	var loss *snn.Tensor
	if err := r.compare(c, name, got, &loss); err != nil {
		return r, err
	}
	if loss != nil && loss.RequiresGrad() {
		loss.Backward()
	}
	return r, r.gradients(c, leaves)
}

func kernelOf(c *reference) (functional.Kernel, error) {
	args, _ := c.Params["args"].([]any)
	arg := 0.0
	if len(args) > 0 {
		arg, _ = args[0].(float64)
	}
	switch c.Params["kernel_type"] {
	case "linear":
		return functional.CosineKernel, nil
	case "polynomial":
		return functional.PolynomialKernel(int(arg)), nil
	case "sigmoid":
		return functional.SigmoidKernel(float32(arg)), nil
	case "gaussian":
		return functional.GaussianKernel(float32(arg)), nil
	}
	return nil, unsupported("another kernel")
}

func ints(t *snn.Tensor) []int {
	var list []int
	for _, v := range t.Data() {
		list = append(list, int(v))
	}
	return list
}

// checkNetwork compares a network's outputs and gradients, and how each
// optimizer trains it.
func checkNetwork(_ *group, c *reference) (r result, err error) {
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
	var none *snn.Tensor
	for name, got := range map[string]*snn.Tensor{"spike_seq": spikes, "rate": rate, "loss": loss} {
		if err := r.compare(c, name, got, &none); err != nil {
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
		spikes = net.Forward(x)
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

// trainingTolerance is what five steps may differ by.
const trainingTolerance = 5e-6

func (c *reference) train(r *result, description map[string]any, t training) error {
	net, err := c.build(description, "")
	if err != nil {
		return err
	}
	a := arguments(t.Optimizer)
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
			r.partly = append(r.partly, "buffer "+name)
		} else if d := difference(got.Detach(), want.Tensor); d > trainingTolerance {
			return fmt.Errorf("%s trained by %v differs by %.2g, allowed %.2g", name, a["class"], d, trainingTolerance)
		}
	}
	return nil
}
