package neuron

import "spikebook/snn/dynamics"

// LIF is the leaky integrate-and-fire neuron; see [NewLIF].
type LIF struct {
	Base
	DecayInput bool
}

// NeuronalCharge returns v + (x - (v - v_reset))/tau if the input decays, else
// v - (v - v_reset)/tau + x.
func (n *LIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	leak := v
	if !n.soft {
		leak = v.Sub(n.VReset())
	}
	if n.DecayInput {
		return v.Add(x.Sub(leak).Div(n.Param(tau)))
	}
	return v.Sub(leak.Div(n.Param(tau))).Add(x)
}

// NewLIF returns a layer of leaky integrate-and-fire neurons. The potential
// decays towards v_reset, or 0 with a soft reset, with the time constant tau in
// steps. By default the input decays, too:
//
//	H[t] = V[t-1] + (X[t] - (V[t-1] - v_reset)) / tau
//
// and with DecayInput(false) it does not:
//
//	H[t] = V[t-1] - (V[t-1] - v_reset) / tau + X[t]
//
// By default tau is 2; the other defaults are those of [NewIF]. It panics with
// an *OptionError if an option is out of range.
func NewLIF(options ...Option) *Layer {
	lif := &LIF{DecayInput: true}
	return build(lif, options, func(c *config) {
		c.own[tau] = 2
		c.decayInput = &lif.DecayInput
	})
}
