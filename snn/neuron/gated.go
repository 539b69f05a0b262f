package neuron

import (
	"math"

	"spikebook/snn"
	"spikebook/snn/dynamics"
)

// GatedLIF is the LIF neuron that learns how it leaks, takes in and resets:
// each of alpha, beta, gamma, tau, linear_decay, v_subreset, v_threshold and
// conduct, which has a value for each step, is learnt and used as its sigmoid.
//
//	I[t] = X[t]·(1 - beta·(1 - conduct[t]))
//	U[t] = (1 - alpha·(1 - tau))·V[t-1] - (1 - alpha)·linear_decay + I[t]
//	H[t] = U[t] - (1 - alpha·(1 - tau))·V[t-1]·gamma·S[t-1] - (1 - gamma)·v_subreset·S[t-1]
//	S[t] = Θ(H[t] - v_threshold)
//	V[t] = H[t]
//
// S begins with 0 in each sequence. It has step mode "m" only.
//
// Source: X. Yao et al., "GLIF: a unified gated leaky integrate-and-fire neuron
// for spiking neural networks", NeurIPS 2022.
type GatedLIF struct {
	Base
	steps int
}

func (n *GatedLIF) gate(name string) dynamics.Expr { return n.Param(name).Sigmoid() }

func (n *GatedLIF) keep() dynamics.Expr {
	return one().Sub(n.gate("alpha").Mul(one().Sub(n.gate(tau))))
}

// one is made anew each time, so that no two layers share it.
func one() dynamics.Expr { return dynamics.Const(1) }

// NeuronalCharge returns H[t].
func (n *GatedLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	s, gamma := n.State("s"), n.gate("gamma")
	return n.charge(v, x).Sub(n.keep().Mul(v).Mul(gamma).Mul(s)).Sub(one().Sub(gamma).Mul(n.gate("v_subreset")).Mul(s))
}

// charge returns U[t].
func (n *GatedLIF) charge(v, x dynamics.Expr) dynamics.Expr {
	conduct := dynamics.Input("conduct").Sigmoid()
	current := n.Named("I[t]", x.Mul(one().Sub(n.gate("beta").Mul(one().Sub(conduct)))))
	return n.Named("U[t]", n.keep().Mul(v).Sub(one().Sub(n.gate("alpha")).Mul(n.gate("linear_decay"))).Add(current))
}

// NeuronalFire returns S[t].
func (n *GatedLIF) NeuronalFire(h dynamics.Expr) dynamics.Expr {
	return n.Spike(h.Sub(n.gate(vThreshold)))
}

// NeuronalReset returns V[t], which the next charge resets.
func (n *GatedLIF) NeuronalReset(h, _ dynamics.Expr) dynamics.Expr { return h }

// NeuronalStates returns the spike.
func (n *GatedLIF) NeuronalStates(s Step) []State { return []State{{Name: "s", Next: s.S}} }

func (n *GatedLIF) prepare(c *config) {
	logit := func(p float64) float64 { return 0 - math.Log(1/p-1) } // 0, not -0, for 1/2
	c.soft, c.restart = true, []string{"s"}
	c.stepModes, c.stepMode = []string{snn.MultiStep}, snn.MultiStep
	for _, name := range []string{"alpha", "beta", "gamma"} {
		c.own[name] = 0.2 * (float64(snn.Rand(1).Item()) - 0.5)
	}
	c.own[tau], c.vThreshold = logit(0.25), logit(0.5)
	c.own["v_subreset"], c.own["linear_decay"] = logit(0.5), logit(0.5/float64(2*n.steps))
	c.tensors["conduct"] = snn.Full(float32(logit(0.5)), n.steps)
	c.perStep = []string{"conduct"}
	c.learn = []string{"alpha", "beta", "gamma", tau, vThreshold, "v_subreset", "linear_decay", "conduct"}
}

// NewGatedLIF returns a layer of [GatedLIF] neurons for sequences of the given
// number of steps. Its parameters are what the sigmoid is taken of: by default
// alpha, beta and gamma are random between -0.1 and 0.1, and the sigmoid of tau
// is 0.25, that of v_threshold, v_subreset and conduct 0.5, that of linear_decay
// 0.25/steps. With [ParamTensor] each channel has its own. It panics with an
// *OptionError if steps is below 1.
func NewGatedLIF(steps int, options ...Option) *Layer {
	if steps < 1 {
		panic(&OptionError{"GatedLIF", "it is made for no steps, expected the number of steps of a sequence"})
	}
	return New(&GatedLIF{steps: steps}, options...)
}
