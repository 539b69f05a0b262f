//go:build cuda

package cuda

// #cgo LDFLAGS: -L${SRCDIR}/link -ldl
// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"gorgonia.org/cu"

	"spikebook/gpu/cuda/pool"
	"spikebook/gpu/device"
	"spikebook/gpu/probe"
)

// Devices lists the GPUs of the machine. That there is none is an error, which says
// why and what to do.
func Devices() ([]device.Info, error) {
	s, err := started("Devices")
	if err != nil {
		return nil, err
	}
	list := make([]device.Info, s.devices)
	for i := range list {
		if _, list[i], err = s.describe("Devices", i); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// started returns what there is to use, and an error if it is nothing.
func started(op string) (start, error) {
	s := start{result: int(C.shim_init_result()), problem: C.GoString(C.shim_load_problem())}
	if s.result == 0 {
		s.version = cu.Version()
		count, err := cu.NumDevices()
		if err != nil && err != cu.NoDevice {
			return s, &device.Error{Op: op, Reason: meaning(err)}
		}
		s.devices = count
	}
	machine, err := probe.Look()
	if err != nil {
		machine = probe.Machine{} // it only explains what the driver says
	}
	if reason := s.reason(machine, os.Getenv("CUDA_VISIBLE_DEVICES")); reason != "" {
		return s, &device.Error{Op: op, Reason: reason}
	}
	return s, nil
}

// describe asks the driver about a device.
func (s start) describe(op string, index int) (cu.Device, device.Info, error) {
	failed := func(err error) (cu.Device, device.Info, error) {
		return 0, device.Info{}, &device.Error{Op: op, Reason: fmt.Sprintf("device %d: %s", index, meaning(err))}
	}
	d, err := cu.GetDevice(index)
	if err != nil {
		return failed(err)
	}
	info := device.Info{Driver: "CUDA " + release(s.version)}
	if info.Name, err = d.Name(); err != nil {
		return failed(err)
	}
	info.Emulated = strings.Contains(info.Name, "FAKE CUDA")
	if info.Memory, err = d.TotalMem(); err != nil {
		return failed(err)
	}
	for i, a := range []cu.DeviceAttribute{cu.ComputeCapabilityMajor, cu.ComputeCapabilityMinor} {
		if info.Capability[i], err = d.Attribute(a); err != nil {
			return failed(err)
		}
	}
	return d, info, nil
}

// gpu is a device that is open.
//
// Each call locks its goroutine to a thread and makes the context current there.
// Package fakecuda's driver answers in 2 µs so; handed over to a goroutine that has
// a thread and the context for itself, the same call takes 50 µs.
type gpu struct {
	info    device.Info
	handle  cu.Device
	context cu.CUContext
	// The stream waits for the copies from and to the host, and they for it: it is
	// not of the flag that cu calls NonBlocking.
	stream cu.Stream

	mu      sync.Mutex
	pool    *pool.Pool
	modules map[string]*module // by their text
	running []string           // kernels that were launched since the device was last waited for
	stats   device.Stats
	lost    error // what every call returns from now on
}

// Open opens a GPU by its index in the list of [Devices].
func Open(index int) (device.Device, error) {
	s, err := started("Open")
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= s.devices {
		return nil, &device.Error{Op: "Open", Reason: fmt.Sprintf("there is no device %d: the machine has %d, and they are counted from 0", index, s.devices)}
	}
	g := &gpu{modules: map[string]*module{}}
	if g.handle, g.info, err = s.describe("Open", index); err != nil {
		return nil, err
	}
	if g.context, err = g.handle.RetainPrimaryCtx(); err != nil {
		return nil, &device.Error{Op: "Open", Reason: meaning(err)}
	}
	g.pool = pool.New(source{g})
	err = g.do("Open", "", func() (err error) {
		g.stream, err = cu.MakeStream(cu.DefaultStream)
		return err
	})
	if err != nil {
		_ = g.Close() // what fails then tells nothing more
		return nil, err
	}
	return g, nil
}

// do makes calls of the driver for an operation.
func (g *gpu) do(op, kernel string, calls func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lost != nil {
		return g.lost
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cu.SetCurrentContext(g.context)
	if err == nil {
		err = calls()
	}
	return g.failed(op, kernel, err)
}

// Info implements [device.Device].
func (g *gpu) Info() device.Info { return g.info }

// Sync implements [device.Device].
func (g *gpu) Sync() error {
	return g.do("Sync", "", g.wait)
}

// wait waits until all that was launched is done.
func (g *gpu) wait() error {
	err := g.stream.Synchronize()
	if err == nil {
		g.running = nil
	}
	return err
}

// Stats implements [device.Device].
func (g *gpu) Stats() (device.Stats, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lost != nil {
		return device.Stats{}, g.lost
	}
	s, memory := g.stats, g.pool.Stats()
	s.Allocated, s.Reserved, s.Peak, s.Allocations = memory.Allocated, memory.Reserved, memory.Peak, memory.Allocations
	s.Modules = len(g.modules)
	return s, nil
}

// Close implements [device.Device]. It gives everything to the driver, also where
// something fails, and what fails since the device is lost is no error of it.
func (g *gpu) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lost == errClosed {
		return nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	problems := []error{cu.SetCurrentContext(g.context)}
	if g.stream != cu.NoStream {
		problems = append(problems, g.wait(), g.pool.Close(), g.stream.Destroy())
	}
	for _, m := range g.modules {
		problems = append(problems, m.loaded.Unload())
	}
	problems = append(problems, cu.SetCurrentContext(cu.CUContext{}), g.handle.ReleasePrimaryCtx())
	lost := g.lost != nil
	g.lost = errClosed
	if err := errors.Join(problems...); err != nil && !lost {
		return &device.Error{Op: "Close", Reason: meaning(err)}
	}
	return nil
}
