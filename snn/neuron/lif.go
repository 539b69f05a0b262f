package neuron

import "spikebook/snn/dynamics"

// LIF is the leaky integrate-and-fire neuron. The potential decays towards
// v_reset, or 0 with a soft reset, with the time constant tau in steps. If the
// input decays, too,
//
//	H[t] = V[t-1] + (X[t] - (V[t-1] - v_reset)) / tau
//
// and if it does not,
//
//	H[t] = V[t-1] - (V[t-1] - v_reset) / tau + X[t]
//
// A type that embeds LIF has its parameter tau and its option DecayInput.
//
// Source: W. Gerstner and W. M. Kistler, "Spiking Neuron Models", 2002, section
// 4.1, with the differential equation replaced by differences of one step.
type LIF struct {
	Base
	DecayInput bool // true in a layer made by NewLIF
}

// NeuronalCharge returns H[t].
func (n *LIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	leak := n.leak(v)
	if n.DecayInput {
		return v.Add(x.Sub(leak).Div(n.Param(tau)))
	}
	return v.Sub(leak.Div(n.Param(tau))).Add(x)
}

// leak is how far the potential is from what it decays to.
func (b *Base) leak(v dynamics.Expr) dynamics.Expr {
	if b.soft {
		return v
	}
	return v.Sub(b.VReset())
}

func (n *LIF) prepare(c *config) {
	c.own[tau], c.atLeast[tau] = 2, 1
	c.switches["decay_input"] = &n.DecayInput
}

// NewLIF returns a layer of [LIF] neurons whose input decays. By default tau is
// 2; the other defaults are those of [NewIF]. It panics with an *OptionError if
// an option is out of range.
func NewLIF(options ...Option) *Layer { return New(&LIF{DecayInput: true}, options...) }
