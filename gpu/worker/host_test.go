//go:build linux

package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"spikebook/gpu/device"
)

// A hostDevice is a device in the memory of the test. Its kernels are written in
// Go; the text of a module is the name of its only kernel.
type hostDevice struct {
	memory int64
	gate   chan struct{} // kernel wait waits until it is closed

	mu      sync.Mutex
	next    device.Pointer
	blocks  map[device.Pointer][]byte
	modules map[string]bool
	stats   device.Stats
	lost    error
	closed  bool
}

func newHostDevice(memory int64) *hostDevice {
	return &hostDevice{
		memory: memory, gate: make(chan struct{}), next: 0x7f0000000000,
		blocks: make(map[device.Pointer][]byte), modules: make(map[string]bool),
	}
}

func (d *hostDevice) Info() device.Info {
	return device.Info{Name: "host memory", Emulated: true, Capability: [2]int{7, 5}, Memory: d.memory, Driver: "none"}
}

// enter locks the device for an operation.
func (d *hostDevice) enter() (leave func(), err error) {
	d.mu.Lock()
	if d.closed {
		d.lost = errors.New("the device was used after it was closed")
	}
	return d.mu.Unlock, d.lost
}

func (d *hostDevice) Alloc(bytes int64, label string) (device.Pointer, error) {
	leave, err := d.enter()
	defer leave()
	if err != nil {
		return 0, err
	}
	if free := d.memory - d.stats.Allocated; bytes > free {
		return 0, &device.OutOfMemoryError{Label: label, Asked: bytes, Free: free, Device: "host memory", Holders: []device.Holder{{Label: "all", Bytes: d.stats.Allocated, Count: len(d.blocks)}}}
	}
	p := d.next
	d.next += device.Pointer(bytes+511) / 256 * 256
	d.blocks[p] = make([]byte, bytes)
	d.stats.Allocated += bytes
	d.stats.Reserved = d.stats.Allocated
	d.stats.Peak = max(d.stats.Peak, d.stats.Allocated)
	d.stats.Allocations++
	return p, nil
}

func (d *hostDevice) Free(p device.Pointer) error {
	leave, err := d.enter()
	defer leave()
	if err != nil {
		return err
	}
	b, is := d.blocks[p]
	if !is {
		return fmt.Errorf("%#x is not allocated", p)
	}
	delete(d.blocks, p)
	d.stats.Allocated -= int64(len(b))
	return nil
}

// at returns so many bytes at p.
func (d *hostDevice) at(p device.Pointer, bytes int64) ([]byte, error) {
	for start, b := range d.blocks {
		if p >= start && uint64(p-start)+uint64(bytes) <= uint64(len(b)) {
			return b[p-start:][:bytes], nil
		}
	}
	return nil, fmt.Errorf("%d bytes at %#x are not allocated", bytes, p)
}

func (d *hostDevice) Upload(to device.Pointer, from []byte) error {
	leave, err := d.enter()
	defer leave()
	if err != nil {
		return err
	}
	b, err := d.at(to, int64(len(from)))
	copy(b, from)
	return err
}

func (d *hostDevice) Download(to []byte, from device.Pointer) error {
	leave, err := d.enter()
	defer leave()
	if err != nil {
		return err
	}
	b, err := d.at(from, int64(len(to)))
	copy(to, b)
	return err
}

func (d *hostDevice) Copy(to, from device.Pointer, bytes int64) error {
	leave, err := d.enter()
	defer leave()
	if err != nil {
		return err
	}
	source, err := d.at(from, bytes)
	if err != nil {
		return err
	}
	target, err := d.at(to, bytes)
	copy(target, source)
	return err
}

func (d *hostDevice) Launch(l device.Launch) error {
	if l.Kernel == "wait" {
		<-d.gate
		return nil
	}
	leave, err := d.enter()
	defer leave()
	if err != nil {
		return err
	}
	d.stats.Launches++
	d.modules[l.Module] = true
	d.stats.Modules = len(d.modules)
	if l.Module != l.Kernel {
		return fmt.Errorf("the module has no kernel %s", l.Kernel)
	}
	switch l.Kernel {
	case "scale": // x[i] = x[i]*a + b
		count := l.Args[1].(uint32)
		a, b := l.Args[2].(float32), l.Args[3].(float64)
		x, err := d.at(l.Args[0].(device.Pointer), 4*int64(count))
		if err != nil {
			return err
		}
		for i := range count {
			v := math.Float32frombits(binary.LittleEndian.Uint32(x[4*i:]))
			binary.LittleEndian.PutUint32(x[4*i:], math.Float32bits(v*a+float32(b)))
		}
	case "fault":
		d.lost = &device.Error{Op: "Launch", Kernel: "fault", Reason: "it wrote to where nothing is"}
	default:
		return errors.New("no such kernel")
	}
	return nil
}

func (d *hostDevice) Sync() error {
	leave, err := d.enter()
	defer leave()
	return err
}

func (d *hostDevice) Stats() (device.Stats, error) {
	leave, err := d.enter()
	defer leave()
	return d.stats, err
}

func (d *hostDevice) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return nil
}

// left returns how many allocations there are.
func (d *hostDevice) left() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.blocks)
}

func (d *hostDevice) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// hostDevices opens a new device at each call of Open, and remembers them.
type hostDevices struct {
	memory int64
	mu     sync.Mutex
	opened []*hostDevice
}

func (h *hostDevices) List() ([]device.Info, error) {
	info := newHostDevice(h.memory).Info()
	return []device.Info{info, info}, nil
}

func (h *hostDevices) Open(index int) (device.Device, error) {
	if index >= 2 {
		return nil, fmt.Errorf("there is no device %d, want 0 or 1", index)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d := newHostDevice(h.memory)
	h.opened = append(h.opened, d)
	return d, nil
}

// last returns the device that was opened last.
func (h *hostDevices) last() *hostDevice {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.opened[len(h.opened)-1]
}
