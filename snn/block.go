package snn

import (
	"runtime"
	"sync"
	"weak"

	"spikebook/gpu/device"
)

// memory is what parts of a tensor share of a device. It is plain data, so that a
// notebook can store it: with the values, see [Fetch], which go to the device again
// when they are needed there.
type memory struct {
	backend string
	n       int       // values
	fetched []float32 // if they were fetched and did not change since
	process int64     // that has the block
	block   uint64    // its number in live
}

// block is memory on a device that this process has.
type block struct {
	on     *backend
	at     device.Pointer
	bytes  int64
	memory weak.Pointer[memory]
}

// live are the blocks by number. It guards memory, too: fetching is rare.
var live = struct {
	sync.Mutex
	last   uint64
	blocks map[uint64]*block
}{blocks: map[uint64]*block{}}

// leastGarbage is from how many bytes on garbage is collected for its memory on a
// device, which the garbage collector does not see.
const leastGarbage = 256 << 20

func (b *backend) alloc(n int, label string) device.Pointer {
	bytes := int64(4 * max(1, n))
	if fresh := b.fresh.Add(bytes); fresh > max(leastGarbage, b.inUse.Load()/2) {
		b.fresh.Store(0)
		runtime.GC()
	}
	at, err := b.Alloc(bytes, label)
	b.must(err)
	b.inUse.Add(bytes)
	return at
}

// newMemory returns memory for n values. It is given back when nobody can reach it.
func (b *backend) newMemory(n int) *memory {
	m := &memory{backend: b.name, n: n}
	m.hold(b, b.alloc(n, "tensor"))
	runtime.SetFinalizer(m, (*memory).free)
	return m
}

// hold makes a block that of the memory.
func (m *memory) hold(on *backend, at device.Pointer) {
	live.Lock()
	defer live.Unlock()
	live.last++
	m.process, m.block = process, live.last
	live.blocks[m.block] = &block{on, at, int64(4 * max(1, m.n)), weak.Make(m)}
}

// held returns the block, nil if this process has none.
func (m *memory) held() *block {
	if m.process != process {
		return nil
	}
	live.Lock()
	defer live.Unlock()
	return live.blocks[m.block]
}

// free gives the block back. An error of the device shows at its next use.
func (m *memory) free() {
	b := m.held()
	if b == nil {
		return
	}
	live.Lock()
	delete(live.blocks, m.block)
	live.Unlock()
	b.on.inUse.Add(-b.bytes)
	b.on.Free(b.at)
}

// on returns the backend.
func (m *memory) on() *backend {
	if b := m.held(); b != nil {
		return b.on
	}
	on, err := backendNamed(m.backend)
	if err != nil {
		panic(&DeviceError{err})
	}
	return on
}

// at returns where the values are. Those that an earlier cell of a notebook left are
// copied to the device first; nothing gives that block back but the end of the cell.
func (m *memory) at() device.Pointer {
	if b := m.held(); b != nil {
		return b.at
	}
	values := m.values()
	on := m.on()
	m.hold(on, on.alloc(m.n, "tensor"))
	b := m.held()
	if m.n > 0 {
		on.must(on.Upload(b.at, bytesOf(values)))
	}
	return b.at
}

// values returns the values for reading.
func (m *memory) values() []float32 {
	b := m.held()
	live.Lock()
	defer live.Unlock()
	if m.fetched != nil || m.n == 0 {
		return m.fetched
	}
	if b == nil {
		panic(&DeviceError{&device.Error{Op: "Download", Reason: "the values were on backend \"" + m.backend + "\" and are lost with it; compute them again"}})
	}
	values := make([]float32, m.n)
	b.on.must(b.on.Download(bytesOf(values), b.at))
	m.fetched = values
	return values
}

// changed forgets the values that were fetched.
func (m *memory) changed() {
	live.Lock()
	defer live.Unlock()
	m.fetched = nil
}

// Fetch fetches the values of all tensors that are on devices, so that a notebook can
// store them. The error is that of the first one that is lost.
func Fetch() (err error) {
	live.Lock()
	var all []*memory
	for _, b := range live.blocks {
		if m := b.memory.Value(); m != nil {
			all = append(all, m)
		}
	}
	live.Unlock()
	for _, m := range all {
		if e := Maybe(func() { m.values() }); e != nil && err == nil {
			err = e
		}
	}
	return err
}
