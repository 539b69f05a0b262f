package ptx

import (
	"fmt"
	"math"
	"slices"

	"spikebook/gpu/device"
)

// Array is an operand in the memory of a device.
type Array struct {
	At device.Pointer
	// Shared says that all neurons have the same value: an input is [T] then and
	// not [T, N], a parameter one value and not [N].
	Shared bool
}

// Arguments are what a kernel runs on, in the order of the program's run; see
// [dynamics.Run]. Values are float32.
type Arguments struct {
	T, N    int
	Inputs  []Array
	Params  []Array
	Outputs []device.Pointer // [T, N] each; what is not wanted is not looked at
	States  []device.Pointer // [N] each: before, and then after the run; what is summed is not looked at
	Sums    device.Pointer   // [states that are summed, Blocks(N)], float64: of the neurons of each block; for Totals
	Reverse bool             // from the last step to the first
}

const valueBytes = 4

// Launch returns the launch of a run. Each block has [BlockSize] threads, and there
// are [Blocks] of them: as many as it takes for a thread for each neuron.
func (k *Kernel) Launch(a Arguments) (device.Launch, error) {
	if err := k.check(&a); err != nil {
		return device.Launch{}, err
	}
	step := int64(valueBytes)
	if a.Reverse {
		step = -step
	}
	row := step * int64(a.N)
	first := func(at device.Pointer, row int64) device.Pointer { // the address in the first step
		if a.Reverse {
			at += device.Pointer(int64(a.T-1) * -row)
		}
		return at
	}
	args := []any{uint32(a.N), uint32(a.T), row}
	for i, in := range a.Inputs {
		switch {
		case !k.inputs[i]:
		case in.Shared:
			args = append(args, first(in.At, step), step, uint32(0))
		default:
			args = append(args, first(in.At, row), row, uint32(valueBytes))
		}
	}
	for _, p := range a.Params {
		column := uint32(valueBytes)
		if p.Shared {
			column = 0
		}
		args = append(args, p.At, column)
	}
	for i, at := range a.States {
		if !k.summed[i] {
			args = append(args, at)
		}
	}
	for i, at := range a.Outputs {
		if k.wanted[i] {
			args = append(args, first(at, row))
		}
	}
	if slices.Contains(k.summed, true) {
		args = append(args, a.Sums)
	}
	return device.Launch{
		Module: k.Module, Kernel: k.Entry, Args: args,
		Grid: [3]int{Blocks(a.N), 1, 1}, Block: [3]int{BlockSize, 1, 1},
	}, nil
}

func (k *Kernel) check(a *Arguments) error {
	switch {
	case a.T < 0 || a.T > math.MaxInt32 || a.N < 1 || a.N > math.MaxInt32:
		return fmt.Errorf("ptx: a run of %d steps and %d neurons; expected 1 neuron or more, and at most %d of each", a.T, a.N, math.MaxInt32)
	case len(a.Inputs) != len(k.inputs) || len(a.Params) != len(k.paramNames) || len(a.Outputs) != len(k.wanted) || len(a.States) != len(k.stateNames):
		return fmt.Errorf("ptx: %d inputs, %d parameters, %d outputs and %d states; expected inputs %q, parameters %q, %d outputs and states %q",
			len(a.Inputs), len(a.Params), len(a.Outputs), len(a.States), k.inputNames, k.paramNames, len(k.wanted), k.stateNames)
	}
	for i, in := range a.Inputs {
		if k.inputs[i] && in.At == 0 {
			return missing("input", k.inputNames[i])
		}
	}
	for i, p := range a.Params {
		if p.At == 0 {
			return missing("parameter", k.paramNames[i])
		}
	}
	for i, at := range a.Outputs {
		if k.wanted[i] && at == 0 {
			return missing("output", fmt.Sprint(i))
		}
	}
	for i, at := range a.States {
		if !k.summed[i] && at == 0 {
			return missing("state", k.stateNames[i])
		}
	}
	if a.Sums == 0 && slices.Contains(k.summed, true) {
		return missing("the array", "of sums")
	}
	return nil
}

func missing(what, name string) error {
	return fmt.Errorf("ptx: %s %s has address 0; expected one that Alloc returned", what, name)
}
