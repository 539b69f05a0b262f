package neuron

import "spikebook/snn/dynamics"

// Definitions returns what a layer's equations come to, for tests that evaluate
// them in another way: those of a step, whose outputs are what is given out and
// the potential, and those of the states before the first step.
func (l *Layer) Definitions() (step, initial dynamics.Definition) {
	return l.equations.step, l.equations.initial
}
