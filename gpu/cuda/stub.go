//go:build !cuda

package cuda

import "spikebook/gpu/device"

const untagged = "this program was built without CUDA; `make gpu` builds bin/spikebook-gpu, which has it"

// Devices lists the GPUs of the machine. This program cannot.
func Devices() ([]device.Info, error) {
	return nil, &device.Error{Op: "Devices", Reason: untagged}
}

// Open opens a GPU by its index in the list of [Devices]. This program cannot.
func Open(index int) (device.Device, error) {
	return nil, &device.Error{Op: "Open", Reason: untagged}
}
