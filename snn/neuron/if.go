package neuron

import "spikebook/snn/dynamics"

// IF is the integrate-and-fire neuron: H[t] = V[t-1] + X[t].
type IF struct{ Base }

// NeuronalCharge returns v + x.
func (*IF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr { return v.Add(x) }

// NewIF returns a layer of integrate-and-fire neurons:
//
//	H[t] = V[t-1] + X[t]
//
// By default v_threshold is 1, v_reset 0, the surrogate Sigmoid(4), the step
// mode "s". The number of neurons is the shape of the first input. It panics
// with an *OptionError if an option is not for this neuron or out of range.
func NewIF(options ...Option) *Layer { return New(&IF{}, options...) }
