package learning

import (
	"fmt"
	"math"
	"slices"

	"spikebook/snn"
	"spikebook/snn/layer"
)

// RewardSTDP is spike-timing-dependent plasticity that a reward modulates. What STDP
// would change at once makes a synapse eligible,
//
//	tr[t] = tr[t-1]·exp(-1/τ) + s[t]
//	e_ji[t] = FPost(W)·tr_i[t]·s_j[t] - FPre(W)·tr_j[t]·s_i[t]
//
// and a reward in the next step changes it: ΔW[t] = r[t]·e[t-1]. With an eligibility
// trace, rewards may come later:
//
//	z[t] = z[t-1]·exp(-1/τ_trace) + e[t-1]/τ_trace,  ΔW[t] = r[t]·z[t]
//
// Source: R. V. Florian, "Reinforcement learning through modulation of
// spike-timing-dependent synaptic plasticity", Neural Computation 19, 2007.
type RewardSTDP struct {
	synapses
	tauTrace           float64     // 0: without an eligibility trace
	eligible, rewarded *snn.Tensor // e[t] and what a reward counts for now, [..., Out, In]
}

var _ interface {
	snn.Module
	snn.StepModer
	snn.Container
} = (*RewardSTDP)(nil)

// NewMSTDP returns a rule without eligibility trace, for a synapse and the neurons behind
// it, with the time constants of the traces, in steps. It panics with a *snn.ShapeError
// if either is nil, or if a time constant is below 1.
func NewMSTDP(synapse *layer.Linear, neurons snn.Module, tauPre, tauPost float64, options ...Option) *RewardSTDP {
	return newReward("MSTDP", synapse, neurons, tauPre, tauPost, options)
}

// NewMSTDPET returns a rule with an eligibility trace and its time constant, in steps.
// It panics as NewMSTDP does.
func NewMSTDPET(synapse *layer.Linear, neurons snn.Module, tauPre, tauPost, tauTrace float64, options ...Option) *RewardSTDP {
	checkTau("NewMSTDPET", "tauTrace", tauTrace)
	r := newReward("MSTDPET", synapse, neurons, tauPre, tauPost, options)
	r.tauTrace = tauTrace
	return r
}

func newReward(name string, synapse *layer.Linear, neurons snn.Module, tauPre, tauPost float64, options []Option) *RewardSTDP {
	keep := func(what string, tau float64) float64 { return math.Exp(-1 / checkTau("New"+name, what, tau)) }
	return &RewardSTDP{synapses: newSynapses(name, synapse, neurons, keep("tauPre", tauPre), keep("tauPost", tauPost), options)}
}

// Forward returns the spikes of the neurons for the spikes x of a step, [..., In]. It
// panics with a *snn.ShapeError if the shape has changed since Reset.
func (r *RewardSTDP) Forward(x *snn.Tensor) *snn.Tensor {
	y, seen := r.forward(r, x)
	up := column(seen.post).Mul(row(seen.tracePre))
	down := column(seen.tracePost).Mul(row(seen.pre))
	if r.eligible == nil {
		r.eligible = snn.Zeros(up.Shape()...)
	}
	switch {
	case r.tauTrace == 0:
		r.rewarded = r.eligible
	case r.rewarded == nil:
		r.rewarded = r.eligible.Scale(float32(1 / r.tauTrace))
	default:
		r.rewarded = r.rewarded.Scale(float32(math.Exp(-1 / r.tauTrace))).Add(r.eligible.Scale(float32(1 / r.tauTrace)))
	}
	r.eligible = r.change(up, down)
	return y
}

// column returns a single step of [1, ..., n] values as [..., n, 1].
func column(t *snn.Tensor) *snn.Tensor {
	t = t.Index(0)
	return t.Reshape(append(slices.Clone(t.Shape()), 1)...)
}

// row returns a single step of [1, ..., n] values as [..., 1, n].
func row(t *snn.Tensor) *snn.Tensor {
	t = t.Index(0)
	return t.Reshape(slices.Insert(slices.Clone(t.Shape()), len(t.Shape())-1, 1)...)
}

// Eligibility returns e of the last step, [..., Out, In]; nil before the first.
func (r *RewardSTDP) Eligibility() *snn.Tensor { return copied(r.eligible) }

// EligibilityTrace returns z of the last step, [..., Out, In]; nil before the first, and
// if there is none.
func (r *RewardSTDP) EligibilityTrace() *snn.Tensor {
	if r.tauTrace == 0 {
		return nil
	}
	return copied(r.rewarded)
}

// DeltaW returns how the weights are to change by the reward after the last step, [Out,
// In]; nil before the first. The reward is one value, or one for each of a batch, [N]. It
// panics with a *snn.ShapeError if it has another shape.
func (r *RewardSTDP) DeltaW(reward *snn.Tensor) *snn.Tensor {
	if reward == nil {
		panic(snn.Shapef(r.name+".DeltaW", "the reward is nil; expected one value, or one for each of a batch, [N]"))
	}
	if r.rewarded == nil {
		return nil
	}
	shape := r.rewarded.Shape()
	batch, weights := shape[:len(shape)-2], shape[len(shape)-2:]
	switch {
	case reward.Size() == 1:
		reward = reward.Reshape()
	case slices.Equal(reward.Shape(), batch):
		reward = reward.Reshape(append(slices.Clone(batch), 1, 1)...)
	default:
		panic(snn.Shapef(r.name+".DeltaW", "the reward has shape %v, expected one value, or one for each of the batch, %v", reward.Shape(), batch))
	}
	return r.rewarded.Mul(reward.Detach()).Reshape(append([]int{-1}, weights...)...).Sum(0)
}

// Step subtracts DeltaW from the gradient of the weights, so that an optimizer changes
// them by it. It panics with a *snn.ShapeError if the weights require no gradient.
func (r *RewardSTDP) Step(reward *snn.Tensor) { r.descend(r.DeltaW(reward)) }

// Reset forgets traces and eligibility, and resets the neurons.
func (r *RewardSTDP) Reset() {
	r.eligible, r.rewarded = nil, nil
	r.reset()
}

// StepMode returns "s".
func (r *RewardSTDP) StepMode() string { return snn.SingleStep }

// SetStepMode returns an error for multi-step mode: a reward comes after each step.
func (r *RewardSTDP) SetStepMode(mode string) error {
	if err := snn.CheckStepMode(mode); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	if mode != snn.SingleStep {
		return fmt.Errorf("%s: step mode %q is not possible, as a reward comes after each step; give it single steps", r.name, mode)
	}
	return nil
}
