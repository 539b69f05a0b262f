// Package gpu is what a notebook asks about GPUs: which there are, and to do without
// one.
package gpu

import (
	"fmt"
	"os"
	"slices"
	"time"

	"spikebook/gpu/backend"
	"spikebook/gpu/device"
	"spikebook/gpu/ptxsim"
	"spikebook/gpu/remote"
	"spikebook/snn"
)

// Choice is what a notebook keeps from cell to cell.
type Choice struct{ Emulated int } // devices that are emulated, 0 for none

var state Choice

// State returns what a notebook keeps; nobody else needs it.
func State() *Choice { return &state }

// worker is the socket of the worker of this program.
var worker string

// restartTime is how long a cell waits for a worker that does not answer.
const restartTime = 2 * time.Second

// Use is what the kernel has a program call: "emulated 2" for EmulateDevices(2) without
// a word, "worker" for the devices of its worker.
func Use(what string) {
	if what == "worker" {
		worker = os.Getenv(remote.Variable)
		return
	}
	fmt.Sscanf(what, "emulated %d", &state.Emulated)
}

func init() {
	snn.OpenBackends(func() {
		switch {
		case state.Emulated > 0:
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

// emulate adds the devices that are emulated, in the place of all others.
func emulate() (infos []device.Info) {
	for i := range inUse() {
		snn.RemoveBackend(device.BackendName(i))
	}
	for i := range state.Emulated {
		d := ptxsim.Emulated(i, state.Emulated)
		snn.AddBackend(device.BackendName(i), func() (snn.Accelerator, error) { return backend.New(d), nil })
		infos = append(infos, d.Info())
	}
	return infos
}

// Emulate makes "cuda" a backend that runs the kernels of a GPU in an interpreter on
// the CPU, and says so; a notebook has it in its later cells, too. It is for trying
// things out and for tests: the numbers are those of a GPU, the time is not.
func Emulate() { EmulateDevices(1) }

// EmulateDevices is Emulate for several devices, "cuda", "cuda:1" and so on: for trying
// out what is on more than one, such as [snn.DataParallel]. It panics with a
// *snn.DeviceError if n is below 1.
func EmulateDevices(n int) {
	if n < 1 {
		panic(&snn.DeviceError{Err: fmt.Errorf("gpu.EmulateDevices: %d devices, expected at least 1", n)})
	}
	state.Emulated = n
	for i, info := range emulate() {
		fmt.Printf("backend %q: %s\n", device.BackendName(i), info.Name)
	}
}

// Devices returns the devices that backends "cuda", "cuda:1" and so on stand for. The
// error says why there is none.
func Devices() ([]device.Info, error) {
	if worker != "" && state.Emulated == 0 {
		return remote.Devices(worker)
	}
	err := snn.CheckBackend(device.BackendName(0))
	if err != nil {
		return nil, err
	}
	infos := make([]device.Info, inUse())
	for i := range infos {
		if infos[i], err = snn.BackendInfo(device.BackendName(i)); err != nil {
			return nil, err
		}
	}
	return infos, nil
}

// inUse returns how many devices have backends.
func inUse() int {
	n := 0
	for names := snn.Backends(); slices.Contains(names, device.BackendName(n)); n++ {
	}
	return n
}
