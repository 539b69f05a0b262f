package wire

import (
	"encoding/binary"
	"fmt"
	"math"

	"spikebook/gpu/device"
)

// A coder goes through the fields of a message and writes them, or reads them.
// A message so names its fields once, for both directions. After an error it
// reads nothing.
type coder struct {
	data    []byte // written so far, or to be read
	reading bool
	err     error
}

// fail notes the first error.
func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// take returns the next n bytes to read.
func (c *coder) take(n int) []byte {
	if n > len(c.data) {
		c.fail("the frame ends too early")
	}
	if c.err != nil {
		return nil
	}
	p := c.data[:n]
	c.data = c.data[n:]
	return p
}

func (c *coder) uint64(v *uint64) {
	if !c.reading {
		c.data = binary.LittleEndian.AppendUint64(c.data, *v)
		return
	}
	if p := c.take(8); p != nil {
		*v = binary.LittleEndian.Uint64(p)
	}
}

func (c *coder) uint32(v *uint32) {
	if !c.reading {
		c.data = binary.LittleEndian.AppendUint32(c.data, *v)
		return
	}
	if p := c.take(4); p != nil {
		*v = binary.LittleEndian.Uint32(p)
	}
}

func (c *coder) byte(v *byte) {
	if !c.reading {
		c.data = append(c.data, *v)
		return
	}
	if p := c.take(1); p != nil {
		*v = p[0]
	}
}

func (c *coder) bool(v *bool) {
	var b byte
	if *v {
		b = 1
	}
	c.byte(&b)
	if b > 1 {
		c.fail("%d is neither true nor false", b)
	}
	*v = b == 1
}

// int64 is for numbers that are never negative.
func (c *coder) int64(v *int64) {
	u := uint64(*v)
	c.uint64(&u)
	if u > math.MaxInt64 {
		c.fail("%d is no amount", int64(u))
	}
	*v = int64(u)
}

// int is for numbers that are never negative and fit into 31 bits.
func (c *coder) int(v *int) {
	u := uint64(*v)
	c.uint64(&u)
	if u > math.MaxInt32 {
		c.fail("%d is not in the range of 0 to %d", int64(u), math.MaxInt32)
	}
	*v = int(int32(u))
}

func (c *coder) pointer(v *device.Pointer) { c.uint64((*uint64)(v)) }

func (c *coder) string(v *string, limit int) {
	n := len(*v)
	if c.length(&n, limit); c.err != nil {
		return
	}
	if c.reading {
		*v = string(c.take(n))
		return
	}
	c.data = append(c.data, *v...)
}

// length is how many follow.
func (c *coder) length(n *int, limit int) {
	c.int(n)
	if *n > limit {
		c.fail("a length is %d, want at most %d", *n, limit)
	}
}

// slice goes through the elements of a slice.
func slice[T any](c *coder, v *[]T, limit int, element func(*T)) {
	n := len(*v)
	c.length(&n, limit)
	if c.reading {
		*v = nil
	}
	for i := 0; i < n && c.err == nil; i++ {
		if c.reading {
			*v = append(*v, *new(T))
		}
		element(&(*v)[i])
	}
}
