package main

import (
	"fmt"
	"strings"

	"spikebook/snn"
	"spikebook/snn/functional"
)

// functions are the functions of the peer, with their arguments and the input that they
// have.
var functions = map[string]struct {
	params []string
	input  string
}{
	"functional.multi_step_forward":                        {[]string{"module"}, "x_seq"},
	"functional.t_last_multi_step_forward":                 {[]string{"module"}, "x_seq"},
	"functional.seq_to_ann_forward":                        {[]string{"module"}, "x_seq"},
	"functional.chunk_multi_step_forward":                  {[]string{"module", "split_size"}, "x_seq"},
	"functional.delay":                                     {[]string{"delay_steps"}, "x_seq"},
	"functional.first_spike_index":                         {nil, "spikes"},
	"functional.redundant_one_hot":                         {[]string{"num_classes", "n"}, "labels"},
	"functional.temporal_efficient_training_cross_entropy": {nil, "x_seq"},
	"functional.spike_similar_loss":                        {[]string{"kernel_type", "loss_type", "args"}, "spikes"},
}

// bySteps are functions that take a network through single steps.
var bySteps = map[string]bool{"functional.multi_step_forward": true, "functional.t_last_multi_step_forward": true}

// checkFunctional runs a case of group functional.
func checkFunctional(c *reference) (r result, err error) {
	args, ok := functions[c.Class]
	if !ok {
		return r, unsupported(c.Class)
	}
	if err := only(c.Class+" with argument", c.Params, args.params...); err != nil {
		return r, err
	}
	if err := only(c.Class+" with the input", c.Inputs, args.input); err != nil {
		return r, err
	}
	leaves := map[string]*snn.Tensor{}
	for name, t := range c.Inputs {
		leaves[name] = t.Clone()
		if c.Grads[name] != nil {
			leaves[name].RequireGrad()
		}
	}
	operands := map[string]*snn.Tensor{}
	for name, t := range leaves {
		operands[name] = t.To(backend)
	}
	x := operands["x_seq"]
	a := arguments(c.Params)
	var net *network
	description, _ := c.Params["module"].(map[string]any)
	if description != nil {
		if net, err = c.build(description, ""); err != nil {
			return r, err
		}
		for name, t := range net.params {
			leaves[name] = t
		}
	}
	if backend != snn.CPU && bySteps[c.Class] {
		return r, onlySequences(backend)
	}
	var name string
	var got *snn.Tensor
	switch strings.TrimPrefix(c.Class, "functional.") {
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
		if err := place(net.Module, "m"); err != nil {
			return r, err
		}
		name, got = "spike_seq", functional.ChunkMultiStepForward(int(a.peek("split_size", 1)), x, net)
	case "delay":
		name, got = "y_seq", functional.Delay(x, int(a.peek("delay_steps", 1)))
	case "first_spike_index":
		name, got = "first", functional.FirstSpikeIndex(operands["spikes"])
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
		name, got = "loss", functional.SpikeSimilarLoss(operands["spikes"], c.Labels.Tensor, kernel, loss)
	default:
		return r, unsupported(c.Class)
	}
	for _, err := range []error{
		only(c.Class+" with output", c.Outputs, name), only(c.Class+" with a gradient of", c.Upstream, name), r.compare(c, name, got),
	} {
		if err != nil {
			return r, err
		}
	}
	loss := c.addLoss(nil, name, got)
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
		return functional.CosineKernel{}, nil
	case "polynomial":
		return functional.PolynomialKernel{Degree: int(arg)}, nil
	case "sigmoid":
		return functional.SigmoidKernel{Alpha: float32(arg)}, nil
	case "gaussian":
		return functional.GaussianKernel{Sigma: float32(arg)}, nil
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

// compare compares what was computed with an output.
func (r *result) compare(c *reference, name string, got *snn.Tensor) error {
	want := c.Outputs[name]
	if want == nil {
		return fmt.Errorf("there is no output %s", name)
	}
	d := difference(got, want.Tensor)
	if r.err = max(r.err, d); d > outputTolerance || strings.HasPrefix(name, "spike") && !same(got, want.Tensor) {
		return fmt.Errorf("%s differs by %.2g, allowed %.2g", name, d, outputTolerance)
	}
	return nil
}

// gradients compares those of leaves.
func (r *result) gradients(c *reference, leaves map[string]*snn.Tensor) error {
	for name, want := range c.Grads {
		if leaves[name] == nil {
			return unsupported(c.Class + " with a gradient of " + name)
		}
		if err := r.compareGradient(name, leaves[name], want.Tensor); err != nil {
			return err
		}
	}
	return nil
}
