package neuron

import "spikebook/snn/dynamics"

// Definition returns what the layer's equations come to, for backends that run it:
// the outputs of a step are what is given out, and the potential after the step. It
// changes when the surrogate function is set to spike, or not to.
func (l *Layer) Definition() dynamics.Definition { return l.equations.step }
