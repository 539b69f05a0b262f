package main

import (
	"fmt"

	"spikebook/snn"
)

// backend is what the cases are run on.
var backend = snn.CPU

// onlySequences is the reason why a case of single steps is not run on a backend
// that takes whole sequences.
func onlySequences(backend string) error {
	return unsupported(fmt.Sprintf("single steps, which backend %q does not take", backend))
}

// place sets the backend of a module.
func place(m snn.Module, mode string) error {
	if backend == snn.CPU {
		return nil
	}
	if mode != snn.MultiStep {
		return onlySequences(backend)
	}
	return snn.SetBackend(m, backend)
}
