// Package gpu is what a notebook asks about GPUs: which backends there are, and to do
// without one.
package gpu

import (
	"fmt"

	"spikebook/gpu/backend"
	"spikebook/gpu/ptxsim"
	"spikebook/snn"
)

// Choice is what a notebook keeps from cell to cell.
type Choice struct{ Emulated bool }

var state Choice

// State returns what a notebook keeps; nobody else needs it.
func State() *Choice { return &state }

func init() {
	snn.OpenBackends(func() {
		if state.Emulated {
			emulate()
		}
	})
}

func emulate() string {
	d := ptxsim.Open(ptxsim.Options{NoRaces: true})
	snn.AddBackend("cuda", backend.New(d))
	return d.Info().Name
}

// Emulate makes "cuda" a backend that runs the kernels of a GPU in an interpreter on
// the CPU, and says so; a notebook has it in its later cells, too. It is for trying
// things out and for tests: the numbers are those of a GPU, the time is not.
func Emulate() {
	state.Emulated = true
	fmt.Printf("backend \"cuda\": %s\n", emulate())
}

// Use is Emulate for the kernel, which has said so.
func Use() { state.Emulated = true }
