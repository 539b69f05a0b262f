package snn

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"spikebook/gpu/device"
	"spikebook/snn/dynamics"
)

// Accelerator is a device with the operations that tensors need there: a backend.
// Package spikebook/gpu/backend has one for what runs PTX.
type Accelerator interface {
	device.Device

	// Keeper returns the device if it can keep memory for a later program, else nil.
	Keeper() device.Keeper
	// Program runs a program as [dynamics.Program.Run] does.
	Program(p *dynamics.Program, r PlacedRun) error
	// Source returns what it runs for that, for a person to read.
	Source(p *dynamics.Program, r PlacedRun) (string, error)
	// Strided copies values of an array of a shape: those that are neighbours in
	// a dimension are as far apart as the steps say, 0 for the same one.
	Strided(to, from device.Pointer, shape, toSteps, fromSteps []int) error
	// Fill sets n values.
	Fill(to device.Pointer, value float32, n int) error
	// Accumulate adds n values to others.
	Accumulate(to, from device.Pointer, n int) error
	// MatMul sets c, [m, n], to the product of a, [m, k], and b, [k, n]; one that
	// is transposed is stored the other way round.
	MatMul(c, a, b device.Pointer, m, n, k int, transposeA, transposeB bool) error
	// Total adds up from, [outer, n, inner], over its second dimension, and divides
	// by n for the mean: [outer, inner].
	Total(to, from device.Pointer, outer, n, inner int, mean bool) error
	// Largest finds the places of the largest values of from, [outer, n, inner], or
	// of the largest absolute ones, along the second dimension: [outer, inner], as
	// int32 counted from 0. NaN is larger than any number; it is the first of equal
	// ones.
	Largest(places, from device.Pointer, outer, n, inner int, abs bool) error
	// Pick sets values, [outer, inner], to those of rows, [outer, n, inner], at such
	// places.
	Pick(values, rows, places device.Pointer, outer, n, inner int) error
	// Put is the reverse of Pick: the other values of rows stay as they are.
	Put(rows, values, places device.Pointer, outer, n, inner int) error
	// Uniform draws the n numbers that Rand draws with a seed, from a block on.
	Uniform(to device.Pointer, n int, seed, next uint64) error
}

// PlacedRun is a [dynamics.Run] in the memory of a device. A pointer is 0 for an
// output that is not wanted, and for a state of which only the sum over all neurons
// is: it begins with 0.
type PlacedRun struct {
	Name           string   // of what is run, such as "LIF"
	Text           []string // what it is, such as equations
	T, N           int
	Inputs, Params []Placed
	Outputs        []device.Pointer
	States         []device.Pointer
	Sums           device.Pointer // of those states, one value after the other
	Reverse        bool
}

// Placed is an operand. One that is shared has a value for all neurons: an input
// one for each step, a parameter one.
type Placed struct {
	At     device.Pointer
	Shared bool
}

// backend is an accelerator by its name.
type backend struct {
	Accelerator // when it is open
	name        string
	open        func() error // once

	inUse, fresh atomic.Int64 // bytes of tensors, and of those made since garbage was collected

	mu      sync.Mutex
	numbers map[uint32]*memory // single values that are there, by their bits: -0 is not 0
	zeros   device.Pointer
}

var backends = struct {
	sync.Mutex
	list []*backend
	open func() // adds those that are there, when they are looked at first
}{}

// OpenBackends has a function called before the backends are looked at for the first
// time: a program that needs none does not wait for them.
func OpenBackends(open func()) {
	backends.Lock()
	defer backends.Unlock()
	backends.open = open
}

// opened returns the backends that there are.
func opened() []*backend {
	backends.Lock()
	open := backends.open
	backends.open = nil
	backends.Unlock()
	if open != nil {
		open()
	}
	backends.Lock()
	defer backends.Unlock()
	return slices.Clone(backends.list)
}

// AddBackend makes an accelerator a backend by a name, such as "cuda", instead of
// the one that had the name before: tensors on that one stay there. It is opened when
// it is used.
func AddBackend(name string, open func() (Accelerator, error)) {
	b := &backend{name: name, numbers: map[uint32]*memory{}}
	b.open = sync.OnceValue(func() (err error) {
		b.Accelerator, err = open()
		return err
	})
	backends.Lock()
	defer backends.Unlock()
	if i := slices.IndexFunc(backends.list, func(b *backend) bool { return b.name == name }); i >= 0 {
		backends.list[i] = b
	} else {
		backends.list = append(backends.list, b)
	}
}

// RemoveBackend takes a backend away; tensors on it stay there.
func RemoveBackend(name string) {
	backends.Lock()
	defer backends.Unlock()
	backends.list = slices.DeleteFunc(backends.list, func(b *backend) bool { return b.name == name })
}

// CPU is the backend that is always there.
const CPU = "cpu"

// Backends returns the names of the backends: "cpu", and those that were added.
func Backends() []string {
	names := []string{CPU}
	for _, b := range opened() {
		names = append(names, b.name)
	}
	return names
}

// BackendInfo describes the device of a backend. It is an error if there is none of
// that name.
func BackendInfo(name string) (device.Info, error) {
	b, err := backendNamed(name)
	if err != nil {
		return device.Info{}, err
	}
	return b.Info(), nil
}

// BackendStats returns what a backend was used for. It is an error if there is
// none of that name.
func BackendStats(name string) (device.Stats, error) {
	b, err := backendNamed(name)
	if err != nil {
		return device.Stats{}, err
	}
	return b.Stats()
}

func backendNamed(name string) (*backend, error) {
	for _, b := range opened() {
		if b.name == name {
			return b, b.open()
		}
	}
	return nil, CheckBackend(name)
}

// CheckBackend returns an error that says why unless there is a backend of that
// name.
func CheckBackend(name string) error {
	names := Backends()
	cuda := func(name string) bool { return name == "cuda" || strings.HasPrefix(name, "cuda:") }
	devices := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !cuda(name) })
	switch {
	case slices.Contains(names, name):
		return nil
	case cuda(name) && len(devices) > 0:
		return fmt.Errorf("there is no backend %q; this program has %d for devices: %q", name, len(devices), devices)
	case cuda(name):
		return fmt.Errorf("there is no backend %q: no NVIDIA GPU is in use, which `spikebook doctor` explains; gpu.Emulate(), or %%backend cuda emulated in a notebook, runs GPU kernels on the CPU, slowly. This program has %q", name, names)
	}
	return fmt.Errorf("there is no backend %q; this program has %q", name, names)
}

// DeviceError is a [Misuse] in that it is shown as one line: an operation on a
// device failed.
type DeviceError struct{ Err error }

func (e *DeviceError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the device.
func (e *DeviceError) Unwrap() error { return e.Err }

// Misuse marks the type as a Misuse.
func (*DeviceError) Misuse() {}

func (b *backend) must(err error) {
	if err != nil {
		panic(&DeviceError{err})
	}
}
