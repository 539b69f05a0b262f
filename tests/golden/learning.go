package main

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/layer"
	"spikebook/snn/learning"
	"spikebook/snn/optim"
)

// learners are the rules of the peer.
var learners = map[string]bool{"STDPLearner": true, "MSTDPLearner": true, "MSTDPETLearner": true}

// weightFunctions are what the data say of the arguments f_pre and f_post.
var weightFunctions = map[any]func(w *snn.Tensor) *snn.Tensor{
	nil: nil, "identity": nil,
	"1":              func(w *snn.Tensor) *snn.Tensor { return snn.Ones(w.Shape()...) },
	"w**2":           (*snn.Tensor).Square,
	"clamp(-1, 0.5)": func(w *snn.Tensor) *snn.Tensor { return w.Clamp(-1, 0.5) },
}

// checkLearner runs a case of a rule: step by step with what it learns from each, or, in
// multi-step mode, with what it learns from all.
func checkLearner(c *reference) (r result, err error) {
	for _, err := range []error{
		only(c.Class+" with argument", c.Params, "synapse", "sn", "tau_pre", "tau_post", "tau_trace", "f_pre", "f_post", "scale", "on_grad", "optimizer"),
		only(c.Class+" with the input", c.Inputs, "x_seq", "reward"),
	} {
		if err != nil {
			return r, err
		}
	}
	description, _ := c.Params["synapse"].(map[string]any)
	if description["class"] != "Linear" {
		return r, unsupported(fmt.Sprint(c.Class, " with ", description["class"]))
	}
	if backend != snn.CPU && c.StepMode != snn.MultiStep {
		return r, onlySequences(backend)
	}
	net := &network{params: map[string]*snn.Tensor{}}
	if err := c.linear(net, description, ""); err != nil {
		return r, err
	}
	synapse := net.Module.(*layer.Linear)
	sn, _ := c.Params["sn"].(map[string]any)
	neurons, err := (&reference{Inputs: c.Inputs}).build(sn, "")
	if err != nil {
		return r, err
	}
	var options []learning.Option
	for name, option := range map[string]func(func(w *snn.Tensor) *snn.Tensor) learning.Option{"f_pre": learning.FPre, "f_post": learning.FPost} {
		f, known := weightFunctions[c.Params[name]]
		if !known {
			return r, unsupported(fmt.Sprint(c.Class, " with a function ", c.Params[name]))
		}
		options = append(options, option(f))
	}
	a := arguments(c.Params)
	tauPre, tauPost := a.peek("tau_pre", 0), a.peek("tau_post", 0)
	var got map[string]*snn.Tensor
	switch c.Class {
	case "STDPLearner":
		got, err = c.learn(learning.NewSTDP(synapse, neurons.Module, tauPre, tauPost, options...))
	case "MSTDPLearner":
		got = c.learnByReward(learning.NewMSTDP(synapse, neurons.Module, tauPre, tauPost, options...))
	default:
		got = c.learnByReward(learning.NewMSTDPET(synapse, neurons.Module, tauPre, tauPost, a.peek("tau_trace", 0), options...))
	}
	if err != nil {
		return r, err
	}
	for name := range c.Outputs {
		if got[name] == nil {
			return r, unsupported(c.Class + " with output " + name)
		}
		if err := r.compare(c, name, got[name]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// learn returns what came out of a rule, by the names of the data.
func (c *reference) learn(rule *learning.STDP) (map[string]*snn.Tensor, error) {
	x, a := c.Inputs["x_seq"].Tensor, arguments(c.Params)
	scale := float32(a.peek("scale", 1))
	if c.StepMode == snn.MultiStep {
		if err := snn.SetStepMode(rule, snn.MultiStep); err != nil {
			return nil, err
		}
		if err := place(rule, snn.MultiStep); err != nil {
			return nil, err
		}
		return map[string]*snn.Tensor{
			"spike_seq": rule.Forward(x.To(backend)), "delta_w": rule.DeltaW().Scale(scale),
			"trace_pre_final": rule.TracePre(), "trace_post_final": rule.TracePost(),
		}, nil
	}
	var sgd *optim.SGD
	if o, given := a["optimizer"].(map[string]any); given {
		sgd = optim.NewSGD(snn.Parameters(rule), arguments(o).peek("lr", 0))
	}
	seen := sequences{}
	for t := range x.Shape()[0] {
		seen.add("spike_seq", rule.Forward(x.Index(t)))
		seen.add("delta_w_seq", rule.DeltaW().Scale(scale))
		seen.add("trace_pre_seq", rule.TracePre())
		seen.add("trace_post_seq", rule.TracePost())
		snn.ZeroGrad(rule)
		if rule.Step(); sgd != nil {
			sgd.Step()
		}
		seen.add("weight_seq", rule.Synapse.Weight)
	}
	return seen.stacked(), nil
}

func (c *reference) learnByReward(rule *learning.RewardSTDP) map[string]*snn.Tensor {
	x, seen := c.Inputs["x_seq"].Tensor, sequences{}
	for t := range x.Shape()[0] {
		seen.add("spike_seq", rule.Forward(x.Index(t)))
		seen.add("delta_w_seq", rule.DeltaW(c.Inputs["reward"].Index(t)))
		seen.add("trace_pre_seq", rule.TracePre())
		seen.add("trace_post_seq", rule.TracePost())
		seen.add("eligibility_seq", rule.Eligibility())
		if z := rule.EligibilityTrace(); z != nil {
			seen.add("trace_e_seq", z)
		}
	}
	return seen.stacked()
}

// sequences are tensors of steps by name.
type sequences map[string][]*snn.Tensor

// add adds a step as it is now.
func (s sequences) add(name string, t *snn.Tensor) { s[name] = append(s[name], t.Detach().Clone()) }

func (s sequences) stacked() map[string]*snn.Tensor {
	all := map[string]*snn.Tensor{}
	for name, steps := range s {
		all[name] = snn.Stack(steps...)
	}
	return all
}
