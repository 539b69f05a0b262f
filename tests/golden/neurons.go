package main

import (
	"fmt"
	"maps"
	"slices"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// module is what a case runs.
type module interface {
	snn.Module
	snn.StepModer
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
	"SLTTLIFNode":           plain(neuron.NewSLTTLIF),
	"OTTTLIFNode":           plain(neuron.NewOTTTLIF),
	"SimpleIFNode":          plain(neuron.NewSimpleIF),
	"SimpleLIFNode":         plain(neuron.NewSimpleLIF),
	"NonSpikingIFNode":      plain(neuron.NewNonSpikingIF),
	"NonSpikingLIFNode":     plain(neuron.NewNonSpikingLIF),
	"ActivationAwareIFNode": plain(neuron.NewActivationAwareIF),
	"CustomNode": func(a arguments, options []neuron.Option) (*neuron.Layer, error) {
		formula, ok := a["charge"].(string)
		if !ok {
			return nil, unsupported(fmt.Sprint("CustomNode with the charge ", a["charge"]))
		}
		return neuron.Equation(formula, options...), nil
	},
	"LIAFNode": func(a arguments, options []neuron.Option) (*neuron.Layer, error) {
		name, _ := a["act"].(string)
		act := map[string]func(dynamics.Expr) dynamics.Expr{
			"relu": neuron.ReLU, "sigmoid": dynamics.Expr.Sigmoid, "tanh": dynamics.Expr.Tanh,
			"identity": func(u dynamics.Expr) dynamics.Expr { return u },
		}[name]
		if act == nil {
			return nil, unsupported(fmt.Sprint("LIAFNode with act ", a["act"]))
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

// numbers are the arguments that are parameters of our layers, by the same name.
var numbers = []string{
	"v_threshold", "v_reset", "tau", "tau_w", "v_rest", "v_c", "a0", "delta_T", "theta_rh", "w_rest", "a", "b", "c_decay", "v_decay",
	"omega", "dt", "v_offset",
}

// flags are the arguments that are true or false.
var flags = map[string]func(bool) neuron.Option{
	"decay_input": neuron.DecayInput, "scale_reset": neuron.ScaleReset, "threshold_related": neuron.ThresholdRelated, "detach_reset": neuron.DetachReset,
}

// decodings are those of neurons that do not spike.
var decodings = map[string]string{
	"last_mem": neuron.LastMem, "last-mem": neuron.LastMem, "last-me": neuron.LastMem,
	"max-mem": neuron.MaxMem, "max-abs-mem": neuron.MaxAbsMem, "mean-mem": neuron.MeanMem,
}

// elsewhere are arguments that other functions here look at, or that only say
// what learnable parameters begin with.
var elsewhere = map[string][]string{
	"CustomNode": {"charge"}, "LIAFNode": {"act"}, "ActivationAwareIFNode": {"channel_dim"}, "GatedLIFNode": append([]string{"T", "inplane"}, initials...),
	"PSN": {"T", "surrogate_function"}, "MaskedPSN": {"T", "k", "lambda_init", "surrogate_function"}, "SlidingPSN": {"k", "exp_init", "surrogate_function"},
}

// initials say what the learnable parameters of GatedLIFNode begin with. They may
// be passed over if a case gives all of these.
var (
	initials = []string{"init_linear_decay", "init_v_subreset", "init_tau", "init_v_threshold", "init_conduct"}
	gated    = []string{"alpha", "beta", "gamma", "tau", "v_threshold", "linear_decay", "v_subreset", "conduct"}
)

// makeLayer makes the layer of a case.
func makeLayer(c *reference) (module, error) {
	if parallel[c.Class] {
		return parallelLayer(c)
	}
	var options []neuron.Option
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		o, err := option(c, name, c.Params[name])
		if err != nil {
			return nil, err
		}
		options = append(options, o...)
	}
	for name, t := range c.Parameters {
		options = append(options, neuron.ParamTensor(name, channels(c, t.Clone())))
	}
	if c.Class == "GatedLIFNode" {
		for _, name := range gated {
			if c.Parameters[name] == nil {
				return nil, unsupported("GatedLIFNode without the parameter " + name)
			}
		}
	}
	plainer, err := neurons[c.Class](c.Params, nil)
	if err != nil {
		return nil, err
	}
	for name := range c.Parameters {
		if plainer.ParamTensor(name) == nil {
			return nil, unsupported(c.Class + " with learnable parameter " + name)
		}
	}
	l, err := neurons[c.Class](c.Params, options)
	if err != nil {
		return nil, err
	}
	return l, setAfterConstruction(c, l)
}

func setAfterConstruction(c *reference, l *neuron.Layer) error {
	for name, v := range c.SetAfterConstruction {
		number, ok := v.(float64)
		if !ok || l.ParamTensor(name) == nil {
			return unsupported(c.Class + " with " + name + " set after construction")
		}
		if err := l.SetParam(name, number); err != nil {
			return err
		}
	}
	return nil
}

// option returns the options that an argument of a constructor comes to.
func option(c *reference, name string, v any) ([]neuron.Option, error) {
	number, isNumber := v.(float64)
	flag, isFlag := v.(bool)
	switch {
	case name == "v_reset" && v == nil:
		return []neuron.Option{neuron.SoftReset()}, nil
	case slices.Contains(numbers, name) && isNumber:
		return []neuron.Option{neuron.Param(name, number)}, nil
	case c.Class == "ActivationAwareIFNode" && (name == "v_offset" || name == "v_threshold"):
		t, err := perChannel(c, v)
		return []neuron.Option{neuron.ParamTensor(name, t)}, err
	case flags[name] != nil && isFlag:
		return []neuron.Option{flags[name](flag)}, nil
	case name == "init_tau" && c.Class == "ParametricLIFNode" && isNumber:
		return []neuron.Option{neuron.InitTau(number)}, nil
	case name == "decode" && v == nil:
		return nil, nil
	case name == "decode" && decodings[fmt.Sprint(v)] != "":
		return []neuron.Option{neuron.Decode(decodings[fmt.Sprint(v)])}, nil
	case name == "surrogate_function":
		s, err := surrogateArgument(v)
		return []neuron.Option{neuron.SurrogateFunction(s)}, err
	case slices.Contains(elsewhere[c.Class], name), isStorage(c, name, v):
		return nil, nil
	}
	return nil, unsupported(fmt.Sprintf("%s with argument %s = %v", c.Class, name, v))
}

// isStorage says whether an argument is one that no number depends on.
func isStorage(c *reference, name string, v any) bool {
	return name == "store_v_seq" || name == "store_state_seqs" || name == "step_mode" && v == c.StepMode
}

// surrogateArgument makes the surrogate function that is an argument.
func surrogateArgument(v any) (surrogate.Function, error) {
	p, _ := v.(map[string]any)
	class, ok := p["class"].(string)
	if !ok {
		return nil, unsupported(fmt.Sprint("a surrogate function ", v))
	}
	return surrogateOf(class, p)
}

// channels gives a parameter of GatedLIFNode, [C] or [T, C], the shape in which it
// broadcasts over an input [T, N, C, H, W].
func channels(c *reference, t *snn.Tensor) *snn.Tensor {
	shape := t.Shape()
	if channels, ok := c.Params["inplane"].(float64); ok && len(shape) > 0 && shape[len(shape)-1] == int(channels) {
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
		f, ok := x.(float64)
		if !ok {
			return nil, unsupported(fmt.Sprintf("%s with %v for a parameter", c.Class, v))
		}
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
