// Package ptxsim runs PTX on the CPU: a device that is not a GPU, for machines
// without one and for tests of kernels.
//
// It is stricter than a GPU. Each access to memory must be to what was allocated,
// each register must have been written before it is read, threads of a block must
// meet at barriers, and no two threads may access the same memory without one if
// one of them writes. What breaks these rules is an error that says where. Memory
// that was allocated has all bits set, which is a NaN.
//
// It knows the instructions that compilers and package ptx write for arithmetic,
// memory and control, for sm_70, and refuses a module that has another one. Results
// are rounded as PTX says, with denormal numbers, and nothing is fused. Functions
// that a GPU approximates (ex2.approx and so on) are not among them: what they give
// is not defined well enough.
package ptxsim

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"spikebook/gpu/device"
)

// Name is what the device calls itself.
const Name = "PTX interpreter on the CPU, not a GPU"

// Options are those of a device. The zero value is useful.
type Options struct {
	// Name tells several devices apart. It stands before the name of the package's.
	Name string
	// Workers is how many blocks run at the same time, 0 for as many as there are
	// processors.
	Workers int
	// Memory is how many bytes may be allocated, 0 for 1 GiB. The search for
	// races takes eight times as much beside what kernels access.
	Memory int64
	// Steps is how many instructions a block may take before its kernel is taken
	// for one that does not end, 0 for 100 million.
	Steps int64
	// NoRaces leaves out the search for races, and so about half of the time.
	NoRaces bool
}

// Device is the interpreter with a memory of its own.
type Device struct {
	options Options

	mu      sync.Mutex
	memory  memory
	modules map[string]*module // by text
	stats   device.Stats
	read    int64
	written int64
	lost    error // why all operations fail
}

// Open returns a new device.
func Open(o Options) *Device {
	if o.Name == "" {
		o.Name = Name
	} else {
		o.Name += ": " + Name
	}
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.Memory = cmp.Or(o.Memory, 1<<30)
	o.Steps = cmp.Or(o.Steps, 100_000_000)
	return &Device{options: o, modules: map[string]*module{}}
}

// Emulated returns the device of an index among n that stand in for GPUs: kernels that
// ship have no races to search for.
func Emulated(index, n int) *Device {
	o := Options{NoRaces: true}
	if n > 1 {
		o.Name = fmt.Sprintf("device %d", index)
	}
	return Open(o)
}

var _ device.Device = (*Device)(nil)

// Info describes the device. It has the capability of the oldest GPU for which
// kernels are written.
func (d *Device) Info() device.Info {
	return device.Info{
		Name: d.options.Name, Emulated: true, Capability: [2]int{capability / 10, capability % 10},
		Memory: d.options.Memory, Driver: "none",
	}
}

// begin locks the device for an operation, unless it is lost.
func (d *Device) begin() (unlock func(), err error) {
	d.mu.Lock()
	if d.lost != nil {
		d.mu.Unlock()
		return nil, d.lost
	}
	return d.mu.Unlock, nil
}

// Alloc implements [device.Device]. All bits of the memory are set.
func (d *Device) Alloc(bytes int64, label string) (device.Pointer, error) {
	unlock, err := d.begin()
	if err != nil {
		return 0, err
	}
	defer unlock()
	if bytes < 1 {
		return 0, &device.Error{Op: "Alloc", Reason: fmt.Sprintf("%d bytes for %s, expected at least 1", bytes, label)}
	}
	if free := d.options.Memory - d.stats.Reserved; bytes > free || reserved(bytes) > free {
		return 0, &device.OutOfMemoryError{Label: label, Asked: bytes, Free: free, Holders: d.holders(), Device: d.options.Name}
	}
	a := d.memory.allocate(bytes, label)
	d.stats.Allocations++
	d.stats.Allocated += bytes
	d.stats.Reserved += reserved(bytes)
	d.stats.Peak = max(d.stats.Peak, d.stats.Allocated)
	return device.Pointer(a.base), nil
}

// reserved is what an allocation takes from the device.
func reserved(bytes int64) int64 { return (bytes + alignment - 1) &^ (alignment - 1) }

