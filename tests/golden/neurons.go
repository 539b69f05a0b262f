package main

import (
	"fmt"
	"slices"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
)

// module is what a case runs.
type module interface {
	snn.Module
	Parameters() []*snn.Tensor
}

// neurons makes the layers of the peer's classes.
var neurons = map[string]func(a arguments, options []neuron.Option) (*neuron.Layer, error){
	"IFNode":                plain(neuron.NewIF),
	"LIFNode":               plain(neuron.NewLIF),
	"ParametricLIFNode":     plain(neuron.NewParametricLIF),
	"QIFNode":               plain(neuron.NewQIF),
	"EIFNode":               plain(neuron.NewEIF),
	"IzhikevichNode":        plain(neuron.NewIzhikevich),
	"KLIFNode":              plain(neuron.NewKLIF),
	"CUBALIFNode":           plain(neuron.NewCUBALIF),
	"ILIFNode":              plain(neuron.NewILIF),
	"HalfThresholdIFNode":   plain(neuron.NewHalfThresholdIF),
	"ComplementaryLIFNode":  plain(neuron.NewComplementaryLIF),
	"RAFNode":               plain(neuron.NewRAF),
	"TernaryIFNode":         plain(neuron.NewTernaryIF),
	"TernaryLIFNode":        plain(neuron.NewTernaryLIF),
	"SimpleIFNode":          plain(neuron.NewSimpleIF),
	"SimpleLIFNode":         plain(neuron.NewSimpleLIF),
	"NonSpikingIFNode":      plain(neuron.NewNonSpikingIF),
	"NonSpikingLIFNode":     plain(neuron.NewNonSpikingLIF),
	"ActivationAwareIFNode": plain(neuron.NewActivationAwareIF),
	"CustomNode": func(a arguments, options []neuron.Option) (*neuron.Layer, error) {
		formula, _ := a["charge"].(string)
		return neuron.Equation(formula, options...), nil
	},
	"LIAFNode": func(a arguments, options []neuron.Option) (*neuron.Layer, error) {
		name, _ := a["act"].(string)
		act := map[string]func(dynamics.Expr) dynamics.Expr{
			"relu": neuron.ReLU, "sigmoid": dynamics.Expr.Sigmoid, "tanh": dynamics.Expr.Tanh,
			"identity": func(u dynamics.Expr) dynamics.Expr { return u },
		}[name]
		if act == nil {
			return nil, unsupported("LIAFNode with act " + name)
		}
		return neuron.NewLIAF(act, options...), nil
	},
	"GatedLIFNode": func(a arguments, options []neuron.Option) (*neuron.Layer, error) {
		return neuron.NewGatedLIF(int(a.peek("T", 1)), options...), nil
	},
}

func plain(f func(...neuron.Option) *neuron.Layer) func(arguments, []neuron.Option) (*neuron.Layer, error) {
	return func(_ arguments, options []neuron.Option) (*neuron.Layer, error) { return f(options...), nil }
}

// numbers are the arguments that are parameters of our layers, by our names.
var numbers = map[string]string{
	"v_threshold": "v_threshold", "v_reset": "v_reset", "tau": "tau", "tau_w": "tau_w", "v_rest": "v_rest", "v_c": "v_c", "a0": "a0",
	"delta_T": "delta_T", "theta_rh": "theta_rh", "w_rest": "w_rest", "a": "a", "b": "b", "c_decay": "c_decay", "v_decay": "v_decay",
	"omega": "omega", "dt": "dt", "v_offset": "v_offset",
}

