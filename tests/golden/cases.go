package main

import (
	"fmt"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// What the README of the data demands.
const (
	outputTolerance    = 2e-6
	surrogateTolerance = 5e-7
	surrogateRange     = 10 // beyond which the tolerance is not promised
)

// result is the outcome of a case.
type result struct {
	skipped string   // why it was not run
	partly  []string // what of it was not compared
	err     float64  // largest difference
	miss    string   // what is wrong
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
	case neurons[c.Class] != nil:
		r, err = checkNeuron(g, c)
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

// neurons makes the layers that this version has, by the peer's names.
var neurons = map[string]func(formula string, options []neuron.Option) *neuron.Layer{
	"IFNode":        func(_ string, o []neuron.Option) *neuron.Layer { return neuron.NewIF(o...) },
	"SimpleIFNode":  func(_ string, o []neuron.Option) *neuron.Layer { return neuron.NewIF(o...) },
	"LIFNode":       func(_ string, o []neuron.Option) *neuron.Layer { return neuron.NewLIF(o...) },
	"SimpleLIFNode": func(_ string, o []neuron.Option) *neuron.Layer { return neuron.NewLIF(o...) },
	"CustomNode":    func(formula string, o []neuron.Option) *neuron.Layer { return neuron.Equation(formula, o...) },
}

// smoothIF and smoothLIF give out the primitive of the surrogate instead of
// the step, and reset by it: what the peer calls spiking=false.
type (
	smoothIF struct {
		neuron.IF
		surrogate surrogate.Function
	}
	smoothLIF struct {
		neuron.LIF
		surrogate surrogate.Function
	}
)

func (n *smoothIF) NeuronalFire(h dynamics.Expr) dynamics.Expr {
	return n.surrogate.Primitive(h.Sub(n.VThreshold()))
}

func (n *smoothLIF) NeuronalFire(h dynamics.Expr) dynamics.Expr {
	return n.surrogate.Primitive(h.Sub(n.VThreshold()))
}

// smooth makes the smooth layers, by the peer's names.
var smooth = map[string]func(s surrogate.Function, options []neuron.Option) *neuron.Layer{
	"IFNode": func(s surrogate.Function, o []neuron.Option) *neuron.Layer {
		return neuron.New(&smoothIF{surrogate: s}, o...)
	},
	"LIFNode": func(s surrogate.Function, o []neuron.Option) *neuron.Layer {
		lif := &smoothLIF{surrogate: s}
		lif.DecayInput = true
		return neuron.New(lif, o...)
	},
}

// layer makes the layer of a case.
func layer(c *reference) (*neuron.Layer, error) {
	options := []neuron.Option{neuron.StoreVSeq(true)}
	formula := ""
	var primitive surrogate.Function // given out instead of the step, if not nil
	for name, v := range c.Params {
		number, isNumber := v.(float64)
		switch {
		case name == "v_reset" && v == nil:
			options = append(options, neuron.SoftReset())
		case name == "v_reset" && isNumber:
			options = append(options, neuron.VReset(number))
		case name == "v_threshold" && isNumber:
			options = append(options, neuron.VThreshold(number))
		case name == "tau" && isNumber:
			options = append(options, neuron.Tau(number))
		case name == "decay_input":
			options = append(options, neuron.DecayInput(v == true))
		case name == "detach_reset":
			options = append(options, neuron.DetachReset(v == true))
		case name == "surrogate_function":
			s, spiking, err := surrogateOf(v)
			if err != nil {
				return nil, err
			}
			options = append(options, neuron.SurrogateFunction(s))
			if !spiking {
				primitive = s
			}
		case name == "charge" && c.Class == "CustomNode":
			formula, _ = v.(string)
		default:
			return nil, unsupported(c.Class + " with parameter " + name)
		}
	}
	var l *neuron.Layer
	switch {
	case primitive == nil:
		l = neurons[c.Class](formula, options)
	case smooth[c.Class] != nil:
		l = smooth[c.Class](primitive, options)
	default:
		return nil, unsupported(c.Class + " with spiking=false")
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

// zeroStart are the classes whose potential is 0 before the first input, even
// if v_reset is not.
var zeroStart = map[string]bool{"SimpleIFNode": true, "SimpleLIFNode": true, "CustomNode": true}

func checkNeuron(g *group, c *reference) (r result, err error) {
	l, err := layer(c)
	if err != nil {
		return r, err
	}
	xSeq := c.Inputs["x_seq"].Tensor
	if len(xSeq.Shape()) == 0 || len(c.Parameters) > 0 {
		return r, unsupported(c.Class + " with learnable parameters")
	}
	one := xSeq.Index(0).Shape()
	if v := c.Inputs["v_init"]; v != nil {
		l.SetV(snn.Zeros(one...).Add(v.Tensor))
	} else if zeroStart[c.Class] {
		l.SetV(snn.Zeros(one...))
	}
	spikes, potentials, err := run(l, xSeq, c.StepMode)
	if err != nil {
		return r, err
	}
	for name, want := range c.Outputs {
		switch name {
		case "spike_seq":
			if !same(spikes, want.Tensor) {
				return r, fmt.Errorf("spikes differ: got %v, want %v", spikes, want)
			}
		case "v_seq":
			if g.Group == "special_values" {
				r.partly = append(r.partly, "v_seq of special values (no demand)")
				continue
			}
			r.err = max(r.err, difference(potentials, want.Tensor))
		case "y_seq":
			r.err = max(r.err, difference(spikes, want.Tensor))
		default:
			r.partly = append(r.partly, name)
		}
	}
	if r.err > outputTolerance {
		return r, fmt.Errorf("potentials or outputs differ by %.2g, allowed %.2g", r.err, outputTolerance)
	}
	if len(c.Grads) > 0 {
		r.partly = append(r.partly, "gradients")
	}
	return r, nil
}

// run returns spikes and potentials of all steps, [T, N, ...] each.
func run(l *neuron.Layer, xSeq *snn.Tensor, mode string) (spikes, potentials *snn.Tensor, err error) {
	if mode == snn.MultiStep {
		if err := l.SetStepMode(mode); err != nil {
			return nil, nil, err
		}
		spikes = l.Forward(xSeq)
		return spikes, l.VSeq(), nil
	}
	var s, v []*snn.Tensor
	for t := range xSeq.Shape()[0] {
		s = append(s, l.Forward(xSeq.Index(t)))
		v = append(v, l.V())
	}
	return snn.Stack(s...), snn.Stack(v...), nil
}

// surrogates are those that this version has, by the peer's names.
var surrogates = map[string]func(alpha float64) surrogate.Function{
	"Sigmoid": surrogate.Sigmoid,
	"ATan":    surrogate.ATan,
}

// surrogateDefaults are the peer's.
var surrogateDefaults = map[string]float64{"Sigmoid": 4, "ATan": 2}

// surrogateOf makes the surrogate of a neuron. Forward, every surrogate that
// spikes is the same step, so one that we lack is replaced by one that we have.
func surrogateOf(param any) (s surrogate.Function, spiking bool, err error) {
	p, _ := param.(map[string]any)
	class, _ := p["class"].(string)
	spiking = p["spiking"] != false
	_, ours := surrogates[class]
	switch {
	case ours:
		return makeSurrogate(class, p), spiking, nil
	case class == "MultiLevelSpikeCount" || class == "PoissonPass" || class == "":
		return nil, spiking, unsupported("surrogate " + class)
	case !spiking:
		return nil, spiking, unsupported("surrogate " + class + " with spiking=false")
	}
	return surrogate.Sigmoid(4), spiking, nil
}

func makeSurrogate(class string, p map[string]any) surrogate.Function {
	alpha, ok := p["alpha"].(float64)
	if !ok {
		alpha = surrogateDefaults[class]
	}
	return surrogates[class](alpha)
}

func checkSurrogate(g *group, c *reference) (r result, err error) {
	s := makeSurrogate(c.Class, c.Params)
	x := c.Inputs["x"].Tensor
	input := dynamics.Input("x")
	compare := func(what string, e dynamics.Expr, want *snn.Tensor) error {
		got, err := evaluate(e, x)
		if err != nil {
			return err
		}
		var g, w []float32
		for i, v := range x.Data() {
			if v >= -surrogateRange && v <= surrogateRange {
				g, w = append(g, got.Data()[i]), append(w, want.Data()[i])
			}
		}
		d := difference(snn.FromSlice(g), snn.FromSlice(w))
		r.err = max(r.err, d)
		if d > surrogateTolerance {
			return fmt.Errorf("%s differs by %.2g, allowed %.2g", what, d, surrogateTolerance)
		}
		return nil
	}
	for name, want := range c.Outputs {
		switch name {
		case "spike":
			got, err := evaluate(input.Spike(s), x)
			if err != nil {
				return r, err
			}
			if !same(got, want.Tensor) {
				return r, fmt.Errorf("spikes differ: got %v, want %v", got, want)
			}
		case "primitive":
			if g.Group == "special_values" {
				r.partly = append(r.partly, "primitive of special values (no demand)")
			} else if err := compare("primitive", s.Primitive(input), want.Tensor); err != nil {
				return r, err
			}
		default:
			r.partly = append(r.partly, name)
		}
	}
	for name, want := range c.Grads {
		if (name == "x" || name == "x_of_primitive") && g.Group != "special_values" { // ours are smooth: the two are one
			if err := compare("gradient", s.Gradient(input), want.Tensor); err != nil {
				return r, err
			}
		} else {
			r.partly = append(r.partly, "gradient "+name)
		}
	}
	return r, nil
}

// evaluate evaluates an expression of x.
func evaluate(e dynamics.Expr, x *snn.Tensor) (*snn.Tensor, error) {
	p, err := dynamics.Compile(dynamics.Definition{Input: "x", Output: e})
	if err != nil {
		return nil, err
	}
	out := snn.Zeros(x.Shape()...)
	p.Run(dynamics.Run{T: 1, N: x.Size(), X: x.Data(), Out: out.Data()})
	return out, nil
}
