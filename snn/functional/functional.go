// Package functional holds functions over sequences and networks, by the names
// that SpikingJelly has for them. MultiStepForward, ResetNet and SetStepMode are
// in package snn.
package functional

import (
	"sync"

	"spikebook/snn"
	"spikebook/snn/dynamics"
)

// TLastMultiStepForward is snn.MultiStepForward for a sequence whose last
// dimension is the time, [N, ..., T].
func TLastMultiStepForward(xSeq *snn.Tensor, m snn.Module) *snn.Tensor {
	return timeLast(snn.MultiStepForward(timeFirst(xSeq), m))
}

// timeFirst moves the last dimension to the front.
func timeFirst(x *snn.Tensor) *snn.Tensor {
	for k := len(x.Shape()) - 1; k > 0; k-- {
		x = x.Transpose(k-1, k)
	}
	return x
}

// timeLast moves the first dimension to the end.
func timeLast(x *snn.Tensor) *snn.Tensor {
	for k := 1; k < len(x.Shape()); k++ {
		x = x.Transpose(k-1, k)
	}
	return x
}

// SeqToANNForward gives a module without a state all steps of a sequence [T, N,
// ...] at once, as [T·N, ...], and returns its outputs as [T, N, ...]. It panics
// with a *snn.ShapeError if the module does not return one output for each row.
func SeqToANNForward(xSeq *snn.Tensor, m snn.Module) *snn.Tensor {
	shape := xSeq.Shape()
	if len(shape) < 2 {
		panic(snn.Shapef("SeqToANNForward", "the input has shape %v, expected [T, N, ...]", shape))
	}
	y := m.Forward(xSeq.Reshape(append([]int{shape[0] * shape[1]}, shape[2:]...)...))
	if len(y.Shape()) == 0 || y.Shape()[0] != shape[0]*shape[1] {
		panic(snn.Shapef("SeqToANNForward", "the module made shape %v of %d rows, expected one output for each", y.Shape(), shape[0]*shape[1]))
	}
	return y.Reshape(append([]int{shape[0], shape[1]}, y.Shape()[1:]...)...)
}

// ChunkMultiStepForward gives a network in multi-step mode a sequence [T, N,
// ...] in pieces of size steps, so that less is in memory at once, and returns
// the outputs put together. The states go on from piece to piece.
func ChunkMultiStepForward(size int, xSeq *snn.Tensor, net snn.Module) *snn.Tensor {
	if size < 1 {
		panic(snn.Shapef("ChunkMultiStepForward", "pieces of %d steps, expected at least 1", size))
	}
	if len(xSeq.Shape()) == 0 || xSeq.Shape()[0] == 0 {
		panic(snn.Shapef("ChunkMultiStepForward", "the input has shape %v, expected a sequence [T, N, ...] with T >= 1", xSeq.Shape()))
	}
	var list []*snn.Tensor
	for from := 0; from < xSeq.Shape()[0]; from += size {
		list = append(list, net.Forward(xSeq.Slice(from, min(from+size, xSeq.Shape()[0]))))
	}
	return snn.Concat(list...)
}

// Delay returns a sequence [T, N, ...] that comes later by a number of steps: it
// begins with zeros, and its end is cut off.
func Delay(xSeq *snn.Tensor, steps int) *snn.Tensor {
	shape := xSeq.Shape()
	if steps < 0 || len(shape) == 0 {
		panic(snn.Shapef("Delay", "a delay of %d steps for shape %v, expected [T, N, ...] and at least 0", steps, shape))
	}
	steps = min(steps, shape[0])
	return snn.Concat(snn.Zeros(append([]int{steps}, shape[1:]...)...), xSeq.Slice(0, shape[0]-steps))
}

// firstSpike gives out a spike if there was none before.
var firstSpike = sync.OnceValue(func() *snn.Kernel {
	one, fired := dynamics.Const(1), dynamics.State("fired")
	fires := one.Sub(dynamics.Input("s").Equal(dynamics.Const(0)))
	k, err := snn.NewKernel(dynamics.Definition{
		Inputs: []string{"s"}, Outputs: []dynamics.Expr{fires.Mul(one.Sub(fired))},
		States: []dynamics.StateEquation{{Name: "fired", Next: fired.Max(fires)}},
	})
	if err != nil {
		panic(err) // a bug: it compiles
	}
	k.Name = "first_spike"
	return k
})

// FirstSpikeIndex returns 1 at the first spike of each neuron, else 0, for
// spikes whose last dimension is the time, [N, ..., T]. No gradient flows through it.
func FirstSpikeIndex(spikes *snn.Tensor) *snn.Tensor {
	if len(spikes.Shape()) == 0 {
		panic(snn.Shapef("FirstSpikeIndex", "the spikes are a single value, expected [N, ..., T]"))
	}
	s := timeFirst(spikes.Detach())
	if s.Size() == 0 {
		return snn.Zeros(spikes.Shape()...).To(spikes.Backend())
	}
	shape := s.Shape()
	first, _ := firstSpike().Run(snn.Call{Steps: shape[0], Shape: shape, Inputs: []*snn.Tensor{s}, States: []*snn.Tensor{snn.Zeros(shape[1:]...)}})
	return timeLast(first[0])
}

// RedundantOneHot returns labels in a code in which each class has n neurons:
// [N, classes·n].
func RedundantOneHot(labels []int, classes, n int) *snn.Tensor {
	out := snn.Zeros(len(labels), classes*n)
	for i, c := range labels {
		if c < 0 || c >= classes {
			panic(snn.Shapef("RedundantOneHot", "label %d is outside of the %d classes; counting starts at 0", c, classes))
		}
		for k := range n {
			out.Data()[i*classes*n+c*n+k] = 1
		}
	}
	return out
}

// TemporalEfficientTrainingCrossEntropy returns the mean over the steps of the
// cross entropy of each, for logits [T, N, C].
//
// Source: S. Deng et al., "Temporal efficient training of spiking neural network
// via gradient re-weighting", ICLR 2022.
func TemporalEfficientTrainingCrossEntropy(xSeq *snn.Tensor, classes []int) *snn.Tensor {
	if len(xSeq.Shape()) == 0 || xSeq.Shape()[0] == 0 {
		panic(snn.Shapef("TemporalEfficientTrainingCrossEntropy", "the logits have shape %v, expected [T, N, C] with T >= 1", xSeq.Shape()))
	}
	var list []*snn.Tensor
	for t := range xSeq.Shape()[0] {
		list = append(list, snn.CrossEntropyLoss(xSeq.Index(t), classes))
	}
	return snn.Stack(list...).Mean()
}
