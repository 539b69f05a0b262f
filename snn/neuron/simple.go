package neuron

import (
	"spikebook/snn"
	"spikebook/snn/dynamics"
)

// SimpleIF is the IF neuron whose potential begins at 0, whatever v_reset is.
type SimpleIF struct{ IF }

// NeuronalInitial returns 0.
func (*SimpleIF) NeuronalInitial() dynamics.Expr { return dynamics.Const(0) }

// NewSimpleIF returns a layer of [SimpleIF] neurons. The defaults are those of
// [NewIF].
func NewSimpleIF(options ...Option) *Layer { return New(&SimpleIF{}, options...) }

// SimpleLIF is the LIF neuron whose potential begins at 0, whatever v_reset is.
// If the input decays, too,
//
//	H[t] = V[t-1] + (v_reset - V[t-1] + X[t]) / tau
//
// and if it does not,
//
//	H[t] = V[t-1] + (v_reset - V[t-1]) / tau + X[t]
type SimpleLIF struct{ LIF }

// NeuronalCharge returns H[t].
func (n *SimpleLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	pull := n.VReset().Sub(v)
	if n.DecayInput {
		return v.Add(pull.Add(x).Div(n.Param(tau)))
	}
	return v.Add(pull.Div(n.Param(tau))).Add(x)
}

// NeuronalInitial returns 0.
func (*SimpleLIF) NeuronalInitial() dynamics.Expr { return dynamics.Const(0) }

// NewSimpleLIF returns a layer of [SimpleLIF] neurons. The defaults are those of
// [NewLIF].
func NewSimpleLIF(options ...Option) *Layer {
	return New(&SimpleLIF{LIF{DecayInput: true}}, options...)
}

// nonSpiking gives out its potential and has no reset.
type nonSpiking struct{ Base }

func (*nonSpiking) NeuronalReset(h, _ dynamics.Expr) dynamics.Expr { return h }
func (*nonSpiking) NeuronalOutput(s Step) dynamics.Expr            { return s.H }
func (*nonSpiking) NeuronalInitial() dynamics.Expr                 { return dynamics.Const(0) }

// prepareNonSpiking makes each sequence start anew.
func prepareNonSpiking(c *config) {
	c.restart, c.stepModes, c.stepMode = []string{stateName}, []string{snn.MultiStep}, snn.MultiStep
}

// NonSpikingIF adds up its input and gives out the potential, from 0 for each
// sequence; it does not spike. It has step mode "m" only.
type NonSpikingIF struct{ nonSpiking }

// NeuronalCharge returns v + x.
func (*NonSpikingIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr { return v.Add(x) }

func (*NonSpikingIF) prepare(c *config) { prepareNonSpiking(c) }

// NewNonSpikingIF returns a layer of [NonSpikingIF] neurons. [Decode] says what
// is made of the potentials.
func NewNonSpikingIF(options ...Option) *Layer { return New(&NonSpikingIF{}, options...) }

// NonSpikingLIF is [NonSpikingIF] with a leak:
//
//	H[t] = V[t-1] + (X[t] - V[t-1]) / tau
type NonSpikingLIF struct{ nonSpiking }

// NeuronalCharge returns H[t].
func (n *NonSpikingLIF) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr {
	return v.Add(x.Sub(v).Div(n.Param(tau)))
}

func (*NonSpikingLIF) prepare(c *config) {
	prepareNonSpiking(c)
	c.own[tau], c.atLeast[tau] = 2, 1
}

// NewNonSpikingLIF returns a layer of [NonSpikingLIF] neurons. By default tau is
// 2. [Decode] says what is made of the potentials.
func NewNonSpikingLIF(options ...Option) *Layer { return New(&NonSpikingLIF{}, options...) }

// What a neuron that does not spike makes of the potentials of a sequence.
const (
	LastMem   = "last-mem"    // the last one
	MaxMem    = "max-mem"     // the largest one
	MaxAbsMem = "max-abs-mem" // the one with the largest absolute value, with its sign
	MeanMem   = "mean-mem"    // the mean
)

// Decode makes one value of the potentials of a sequence, [T, N, ...] to [N,
// ...]: [LastMem], [MaxMem], [MaxAbsMem] or [MeanMem]. It is an option of neurons
// that do not spike; without it they give out the potential of each step.
func Decode(kind string) Option {
	return func(c *config) {
		if len(c.restart) == 0 {
			c.refuse("it has no option Decode: it gives out spikes; make a mean or a maximum of them by Mean(0) or Max(0)")
			return
		}
		switch kind {
		case LastMem, MaxMem, MaxAbsMem, MeanMem:
			c.decode = kind
		default:
			c.refuse("decoding %q is unknown, expected %q, %q, %q or %q", kind, LastMem, MaxMem, MaxAbsMem, MeanMem)
		}
	}
}

// decode makes one value of the potentials.
func decode(kind string, v *snn.Tensor) *snn.Tensor {
	switch kind {
	case LastMem:
		return v.Index(v.Shape()[0] - 1)
	case MaxMem:
		return v.Max(0)
	case MaxAbsMem:
		return v.MaxAbs(0)
	case MeanMem:
		return v.Mean(0)
	}
	return v
}
