package zmtp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Bits of the first byte of a frame.
const (
	more    = 1 << iota // another frame of the same message follows
	long                // the size has eight bytes, not one
	command             // not for the user of the socket
)

// frameCost is what a frame counts beside its bytes, so that a message of
// countless empty frames has a limit as well.
const frameCost = 64

// reader reads messages from a peer that is not trusted.
type reader struct {
	io.Reader
	limit int // bytes of one message
}

// message reads one message, or one command.
func (r *reader) message() (frames [][]byte, isCommand bool, err error) {
	for left := r.limit; ; {
		flags, size, err := r.header()
		if err != nil {
			if err == io.EOF && len(frames) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, false, err
		}
		if flags&^(more|long|command) != 0 || flags&command != 0 && (flags&more != 0 || len(frames) > 0) {
			return nil, false, fmt.Errorf("a frame of a message has the flags %#x, which mean nothing", flags)
		}
		if left -= frameCost; left < 0 || size > uint64(left) {
			return nil, false, fmt.Errorf("a message with a frame of %d bytes is larger than %d, all that is accepted", size, r.limit)
		}
		left -= int(size)
		body, err := r.body(int(size))
		if err != nil {
			return nil, false, err
		}
		frames = append(frames, body)
		if flags&more == 0 {
			return frames, flags&command != 0, nil
		}
	}
}

func (r *reader) header() (flags byte, size uint64, err error) {
	var b [9]byte
	if _, err := io.ReadFull(r, b[:2]); err != nil {
		return 0, 0, err
	}
	if b[0]&long == 0 {
		return b[0], uint64(b[1]), nil
	}
	if err := r.full(b[2:]); err != nil {
		return 0, 0, err
	}
	return b[0], binary.BigEndian.Uint64(b[1:]), nil
}

// announced is how much memory a size is worth that nothing has followed yet.
const announced = 64 << 10

func (r *reader) body(size int) ([]byte, error) {
	if size <= announced {
		b := make([]byte, size)
		return b, r.full(b)
	}
	var b bytes.Buffer
	b.Grow(announced)
	if n, err := io.CopyN(&b, r, int64(size)); err != nil {
		return nil, fmt.Errorf("after %d of %d bytes of a frame: %w", n, size, err)
	}
	return b.Bytes(), nil
}

// full fills b. What ends before it is full was cut.
func (r *reader) full(b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Message is a message as it goes over the wire.
type Message []byte

// Encode makes a message of frames. It may be sent to any number of peers.
func Encode(frames [][]byte) Message {
	size := 0
	for _, f := range frames {
		size += 9 + len(f)
	}
	m := make([]byte, 0, size)
	for i, f := range frames {
		flags := byte(0)
		if i < len(frames)-1 {
			flags = more
		}
		m = appendFrame(m, flags, f)
	}
	return m
}

func appendFrame(m []byte, flags byte, body []byte) []byte {
	if len(body) > 255 {
		m = binary.BigEndian.AppendUint64(append(m, flags|long), uint64(len(body)))
	} else {
		m = append(m, flags, byte(len(body)))
	}
	return append(m, body...)
}
