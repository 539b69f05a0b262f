package neuron

import (
	"fmt"
	"slices"

	"spikebook/snn"
)

// Backend returns the backend that Forward uses.
func (l *Layer) Backend() string { return l.config.backend }

// where names a backend, and what it is if that is not what its name says.
func where(name string) string {
	if name == snn.CPU {
		return name
	}
	if info, err := snn.BackendInfo(name); err == nil && info.Emulated {
		return name + " (" + info.Name + ")"
	}
	return name
}

// SupportedBackends returns the backends that can be set in the step mode at
// hand, in this program on this machine: "cpu", and in multi-step mode those
// devices that there are.
func (l *Layer) SupportedBackends() []string {
	if l.config.stepMode != snn.MultiStep {
		return []string{snn.CPU}
	}
	return snn.Backends()
}

// SetBackend sets the backend: inputs are copied there if they are elsewhere, and
// outputs and states are there. The error of one that is not supported says why.
func (l *Layer) SetBackend(backend string) error {
	if err := l.checkBackend(backend, l.config.stepMode); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.config.backend = backend
	return nil
}

func (l *Layer) checkBackend(backend, mode string) error {
	switch {
	case backend == snn.CPU:
		return nil
	case slices.Contains(snn.Backends(), backend) && mode != snn.MultiStep:
		return fmt.Errorf("backend %q takes whole sequences; use it in step mode %q, or backend %q", backend, snn.MultiStep, snn.CPU)
	}
	return snn.CheckBackend(backend)
}
