package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"spikebook/gpu/cuda/entry"
	"spikebook/gpu/device"
	"spikebook/gpu/ptxsim"
)

// Operations; driver/engine.h has the same list.
const (
	alloc = 1 + iota
	free
	upload
	download
	duplicate
	load
	launch
)

// Results, as CUDA numbers them.
const (
	success        = 0
	invalidValue   = 1
	outOfMemory    = 2
	invalidPTX     = 218
	illegalAddress = 700
	launchFailed   = 719
)

// engine is a device with the modules that were loaded.
type engine struct {
	device  device.Device
	modules []module
}

type module struct {
	ptx     string
	entries entry.Entries
}

// do does what is asked for, and returns CUDA's result, a value and a reply.
func (e *engine) do(q request, payload []byte) (result int, value uint64, reply []byte) {
	switch q.Operation {
	case alloc:
		at, err := e.device.Alloc(int64(q.A), "fakecuda")
		return code(err, outOfMemory), uint64(at), nil
	case free:
		return code(e.device.Free(device.Pointer(q.A)), invalidValue), 0, nil
	case upload:
		return code(e.device.Upload(device.Pointer(q.A), payload), invalidValue), 0, nil
	case download:
		reply = make([]byte, q.B)
		err := e.device.Download(reply, device.Pointer(q.A))
		return code(err, invalidValue), 0, reply
	case duplicate:
		err := e.device.Copy(device.Pointer(q.A), device.Pointer(q.B), int64(q.C))
		return code(err, illegalAddress), 0, nil
	case load:
		return e.load(string(payload))
	case launch:
		return code(e.launch(q, payload), launchFailed), 0, nil
	}
	return code(fmt.Errorf("there is no operation %d", q.Operation), invalidValue), 0, nil
}

// code returns a result of CUDA. The error, of which that says little, goes where
// who runs the test sees it.
func code(err error, result int) int {
	if err == nil {
		return success
	}
	fmt.Fprintln(os.Stderr, "fakecuda:", err)
	return result
}

// load returns the number of a module, and its kernels with the numbers of their
// parameters. The reply is the error if there is one.
func (e *engine) load(ptx string) (result int, value uint64, reply []byte) {
	entries, err := check(ptx)
	if err != nil {
		return invalidPTX, 0, []byte(err.Error())
	}
	var kernels strings.Builder
	for name, parameters := range entries {
		fmt.Fprintln(&kernels, name, len(parameters))
	}
	e.modules = append(e.modules, module{ptx: ptx, entries: entries})
	return success, uint64(len(e.modules) - 1), []byte(kernels.String())
}

// check has a device read a module. It does so for a launch, also of a kernel that
// no module has, and counts the modules that it could read.
func check(ptx string) (entry.Entries, error) {
	d := ptxsim.Open(ptxsim.Options{})
	unread := d.Launch(device.Launch{Module: ptx})
	if s, err := d.Stats(); err != nil {
		return nil, err
	} else if s.Modules == 0 {
		return nil, unread
	}
	return entry.Parse(ptx)
}

// launch runs a kernel: q.A is the module and q.B the number of arguments; the
// payload is seven numbers, the arguments and the kernel's name.
func (e *engine) launch(q request, payload []byte) error {
	var sizes [7]uint32
	slots := make([]uint64, q.B)
	in := bytes.NewReader(payload)
	if err := binary.Read(in, binary.NativeEndian, &sizes); err != nil {
		return err
	}
	if err := binary.Read(in, binary.NativeEndian, slots); err != nil {
		return err
	}
	m, name := e.modules[q.A], string(payload[len(payload)-in.Len():])
	arguments, err := entry.Unpack(m.entries[name], slots)
	if err != nil {
		return err
	}
	err = e.device.Launch(device.Launch{
		Module: m.ptx, Kernel: name,
		Grid:   [3]int{int(sizes[0]), int(sizes[1]), int(sizes[2])},
		Block:  [3]int{int(sizes[3]), int(sizes[4]), int(sizes[5])},
		Shared: int(sizes[6]), Args: arguments,
	})
	if err != nil {
		return err
	}
	return e.device.Sync()
}
