package main

import (
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
)

// kind is a kind of neuron.
type kind struct {
	name     string
	layer    func(...neuron.Option) *neuron.Layer
	softOnly bool // it has no hard reset
}

// reset are the options for a reset.
type reset struct {
	name    string
	options []neuron.Option
}

func (k kind) resets() []reset {
	list := []reset{{"soft", []neuron.Option{neuron.SoftReset()}}}
	if !k.softOnly {
		list = append(list, reset{"hard", []neuron.Option{neuron.VReset(-0.1)}})
	}
	return list
}

// kinds are the built-in neurons whose steps are equations, and one that is made of
// lines of mathematics.
var kinds = []kind{
	{name: "IF", layer: neuron.NewIF},
	{name: "LIF", layer: neuron.NewLIF},
	{name: "ParametricLIF", layer: neuron.NewParametricLIF},
	{name: "QIF", layer: neuron.NewQIF},
	{name: "EIF", layer: neuron.NewEIF},
	{name: "Izhikevich", layer: with(neuron.NewIzhikevich, neuron.Param("a", 0.2), neuron.Param("b", 0.3))},
	{name: "AdEx", layer: neuron.NewAdEx},
	{name: "KLIF", layer: neuron.NewKLIF},
	{name: "CUBALIF", layer: neuron.NewCUBALIF},
	{name: "ILIF", layer: neuron.NewILIF, softOnly: true},
	{name: "LIAF", layer: func(o ...neuron.Option) *neuron.Layer { return neuron.NewLIAF(dynamics.Expr.Tanh, o...) }},
	{name: "HalfThresholdIF", layer: neuron.NewHalfThresholdIF, softOnly: true},
	{name: "ActivationAwareIF", layer: neuron.NewActivationAwareIF},
	{name: "ComplementaryLIF", layer: neuron.NewComplementaryLIF, softOnly: true},
	{name: "RAF", layer: neuron.NewRAF},
	{name: "TernaryIF", layer: neuron.NewTernaryIF},
	{name: "TernaryLIF", layer: neuron.NewTernaryLIF},
	{name: "SimpleIF", layer: neuron.NewSimpleIF},
	{name: "SimpleLIF", layer: neuron.NewSimpleLIF},
	{name: "NonSpikingIF", layer: neuron.NewNonSpikingIF},
	{name: "NonSpikingLIF", layer: neuron.NewNonSpikingLIF},
	{name: "RefractoryLIF", layer: neuron.NewRefractoryLIF},
	{name: "SLTTLIF", layer: neuron.NewSLTTLIF},
	{name: "OTTTLIF", layer: neuron.NewOTTTLIF},
	{name: "GatedLIF", layer: func(o ...neuron.Option) *neuron.Layer { return neuron.NewGatedLIF(6, o...) }, softOnly: true},
	{name: "Equation", layer: func(o ...neuron.Option) *neuron.Layer {
		return neuron.Equation("v + (x - v - w)/tau", append([]neuron.Option{
			neuron.Param("tau", 3), neuron.StateEquation("w", "0.9*w + 0.1*h + s/4", 0.125),
		}, o...)...)
	}},
}

func with(layer func(...neuron.Option) *neuron.Layer, needed ...neuron.Option) func(...neuron.Option) *neuron.Layer {
	return func(o ...neuron.Option) *neuron.Layer {
		return layer(append(needed[:len(needed):len(needed)], o...)...)
	}
}
