package ptxsim

import (
	"encoding/binary"
	"fmt"
)

// access is what a load, store or atomic operation does.
type access struct {
	operation operation
	shared    bool // shared memory of the block, otherwise global memory
	kind      kind
	size      uint64 // bytes of a thread
	offset    uint64 // that is added to the address in the first source
	values    []int  // rows: the results of a load, the sources of a store
	combine   function
}

type operation int

const (
	load operation = iota
	store
	modify
)

func (o operation) String() string { return []string{"reads", "writes", "changes"}[o] }

// cursor finds memory for a block, and keeps the page locked that it found last.
type cursor struct {
	block  *block
	memory *allocation
	page   *page
	first  uint64 // address of the page
}

func (c *cursor) release() {
	if c.page != nil {
		c.page.Unlock()
		c.page = nil
	}
}

// global returns size bytes of global memory at an address and those behind it in
// the same page, and what is known of them. A problem is a text.
func (c *cursor) global(address, size uint64) (data []byte, words []word, problem string) {
	if c.page == nil || address-c.first >= pageSize {
		c.move(address)
	}
	if c.page == nil || address+size > c.memory.end() {
		return nil, nil, c.block.launch.memory.describe(address, int64(size))
	}
	if c.page.words != nil {
		words = c.page.words[(address-c.first)/4:]
	}
	end := min(c.first+pageSize, c.memory.end())
	return c.memory.data[address-c.memory.base : end-c.memory.base], words, ""
}

// move locks the page of an address, if there is one.
func (c *cursor) move(address uint64) {
	c.release()
	if c.memory == nil || address < c.memory.base || address >= c.memory.end() {
		c.memory = c.block.launch.memory.find(address)
		if c.memory == nil {
			return
		}
	}
	number := (address - c.memory.base) / pageSize
	c.first = c.memory.base + number*pageSize
	c.page = &c.memory.pages[number]
	c.page.Lock()
	if launch := c.block.launch; launch.races && c.page.launch != launch.number {
		if c.page.words == nil {
			c.page.words = make([]word, (min(pageSize, c.memory.end()-c.first)+3)/4)
		} else {
			clear(c.page.words)
		}
		c.page.launch = launch.number
	}
}

// sharedMemory returns size bytes of the shared memory of the block and those behind
// it, and what is known of them.
func (b *block) sharedMemory(address, size uint64) (data []byte, words []word, problem string) {
	if address > uint64(len(b.shared)) || size > uint64(len(b.shared))-address {
		return nil, nil, fmt.Sprintf("%d bytes at %d of shared memory, of which there are %d", size, int64(address), len(b.shared))
	}
	if b.sharedWords != nil {
		words = b.sharedWords[address/4:]
	}
	return b.shared[address:], words, ""
}

// access does a load, store or atomic operation for some threads, one after the
// other.
func (b *block) access(in *instruction, lanes []int32) *fault {
	a, c := in.access, cursor{block: b}
	defer c.release()
	addresses := b.rows[in.sources[0]]
	if !a.shared {
		b.traffic[a.operation] += int64(a.size) * int64(len(lanes))
	}
	for len(lanes) > 0 {
		address := addresses[lanes[0]] + a.offset
		var data []byte
		var words []word
		var problem string
		switch {
		case address%a.size != 0:
			problem = fmt.Sprintf("%d bytes at address %#x, expected a multiple of %d", a.size, address, a.size)
		case a.shared:
			data, words, problem = b.sharedMemory(address, a.size)
		default:
			data, words, problem = c.global(address, a.size)
		}
		if problem != "" {
			return b.fault(in, lanes[0], problem)
		}
		count, stride := a.run(addresses, lanes, uint64(len(data)))
		// A word has several values that are shorter: these are not searched for races.
		if words != nil && a.size >= 4 {
			if f := b.note(in, words, lanes[:count], stride); f != nil {
				return f
			}
		}
		b.transfer(in, data, lanes[:count], stride)
		lanes = lanes[count:]
	}
	return nil
}

// run returns how many of the threads have addresses that are one distance from each
// other, and so lie within the bytes that begin with those of the first thread.
func (a *access) run(addresses []uint64, lanes []int32, available uint64) (count int, stride uint64) {
	if len(lanes) == 1 {
		return 1, 0
	}
	address := addresses[lanes[0]]
	stride = addresses[lanes[1]] - address
	if stride%a.size != 0 {
		return 1, 0
	}
	for _, i := range lanes {
		if addresses[i] != address || available < a.size {
			break
		}
		count++
		address += stride
		if available < stride {
			break
		}
		available -= stride
	}
	return count, stride
}

// note searches for races of threads with those that accessed the same words.
func (b *block) note(in *instruction, words []word, lanes []int32, stride uint64) *fault {
	a := in.access
	for j, lane := range lanes {
		self := newActor(b.number, b.barriers, int(lane))
		mine := words[uint64(j)*stride/4:][:a.size/4]
		for i := range mine {
			other := mine[i].access(self, a.operation)
			if other == 0 {
				continue
			}
			address := b.rows[in.sources[0]][lane] + a.offset + uint64(4*i)
			where := fmt.Sprintf("4 bytes at %d of shared memory", address)
			if !a.shared {
				where = b.launch.memory.describe(address, 4)
			}
			return b.fault(in, lane, fmt.Sprintf("race: %s; it %s them and %s accesses them, too, with no barrier between; expected one, or atomic operations",
				where, a.operation, b.launch.thread(other.block(), other.thread())))
		}
	}
	return nil
}

// transfer moves the values of threads.
func (b *block) transfer(in *instruction, data []byte, lanes []int32, stride uint64) {
	a := in.access
	size := a.kind.bytes()
	switch a.operation {
	case load:
		for j, r := range a.values {
			row := b.rows[r]
			for k, i := range lanes {
				row[i] = get(data[uint64(k)*stride+uint64(j*size):], size)
			}
			if wider := b.kernel.rows[r].kind; wider.bits > a.kind.bits {
				for _, i := range lanes {
					row[i] = a.kind.extend(row[i], wider)
				}
			}
		}
	case store:
		for j, r := range a.values {
			row := b.rows[r]
			for k, i := range lanes {
				put(data[uint64(k)*stride+uint64(j*size):], size, row[i])
			}
		}
	case modify:
		for k, i := range lanes {
			at := data[uint64(k)*stride:]
			old := get(at, size)
			put(at, size, a.combine(old, b.rows[in.sources[1]][i], b.rows[in.sources[2]][i]))
			if in.result != none {
				b.rows[in.result][i] = old
			}
		}
	}
}

func get(data []byte, size int) uint64 {
	switch size {
	case 4:
		return uint64(binary.LittleEndian.Uint32(data))
	case 8:
		return binary.LittleEndian.Uint64(data)
	case 2:
		return uint64(binary.LittleEndian.Uint16(data))
	}
	return uint64(data[0])
}

func put(data []byte, size int, v uint64) {
	switch size {
	case 4:
		binary.LittleEndian.PutUint32(data, uint32(v))
	case 8:
		binary.LittleEndian.PutUint64(data, v)
	case 2:
		binary.LittleEndian.PutUint16(data, uint16(v))
	default:
		data[0] = byte(v)
	}
}
