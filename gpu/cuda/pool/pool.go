// Package pool keeps device memory that was freed for the next allocation of its
// size, since a driver takes long to give memory and to take it back. It knows no
// driver, and no device that it could wait for: who uses memory after it was freed
// and allocated anew must do so in the order of the calls.
package pool

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"spikebook/gpu/device"
)

// Source is where a pool has its memory from.
type Source interface {
	// Take returns memory at a multiple of 256, or an error that is ErrFull if
	// there is not so much left.
	Take(bytes int64) (device.Pointer, error)
	// Give gives back what Take returned. The device may still be using it.
	Give(device.Pointer) error
}

// ErrFull says that a source has not so much memory.
var ErrFull = errors.New("no memory left")

// Pool is the memory of one device. Only one goroutine may use it at a time.
type Pool struct {
	source Source
	blocks []*block           // in the order of their addresses
	kept   map[int64][]*block // those that are free, by their size
	stats  Stats
}

// Stats is how much memory is used.
type Stats struct {
	Allocated, Reserved, Peak int64 // bytes in use, bytes taken from the source, most bytes in use
	Allocations               int64 // calls of Alloc that succeeded
}

// block is memory that was taken from the source at once.
type block struct {
	at    device.Pointer
	size  int64
	used  bool
	bytes int64 // that were asked for
	label string
}

// New returns a pool that has nothing yet.
func New(source Source) *Pool {
	return &Pool{source: source, kept: map[int64][]*block{}}
}

// Blocks are made larger than asked for, so that few sizes occur and one block
// does for many: by an eighth at most, by less than largestStep, and by no less
// than what makes their sizes multiples of align.
const (
	align       = 256
	largestStep = 2 << 20
)

// size returns how long the block is for so many bytes.
func size(bytes int64) int64 {
	step := min(max(int64(1)<<bits.Len64(uint64(bytes-1))>>4, align), largestStep)
	return (bytes + step - 1) / step * step
}

// Alloc returns memory for so many bytes. If the source refuses, what
// is kept is given back to it, since it may have the memory in other sizes then.
func (p *Pool) Alloc(bytes int64, label string) (device.Pointer, error) {
	switch {
	case bytes < 1:
		return 0, fmt.Errorf("%d bytes for %s, expected at least 1", bytes, label)
	case bytes > 1<<62: // the size of its block overflows
		return 0, ErrFull
	}
	b, err := p.block(size(bytes))
	if err != nil {
		return 0, err
	}
	b.used, b.bytes, b.label = true, bytes, label
	p.stats.Allocations++
	p.stats.Allocated += bytes
	p.stats.Peak = max(p.stats.Peak, p.stats.Allocated)
	return b.at, nil
}

// block returns one that was kept, or a new one.
func (p *Pool) block(size int64) (*block, error) {
	if kept := p.kept[size]; len(kept) > 0 {
		last := len(kept) - 1
		p.kept[size] = kept[:last]
		return kept[last], nil
	}
	at, err := p.source.Take(size)
	if errors.Is(err, ErrFull) && p.stats.Reserved > 0 {
		if err := p.Trim(); err != nil {
			return nil, err
		}
		at, err = p.source.Take(size)
	}
	if err != nil {
		return nil, err
	}
	b := &block{at: at, size: size}
	i, _ := p.search(at)
	p.blocks = slices.Insert(p.blocks, i, b)
	p.stats.Reserved += size
	return b, nil
}

// search returns the index of the block at an address, or of the first behind it.
func (p *Pool) search(at device.Pointer) (int, bool) {
	return slices.BinarySearchFunc(p.blocks, at, func(b *block, at device.Pointer) int { return cmp.Compare(b.at, at) })
}

// Free takes memory back that Alloc returned, and keeps it.
func (p *Pool) Free(at device.Pointer) error {
	i, found := p.search(at)
	if !found || !p.blocks[i].used {
		return fmt.Errorf("%#x is not the start of an allocation: it was freed already, or is of another device", at)
	}
	b := p.blocks[i]
	p.stats.Allocated -= b.bytes
	b.used = false
	p.kept[b.size] = append(p.kept[b.size], b)
	return nil
}

// Check returns an error if bytes from an address on are not all of one allocation.
func (p *Pool) Check(at device.Pointer, bytes int64) error {
	i, found := p.search(at)
	if !found {
		i--
	}
	if i < 0 || !p.blocks[i].used || at-p.blocks[i].at > device.Pointer(p.blocks[i].bytes) {
		return fmt.Errorf("%#x is in no allocation: it was freed already, or is of another device", at)
	}
	b := p.blocks[i]
	if from := int64(at - b.at); bytes > b.bytes-from {
		return fmt.Errorf("bytes %d to %d of %s are not there: it has %d bytes", from, from+bytes, b.label, b.bytes)
	}
	return nil
}

// Trim gives to the source what is not in use.
func (p *Pool) Trim() error {
	return p.give(func(b *block) bool { return !b.used })
}

// Close gives everything to the source, what is in use among it.
func (p *Pool) Close() error {
	return p.give(func(*block) bool { return true })
}

// give gives blocks to the source. Those that it does not take are forgotten, too: it
// may have them. The first error is returned, since a device that is lost takes none.
func (p *Pool) give(which func(*block) bool) (err error) {
	p.kept = map[int64][]*block{}
	p.blocks = slices.DeleteFunc(p.blocks, func(b *block) bool {
		if !which(b) {
			return false
		}
		err = cmp.Or(err, p.source.Give(b.at))
		p.stats.Reserved -= b.size
		if b.used {
			p.stats.Allocated -= b.bytes
		}
		return true
	})
	return err
}

// Stats returns how much memory is used now.
func (p *Pool) Stats() Stats { return p.stats }

// Holders returns who uses memory, who uses most of it first.
func (p *Pool) Holders() []device.Holder {
	byLabel := map[string]device.Holder{}
	for _, b := range p.blocks {
		if b.used {
			h := byLabel[b.label]
			byLabel[b.label] = device.Holder{Label: b.label, Bytes: h.Bytes + b.bytes, Count: h.Count + 1}
		}
	}
	return slices.SortedFunc(maps.Values(byLabel), func(a, b device.Holder) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Label, b.Label))
	})
}
