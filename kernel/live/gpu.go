package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"spikebook/gpu/device"
	"spikebook/gpu/probe"
	"spikebook/gpu/ptxsim"
	"spikebook/gpu/remote"
	"spikebook/gpu/remote/wire"
	"spikebook/gpu/worker"
	"spikebook/kernel/bridge"
	"spikebook/kernel/cell"
	"spikebook/kernel/session"
)

// CUDAVariable chooses what a kernel does about GPUs: "off" nothing, "emulated" an
// interpreter in the place of one, in a worker as a GPU would be, "stand-in" a driver
// for tests in the place of NVIDIA's. Else GPUs are used where they and the worker are.
const CUDAVariable = "SPIKEBOOK_CUDA"

// libraryVariable names the driver that the worker loads in the place of NVIDIA's.
const libraryVariable = "SPIKEBOOK_LIBCUDA"

// WorkerSubcommand of spikebook is the worker for what needs no driver.
const WorkerSubcommand = "gpu-worker"

// workerProgram is the worker for GPUs, beside spikebook.
const workerProgram = "spikebook-gpu"

// WorkerCommand returns what starts the worker, nil for none, and why.
func WorkerCommand(choice, self string, machine probe.Machine) (command []string, why string) {
	program := filepath.Join(filepath.Dir(self), workerProgram)
	_, missing := os.Stat(program)
	found := machine.Reason()
	if choice == "stand-in" {
		found = CUDAVariable + "=stand-in"
	}
	switch {
	case choice == "emulated":
		return []string{self, WorkerSubcommand, "-emulate", "1"}, ""
	case choice == "off":
		return nil, CUDAVariable + "=off"
	case choice == "stand-in" && os.Getenv(libraryVariable) == "":
		return nil, found + ", but " + libraryVariable + " names no driver for tests; `make test-gpu` has one"
	case choice != "" && choice != "stand-in":
		return nil, fmt.Sprintf("%s=%s is unknown; expected \"emulated\" or \"off\", or nothing for the GPUs that there are", CUDAVariable, choice)
	case choice == "" && !machine.Usable():
		return nil, found
	case missing != nil:
		return nil, found + ", but no " + workerProgram + " beside spikebook; `make gpu` builds it"
	}
	return []string{program}, ""
}

// gpuSocket is where the worker answers.
func (n *Notebook) gpuSocket() string { return filepath.Join(n.config.Dir, "gpu", "socket") }

