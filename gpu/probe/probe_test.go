package probe

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// locked is a file system with one file that may not be opened.
type locked struct {
	fs.FS
	name string
}

func (l locked) Open(name string) (fs.File, error) {
	if name == l.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.FS.Open(name)
}

func TestProbe(t *testing.T) {
	const (
		version = "proc/driver/nvidia/version"
		card    = "proc/driver/nvidia/gpus/0000:01:00.0/information"
		library = "usr/lib/x86_64-linux-gnu/libcuda.so.1"
		node    = "dev/nvidia0"
	)
	text := map[string]string{
		version: "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder)\nGCC version:  gcc 12\n",
		card:    "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 42\n",
	}
	for _, test := range []struct {
		files  []string
		usable bool
		want   string
	}{
		{nil, false, "no NVIDIA driver"},
		{[]string{library}, false, "libcuda.so.1 is installed, but no NVIDIA kernel driver is loaded: install the driver of your distribution, or in a container start it with --gpus all"},
		{[]string{version}, false, "NVIDIA driver 550.54.15 serves no device: nvidia-smi tells more"},
		{[]string{version, card}, false, "NVIDIA driver 550.54.15, but libcuda.so.1 is missing: install the driver's library, such as libcuda1, or in a container start it with --gpus all"},
		{[]string{version, card, library}, false, "NVIDIA driver 550.54.15, but no /dev/nvidia0: a container needs --gpus all"},
		{[]string{version, card, library, node}, true, "NVIDIA H100 80GB HBM3, NVIDIA driver 550.54.15"},
	} {
		root := fstest.MapFS{}
		for _, f := range test.files {
			root[f] = &fstest.MapFile{Data: []byte(text[f])}
		}
		m, err := look(root)
		if err != nil {
			t.Fatal(err)
		}
		if m.Usable() != test.usable || m.Reason() != test.want {
			t.Errorf("with %v: usable %v, %q; want %v, %q", test.files, m.Usable(), m.Reason(), test.usable, test.want)
		}
	}
	whole := fstest.MapFS{version: {Data: []byte(text[version])}, card: {Data: []byte(text[card])}, library: {}, node: {}, "dev/nvidiactl": {}}
	if m, err := look(locked{whole, "dev/nvidiactl"}); err != nil || m.Usable() || !strings.HasPrefix(m.Reason(), "this user may not open /dev/nvidiactl: add the user to the group") {
		t.Errorf("locked: %+v, %q, %v", m, m.Reason(), err)
	}
	whole[version] = &fstest.MapFile{Data: []byte("NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.157  Wed Oct 12\n")}
	if m, err := look(whole); err != nil || m.Usable() || !strings.HasPrefix(m.Reason(), "NVIDIA driver 390.157 is too old, CUDA 11.0 is needed: install driver 450.80") {
		t.Errorf("old: %+v, %q, %v", m, m.Reason(), err)
	}
	classic := "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12\n"
	m, err := look(fstest.MapFS{version: {Data: []byte(classic)}})
	if err != nil || m.Driver != "535.183.01" {
		t.Errorf("driver %q, %v", m.Driver, err)
	}
}

func TestProbeHere(t *testing.T) {
	if m, err := Look(); err != nil || m.Reason() == "" {
		t.Errorf("%+v, %v", m, err)
	}
}
