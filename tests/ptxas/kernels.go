package main

import (
	"fmt"
	"slices"

	"spikebook/gpu/ptx"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// kernel is one that is checked.
type kernel struct {
	neuron, variant, pass string
	program               *dynamics.Program
	wanted, summed        []bool
	*ptx.Kernel
}

// kernelsOf makes all kernels of a kind: of both resets, with the spike of the reset
// in the gradient and without.
func kernelsOf(k kind) (list []kernel, err error) {
	for _, reset := range k.resets() {
		for _, detach := range []bool{false, true} {
			variant := reset.name
			if detach {
				variant += ", detached"
			}
			options := append([]neuron.Option{neuron.DetachReset(detach)}, reset.options...)
			passes, err := passesOf(k.name, variant, k.layer(options...).Definition())
			if err != nil {
				return nil, err
			}
			list = append(list, passes...)
		}
	}
	return list, nil
}

// ofSurrogates makes the kernels of a neuron with each surrogate function.
func ofSurrogates() (list []kernel, err error) {
	for _, s := range surrogates {
		passes, err := passesOf("LIF", s.String(), neuron.NewLIF(neuron.SurrogateFunction(s)).Definition())
		if err != nil {
			return nil, err
		}
		list = append(list, passes...)
	}
	return list, nil
}

// passesOf makes the kernels of a definition: without a backward pass, with one, and
// with one that gives the gradients of all parameters, too, to each neuron or to all
// together. What is given out after each step is the first output of a layer; the
// potential is not wanted.
func passesOf(name, variant string, d dynamics.Definition) (list []kernel, err error) {
	add := func(pass string, p *dynamics.Program, wanted, summed []bool) {
		if err != nil {
			return
		}
		k := kernel{neuron: name, variant: variant, pass: pass, program: p, wanted: wanted, summed: summed}
		k.Kernel, err = ptx.New(p.Listing(), ptx.Options{
			Name: fmt.Sprintf("%s_%s_%s", name, variant, pass), Wanted: wanted, Summed: summed,
			Comment: []string{name + ", " + variant + ", " + pass, d.Outputs[0].LaTeX()},
		})
		list = append(list, k)
	}
	inference, err := dynamics.Compile(d)
	if err != nil {
		return nil, err
	}
	add("inference", inference, []bool{true, false}, nil)
	for _, gradient := range []struct {
		suffix string
		params []string
	}{{"", nil}, {" to learn", d.Params()}} {
		der, failed := d.Differentiate(d.Inputs, gradient.params, []bool{true, false})
		if failed != nil {
			return nil, failed
		}
		wanted := []bool{true, false}
		for range len(der.Forward.Listing().Outputs) - len(wanted) {
			wanted = append(wanted, true) // what the backward pass needs
		}
		add("forward"+gradient.suffix, der.Forward, wanted, nil)
		add("backward"+gradient.suffix, der.Backward, nil, nil)
		if gradient.params != nil {
			summed := append(make([]bool, len(d.States)), slices.Repeat([]bool{true}, len(gradient.params))...)
			add("backward to learn what is shared", der.Backward, nil, summed)
		}
	}
	return list, err
}

// surrogates are all surrogate functions.
var surrogates = []surrogate.Function{
	surrogate.Sigmoid(4), surrogate.ATan(2), surrogate.Erf(2), surrogate.SoftSign(2), surrogate.SuperSpike(1), surrogate.PiecewiseQuadratic(1),
	surrogate.PiecewiseExp(1), surrogate.QPseudoSpike(2), surrogate.S2NN(4, 1), surrogate.NonzeroSignLogAbs(1), surrogate.PiecewiseLeakyReLU(1, 0.01),
	surrogate.SquarewaveFourierSeries(2, 8), surrogate.LeakyKReLU(0, 1), surrogate.FakeNumericalGradient(0.3), surrogate.LogTailedReLU(0),
	surrogate.Rect(1), surrogate.DeterministicPass(), surrogate.PoissonPass(), surrogate.MultiLevelSpikeCount(4),
}
