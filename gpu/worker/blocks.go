package worker

import (
	"fmt"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// checkNew returns a violation if a number is not that of a block to come: a
// program counts its blocks from 0 and uses the numbers of freed ones again.
func (c *client) checkNew(number uint32) error {
	if int(number) > len(c.blocks) || number >= wire.MaxBlocks || int(number) < len(c.blocks) && c.blocks[number] != nil {
		return violation("block %d is not the next of %d, or is in use", number, len(c.blocks))
	}
	return nil
}

// place makes memory a block of the program.
func (c *client) place(number uint32, m *memory) {
	if int(number) == len(c.blocks) {
		c.blocks = append(c.blocks, nil)
	}
	c.blocks[number] = m
	c.count(func(s *device.Stats) {
		s.Allocated += m.bytes
		s.Peak = max(s.Peak, s.Allocated)
	})
}

func (c *client) alloc(m *wire.Alloc) error {
	if err := c.checkNew(m.Block); err != nil {
		return err
	}
	memory, err := c.server.allocate(c.unit, m.Bytes, m.Label)
	switch {
	case err == nil:
		c.place(m.Block, memory)
		c.count(func(s *device.Stats) { s.Allocations++ })
	case !m.Wait: // the program has a pointer already
		c.place(m.Block, missing)
	}
	if err != nil {
		return explain("Alloc", "", err)
	}
	return nil
}

func (c *client) free(m *wire.Free) error {
	memory, err := c.block("Free", m.Block)
	if err != nil {
		return err
	}
	c.blocks[m.Block] = nil
	if memory == missing {
		return nil
	}
	c.count(func(s *device.Stats) { s.Allocated -= memory.bytes })
	if err := c.server.release(memory); err != nil {
		return explain("Free", "", err)
	}
	return nil
}

// block returns a block that the program has.
func (c *client) block(op string, number uint32) (*memory, error) {
	if int(number) >= len(c.blocks) || c.blocks[number] == nil {
		return nil, &device.Error{Op: op, Reason: fmt.Sprintf("the pointer %#x is in no allocation, or in one that was freed", uint64(wire.Address(number, 0)))}
	}
	return c.blocks[number], nil
}

// resolve returns the address on the device of so many bytes that the program
// has at p.
func (c *client) resolve(op string, p device.Pointer, bytes int64) (device.Pointer, error) {
	number, offset, ok := wire.Place(p)
	if !ok {
		return 0, &device.Error{Op: op, Reason: fmt.Sprintf("%#x is no pointer into the memory of the device", uint64(p))}
	}
	m, err := c.block(op, number)
	if err != nil {
		return 0, err
	}
	if offset > m.bytes || bytes > m.bytes-offset {
		return 0, &device.Error{Op: op, Reason: fmt.Sprintf("%d bytes at offset %d leave the %d bytes of %s", bytes, offset, m.bytes, m.label)}
	}
	return m.at + device.Pointer(offset), nil
}

func (c *client) keep(m *wire.Keep) (wire.Message, error) {
	memory, err := c.block("Keep", m.Block)
	if err != nil {
		return nil, err
	}
	if memory == missing {
		return nil, &device.Error{Op: "Keep", Reason: missing.label + " cannot be kept"}
	}
	token, err := c.server.keep(memory)
	return &wire.Kept{Token: token}, err
}

func (c *client) adopt(m *wire.Adopt) (wire.Message, error) {
	if err := c.checkNew(m.Block); err != nil {
		return nil, err
	}
	memory := c.server.adopt(m.Token, c.unit)
	if memory != nil {
		c.place(m.Block, memory)
	}
	return &wire.Adopted{Held: memory != nil}, nil
}
