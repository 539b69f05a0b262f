//go:build linux

package native

import (
	"maps"
	"math"
	"slices"

	"spikebook/snn/vector"
)

// fix keeps constants and uniform rows in registers.
func (c *compiler) fix() {
	atOnce := 10 // registers that an operation takes at most
	for i := range c.code {
		if c.code[i].Op == vector.Mix {
			atOnce = 12
		}
	}
	budget := len(c.holds) - atOnce
	c.fixedRows, c.fixedFields = map[int]int{}, map[int32]int{}
	next := func() int {
		r := len(c.holds) - 1 - len(c.fixedRows) - len(c.fixedFields)
		c.reserved[r] = true
		budget--
		return r
	}
	for _, row := range c.rows {
		if c.is(row, Uniform) && !c.written[row] && budget > 0 {
			c.fixedRows[row] = next()
		}
	}
	for _, at := range slices.Sorted(maps.Keys(c.fields)) {
		if budget > 0 {
			c.fixedFields[at] = next()
		}
	}
}

// result says which registers hold what an instruction computes, and forgets what
// nobody reads any more.
func (c *compiler) result(in *vector.Instruction, registers ...int) {
	for i, row := range in.Results() {
		if old, ok := c.at[row]; ok {
			c.forget(old)
		}
		r := registers[i]
		c.holds[r], c.dirty[r], c.at[row] = row, true, r
	}
	for r, row := range c.holds {
		if row != none && c.next(row) == math.MaxInt {
			c.forget(r)
		}
	}
}

// next returns the instruction that reads a row next.
func (c *compiler) next(row int) int {
	events := c.events[row]
	for len(events) > 0 && events[0].at <= c.now {
		events = events[1:]
	}
	switch c.events[row] = events; {
	case len(events) > 0 && events[0].read:
		return events[0].at
	case len(events) == 0 && c.is(row, Live):
		return len(c.code)
	}
	return math.MaxInt
}

// event says that an instruction reads a row, or writes it.
type event struct {
	at   int
	read bool
}

// listEvents lists what happens to each row; an instruction reads before it
// writes.
func (c *compiler) listEvents() {
	c.events = map[int][]event{}
	for i := range c.code {
		for _, row := range c.code[i].Operands() {
			c.events[row] = append(c.events[row], event{i, true})
		}
		for _, row := range c.code[i].Results() {
			c.events[row] = append(c.events[row], event{i, false})
		}
	}
}

// load returns a register that holds a row.
func (c *compiler) load(row int) int {
	if r, ok := c.fixedRows[row]; ok {
		return r
	}
	r, ok := c.at[row]
	if !ok {
		r = c.take()
		c.move(opLoad, r, c.memory(row))
		c.holds[r], c.dirty[r], c.at[row] = row, false, r
	}
	c.pinned[r] = true
	return r
}

// read returns a register that holds a row, or if nobody else reads it the place
// in memory, unless there is but a part of a vector.
func (c *compiler) read(row int) operand {
	_, fixed := c.fixedRows[row]
	if _, ok := c.at[row]; !ok && !fixed && !c.part && c.next(row) >= len(c.code) {
		return c.memory(row)
	}
	return reg(c.load(row))
}

// memory returns the place of a row in memory.
func (c *compiler) memory(at int) operand {
	k, ok := c.index[at]
	if !ok {
		k = len(c.rows)
		c.rows = append(c.rows, at)
		c.index[at] = k
	}
	if base := c.base[min(k, maxRows-1)]; base != none {
		return row(base)
	}
	return farRow(rowOffset(k))
}

// take returns a register for the instruction. If none is free, the row that is
// read last goes to memory.
func (c *compiler) take() int {
	best, when := none, -1
	for r, row := range c.holds {
		if c.pinned[r] || c.reserved[r] {
			continue
		}
		next := math.MaxInt
		if row != none {
			next = c.next(row)
			if slices.Contains(c.code[c.now].Operands(), row) {
				next = c.now
			}
		}
		if next > when {
			best, when = r, next
		}
	}
	if c.holds[best] != none && c.dirty[best] && when < math.MaxInt {
		c.store(best)
	}
	c.forget(best)
	c.pinned[best] = true
	return best
}

func (c *compiler) store(r int) {
	row := c.holds[r]
	place, op := c.memory(row), byte(opStore)
	if c.is(row, Stream) && !c.part {
		op, c.streams = opStream, true
	}
	c.move(op, r, place)
	c.dirty[r] = false
}

func (c *compiler) forget(r int) {
	if row := c.holds[r]; row != none {
		delete(c.at, row)
	}
	c.holds[r], c.dirty[r] = none, false
}
