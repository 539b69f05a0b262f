// Package probe tells which NVIDIA driver and devices the machine has. It asks
// the driver's files, so it needs neither cgo nor the CUDA libraries and is
// cheap enough for `spikebook doctor`. Running neurons on a device is not its
// job.
package probe

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// Machine is what a probe finds.
type Machine struct {
	Driver  string   // version of the kernel's NVIDIA driver, "" if there is none
	Devices []string // model names of the GPUs that the driver serves
	Library bool     // the driver's user-space library, libcuda.so.1, is installed
	Nodes   bool     // the device nodes are there, as a container may not have them

	Forbidden string // the first of the device nodes that this user may not open
}

// oldest is the first driver that has CUDA 11.0, whose functions package cuda calls.
const oldest = 450

// old reports whether the driver is older than that.
func (m Machine) old() bool {
	major, err := strconv.Atoi(strings.SplitN(m.Driver, ".", 2)[0])
	return err == nil && major < oldest
}

// Usable reports whether a CUDA program could run.
func (m Machine) Usable() bool {
	return m.Driver != "" && len(m.Devices) > 0 && m.Library && m.Nodes && m.Forbidden == "" && !m.old()
}

// Reason says in one line what the machine has or lacks.
func (m Machine) Reason() string {
	switch {
	case m.Driver == "" && !m.Library:
		return "no NVIDIA driver"
	case m.Driver == "":
		return "libcuda.so.1 is installed, but no NVIDIA kernel driver is loaded: install the driver of your distribution, or in a container start it with --gpus all"
	case len(m.Devices) == 0:
		return "NVIDIA driver " + m.Driver + " serves no device: nvidia-smi tells more"
	case !m.Library:
		return "NVIDIA driver " + m.Driver + ", but libcuda.so.1 is missing: install the driver's library, such as libcuda1, or in a container start it with --gpus all"
	case !m.Nodes:
		return "NVIDIA driver " + m.Driver + ", but no /dev/nvidia0: a container needs --gpus all"
	case m.Forbidden != "":
		return fmt.Sprintf("this user may not open /%s: add the user to the group that owns it (ls -l /%[1]s) and log in again", m.Forbidden)
	case m.old():
		return "NVIDIA driver " + m.Driver + " is too old, CUDA 11.0 is needed: install driver 450.80 or a later one"
	}
	return strings.Join(m.Devices, ", ") + ", NVIDIA driver " + m.Driver
}

// Look looks at this machine.
func Look() (Machine, error) { return look(os.DirFS("/")) }

// libraryFolders are where distributions and NVIDIA's container tools put
// libcuda.so.1.
var libraryFolders = []string{
	"usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib",
	"usr/lib/wsl/lib", "usr/local/cuda/compat", "usr/local/nvidia/lib64",
}

// driverVersion finds "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  ...",
// which newer drivers write with other words before the number.
var driverVersion = regexp.MustCompile(`(?m)^NVRM version:.*?\s(\d+\.[\d.]+)\s`)

func look(root fs.FS) (Machine, error) {
	var m Machine
	switch data, err := fs.ReadFile(root, "proc/driver/nvidia/version"); {
	case err == nil:
		if v := driverVersion.FindSubmatch(data); v != nil {
			m.Driver = string(v[1])
		}
	case !errors.Is(err, fs.ErrNotExist):
		return m, err
	}
	files, err := fs.Glob(root, "proc/driver/nvidia/gpus/*/information")
	if err != nil {
		return m, err
	}
	for _, f := range files {
		data, err := fs.ReadFile(root, f)
		if err != nil {
			return m, err
		}
		for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
			if model, ok := strings.CutPrefix(s.Text(), "Model:"); ok {
				m.Devices = append(m.Devices, strings.TrimSpace(model))
			}
		}
	}
	for _, dir := range libraryFolders {
		if _, err := fs.Stat(root, path.Join(dir, "libcuda.so.1")); err == nil {
			m.Library = true
		}
	}
	_, err = fs.Stat(root, "dev/nvidia0")
	m.Nodes = err == nil
	m.Forbidden = forbidden(root)
	return m, nil
}

// forbidden returns the first of the driver's device nodes that may not be opened.
func forbidden(root fs.FS) string {
	for _, node := range []string{"dev/nvidiactl", "dev/nvidia-uvm", "dev/nvidia0"} {
		switch f, err := root.Open(node); {
		case err == nil:
			f.Close()
		case errors.Is(err, fs.ErrPermission):
			return node
		}
	}
	return ""
}
