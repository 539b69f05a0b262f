// Package learning holds rules by which synapses learn from the spikes before and behind
// them, where and when they occur, without a loss to differentiate.
//
// A rule is a module: the synapses and the neurons behind them. What Forward sees, the
// rule learns from. Run it within snn.NoGrad unless something else differentiates what it
// does: the states of neurons whose synapses require a gradient stay on the tape.
//
//	rule := learning.NewSTDP(layer.NewLinear(4, 2, layer.Bias(false)), neuron.NewLIF(), 2, 2)
//	sgd := optim.NewSGD(snn.Parameters(rule), 0.01)
//	snn.NoGrad(func() {
//		for t := range 100 {
//			sgd.ZeroGrad()
//			rule.Forward(x.Index(t))
//			rule.Step()
//			sgd.Step()
//		}
//	})
package learning

import (
	"fmt"
	"math"
	"sync"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/layer"
)

// Option sets a property of a rule when it is made.
type Option func(*weights)

// weights say how much a weight changes, by how large it is. They are functions of all
// weights, [Out, In]; nil is the identity.
type weights struct {
	pre, post func(w *snn.Tensor) *snn.Tensor
}

// FPre sets what the decrease of weights by spikes before the synapse is multiplied with,
// a function of the weights, [Out, In], that must not change them. The default is the
// weights themselves.
func FPre(f func(w *snn.Tensor) *snn.Tensor) Option { return func(w *weights) { w.pre = f } }

// FPost sets what the increase of weights by spikes behind the synapse is multiplied
// with, as FPre does for the decrease.
func FPost(f func(w *snn.Tensor) *snn.Tensor) Option { return func(w *weights) { w.post = f } }

// change returns FPost(W)·up - FPre(W)·down, where up and down are [..., Out, In].
func (s *synapses) change(up, down *snn.Tensor) *snn.Tensor {
	w := s.Synapse.Weight.Detach()
	by := func(what string, f func(w *snn.Tensor) *snn.Tensor) *snn.Tensor {
		if f == nil {
			return w
		}
		y := f(w)
		switch {
		case y == nil:
			panic(snn.Shapef(s.name, "%s made nil of weights of shape %v, expected the same shape", what, w.Shape()))
		case !snn.SameShape(y, w):
			panic(snn.Shapef(s.name, "%s made shape %v of weights of shape %v, expected the same shape", what, y.Shape(), w.Shape()))
		}
		return y.Detach()
	}
	return by("FPost", s.post).Mul(up).Sub(by("FPre", s.pre).Mul(down))
}

// synapses are the parts of a rule, and what their spikes leave.
type synapses struct {
	Synapse *layer.Linear
	Neurons snn.Module

	weights
	name                string
	keepPre, keepPost   float32     // how much of a trace is left after a step
	tracePre, tracePost *snn.Tensor // after the last step, [N, ..., In] and [N, ..., Out]
}

func newSynapses(name string, synapse *layer.Linear, neurons snn.Module, keepPre, keepPost float64, options []Option) synapses {
	if synapse == nil || neurons == nil {
		panic(snn.Shapef("New"+name, "the synapse or the layer of neurons is nil; expected two such as layer.NewLinear(4, 2) and neuron.NewLIF()"))
	}
	s := synapses{name: name, Synapse: synapse, Neurons: neurons, keepPre: float32(keepPre), keepPost: float32(keepPost)}
	for i, o := range options {
		if o == nil {
			panic(snn.Shapef("New"+name, "option %d is nil; expected one such as FPre(f)", i+1))
		}
		o(&s.weights)
	}
	return s
}

// checkTau returns a time constant of at least 1 step.
func checkTau(op, what string, tau float64) float64 {
	if !(tau >= 1) || math.IsInf(tau, 0) {
		panic(snn.Shapef(op, "%s is %v, expected a number of steps, at least 1", what, tau))
	}
	return tau
}

