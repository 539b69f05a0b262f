package neuron

import "spikebook/snn/dynamics"

// SLTTLIF is the LIF neuron whose gradient does not go back in time: the potential
// before a step counts as a constant. What it computes is what [LIF] computes; a
// step needs nothing from the steps before it to be differentiated.
//
// Source: Q. Meng et al., "Towards memory- and time-efficient backpropagation for
// training spiking neural networks", ICCV 2023.
type SLTTLIF struct{ LIF }

// NeuronalCharge returns H[t].
func (n *SLTTLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return n.LIF.NeuronalCharge(v.Detach(), x)
}

func (n *SLTTLIF) prepare(c *config) {
	n.LIF.prepare(c)
	c.detachReset = true
}

// NewSLTTLIF returns a layer of [SLTTLIF] neurons. By default DetachReset is true;
// the other defaults are those of [NewLIF].
func NewSLTTLIF(options ...Option) *Layer { return New(&SLTTLIF{LIF{DecayInput: true}}, options...) }

// OTTTLIF is [SLTTLIF] with a trace of past spikes, by which a layer that it feeds
// learns as if the gradient went back in time:
//
//	A[t] = A[t-1]·(1 - 1/tau) + S[t]
//
// No gradient flows through the trace. It is Layer.State("trace").
//
// Source: M. Xiao et al., "Online training through time for spiking neural
// networks", NeurIPS 2022.
type OTTTLIF struct{ SLTTLIF }

// NeuronalStates returns the trace.
func (n *OTTTLIF) NeuronalStates(s Step) []State {
	keep := one().Sub(one().Div(n.Param(tau)))
	return []State{{Name: "trace", Next: n.State("trace").Mul(keep).Add(s.S).Detach()}}
}

func (n *OTTTLIF) prepare(c *config) {
	n.SLTTLIF.prepare(c)
	c.soft = true
}

// NewOTTTLIF returns a layer of [OTTTLIF] neurons. By default tau is 2, the input
// does not decay, the reset is soft and DetachReset is true; the other defaults
// are those of [NewLIF].
func NewOTTTLIF(options ...Option) *Layer { return New(&OTTTLIF{}, options...) }
