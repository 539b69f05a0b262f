// Package gpu is what a notebook asks about GPUs: which there are, and to do
// without one.
package gpu

import (
	"fmt"

	"spikebook/gpu/backend"
	"spikebook/gpu/ptxsim"
	"spikebook/snn"
)

// Emulate makes "cuda" a backend that runs the kernels of a GPU in an interpreter
// on the CPU, and says so. It is for trying things out, and for tests: the results
// are those of a GPU, the time that they take is not.
func Emulate() {
	d := ptxsim.Open(ptxsim.Options{})
	snn.AddBackend("cuda", backend.New(d))
	fmt.Printf("backend \"cuda\": %s\n", d.Info().Name)
}
