// Package gpu is what a notebook asks about GPUs: which there are, and to do without
// one.
package gpu

import (
	"fmt"
	"os"
	"time"

	"spikebook/gpu/backend"
	"spikebook/gpu/device"
	"spikebook/gpu/ptxsim"
	"spikebook/gpu/remote"
	"spikebook/snn"
)

// Choice is what a notebook keeps from cell to cell.
type Choice struct{ Emulated bool }

var state Choice

// State returns what a notebook keeps; nobody else needs it.
func State() *Choice { return &state }

// worker is the socket of the worker of this program.
var worker string

// restartTime is how long a cell waits for a worker that does not answer.
const restartTime = 2 * time.Second

// Use is what the kernel has a program call: "emulated" for Emulate without a word,
// "worker" for the devices of its worker.
func Use(what string) {
	switch what {
	case "emulated":
		state.Emulated = true
	case "worker":
		worker = os.Getenv(remote.Variable)
	}
}

func init() {
	snn.OpenBackends(func() {
		switch {
		case state.Emulated:
			emulate()
		case worker != "":
			addWorker()
		}
	})
}

// addWorker adds the devices of the worker. One that does not answer says so when a
// backend is asked for; the kernel starts one that has died again.
func addWorker() {
	infos, err := remote.Devices(worker)
	for begin := time.Now(); err != nil && time.Since(begin) < restartTime; infos, err = remote.Devices(worker) {
		time.Sleep(restartTime / 100)
	}
	for i := range max(1, len(infos)) {
		snn.AddBackend(device.BackendName(i), func() (snn.Accelerator, error) {
			if err != nil {
				return nil, err
			}
			d, err := remote.Open(worker, i)
			if err != nil {
				return nil, err
			}
			return backend.New(d), nil
		})
	}
}

func emulate() device.Info {
	d := ptxsim.Open(ptxsim.Options{NoRaces: true})
	snn.AddBackend(device.BackendName(0), func() (snn.Accelerator, error) { return backend.New(d), nil })
	return d.Info()
}

// Emulate makes "cuda" a backend that runs the kernels of a GPU in an interpreter on
// the CPU, and says so; a notebook has it in its later cells, too. It is for trying
// things out and for tests: the numbers are those of a GPU, the time is not.
func Emulate() {
	state.Emulated = true
	fmt.Printf("backend \"cuda\": %s\n", emulate().Name)
}

// Devices returns the devices that backends "cuda", "cuda:1" and so on stand for. The
// error says why there is none.
func Devices() ([]device.Info, error) {
	if worker != "" && !state.Emulated {
		return remote.Devices(worker)
	}
	if err := snn.CheckBackend(device.BackendName(0)); err != nil {
		return nil, err
	}
	info, err := snn.BackendInfo(device.BackendName(0))
	return []device.Info{info}, err
}
