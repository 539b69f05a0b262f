package neuron

import "spikebook/snn/dynamics"

// KLIF is the LIF neuron whose potential is scaled by k, which is learnt, and
// rectified:
//
//	H[t] = max(0, k·LIF(V[t-1], X[t]))
//
// where LIF is the charge of [LIF]. With [ScaleReset] the reset acts on H[t]/k,
// and a soft reset takes v_threshold/k off.
//
// Source: C. Jiang and Y. Zhang, "KLIF: an optimized spiking neuron unit for
// tuning surrogate gradient slope and membrane potential", 2023.
type KLIF struct {
	LIF
	ScaleReset bool
}

// NeuronalCharge returns H[t].
func (n *KLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return dynamics.Const(0).Max(n.Param("k").Mul(n.LIF.NeuronalCharge(v, x)))
}

// NeuronalReset returns V[t].
func (n *KLIF) NeuronalReset(h, s dynamics.Expr) dynamics.Expr {
	if !n.ScaleReset {
		return n.LIF.NeuronalReset(h, s)
	}
	k := n.Param("k")
	if n.soft {
		return h.Div(k).Sub(s.Mul(dynamics.Const(1).Div(k).Mul(n.VThreshold())))
	}
	return s.Mix(n.VReset(), h.Div(k))
}

func (n *KLIF) prepare(c *config) {
	n.LIF.prepare(c)
	c.own["k"] = 1
	c.learn = append(c.learn, "k")
	c.switches["scale_reset"] = &n.ScaleReset
}

// NewKLIF returns a layer of [KLIF] neurons. k begins with 1 and is learnt; the
// other defaults are those of [NewLIF].
func NewKLIF(options ...Option) *Layer { return New(&KLIF{LIF: LIF{DecayInput: true}}, options...) }

// LIAF is the LIF neuron that gives out a real number, an activation f of its
// potential before the reset; the spike is left for the reset:
//
//	Y[t] = f(H[t])                  or, with ThresholdRelated,
//	Y[t] = f(H[t] - v_threshold)
//
// Source: Z. Wu et al., "LIAF-Net: leaky integrate and analog fire network for
// lightweight and efficient spatiotemporal information processing", IEEE
// Transactions on Neural Networks and Learning Systems, 2021.
type LIAF struct {
	LIF
	ThresholdRelated bool
	activation       dynamics.Expr // of the symbol u
}

// NeuronalOutput returns Y[t].
func (n *LIAF) NeuronalOutput(s Step) dynamics.Expr {
	if n.activation.IsZero() {
		panic(&OptionError{"LIAF", "it has no activation; make it by neuron.NewLIAF"})
	}
	u := s.H
	if n.ThresholdRelated {
		u = u.Sub(n.VThreshold())
	}
	return n.activation.Replace("u", u)
}

func (n *LIAF) prepare(c *config) {
	n.LIF.prepare(c)
	c.switches["threshold_related"] = &n.ThresholdRelated
}

// NewLIAF returns a layer of [LIAF] neurons with the given activation, such as
// [ReLU] or dynamics.Expr.Tanh. The defaults are those of [NewLIF].
func NewLIAF(activation func(u dynamics.Expr) dynamics.Expr, options ...Option) *Layer {
	if activation == nil {
		panic(&OptionError{"LIAF", "the activation is nil; expected a function such as neuron.ReLU"})
	}
	return New(&LIAF{LIF: LIF{DecayInput: true}, activation: activation(dynamics.Input("u"))}, options...)
}

// ReLU is max(0, u), an activation for [NewLIAF].
func ReLU(u dynamics.Expr) dynamics.Expr { return dynamics.Const(0).Max(u) }