// holders are the labels with their bytes, the most first.
func (d *Device) holders() []device.Holder {
	labels := map[string]*device.Holder{}
	for _, a := range d.memory.live {
		h := labels[a.label]
		if h == nil {
			h = &device.Holder{Label: a.label}
			labels[a.label] = h
		}
		h.Bytes += int64(a.size)
		h.Count++
	}
	var holders []device.Holder
	for _, h := range labels {
		holders = append(holders, *h)
	}
	slices.SortFunc(holders, func(a, b device.Holder) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Label, b.Label))
	})
	return holders
}

// Free implements [device.Device].
func (d *Device) Free(p device.Pointer) error {
	unlock, err := d.begin()
	if err != nil {
		return err
	}
	defer unlock()
	a, err := d.memory.free(uint64(p))
	if err != nil {
		return &device.Error{Op: "Free", Reason: err.Error()}
	}
	d.stats.Allocated -= int64(a.size)
	d.stats.Reserved -= reserved(int64(a.size))
	return nil
}

// Upload implements [device.Device].
func (d *Device) Upload(to device.Pointer, from []byte) error {
	unlock, err := d.begin()
	if err != nil {
		return err
	}
	defer unlock()
	data, err := d.memory.slice(uint64(to), int64(len(from)))
	if err != nil {
		return &device.Error{Op: "Upload", Reason: err.Error()}
	}
	copy(data, from)
	d.stats.Uploads++
	d.stats.UploadBytes += int64(len(from))
	return nil
}

// Download implements [device.Device].
func (d *Device) Download(to []byte, from device.Pointer) error {
	unlock, err := d.begin()
	if err != nil {
		return err
	}
	defer unlock()
	data, err := d.memory.slice(uint64(from), int64(len(to)))
	if err != nil {
		return &device.Error{Op: "Download", Reason: err.Error()}
	}
	copy(to, data)
	d.stats.Downloads++
	d.stats.DownloadBytes += int64(len(to))
	return nil
}

// Copy implements [device.Device].
func (d *Device) Copy(to, from device.Pointer, bytes int64) error {
	unlock, err := d.begin()
	if err != nil {
		return err
	}
	defer unlock()
	target, err := d.memory.slice(uint64(to), bytes)
	if err != nil {
		return &device.Error{Op: "Copy", Reason: "to: " + err.Error()}
	}
	source, err := d.memory.slice(uint64(from), bytes)
	if err != nil {
		return &device.Error{Op: "Copy", Reason: "from: " + err.Error()}
	}
	copy(target, source)
	return nil
}

// Launch implements [device.Device]. It returns when the kernel has ended.
func (d *Device) Launch(l device.Launch) error {
	unlock, err := d.begin()
	if err != nil {
		return err
	}
	defer unlock()
	m := d.modules[l.Module]
	if m == nil {
		if m, err = parse(l.Module); err != nil {
			return &device.Error{Op: "Launch", Kernel: l.Kernel, Reason: "its module: " + err.Error()}
		}
		d.modules[l.Module] = m
	}
	run, err := newLaunch(m, l)
	if err != nil {
		return &device.Error{Op: "Launch", Kernel: l.Kernel, Reason: err.Error()}
	}
	d.stats.Launches++
	run.memory, run.number, run.steps, run.races = &d.memory, d.stats.Launches, d.options.Steps, !d.options.NoRaces
	read, written, f := run.run(d.options.Workers)
	d.read += read
	d.written += written
	if f != nil {
		d.lost = &device.Error{Op: "Launch", Kernel: l.Kernel, Reason: f.text + ". The device is lost, open it anew"}
	}
	return d.lost
}

// Sync implements [device.Device].
func (d *Device) Sync() error {
	unlock, err := d.begin()
	if err != nil {
		return err
	}
	unlock()
	return nil
}

// Stats implements [device.Device].
func (d *Device) Stats() (device.Stats, error) {
	unlock, err := d.begin()
	if err != nil {
		return device.Stats{}, err
	}
	defer unlock()
	s := d.stats
	s.Modules = len(d.modules)
	return s, nil
}

// Traffic returns how many bytes of global memory kernels have read and written
// since the device was opened, atomic operations as both.
func (d *Device) Traffic() (read, written int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read, d.written
}

// Close frees all memory. After that every operation fails.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.memory, d.modules = memory{}, map[string]*module{}
	d.lost = errClosed
	return nil
}

var errClosed error = &device.Error{Op: "Open", Reason: "the device is closed, open it anew"}