// makeLayer makes the layer of a case. What the arguments of a constructor only
// choose the values of learnable parameters with is given by those.
func makeLayer(c *reference) (module, error) {
	if parallel[c.Class] {
		return parallelLayer(c)
	}
	var options []neuron.Option
	for name, v := range c.Params {
		number, isNumber := v.(float64)
		switch {
		case name == "v_reset" && v == nil:
			if c.Class != "ActivationAwareIFNode" {
				options = append(options, neuron.SoftReset())
			}
		case numbers[name] != "" && isNumber:
			options = append(options, neuron.Param(numbers[name], number))
		case name == "v_offset" || name == "v_threshold":
			t, err := perChannel(c, v)
			if err != nil {
				return nil, err
			}
			options = append(options, neuron.ParamTensor(name, t))
		case name == "decay_input":
			options = append(options, neuron.DecayInput(v == true))
		case name == "scale_reset":
			options = append(options, neuron.ScaleReset(v == true))
		case name == "threshold_related":
			options = append(options, neuron.ThresholdRelated(v == true))
		case name == "detach_reset":
			options = append(options, neuron.DetachReset(v == true))
		case name == "init_tau" && c.Class == "ParametricLIFNode":
			options = append(options, neuron.InitTau(number))
		case name == "decode":
			if kind, ok := v.(string); ok {
				kind = map[string]string{"last_mem": neuron.LastMem, "last-me": neuron.LastMem}[kind] + map[string]string{"max-mem": "max-mem", "max-abs-mem": "max-abs-mem", "mean-mem": "mean-mem"}[kind]
				options = append(options, neuron.Decode(kind))
			}
		case name == "surrogate_function":
			p, _ := v.(map[string]any)
			class, _ := p["class"].(string)
			s, err := surrogateOf(class, p)
			if err != nil {
				return nil, err
			}
			options = append(options, neuron.SurrogateFunction(s))
		case slices.Contains(elsewhere[c.Class], name):
		default:
			return nil, unsupported(c.Class + " with argument " + name)
		}
	}
	for name, t := range c.Parameters {
		if c.Class == "GatedLIFNode" || len(t.Shape()) == 0 {
			options = append(options, neuron.ParamTensor(name, channels(c, t.Tensor)))
		}
	}
	l, err := neurons[c.Class](c.Params, options)
	if err != nil {
		return nil, err
	}
	for name := range c.Parameters {
		if l.ParamTensor(name) == nil {
			return nil, unsupported(c.Class + " with learnable parameter " + name)
		}
	}
	for name, v := range c.SetAfterConstruction {
		number, ok := v.(float64)
		if !ok {
			return nil, unsupported(c.Class + " with " + name + " set after construction")
		}
		if err := l.SetParam(name, number); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// elsewhere are arguments that other functions here look at, or that only say
// what learnable parameters begin with, which every case gives.
var elsewhere = map[string][]string{
	"CustomNode": {"charge"}, "LIAFNode": {"act"}, "ActivationAwareIFNode": {"channel_dim"},
	"GatedLIFNode": {"T", "inplane", "init_linear_decay", "init_v_subreset", "init_tau", "init_v_threshold", "init_conduct"},
}

// channels gives a parameter of the peer's, [C] or [T, C], the shape in which it
// broadcasts over an input [T, N, C, H, W].
func channels(c *reference, t *snn.Tensor) *snn.Tensor {
	shape := t.Shape()
	if channels, ok := c.Params["inplane"].(float64); ok && shape[len(shape)-1] == int(channels) {
		if len(shape) == 2 {
			return t.Reshape(shape[0], 1, shape[1], 1, 1)
		}
		return t.Reshape(shape[0], 1, 1)
	}
	return t
}

// perChannel makes a tensor of the values of channels.
func perChannel(c *reference, v any) (*snn.Tensor, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, unsupported(fmt.Sprintf("%s with %v for a parameter", c.Class, v))
	}
	var values []float32
	for _, x := range list {
		f, _ := x.(float64)
		values = append(values, float32(f))
	}
	shape := []int{len(values)}
	dim, rank := int(arguments(c.Params).peek("channel_dim", -1)), len(c.Inputs["x_seq"].Shape())-1 // of a step
	if dim < 0 {
		dim += rank
	}
	for range rank - 1 - dim {
		shape = append(shape, 1)
	}
	return snn.FromSlice(values, shape...), nil
}

// parallel are the neurons without a state.
var parallel = map[string]bool{"PSN": true, "MaskedPSN": true, "SlidingPSN": true}

func parallelLayer(c *reference) (module, error) {
	p, _ := c.Params["surrogate_function"].(map[string]any)
	class, _ := p["class"].(string)
	if p == nil {
		class = "ATan"
	}
	s, err := surrogateOf(class, p)
	if err != nil {
		return nil, err
	}
	a := arguments(c.Params)
	steps, k := int(a.peek("T", 0)), int(a.peek("k", 0))
	var l *neuron.Parallel
	switch c.Class {
	case "PSN":
		l = neuron.NewPSN(steps, s)
	case "MaskedPSN":
		l = neuron.NewMaskedPSN(k, steps, s)
		l.SetLambda(a.peek("lambda_init", 0))
	default:
		l = neuron.NewSlidingPSN(k, s)
	}
	for name, t := range c.Parameters {
		switch name {
		case "weight":
			l.Weight = t.Tensor
		case "bias":
			l.Bias = t.Tensor
		default:
			return nil, unsupported(c.Class + " with parameter " + name)
		}
	}
	return l, nil
}
