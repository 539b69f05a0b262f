//go:build cuda

package backend_test

import "spikebook/gpu/cuda"

// With the tag the tests run through the driver, which in `make test-gpu` is one that
// stands in for NVIDIA's.
func init() { open = cuda.Open }
