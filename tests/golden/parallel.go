package main

import (
	"fmt"

	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// parallel are the neurons that compute all steps at once.
var parallel = map[string]bool{"PSN": true, "MaskedPSN": true, "SlidingPSN": true}

// parallelLayer makes the layer of a case; its weights are always given.
func parallelLayer(c *reference) (module, error) {
	for name, v := range c.Params {
		if _, err := option(c, name, v); err != nil {
			return nil, err
		}
	}
	s := surrogate.ATan(2)
	if v, ok := c.Params["surrogate_function"]; ok {
		var err error
		if s, err = surrogateArgument(v); err != nil {
			return nil, err
		}
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
	if c.Parameters["weight"] == nil || c.Parameters["bias"] == nil {
		return nil, unsupported(c.Class + " without weight and bias, which are random")
	}
	l.Weight, l.Bias = c.Parameters["weight"].Tensor, c.Parameters["bias"].Tensor
	if len(c.SetAfterConstruction) > 0 {
		return nil, unsupported(fmt.Sprint(c.Class, " with attributes set after construction"))
	}
	return l, only(c.Class+" with parameter", c.Parameters, "weight", "bias")
}
