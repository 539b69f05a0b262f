package wire

import (
	"math"

	"spikebook/gpu/device"
)

// argument is an argument of a kernel: its type and its bits.
func (c *coder) argument(v *any) {
	var kind byte
	var bits uint64
	if !c.reading {
		switch x := (*v).(type) {
		case device.Pointer:
			kind, bits = 'p', uint64(x)
		case int32:
			kind, bits = 'i', uint64(uint32(x))
		case uint32:
			kind, bits = 'u', uint64(x)
		case int64:
			kind, bits = 'I', uint64(x)
		case uint64:
			kind, bits = 'U', x
		case float32:
			kind, bits = 'f', uint64(math.Float32bits(x))
		case float64:
			kind, bits = 'F', math.Float64bits(x)
		default:
			c.fail("an argument is a %T, want a device.Pointer, int32, uint32, int64, uint64, float32 or float64", x)
		}
	}
	c.byte(&kind)
	c.uint64(&bits)
	if !c.reading || c.err != nil {
		return
	}
	if bits > math.MaxUint32 && (kind == 'i' || kind == 'u' || kind == 'f') {
		c.fail("an argument of 32 bits is %#x", bits)
	}
	switch kind {
	case 'p':
		*v = device.Pointer(bits)
	case 'i':
		*v = int32(uint32(bits))
	case 'u':
		*v = uint32(bits)
	case 'I':
		*v = int64(bits)
	case 'U':
		*v = bits
	case 'f':
		*v = math.Float32frombits(uint32(bits))
	case 'F':
		*v = math.Float64frombits(bits)
	default:
		c.fail("an argument is of the type %q", kind)
	}
}
