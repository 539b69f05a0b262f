package neuron

import (
	"spikebook/snn/dynamics"
)

// ParametricLIF is the LIF neuron that learns its time constant: 1/tau is
// sigmoid(w), so that tau stays above 1. If the input decays, too,
//
//	H[t] = V[t-1] + (X[t] - (V[t-1] - v_reset)) · sigmoid(w)
//
// and if it does not,
//
//	H[t] = V[t-1] - (V[t-1] - v_reset) · sigmoid(w) + X[t]
//
// Source: W. Fang et al., "Incorporating learnable membrane time constant to
// enhance learning of spiking neural networks", ICCV 2021.
type ParametricLIF struct {
	Base
	DecayInput bool // true in a layer made by NewParametricLIF
}

// NeuronalCharge returns H[t].
func (n *ParametricLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	leak, rate := n.leak(v), n.Param("w").Sigmoid()
	if n.DecayInput {
		return v.Add(x.Sub(leak).Mul(rate))
	}
	return v.Sub(leak.Mul(rate)).Add(x)
}

func (n *ParametricLIF) prepare(c *config) {
	c.own["w"] = 0 // tau is 2
	c.learn = append(c.learn, "w")
	c.switches["decay_input"] = &n.DecayInput
}

// NewParametricLIF returns a layer of [ParametricLIF] neurons, which share w;
// with ParamTensor("w", t) each channel or neuron has its own. w begins with the
// time constant of [InitTau], by default 2. The other defaults are those of
// [NewLIF].
func NewParametricLIF(options ...Option) *Layer {
	return New(&ParametricLIF{DecayInput: true}, options...)
}
