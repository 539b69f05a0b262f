// Package ptx writes kernels for NVIDIA GPUs: from the program of a neuron the text
// of a kernel that takes each neuron through all steps, in PTX, the assembly
// language that the driver of every GPU since Volta compiles for the one at hand.
//
// One thread has one neuron. What the neuron keeps, and its parameters, stay in
// registers for the whole run; a step reads a value of each input and writes one of
// each output, neurons beside each other at addresses beside each other.
//
// A kernel gives the bits that [dynamics.Program.Run] gives, but for which NaN a NaN
// is: the instructions of an operation are generated from its definition in
// snn/vector, nothing is fused, and no function of the GPU is used that is not
// rounded correctly. Sums over all neurons are taken in float64, in an order of their
// own, the same each time.
package ptx

import (
	"fmt"
	"slices"

	"spikebook/snn/dynamics"
)

// BlockSize is the number of threads in a block: few enough that small layers are
// spread over many multiprocessors.
const BlockSize = 128

// Options say what a kernel is for.
type Options struct {
	// Name is part of the name of the entry. What may not stand in a name is
	// replaced by _.
	Name string
	// Comment is what stands above the kernel, such as the equations.
	Comment []string
	// Wanted are the outputs to write, in the order of the definition; nil means
	// all.
	Wanted []bool
	// Summed are the states of which only the sum over all neurons is wanted, such
	// as gradients of a parameter that neurons share: they begin with 0. nil means
	// none.
	Summed []bool
}

// Kernel is the text of a kernel, and what it needs to be launched.
//
// Its parameters are, in this order:
//
//   - the numbers of neurons and of steps, u32, and the bytes from a row of [T, N]
//     to that of the next step, s64: less than 0 from the last step to the first;
//   - for each input that is used its address in the first step, u64, the bytes to
//     the next step, s64, and those to the next neuron, u32: 4 or 0;
//   - for each parameter of the neuron its address, u64, and the bytes to the next
//     neuron, u32: 4 or 0;
//   - for each state that is not summed its address, u64;
//   - for each output that is wanted its address in the first step, u64;
//   - if states are summed, where the sums go, u64: see [Arguments].
type Kernel struct {
	Module string // PTX
	Entry  string

	inputs                             []bool // those that are used
	wanted, summed                     []bool
	inputNames, paramNames, stateNames []string
}

// New writes the kernel of a program. The same program and options give the same
// text.
func New(l dynamics.Listing, o Options) (*Kernel, error) {
	k := &Kernel{
		Entry: entryName(o.Name), wanted: slices.Clone(o.Wanted), summed: slices.Clone(o.Summed),
		inputNames: l.InputNames, paramNames: l.ParamNames, stateNames: l.StateNames,
	}
	if o.Wanted == nil {
		k.wanted = slices.Repeat([]bool{true}, len(l.Outputs))
	}
	if o.Summed == nil {
		k.summed = make([]bool, len(l.States))
	}
	if len(k.wanted) != len(l.Outputs) {
		return nil, fmt.Errorf("ptx: Wanted has %d values, expected one for each of the %d outputs", len(o.Wanted), len(l.Outputs))
	}
	if len(k.summed) != len(l.States) {
		return nil, fmt.Errorf("ptx: Summed has %d values, expected one for each of the %d states", len(o.Summed), len(l.States))
	}
	for _, register := range l.Inputs {
		k.inputs = append(k.inputs, register >= 0)
	}
	for _, in := range slices.Concat(l.Prologue, l.Code) {
		if _, err := sequence(in.Op); err != nil {
			return nil, err
		}
	}
	k.Module = k.text(&l, o.Comment)
	return k, nil
}