// waitGPU waits until it is known whether there is a worker: a first cell may need it,
// or choose something else.
func (n *Notebook) waitGPU(ctx context.Context) error {
	select {
	case <-n.gpu.looked:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// openGPU starts the worker if there is something for it. Cells reach it from then
// on.
func (n *Notebook) openGPU() {
	defer close(n.gpu.looked)
	machine, err := probe.Look()
	self, selfErr := os.Executable()
	if err := errors.Join(err, selfErr); err != nil {
		n.noGPU(err.Error())
		return
	}
	command, why := WorkerCommand(os.Getenv(CUDAVariable), self, machine)
	if command == nil {
		n.noGPU(why)
		return
	}
	socket := n.gpuSocket()
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		n.noGPU(err.Error())
		return
	}
	w, err := worker.Start(worker.Options{
		Command: append(command, "-socket", socket), Socket: socket, LongestPause: time.Second, // cells wait for longer
		Ended: func(reason error) { n.config.Log.Warn("the GPU worker is started again", "reason", reason) },
	})
	if err != nil {
		n.config.Log.Warn("no GPU", "error", err)
		n.noGPU(err.Error())
		return
	}
	n.gpu.Lock()
	defer n.gpu.Unlock()
	if n.gpu.closed {
		w.Stop()
		return
	}
	n.gpu.worker = w
	n.memory.SetGPU("worker")
}

func (n *Notebook) noGPU(why string) {
	n.gpu.Lock()
	defer n.gpu.Unlock()
	n.gpu.why = why
}

// closeGPU ends the worker.
func (n *Notebook) closeGPU() {
	n.gpu.Lock()
	defer n.gpu.Unlock()
	if n.gpu.closed = true; n.gpu.worker != nil {
		n.gpu.worker.Stop()
	}
}

const backendUsage = `%backend                says which backends cells can set layers and tensors to
%backend stats          says what the GPU worker does
%backend cuda           has "cuda" be the GPU
%backend cuda emulated  has "cuda" be an interpreter of GPU kernels on the CPU;
                        with a number behind it there are so many: "cuda:1" and so on
%backend cpu            takes "cuda" away`

func (n *Notebook) backendMagic(ctx context.Context, words []string) (bridge.Page, error) {
	if err := n.waitGPU(ctx); err != nil {
		return bridge.Page{}, err
	}
	n.gpu.Lock()
	defer n.gpu.Unlock()
	line := strings.Join(words, " ")
	if line == "cuda emulated" {
		line += " 1"
	}
	emulated := 0
	if _, err := fmt.Sscanf(line, "cuda emulated %d", &emulated); err == nil {
		if len(words) > 3 || emulated < 1 || emulated > wire.MaxDevices {
			return bridge.Page{}, fmt.Errorf("%%backend %s: expected one number of devices, from 1 to %d", line, wire.MaxDevices)
		}
		n.memory.SetGPU(fmt.Sprintf("emulated %d", emulated))
		if err := n.forgetStored(); err != nil {
			return bridge.Page{}, err
		}
		return said(n.backends())
	}
	switch line {
	case "":
		return said(n.backends())
	case "stats":
		return said(n.gpuStats())
	case "cuda", "cpu":
		use := ""
		if words[0] == "cuda" {
			if use = "worker"; n.gpu.worker == nil {
				return bridge.Page{}, fmt.Errorf("%%backend cuda: %s; `%%backend cuda emulated` runs GPU kernels in an interpreter on the CPU", n.gpu.why)
			}
		}
		n.memory.SetGPU(use)
		if err := n.forgetStored(); err != nil {
			return bridge.Page{}, err
		}
		return said(n.backends())
	}
	return bridge.Page{}, fmt.Errorf("%%backend %s is unknown; there are\n%s", line, backendUsage)
}

// stored returns how many devices cells emulate because of what they called, and
// whether one has said so or that there are none.
func (n *Notebook) stored() (devices int, said bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	info, err := n.inspect()
	if err != nil {
		return 0, false, err
	}
	i := slices.IndexFunc(info.Vars, func(v session.VarInfo) bool { return v.Name == cell.GPUState })
	if i < 0 {
		return 0, false, nil
	}
	fmt.Sscanf(info.Vars[i].Preview, "{Emulated:%d}", &devices)
	return devices, true, nil
}

// forgetStored has cells go by what %backend says.
func (n *Notebook) forgetStored() error {
	if _, said, err := n.stored(); !said {
		return err
	}
	return session.Forget(n.config.Store, cell.GPUState)
}

// backends lists them.
func (n *Notebook) backends() (string, error) {
	emulated, said, err := n.stored()
	if err != nil {
		return "", err
	}
	if !said {
		fmt.Sscanf(n.memory.GPU(), "emulated %d", &emulated)
	}
	var infos []device.Info
	switch {
	case emulated > 0:
		for i := range emulated {
			infos = append(infos, ptxsim.Emulated(i, emulated).Info())
		}
	case n.memory.GPU() == "worker":
		if infos, err = remote.Devices(n.gpuSocket()); err != nil {
			return "", err
		}
	case n.gpu.worker != nil:
		return "cpu\nno cuda, until %backend cuda", nil
	default:
		return "cpu\nno cuda: " + n.gpu.why, nil
	}
	text := "cpu"
	for i, d := range infos {
		text += fmt.Sprintf("\n%s: %s", device.BackendName(i), d.Name)
	}
	return text, nil
}

// gpuStats says what the worker does.
func (n *Notebook) gpuStats() (string, error) {
	if n.gpu.worker == nil {
		return "", errors.New("%backend stats: there is no GPU worker; in the cell that computes, snn.BackendStats(\"cuda\") tells of an interpreter")
	}
	s, err := remote.Stats(n.gpuSocket())
	if err != nil {
		return "", err
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "\tin use\tmost\treserved\tuploads\tdownloads\tlaunches\tmodules")
	for _, opened := range s.Devices {
		i, d := opened.Index, opened.Stats
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d, %s\t%d, %s\t%d\t%d\n", device.BackendName(i), size(d.Allocated), size(d.Peak), size(d.Reserved),
			d.Uploads, size(d.UploadBytes), d.Downloads, size(d.DownloadBytes), d.Launches, d.Modules)
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%d tensors, %s, stay for later cells", s.Kept, size(s.KeptBytes))
	return b.String(), nil
}