// forward runs synapses and neurons, and returns what came out together with spikes and
// traces, none of which is on the tape: [T, ..., In] before and [T, ..., Out] behind.
func (s *synapses) forward(m snn.StepModer, x *snn.Tensor) (y *snn.Tensor, seen spikes) {
	if s.Synapse == nil || s.Neurons == nil {
		panic(snn.Shapef("Forward", "the rule has no synapse or no neurons, expected one that a function such as NewSTDP made"))
	}
	var step []int
	if s.tracePre != nil {
		step = s.tracePre.Shape()
	}
	sequence := snn.AsSequence(m, s.name, x, step)
	if err := snn.CheckStepModes(s.Neurons, m.StepMode()); err != nil {
		panic(snn.Shapef(s.name+".Forward", "%v", err))
	}
	y = s.Neurons.Forward(s.Synapse.Forward(x))
	out := y.Shape()
	if w := s.Synapse.Weight.Shape(); len(out) == 0 || out[len(out)-1] != w[0] || y.Size()/w[0] != x.Size()/w[1] {
		panic(snn.Shapef(s.name+".Forward", "the neurons made shape %v of %d inputs each, expected one spike or none of each", out, w[0]))
	}
	seen.pre = sequence.Detach()
	seen.post = snn.AsSequence(m, s.name, y, nil).Detach()
	seen.tracePre, s.tracePre = trace(seen.pre, s.tracePre, s.keepPre)
	seen.tracePost, s.tracePost = trace(seen.post, s.tracePost, s.keepPost)
	return y, seen
}

// spikes are what a rule has seen: spikes and traces of some steps.
type spikes struct{ pre, post, tracePre, tracePost *snn.Tensor }

var tracing = sync.OnceValue(func() *snn.Kernel {
	next := dynamics.Param("keep").Mul(dynamics.State("trace")).Add(dynamics.Input("s"))
	k, err := snn.NewKernel(dynamics.Definition{
		Inputs: []string{"s"}, Outputs: []dynamics.Expr{next}, States: []dynamics.StateEquation{{Name: "trace", Next: next}},
	})
	if err != nil {
		panic(err) // a bug: it compiles
	}
	k.Name = "trace"
	return k
})

// trace returns the trace after each step of spikes [T, N, ...], and after the last one.
func trace(s, before *snn.Tensor, keep float32) (all, last *snn.Tensor) {
	if before == nil {
		before = snn.Zeros(s.Shape()[1:]...)
	}
	outputs, states := tracing().Run(snn.Call{
		Steps: s.Shape()[0], Shape: s.Shape(), Inputs: []*snn.Tensor{s}, States: []*snn.Tensor{before}, Params: []*snn.Tensor{snn.Scalar(keep)},
	})
	return outputs[0], states[0]
}

// TracePre returns the trace of the spikes before the synapse after the last step, [N,
// ..., In]; nil before the first.
func (s *synapses) TracePre() *snn.Tensor { return copied(s.tracePre) }

// TracePost returns the trace of the spikes behind the synapse after the last step, [N,
// ..., Out]; nil before the first.
func (s *synapses) TracePost() *snn.Tensor { return copied(s.tracePost) }

// copied returns a copy, nil of nil.
func copied(t *snn.Tensor) *snn.Tensor {
	if t == nil {
		return nil
	}
	return t.Clone()
}

// Modules returns the synapse and the neurons.
func (s *synapses) Modules() []snn.Module { return []snn.Module{s.Synapse, s.Neurons} }

// descend adds a change of the weights to their gradient, with the opposite sign.
func (s *synapses) descend(change *snn.Tensor) {
	if !s.Synapse.Weight.RequiresGrad() || !s.Synapse.Weight.IsLeaf() {
		panic(snn.Shapef(s.name+".Step", "the weights require no gradient, which an optimizer steps by; call RequireGrad() on them, or add DeltaW() to them"))
	}
	if change != nil {
		s.Synapse.Weight.BackwardFrom(change.Neg())
	}
}

// reset forgets the traces and resets the neurons.
func (s *synapses) reset() {
	s.tracePre, s.tracePost = nil, nil
	s.Neurons.Reset()
}

// String prints the rule and its parts.
func (s *synapses) String() string { return fmt.Sprintf("%s(%v, %v)", s.name, s.Synapse, s.Neurons) }
