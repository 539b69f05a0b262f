package snn

import (
	"runtime"
	"sync"
	"weak"

	"spikebook/gpu/device"
)

// memory is what parts of a tensor share of a device. It is plain data, so that a
// notebook can store it: with the values, see [Fetch]. A later cell uses the same
// memory of the device if that was kept, else the values go there again when they are
// needed.
type memory struct {
	backend string
	n       int       // values
	fetched []float32 // if they were fetched and did not change since
	kept    device.Token
	changes int    // how often they did
	process int64  // that has the block
	block   uint64 // its number in live
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
	live.Lock()
	defer live.Unlock()
	if m.process != process {
		return nil
	}
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
// where that has kept them, or are copied to the device; nothing gives the block back
// but the end of the cell.
func (m *memory) at() device.Pointer {
	if b := m.held(); b != nil {
		return b.at
	}
	on := m.on()
	if at, ok := m.adopt(on); ok {
		m.hold(on, at)
		on.inUse.Add(m.held().bytes)
		return at
	}
	values := m.values()
	m.hold(on, on.alloc(m.n, "tensor"))
	b := m.held()
	if m.n > 0 {
		on.must(on.Upload(b.at, bytesOf(values)))
	}
	return b.at
}

// adopt returns where an earlier cell has kept the values.
func (m *memory) adopt(on *backend) (at device.Pointer, ok bool) {
	if k := on.Keeper(); k != nil && m.kept != (device.Token{}) {
		var err error
		at, ok, err = k.Adopt(m.kept)
		on.must(err)
	}
	if !ok {
		m.kept = device.Token{}
	}
	return at, ok
}

// keep has the device keep the values for the next cell.
func (m *memory) keep() {
	b := m.held()
	if b == nil || m.kept != (device.Token{}) {
		return
	}
	if k := b.on.Keeper(); k != nil {
		var err error
		m.kept, err = k.Keep(b.at)
		b.on.must(err)
	}
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

// change is called before the values change: those that were fetched are forgotten, and
// if this cell fails, the next one must not find in the memory what it has left there.
func (m *memory) change() {
	live.Lock()
	defer live.Unlock()
	m.fetched = nil
	m.changes++
	if m.kept == (device.Token{}) {
		return
	}
	on := live.blocks[m.block].on
	on.must(on.Keeper().Drop(m.kept))
	m.kept = device.Token{}
}

// revision tells the values of a tensor on a device from those that it had before they
// were changed.
type revision struct {
	place   *place // nil on the host, where anybody may change them
	changes int
}

func (t *Tensor) revision() revision {
	if t.place == nil {
		return revision{}
	}
	live.Lock()
	defer live.Unlock()
	return revision{t.place, t.place.memory.changes}
}

// Fetch fetches the values of all tensors that are on devices, so that a notebook can
// store them, and has the devices keep them. The error is that of the first one that is
// lost.
func Fetch() (err error) {
	live.Lock()
	some := len(live.blocks) > 0
	live.Unlock()
	if some {
		runtime.GC() // what nobody can reach is neither fetched nor kept
	}
	live.Lock()
	var all []*memory
	for _, b := range live.blocks {
		if m := b.memory.Value(); m != nil {
			all = append(all, m)
		}
	}
	live.Unlock()
	for _, m := range all {
		if e := Maybe(func() { m.values(); m.keep() }); e != nil && err == nil {
			err = e
		}
	}
	return err
}
