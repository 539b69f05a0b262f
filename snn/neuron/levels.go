package neuron

import (
	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// ILIF is the LIF neuron that gives out a number of spikes, from 0 to the
// maximum of its surrogate, surrogate.MultiLevelSpikeCount. Its input does not
// decay, its reset is soft.
//
//	H[t] = V[t-1] - V[t-1]/tau + X[t]
//	S[t] = round(clamp(H[t]/v_threshold, 0, max))
//	V[t] = H[t] - S[t]·v_threshold
//
// Source: X. Luo et al., "Integer-valued training and spike-driven inference
// spiking neural network for high-performance and energy-efficient object
// detection", ECCV 2024.
type ILIF struct{ Base }

// NeuronalCharge returns H[t].
func (n *ILIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Sub(v.Div(n.Param(tau))).Add(x)
}

// NeuronalFire returns S[t].
func (n *ILIF) NeuronalFire(h dynamics.Expr) dynamics.Expr { return n.Spike(h.Div(n.VThreshold())) }

func (*ILIF) prepare(c *config) {
	c.soft, c.surrogate = true, surrogate.MultiLevelSpikeCount(4)
	c.own[tau], c.atLeast[tau] = 4.0/3, 1
}

func (*ILIF) validate(c *config) { c.onlySoft() }

// NewILIF returns a layer of [ILIF] neurons. By default tau is 4/3 and the
// surrogate MultiLevelSpikeCount(4); the other defaults are those of [NewIF].
func NewILIF(options ...Option) *Layer { return New(&ILIF{}, options...) }

// HalfThresholdIF is the IF neuron whose potential begins at half of the
// threshold; its reset is soft.
//
// Source: T. Bu et al., "Optimal ANN-SNN conversion for high-accuracy and
// ultra-low-latency spiking neural networks", ICLR 2022.
type HalfThresholdIF struct{ IF }

// NeuronalInitial returns v_threshold/2.
func (n *HalfThresholdIF) NeuronalInitial() dynamics.Expr {
	return n.VThreshold().Mul(dynamics.Const(0.5))
}

func (*HalfThresholdIF) prepare(c *config) { c.soft = true }

func (*HalfThresholdIF) validate(c *config) {
	c.onlySoft()
	c.above(vThreshold, 0)
}

// NewHalfThresholdIF returns a layer of [HalfThresholdIF] neurons. The defaults
// are those of [NewIF].
func NewHalfThresholdIF(options ...Option) *Layer { return New(&HalfThresholdIF{}, options...) }

// ActivationAwareIF is the IF neuron that fires at v_threshold - v_offset:
//
//	S[t] = Θ(H[t] + v_offset - v_threshold)
//
// Both may differ between channels; see [ParamTensor]. Its reset is soft.
type ActivationAwareIF struct{ IF }

// NeuronalFire returns S[t].
func (n *ActivationAwareIF) NeuronalFire(h dynamics.Expr) dynamics.Expr {
	return n.Spike(h.Add(n.Param("v_offset")).Sub(n.VThreshold()))
}

func (*ActivationAwareIF) prepare(c *config) { c.soft, c.own["v_offset"] = true, 0 }

// NewActivationAwareIF returns a layer of [ActivationAwareIF] neurons. By
// default v_offset is 0; the other defaults are those of [NewIF].
func NewActivationAwareIF(options ...Option) *Layer { return New(&ActivationAwareIF{}, options...) }

// TernaryIF is the IF neuron with spikes of both signs:
//
//	S[t] = Θ(H[t] - v_threshold) - Θ(-H[t] - v_threshold)
//	V[t] = (1 - |S[t]|)·H[t] + |S[t]|·v_reset          hard reset
//	V[t] = H[t] - S[t]·v_threshold                     soft reset
//
// Source: Y. Guo et al., "Ternary spike: learning ternary spikes for spiking
// neural networks", AAAI 2024.
type TernaryIF struct{ IF }

// NeuronalFire returns S[t].
func (n *TernaryIF) NeuronalFire(h dynamics.Expr) dynamics.Expr { return n.ternaryFire(h) }

// NeuronalReset returns V[t].
func (n *TernaryIF) NeuronalReset(h, s dynamics.Expr) dynamics.Expr { return n.ternaryReset(h, s) }

func (b *Base) ternaryFire(h dynamics.Expr) dynamics.Expr {
	return b.Spike(h.Sub(b.VThreshold())).Sub(b.Spike(h.Neg().Sub(b.VThreshold())))
}

func (b *Base) ternaryReset(h, s dynamics.Expr) dynamics.Expr {
	if b.soft {
		return b.NeuronalReset(h, s)
	}
	fired := b.Spike(h.Sub(b.VThreshold())).Add(b.Spike(h.Neg().Sub(b.VThreshold())))
	if b.detach {
		fired = fired.Detach()
	}
	return b.Named("|S[t]|", fired).Mix(b.VReset(), h)
}

func (*TernaryIF) validate(c *config) { c.above(vThreshold, 0) }

// NewTernaryIF returns a layer of [TernaryIF] neurons. The defaults are those of
// [NewIF].
func NewTernaryIF(options ...Option) *Layer { return New(&TernaryIF{}, options...) }

// TernaryLIF is the LIF neuron with the spikes of [TernaryIF].
type TernaryLIF struct{ LIF }

// NeuronalFire returns S[t].
func (n *TernaryLIF) NeuronalFire(h dynamics.Expr) dynamics.Expr { return n.ternaryFire(h) }

// NeuronalReset returns V[t].
func (n *TernaryLIF) NeuronalReset(h, s dynamics.Expr) dynamics.Expr { return n.ternaryReset(h, s) }

func (*TernaryLIF) validate(c *config) { c.above(vThreshold, 0) }

// NewTernaryLIF returns a layer of [TernaryLIF] neurons. The defaults are those
// of [NewLIF].
func NewTernaryLIF(options ...Option) *Layer {
	return New(&TernaryLIF{LIF{DecayInput: true}}, options...)
}
