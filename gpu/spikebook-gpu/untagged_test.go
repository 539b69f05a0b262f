//go:build linux && !cuda

package main

import (
	"strings"
	"testing"

	"spikebook/gpu/remote"
)

// TestWithoutCUDA: the worker runs, and says what it was built without.
func TestWithoutCUDA(t *testing.T) {
	socket := startWorker(t)
	_, err := remote.Devices(socket)
	_, openErr := remote.Open(socket, 0)
	for _, err := range []error{err, openErr} {
		if err == nil || !strings.Contains(err.Error(), "built without CUDA") {
			t.Errorf("error %v, want that it was built without CUDA", err)
		}
	}
}
