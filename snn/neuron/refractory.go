package neuron

import (
	"math"

	"spikebook/snn/dynamics"
)

// RefractoryLIF is the LIF neuron with an absolute refractory period: for the
// given number of steps after a spike its potential stays, what it is given is
// lost, and it does not fire. R[t] counts the steps that are left.
//
//	H[t] = V[t-1] where R[t-1] > 0, else that of [LIF]
//	S[t] = Θ(H[t] - v_threshold) where R[t-1] = 0, else 0
//	R[t] = refractory where S[t] = 1, else max(R[t-1] - 1, 0)
//
// Source: W. Gerstner et al., "Neuronal Dynamics", 2014, chapter 1.
type RefractoryLIF struct{ LIF }

// NeuronalCharge returns H[t].
func (n *RefractoryLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return n.resting().Select(v, n.LIF.NeuronalCharge(v, x))
}

// NeuronalFire returns S[t].
func (n *RefractoryLIF) NeuronalFire(h dynamics.Expr) dynamics.Expr {
	return n.resting().Select(dynamics.Const(0), n.LIF.NeuronalFire(h))
}

func (n *RefractoryLIF) resting() dynamics.Expr { return n.State("r").Greater(dynamics.Const(0)) }

// NeuronalStates returns the steps that are left.
func (n *RefractoryLIF) NeuronalStates(s Step) []State {
	left := n.State("r").Sub(dynamics.Const(1)).Max(dynamics.Const(0))
	return []State{{Name: "r", Next: s.S.Greater(dynamics.Const(0)).Select(n.Param("refractory"), left)}}
}

func (n *RefractoryLIF) prepare(c *config) {
	n.LIF.prepare(c)
	c.own["refractory"], c.atLeast["refractory"] = 2, 0
}

func (*RefractoryLIF) validate(c *config) {
	for _, v := range c.all("refractory") {
		if v != math.Trunc(v) {
			c.refuse("refractory is %v, expected a whole number of steps", v)
			return
		}
	}
}

// NewRefractoryLIF returns a layer of [RefractoryLIF] neurons. By default the
// parameter refractory is 2 steps; the other defaults are those of [NewLIF]. Set
// it with [Param]; the steps that are left are Layer.State("r"). It panics with an
// *OptionError if refractory is below 0 or no whole number.
func NewRefractoryLIF(options ...Option) *Layer {
	return New(&RefractoryLIF{LIF{DecayInput: true}}, options...)
}
