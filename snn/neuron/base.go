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
// [NewIF], [NewLIF], [New] and [Equation]. What a definition says is all there
// is: both step modes, the gradients and the printed equations come from it.
//
// Time is counted in steps: a time constant is a number of them, and what a
// neuron adds up is what it is given at each. Potentials, thresholds and inputs
// have the same unit, which is up to the user.
//
// The names, parameters and defaults are SpikingJelly's. What those who come from
// there stumble over is different here:
//
//   - Each layer has a surrogate function of its own; that of the default is not
//     shared by all layers of a class.
//   - An input of another shape than the state is a mistake that names Reset, not
//     a reason to begin anew in silence. So is another number of steps than a
//     neuron is made for.
//   - After a spike a hard reset gives v_reset, also where H[t] is infinite, not
//     0·∞ = NaN. A potential that is NaN stays so and does not fire.
//   - A backend that cannot be had is an error, at once and also after a change of
//     the step mode; nothing else is used in its place.
//   - A forgotten Reset does no harm to gradients: they end at what Backward has
//     been through.
//   - [Layer.VSeq] has all steps since Reset in single-step mode, too.
//   - ILIF computes the same bits in both step modes.
//   - Numbers need no decimal point: VThreshold(1) is a threshold. Every parameter
//     may be learnt ([Learn]), and may differ between channels ([ParamTensor]).
package neuron

import "spikebook/snn/dynamics"

// Definition is what defines a neuron: a type that embeds [Base] and has a
// NeuronalCharge. The other methods come from Base and may be replaced. A
// definition may also be a [Stateful], [Outputter], [Initializer] or
// [Defaulter].
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

// Step has the values of one step.
type Step struct {
	V dynamics.Expr // the potential before, V[t-1]
	X dynamics.Expr // the input, X[t]
	H dynamics.Expr // the potential after charging, H[t]
	S dynamics.Expr // the spike, S[t]
}

// State is a state of a neuron besides the potential, such as an adaptation or
// a synaptic current.
type State struct {
	Name    string
	Initial dynamics.Expr // before the first step, of parameters and numbers; none is 0
	Next    dynamics.Expr // after a step
}

// Stateful is a neuron with more states than the potential. The value of one
// before the step is [Base.State] in its equations.
type Stateful interface {
	NeuronalStates(step Step) []State
}

// Outputter is a neuron that gives out something else than the spike.
type Outputter interface {
	NeuronalOutput(step Step) dynamics.Expr
}

// Initializer is a neuron whose potential before the first step is not v_reset,
// or 0 with a soft reset: an expression of parameters and numbers.
type Initializer interface {
	NeuronalInitial() dynamics.Expr
}

// Defaulter is a neuron whose own parameters have defaults. Without it each
// must be given by the option [Param].
type Defaulter interface {
	Defaults() map[string]float64
}

// preparer is a built-in neuron that has parameters with defaults, or switches.
type preparer interface{ prepare(c *config) }

// validator is a built-in neuron whose parameters must fit together.
type validator interface{ validate(c *config) }

// Base has the fire and the reset that most neurons share. Embed it, by value,
// in the type of a neuron. Its methods are for the methods of that type, which
// [New] calls when the options are known.
type Base struct {
	soft      bool
	surrogate dynamics.Surrogate
	smooth    bool           // the surrogate's primitive is given out instead of the step
	detach    bool           // the spike of the reset has no gradient
	printed   *equationLines // while the equations are printed
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

// HasSoftReset says whether the reset is soft.
func (b *Base) HasSoftReset() bool { return b.soft }

// Param is a parameter of the neuron's own; its value is given by the option
// [Param].
func (*Base) Param(name string) dynamics.Expr { return dynamics.Param(name) }

// State is the value of another state than the potential before the step; see
// [Stateful].
func (*Base) State(name string) dynamics.Expr { return dynamics.State(name) }

// Named returns e. Where the equations are printed, it has a line of its own under
// that name, which is LaTeX such as "I[t]", and the name stands for it in the
// others.
func (b *Base) Named(name string, e dynamics.Expr) dynamics.Expr {
	if b.printed == nil || e.IsZero() {
		return e
	}
	return b.printed.name(name, e)
}

// Spike is the step function of x, with the layer's surrogate function for its
// derivative: 1 where x >= 0. When the surrogate is set not to spike, it is the
// surrogate's primitive.
func (b *Base) Spike(x dynamics.Expr) dynamics.Expr {
	if b.smooth {
		return b.surrogate.Primitive(x)
	}
	return x.Spike(b.surrogate)
}

// NeuronalFire returns Θ(h - v_threshold).
func (b *Base) NeuronalFire(h dynamics.Expr) dynamics.Expr { return b.Spike(h.Sub(b.VThreshold())) }

// NeuronalReset returns the hard or soft reset, as the neuron's options say.
// Where a neuron fires, a hard reset gives exactly v_reset, even if h is
// infinite.
func (b *Base) NeuronalReset(h, s dynamics.Expr) dynamics.Expr {
	if b.soft {
		return h.Sub(s.Mul(b.VThreshold()))
	}
	return s.Mix(b.VReset(), h)
}
