package learning

import (
	"spikebook/snn"
	"spikebook/snn/layer"
)

// STDP is spike-timing-dependent plasticity: a synapse grows if the neuron behind it
// fires after the one before it, and shrinks if it is the other way round. With the
// traces of spikes s before (i) and behind (j) the synapse,
//
//	tr[t] = tr[t-1] - tr[t-1]/τ + s[t]
//	ΔW_ji = Σ FPost(W)·tr_i[t]·s_j[t] - FPre(W)·tr_j[t]·s_i[t]
//
// where the sum is over the batch and the steps since the last Step.
//
// Source: A. Morrison, M. Diesmann, W. Gerstner, "Phenomenological models of synaptic
// plasticity based on spike timing", Biological Cybernetics 98, 2008.
type STDP struct {
	snn.Stepper
	synapses
	up, down *snn.Tensor // the sums of both products, [Out, In]; nil after Step
}

var _ interface {
	snn.Module
	snn.StepModer
	snn.Container
} = (*STDP)(nil)

// NewSTDP returns a rule for a synapse and the neurons behind it, with the time constants
// of the traces before and behind it, in steps. It panics with a *snn.ShapeError if either
// is nil, or if a time constant is below 1.
func NewSTDP(synapse *layer.Linear, neurons snn.Module, tauPre, tauPost float64, options ...Option) *STDP {
	const name = "STDP"
	keepPre, keepPost := 1-1/checkTau("NewSTDP", "tauPre", tauPre), 1-1/checkTau("NewSTDP", "tauPost", tauPost)
	return &STDP{Stepper: snn.NewStepper(name), synapses: newSynapses(name, synapse, neurons, keepPre, keepPost, options)}
}

// Forward returns the spikes of the neurons for spikes x: [..., In] in single-step mode, a
// sequence [T, ..., In] in multi-step mode. It panics with a *snn.ShapeError if the shape
// of a step has changed since Reset.
func (r *STDP) Forward(x *snn.Tensor) *snn.Tensor {
	y, seen := r.forward(r, x)
	in, out := r.Synapse.Weight.Shape()[1], r.Synapse.Weight.Shape()[0]
	rows := seen.pre.Size() / in
	sum := func(to **snn.Tensor, post, pre *snn.Tensor) {
		product := post.Reshape(rows, out).Transpose(0, 1).MatMul(pre.Reshape(rows, in))
		if *to != nil {
			product = (*to).Add(product)
		}
		*to = product
	}
	sum(&r.up, seen.post, seen.tracePre)
	sum(&r.down, seen.tracePost, seen.pre)
	return y
}

// DeltaW returns how the weights are to change by what came since the last Step, [Out,
// In]; nil if nothing came.
func (r *STDP) DeltaW() *snn.Tensor {
	if r.up == nil {
		return nil
	}
	return r.change(r.up, r.down)
}

// Step subtracts DeltaW from the gradient of the weights, so that an optimizer changes
// them by it, and begins anew. The traces stay. It panics with a *snn.ShapeError if the
// weights require no gradient.
func (r *STDP) Step() {
	r.descend(r.DeltaW())
	r.up, r.down = nil, nil
}

// Reset forgets the traces and what came, and resets the neurons.
func (r *STDP) Reset() {
	r.up, r.down = nil, nil
	r.reset()
}
