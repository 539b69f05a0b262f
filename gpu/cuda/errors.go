//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"gorgonia.org/cu"

	"spikebook/gpu/device"
)

// errClosed is what calls return after Close.
var errClosed error = &device.Error{Op: "Close", Reason: "the device is closed; open it anew"}

// blocking is the variable in the environment with which the driver waits for each
// kernel that it launches.
const blocking = "CUDA_LAUNCH_BLOCKING"

// failed returns what an operation returns if the driver, or a check before it,
// returned err.
func (g *gpu) failed(op, kernel string, err error) error {
	var full *device.OutOfMemoryError
	if err == nil || errors.As(err, &full) {
		return err
	}
	e := &device.Error{Op: op, Kernel: kernel, Reason: meaning(err)}
	if slices.ContainsFunc(fatal, func(f error) bool { return errors.Is(err, f) }) {
		e.Reason += "; the device must be opened anew, in a new process if it fails there, too"
		switch {
		case len(g.running) == 0 || op == "Launch" && os.Getenv(blocking) == "1":
		case len(g.running) == 1:
			e.Kernel = g.running[0]
		default:
			e.Kernel = ""
			e.Reason += "; it was one of the kernels " + strings.Join(g.running, ", ") + ": with " + blocking + "=1 in the environment the error names it"
		}
		g.lost = e
	}
	return e
}

// Results that gorgonia.org/cu has no names for.
const (
	unsupportedPTX = cu.Success + 222
	noJIT          = cu.Success + 223
)

// fatal are the results after which the driver refuses whatever is done in the
// context.
var fatal = []error{
	cu.EccUncorrectable, cu.NvlinkUncorrectable, cu.IllegalAddress, cu.LaunchTimeout, cu.ContextIsDestroyed, cu.Assert,
	cu.HardwareStackError, cu.IllegalInstruction, cu.MisalignedAddress, cu.InvalidAddressSpace, cu.InvalidPc, cu.LaunchFailed, cu.Unknown,
}

// meanings are what to say about results.
var meanings = []struct {
	result error
	text   string
}{
	{cu.OutOfMemory, "the device has no memory left: free some, or end other programs that use it (nvidia-smi lists them)"},
	{cu.InvalidValue, "the driver does not accept an argument"},
	{cu.InvalidPtx, "the driver does not accept the module"},
	{unsupportedPTX, "the driver is too old for the module's version of PTX: update the driver"},
	{noJIT, "the driver has no compiler for PTX: install the driver's library libnvidia-ptxjitcompiler.so.1"},
	{cu.NoBinaryForGpu, "the module's .target is for GPUs of a later generation than this one"},
	{cu.LaunchOutOfResources, "the block needs more registers or shared memory than there are: launch blocks of fewer threads"},
	{cu.IllegalAddress, "a thread read or wrote outside of the memory that is allocated"},
	{cu.MisalignedAddress, "a thread read or wrote at an address that is no multiple of the value's size"},
	{cu.IllegalInstruction, "a thread came to an instruction that the device does not have"},
	{cu.LaunchFailed, "a thread did what it must not, as to read or write outside of the memory that is allocated"},
	{cu.LaunchTimeout, "it ran for longer than a GPU with a display may: launch less at once"},
	{cu.Assert, "a thread failed an assertion"},
	{cu.EccUncorrectable, "the device's memory is damaged: nvidia-smi -q tells more"},
}

// meaning says what a result of the driver means, and leaves other errors as they are.
func meaning(err error) string {
	for _, m := range meanings {
		if errors.Is(err, m.result) {
			return fmt.Sprintf("%s (%v)", m.text, err)
		}
	}
	return err.Error()
}
