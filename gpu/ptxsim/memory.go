package ptxsim

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
)

const (
	alignment = 256
	// A gap between allocations holds no memory, so that an index that is too
	// large by less than this does not reach the next one.
	gap = 1 << 20
	// firstAddress is one that is no index or size by accident.
	firstAddress = 0x7F00_0000_0000
	pageSize     = 4096
	keptFreed    = 1024
)

// memory is what was allocated, at addresses that grow and are not used again.
type memory struct {
	live  []*allocation // by address
	freed []*allocation // the last ones, without their data
	next  uint64
}

// allocation is one piece of memory.
type allocation struct {
	base  uint64
	size  uint64
	label string
	data  []byte
	pages []page
}

// page guards so many bytes of an allocation: whoever reads or writes them for a
// kernel has it locked.
type page struct {
	sync.Mutex
	launch int64  // that words are of
	words  []word // for each 4 bytes, if races are searched
}

func (a *allocation) end() uint64 { return a.base + a.size }

func (m *memory) allocate(size int64, label string) *allocation {
	a := &allocation{
		base: max(m.next, firstAddress), size: uint64(size), label: label,
		data:  bytes.Repeat([]byte{0xFF}, int(size)),
		pages: make([]page, (size+pageSize-1)/pageSize),
	}
	m.next = (a.end() + gap + alignment - 1) &^ (alignment - 1)
	m.live = append(m.live, a)
	return a
}

// index returns where in live the last allocation is that begins at or before an
// address; -1 if there is none.
func (m *memory) index(address uint64) int {
	i, found := slices.BinarySearchFunc(m.live, address, func(a *allocation, address uint64) int {
		switch {
		case a.base < address:
			return -1
		case a.base > address:
			return 1
		}
		return 0
	})
	if !found {
		i--
	}
	return i
}

// find returns the allocation that an address is in, or nil.
func (m *memory) find(address uint64) *allocation {
	if i := m.index(address); i >= 0 && address < m.live[i].end() {
		return m.live[i]
	}
	return nil
}

// free removes the allocation that begins at an address, and returns it.
func (m *memory) free(address uint64) (*allocation, error) {
	i := m.index(address)
	if i < 0 || m.live[i].base != address {
		return nil, fmt.Errorf("%s; expected what Alloc returned", m.describe(address, 1))
	}
	a := m.live[i]
	m.live = slices.Delete(m.live, i, i+1)
	a.data, a.pages = nil, nil
	if len(m.freed) == keptFreed {
		m.freed = slices.Delete(m.freed, 0, 1)
	}
	m.freed = append(m.freed, a)
	return a, nil
}

// slice returns bytes of one allocation. There are always no bytes.
func (m *memory) slice(address uint64, size int64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	a := m.find(address)
	if a == nil || size < 0 || uint64(size) > a.end()-address {
		return nil, fmt.Errorf("%s; expected bytes of one allocation", m.describe(address, size))
	}
	return a.data[address-a.base:][:size], nil
}

// describe says where bytes are.
func (m *memory) describe(address uint64, size int64) string {
	text := fmt.Sprintf("%d bytes at address %#x", size, address)
	for _, a := range slices.Backward(m.freed) {
		if address >= a.base && address < a.end() {
			return fmt.Sprintf("%s are in %q, %d bytes at %#x, which was freed", text, a.label, a.size, a.base)
		}
	}
	i := m.index(address)
	if i >= 0 {
		a := m.live[i]
		inside, end := address-a.base, address+uint64(size)
		where := fmt.Sprintf("%q, %d bytes at %#x", a.label, a.size, a.base)
		switch {
		case end <= a.end():
			return fmt.Sprintf("%s begin %d bytes after the start of %s", text, inside, where)
		case address < a.end():
			return fmt.Sprintf("%s go %d bytes beyond the end of %s", text, end-a.end(), where)
		case i+1 == len(m.live) || address-a.end() < m.live[i+1].base-address:
			return fmt.Sprintf("%s begin %d bytes after the end of %s", text, address-a.end(), where)
		}
	}
	if i+1 < len(m.live) && address != 0 {
		a := m.live[i+1]
		return fmt.Sprintf("%s begin %d bytes before the start of %q, %d bytes at %#x", text, a.base-address, a.label, a.size, a.base)
	}
	return text + " are in no allocation"
}
