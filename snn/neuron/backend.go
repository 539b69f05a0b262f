package neuron

import (
	"fmt"
	"slices"

	"spikebook/snn"
)

// Backend returns the backend that Forward uses.
func (l *Layer) Backend() string { return l.config.backend }

// SupportedBackends returns the backends that can be set in the step mode at
// hand, on this machine and in this version.
func (l *Layer) SupportedBackends() []string { return []string{cpu} }

// SetBackend sets the backend. The error of one that is not supported says why.
func (l *Layer) SetBackend(backend string) error {
	if err := l.checkBackend(backend); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.config.backend = backend
	return nil
}

func (l *Layer) checkBackend(backend string) error {
	switch {
	case slices.Contains(l.SupportedBackends(), backend):
		return nil
	case backend == "cuda" && l.config.stepMode == snn.SingleStep:
		return fmt.Errorf("backend \"cuda\" is not supported: this version has no CUDA backend, and in step mode \"s\" there will be none; supported: %q", l.SupportedBackends())
	case backend == "cuda":
		return fmt.Errorf("backend \"cuda\" is not supported: this version has no CUDA backend; supported in step mode %q: %q", l.config.stepMode, l.SupportedBackends())
	}
	return fmt.Errorf("backend %q is unknown; supported in step mode %q: %q", backend, l.config.stepMode, l.SupportedBackends())
}
