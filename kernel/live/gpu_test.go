package live

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spikebook/gpu/probe"
)

func TestWorkerCommand(t *testing.T) {
	dir := t.TempDir()
	with, without := filepath.Join(dir, "with", "spikebook"), filepath.Join(dir, "without", "spikebook")
	if err := os.MkdirAll(filepath.Dir(with), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(with), workerProgram), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	usable := probe.Machine{Driver: "550.54", Devices: []string{"H100"}, Library: true, Nodes: true}
	for _, test := range []struct {
		choice, self string
		machine      probe.Machine
		library      string
		command      []string
		why          string
	}{
		{"", with, usable, "", []string{filepath.Join(dir, "with", workerProgram)}, ""},
		{"", without, usable, "", nil, "H100, NVIDIA driver 550.54, but no spikebook-gpu beside spikebook; `make gpu` builds it"},
		{"", with, probe.Machine{}, "", nil, "no NVIDIA driver"},
		{"off", with, usable, "", nil, "SPIKEBOOK_CUDA=off"},
		{"emulated", without, probe.Machine{}, "", []string{without, "gpu-worker", "-emulate", "1"}, ""},
		// What is no GPU takes two variables, and its devices say so by their names.
		{"stand-in", with, probe.Machine{}, "libcuda.so.1", []string{filepath.Join(dir, "with", workerProgram)}, ""},
		{"stand-in", with, usable, "", nil, "SPIKEBOOK_CUDA=stand-in, but SPIKEBOOK_LIBCUDA names no driver for tests"},
		{"stand-in", without, usable, "libcuda.so.1", nil, "SPIKEBOOK_CUDA=stand-in, but no spikebook-gpu beside spikebook"},
		{"", with, probe.Machine{}, "libcuda.so.1", nil, "no NVIDIA driver"},
		{"on", with, usable, "", nil, `SPIKEBOOK_CUDA=on is unknown; expected "emulated" or "off"`},
	} {
		t.Setenv(libraryVariable, test.library)
		command, why := WorkerCommand(test.choice, test.self, test.machine)
		if !slices.Equal(command, test.command) || !strings.HasPrefix(why, test.why) || why == "" && test.why != "" {
			t.Errorf("%q: %q, %q; want %q, %q", test.choice, command, why, test.command, test.why)
		}
	}
}
