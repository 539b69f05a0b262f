package neuron

import (
	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// CUBALIF is the current-based LIF neuron: the input charges a synaptic current
// c, which decays by itself.
//
//	C[t] = C[t-1]·c_decay + X[t]
//	H[t] = V[t-1]·v_decay + C[t]
//
// Source: M. Davies et al., "Loihi: a neuromorphic manycore processor with
// on-chip learning", IEEE Micro 38, 2018.
type CUBALIF struct{ Base }

// NeuronalCharge returns H[t].
func (n *CUBALIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Mul(n.Param("v_decay")).Add(n.current(x))
}

func (n *CUBALIF) current(x dynamics.Expr) dynamics.Expr {
	return n.Named("c[t]", n.State("c").Mul(n.Param("c_decay")).Add(x))
}

// NeuronalStates returns the current.
func (n *CUBALIF) NeuronalStates(s Step) []State {
	return []State{{Name: "c", Next: n.current(s.X)}}
}

func (*CUBALIF) prepare(c *config) {
	c.vThreshold, c.surrogate = 0.5, surrogate.Rect(1)
	c.own["c_decay"], c.own["v_decay"] = 0.5, 0.75
}

// NewCUBALIF returns a layer of [CUBALIF] neurons. By default c_decay is 0.5,
// v_decay 0.75, v_threshold 0.5 and the surrogate Rect(1); the other defaults
// are those of [NewIF]. Set them with [Param]; the current is Layer.State("c").
func NewCUBALIF(options ...Option) *Layer { return New(&CUBALIF{}, options...) }

// ComplementaryLIF is the LIF neuron with a complementary potential m, which
// remembers past spikes and takes part in the reset. Its input does not decay,
// its reset is soft.
//
//	H[t] = V[t-1]·(1 - 1/tau) + X[t]
//	M[t] = M[t-1]·sigmoid(H[t] / tau) + S[t]
//	V[t] = H[t] - S[t]·(v_threshold + sigmoid(M[t]))
//
// Source: Y. Huang et al., "CLIF: complementary leaky integrate-and-fire neuron
// for spiking neural networks", ICML 2024.
type ComplementaryLIF struct{ Base }

// NeuronalCharge returns H[t].
func (n *ComplementaryLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Sub(v.Div(n.Param(tau))).Add(x)
}

// NeuronalReset returns V[t].
func (n *ComplementaryLIF) NeuronalReset(h, s dynamics.Expr) dynamics.Expr {
	return h.Sub(s.Mul(n.VThreshold().Add(n.complement(h, s).Sigmoid())))
}

func (n *ComplementaryLIF) complement(h, s dynamics.Expr) dynamics.Expr {
	return n.Named("m[t]", n.State("m").Mul(h.Div(n.Param(tau)).Sigmoid()).Add(s))
}

// NeuronalStates returns the complementary potential.
func (n *ComplementaryLIF) NeuronalStates(s Step) []State {
	return []State{{Name: "m", Next: n.complement(s.H, s.S)}}
}

func (*ComplementaryLIF) prepare(c *config) {
	c.soft, c.surrogate = true, surrogate.Rect(1)
	c.own[tau], c.atLeast[tau] = 2, 1
}

func (*ComplementaryLIF) validate(c *config) { c.onlySoft() }

// onlySoft refuses a hard reset.
func (c *config) onlySoft() {
	if !c.soft {
		c.refuse("its reset is soft, there is no v_reset; leave the option VReset out")
	}
}

// NewComplementaryLIF returns a layer of [ComplementaryLIF] neurons. By default
// tau is 2 and the surrogate Rect(1); the other defaults are those of [NewIF].
// The complementary potential is Layer.State("m").
func NewComplementaryLIF(options ...Option) *Layer { return New(&ComplementaryLIF{}, options...) }

// RAF is the resonate-and-fire neuron: the potential v swings with the current u
// at the angular frequency omega and fades with the rate b, which is negative;
// dt is the length of a step.
//
//	U[t] = exp(b·dt)·(cos(omega·dt)·U[t-1] - sin(omega·dt)·V[t-1]) + X[t]
//	H[t] = exp(b·dt)·(sin(omega·dt)·U[t-1] + cos(omega·dt)·V[t-1])
//
// Source: E. M. Izhikevich, "Resonate-and-fire neurons", Neural Networks 14,
// 2001.
type RAF struct{ Base }

// NeuronalCharge returns H[t].
func (n *RAF) NeuronalCharge(v, _ dynamics.Expr) dynamics.Expr {
	sin, cos := n.rotation()
	return sin.Mul(n.State("u")).Add(cos.Mul(v))
}

// NeuronalStates returns the current.
func (n *RAF) NeuronalStates(s Step) []State {
	sin, cos := n.rotation()
	return []State{{Name: "u", Next: cos.Mul(n.State("u")).Sub(sin.Mul(s.V)).Add(s.X)}}
}

// rotation returns what a step turns the two states by.
func (n *RAF) rotation() (sin, cos dynamics.Expr) {
	dt := n.Param("dt")
	fade, angle := n.Param("b").Mul(dt).Exp(), n.Param("omega").Mul(dt)
	return fade.Mul(angle.Sin()), fade.Mul(angle.Cos())
}

func (*RAF) prepare(c *config) { c.own["b"], c.own["omega"], c.own["dt"] = -0.2, 1, 1 }

func (*RAF) validate(c *config) { c.above("dt", 0) }

// NewRAF returns a layer of [RAF] neurons. By default b is -0.2, and omega and
// dt are 1; the other defaults are those of [NewIF]. Set them with [Param]; the
// current is Layer.State("u").
func NewRAF(options ...Option) *Layer { return New(&RAF{}, options...) }
