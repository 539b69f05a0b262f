// Package neuron holds spiking neurons. A neuron is defined by its charge: how
// the membrane potential follows the input. Fire and reset are the same for
// most neurons and come from [Base]:
//
//	H[t] = f(V[t-1], X[t])                         charge
//	S[t] = Θ(H[t] - v_threshold)                   fire, at H[t] >= v_threshold
//	V[t] = (1 - S[t])·H[t] + S[t]·v_reset          hard reset
//	V[t] = H[t] - S[t]·v_threshold                 soft reset
//
// The built-in neurons are defined in the same way as a user's own: see
// [NewIF], [NewLIF], [New] and [Equation].
package neuron

import "spikebook/snn/dynamics"

// Definition is what defines a neuron: a type that embeds [Base] and has a
// NeuronalCharge. The other methods come from Base and may be replaced.
type Definition interface {
	// NeuronalCharge returns the potential after charging, H[t], from the
	// potential before, V[t-1], and the input, X[t].
	NeuronalCharge(v, x dynamics.Expr) dynamics.Expr

	// NeuronalFire returns the spike, S[t], from H[t].
	NeuronalFire(h dynamics.Expr) dynamics.Expr

	// NeuronalReset returns the potential after the reset, V[t], from H[t] and
	// S[t].
	NeuronalReset(h, s dynamics.Expr) dynamics.Expr

	base() *Base
}

// preparer is a neuron that has parameters with defaults, or switches.
type preparer interface{ prepare(c *config) }

// Base has the fire and the reset that most neurons share. Embed it, by value,
// in the type of a neuron. Its methods are for the methods of that type, which
// [New] calls when the options are known.
type Base struct {
	soft      bool
	surrogate dynamics.Surrogate
}

func (b *Base) base() *Base { return b }

// VThreshold is the parameter v_threshold.
func (*Base) VThreshold() dynamics.Expr { return dynamics.Param(vThreshold) }

// VReset is the parameter v_reset; 0 with a soft reset, which has none.
func (b *Base) VReset() dynamics.Expr {
	if b.soft {
		return dynamics.Const(0)
	}
	return dynamics.Param(vReset)
}

// Param is a parameter of the neuron's own; its value is given by the option
// [Param].
func (*Base) Param(name string) dynamics.Expr { return dynamics.Param(name) }

// NeuronalFire returns Θ(h - v_threshold).
func (b *Base) NeuronalFire(h dynamics.Expr) dynamics.Expr {
	return h.Sub(b.VThreshold()).Spike(b.surrogate)
}

// NeuronalReset returns the hard or soft reset, as the neuron's options say.
// Where a neuron fires, a hard reset gives exactly v_reset, even if h is
// infinite.
func (b *Base) NeuronalReset(h, s dynamics.Expr) dynamics.Expr {
	if b.soft {
		return h.Sub(s.Mul(b.VThreshold()))
	}
	return s.Mix(b.VReset(), h)
}
