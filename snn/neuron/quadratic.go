package neuron

import (
	"spikebook/snn/dynamics"
)

// Names of parameters of the neurons with a resting potential.
const (
	vRest = "v_rest"
	vC    = "v_c"
	a0    = "a0"
	tauW  = "tau_w"
)

// QIF is the quadratic integrate-and-fire neuron, with the resting potential
// v_rest and the critical potential v_c, above which it rises by itself:
//
//	H[t] = V[t-1] + (X[t] + a0·(V[t-1] - v_rest)·(V[t-1] - v_c)) / tau
//
// Source: W. Gerstner et al., "Neuronal Dynamics", 2014, section 5.3.
type QIF struct{ Base }

// NeuronalCharge returns H[t].
func (n *QIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Add(x.Add(quadratic(&n.Base, v)).Div(n.Param(tau)))
}

// quadratic is a0·(v - v_rest)·(v - v_c).
func quadratic(n *Base, v dynamics.Expr) dynamics.Expr {
	return n.Param(a0).Mul(v.Sub(n.Param(vRest))).Mul(v.Sub(n.Param(vC)))
}

func (*QIF) prepare(c *config) {
	c.vReset = -0.1
	c.own[tau], c.atLeast[tau] = 2, 1
	c.own[vC], c.own[a0], c.own[vRest] = 0.8, 1, 0
}

func (*QIF) validate(c *config) { c.above(a0, 0) }

// NewQIF returns a layer of [QIF] neurons. By default tau is 2, v_c 0.8, a0 1,
// v_rest 0 and v_reset -0.1; the other defaults are those of [NewIF]. Set them
// with [Tau] and [Param]. It panics with an *OptionError if an option is out of
// range: tau below 1, a0 not above 0.
func NewQIF(options ...Option) *Layer { return New(&QIF{}, options...) }

// EIF is the exponential integrate-and-fire neuron, with the sharpness delta_T
// of its upstroke and the rheobase threshold theta_rh:
//
//	H[t] = V[t-1] + (X[t] + v_rest - V[t-1] + delta_T·exp((V[t-1] - theta_rh) / delta_T)) / tau
//
// Source: W. Gerstner et al., "Neuronal Dynamics", 2014, section 5.2.
type EIF struct{ Base }

// NeuronalCharge returns H[t].
func (n *EIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Add(x.Add(n.Param(vRest)).Sub(v).Add(upstroke(&n.Base, v)).Div(n.Param(tau)))
}

// upstroke is delta_T·exp((v - theta_rh) / delta_T).
func upstroke(n *Base, v dynamics.Expr) dynamics.Expr {
	delta := n.Param("delta_T")
	return delta.Mul(v.Sub(n.Param("theta_rh")).Div(delta).Exp())
}

func (*EIF) prepare(c *config) {
	c.vReset = -0.1
	c.own[tau], c.atLeast[tau] = 2, 1
	c.own["delta_T"], c.own["theta_rh"], c.own[vRest] = 1, 0.8, 0
}

func (*EIF) validate(c *config) { c.above("delta_T", 0) }

// NewEIF returns a layer of [EIF] neurons. By default tau is 2, delta_T 1,
// theta_rh 0.8, v_rest 0 and v_reset -0.1; the other defaults are those of
// [NewIF]. Set them with [Tau] and [Param]. It panics with an *OptionError if an
// option is out of range: tau below 1, delta_T not above 0.
func NewEIF(options ...Option) *Layer { return New(&EIF{}, options...) }

// Izhikevich is the quadratic neuron with an adaptation w, which a spike raises
// by b:
//
//	H[t] = V[t-1] + (X[t] + a0·(V[t-1] - v_rest)·(V[t-1] - v_c) - W[t-1]) / tau
//	W[t] = W[t-1] + (a·(H[t] - v_rest) - W[t-1]) / tau_w + b·S[t]
//
// Source: E. M. Izhikevich, "Simple model of spiking neurons", IEEE Transactions
// on Neural Networks 14, 2003, with the parameters of [QIF].
type Izhikevich struct{ Base }

// NeuronalCharge returns H[t].
func (n *Izhikevich) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Add(x.Add(quadratic(&n.Base, v)).Sub(n.State("w")).Div(n.Param(tau)))
}

// NeuronalStates returns the adaptation.
func (n *Izhikevich) NeuronalStates(s Step) []State { return adaptation(&n.Base, s) }

// adaptation is the state w, which follows the potential and rises by b with
// each spike.
func adaptation(n *Base, s Step) []State {
	w := n.State("w")
	pull := n.Param("a").Mul(s.H.Sub(n.Param(vRest))).Sub(w)
	return []State{{"w", n.Param("w_rest"), w.Add(pull.Div(n.Param(tauW))).Add(n.Param("b").Mul(s.S))}}
}

func (*Izhikevich) prepare(c *config) {
	c.own[tau], c.atLeast[tau] = 2, 1
	c.own[vC], c.own[a0], c.own[vRest] = 0.8, 1, -0.1
	prepareAdaptation(c)
}

func prepareAdaptation(c *config) {
	c.own[tauW], c.atLeast[tauW] = 2, 1
	c.own["w_rest"], c.own["a"], c.own["b"] = 0, 0, 0
}

func (*Izhikevich) validate(c *config) { c.above(a0, 0) }

// NewIzhikevich returns a layer of [Izhikevich] neurons. By default tau and
// tau_w are 2, v_c is 0.8, a0 1, v_rest -0.1, and w_rest, a and b are 0; the
// other defaults are those of [NewIF]. Set them with [Tau] and [Param]; the
// adaptation is Layer.State("w"). It panics with an *OptionError if an option is
// out of range.
func NewIzhikevich(options ...Option) *Layer { return New(&Izhikevich{}, options...) }

// AdEx is the adaptive exponential neuron, the EIF neuron with the adaptation of
// [Izhikevich]:
//
//	H[t] = V[t-1] + (X[t] + v_rest - V[t-1] + delta_T·exp((V[t-1] - theta_rh) / delta_T) - W[t-1]) / tau
//	W[t] = W[t-1] + (a·(H[t] - v_rest) - W[t-1]) / tau_w + b·S[t]
//
// Source: R. Brette and W. Gerstner, "Adaptive exponential integrate-and-fire
// model as an effective description of neuronal activity", Journal of
// Neurophysiology 94, 2005, with differences of one step.
type AdEx struct{ Base }

// NeuronalCharge returns H[t].
func (n *AdEx) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	current := x.Add(n.Param(vRest)).Sub(v).Add(upstroke(&n.Base, v)).Sub(n.State("w"))
	return v.Add(current.Div(n.Param(tau)))
}

// NeuronalStates returns the adaptation.
func (n *AdEx) NeuronalStates(s Step) []State { return adaptation(&n.Base, s) }

func (*AdEx) prepare(c *config) {
	(&EIF{}).prepare(c)
	prepareAdaptation(c)
	c.own["delta_T"], c.own[tauW], c.own["a"], c.own["b"] = 0.2, 20, 0.1, 0.1
}

func (*AdEx) validate(c *config) { c.above("delta_T", 0) }

// NewAdEx returns a layer of [AdEx] neurons. By default tau is 2, delta_T 0.2,
// theta_rh 0.8, v_rest 0, v_reset -0.1, tau_w 20, a and b 0.1 and w_rest 0; the
// other defaults are those of [NewIF]. Set them with [Tau] and [Param]; the
// adaptation is Layer.State("w"). It panics with an *OptionError if an option is
// out of range.
func NewAdEx(options ...Option) *Layer { return New(&AdEx{}, options...) }
