// Package wire is what a program and the worker that owns the devices say to
// each other over a unix socket.
//
// The program sends requests, the worker takes them one after the other. Most are
// not answered; after one that is, the program waits for its [Reply]. A frame is
// its size, its kind and the fields of its message, all of fixed width and in
// little endian. What is large does not go through the socket: the worker hands
// the program an area of shared memory, and requests name places in it.
//
// Neither side trusts the other: every size has a limit, and what does not decode
// is an error that ends the connection.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"spikebook/gpu/device"
)

// Version is that of the protocol. It changes with every change of a message but
// [Greeting], which is the same for ever.
const Version = 2

// magic begins a connection, so that a program that speaks something else is known.
const magic uint64 = 0x5550476b6f6f4253 // "SBookGPU"

// Limits of what is sent.
const (
	HeaderSize = 4        // the size of what follows
	MaxFrame   = 64 << 10 // of a frame without its header
	MaxArea    = 64 << 20 // of the shared memory of a connection
	MaxBytes   = 1 << offsetBits
	MaxBlocks  = 1 << 20  // allocations of a connection at a time
	MaxModules = 1 << 12  // of a connection
	MaxText    = 64 << 20 // of all modules of a connection, in bytes
	MaxArgs    = 1 << 12  // of a kernel
	MaxName    = 1 << 10  // of a kernel or a label, in bytes
	MaxDevices = 64
	MaxClients = 64
	MaxHolders = 16
	MaxReason  = 16 << 10 // of a text that explains an error
)

const offsetBits = 40

// Address returns the pointer that a program has to a place in one of its
// blocks. It is no address of the device: the program chooses the number of a
// block without asking, and the worker knows which memory it stands for.
func Address(block uint32, offset int64) device.Pointer {
	return device.Pointer(uint64(block+1)<<offsetBits + uint64(offset))
}

// Place returns the block that a pointer points into and where. There is none if
// ok is false.
func Place(p device.Pointer) (block uint32, offset int64, ok bool) {
	n := uint64(p) >> offsetBits
	return uint32(n - 1), int64(uint64(p) & (1<<offsetBits - 1)), n >= 1 && n <= MaxBlocks
}

// Message is what a frame carries.
type Message interface {
	kind() byte
	fields(*coder)
}

// Append appends a frame with m.
func Append(frame []byte, m Message) ([]byte, error) {
	start := len(frame)
	c := coder{data: append(frame, 0, 0, 0, 0, m.kind())}
	m.fields(&c)
	size := len(c.data) - start - HeaderSize
	if c.err == nil && size > MaxFrame {
		c.err = fmt.Errorf("%d bytes are more than the %d of a frame", size, MaxFrame)
	}
	if c.err != nil {
		return frame, c.err
	}
	binary.LittleEndian.PutUint32(c.data[start:], uint32(size))
	return c.data, nil
}

// Size returns how many bytes follow the header of a frame.
func Size(header []byte) (int, error) {
	size := binary.LittleEndian.Uint32(header)
	if size == 0 || size > MaxFrame {
		return 0, fmt.Errorf("a frame has %d bytes, want 1 to %d", size, MaxFrame)
	}
	return int(size), nil
}

// Decode reads m from a frame without its header, which must be of its kind.
func Decode(frame []byte, m Message) error {
	if len(frame) == 0 || frame[0] != m.kind() {
		return fmt.Errorf("read %T: the frame is of another kind", m)
	}
	c := coder{data: frame[1:], reading: true}
	m.fields(&c)
	if c.err == nil && len(c.data) > 0 {
		c.err = fmt.Errorf("%d bytes are left over", len(c.data))
	}
	if c.err != nil {
		return fmt.Errorf("read %T: %w", m, c.err)
	}
	return nil
}

// DecodeRequest reads a request of any kind from a frame without its header.
func DecodeRequest(frame []byte) (Message, error) {
	if len(frame) == 0 || int(frame[0]) >= len(requests) || requests[frame[0]] == nil {
		return nil, errors.New("the frame is no request")
	}
	m := requests[frame[0]]()
	if err := Decode(frame, m); err != nil {
		return nil, err
	}
	return m, nil
}
