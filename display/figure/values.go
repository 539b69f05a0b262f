package figure

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Values are the numbers of a series. On the wire they are their bits, four
// bytes each in little-endian order: gob's own form of a []float32 takes up to
// nine bytes and ten times the time. NaN and infinities pass unchanged.
type Values []float32

// GobEncode returns the bits of the values.
func (v Values) GobEncode() ([]byte, error) {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b, nil
}

// GobDecode sets the values from their bits.
func (v *Values) GobDecode(b []byte) error {
	if len(b)%4 != 0 {
		return fmt.Errorf("figure: %d bytes are no whole number of float32 values", len(b))
	}
	*v = make(Values, len(b)/4)
	for i := range *v {
		(*v)[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return nil
}
