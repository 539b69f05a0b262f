package remote

import (
	"math/bits"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// Sizes of what goes through the shared memory.
const (
	smallestArea = 1 << 20
	piece        = wire.MaxArea / 4 // what is more is copied in pieces
	line         = 64               // a place starts at a multiple of it
)

// areaFor returns the size of an area for copies of so many bytes: several have
// room, so that the program can write one while the worker reads another.
func areaFor(bytes int) int {
	if bytes > piece {
		return wire.MaxArea
	}
	return max(smallestArea, 4<<bits.Len(uint(max(bytes, 1)-1)))
}

// grow waits for an area that is large enough, if the present one is not.
func (d *Device) grow(op string, bytes int) error {
	size := areaFor(bytes)
	if d.err != nil || len(d.conn.area) >= size {
		return d.err
	}
	if err := d.wait(op, &wire.Area{Bytes: int64(size)}, nil); err != nil {
		return err
	}
	if err := d.conn.mapArea(size); err != nil {
		return d.failed(op, err)
	}
	return nil
}

// stage returns a place in the shared memory that the worker has no use for.
func (d *Device) stage(op string, bytes int) ([]byte, int64, error) {
	if err := d.grow(op, bytes); err != nil {
		return nil, 0, err
	}
	if d.used+bytes > len(d.conn.area) {
		if err := d.wait(op, &wire.Fence{}, nil); err != nil {
			return nil, 0, err
		}
	}
	offset := d.used
	d.used = min(len(d.conn.area), (offset+bytes+line-1)/line*line)
	return d.conn.area[offset : offset+bytes], int64(offset), nil
}

// Upload implements [device.Device]. It waits only when the shared memory is full.
func (d *Device) Upload(to device.Pointer, from []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(from) > 0 {
		n := min(len(from), piece)
		place, offset, err := d.stage("Upload", n)
		if err != nil {
			return err
		}
		copy(place, from)
		if err := d.send("Upload", &wire.Upload{To: to, Offset: offset, Bytes: int64(n)}); err != nil {
			return err
		}
		from, to = from[n:], to+device.Pointer(n)
	}
	return d.err
}

// Download implements [device.Device].
func (d *Device) Download(to []byte, from device.Pointer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(to) == 0 {
		return d.wait("Download", &wire.Fence{}, nil)
	}
	for len(to) > 0 {
		n := min(len(to), piece)
		if err := d.grow("Download", n); err != nil {
			return err
		}
		if err := d.wait("Download", &wire.Download{From: from, Bytes: int64(n)}, nil); err != nil {
			return err
		}
		copy(to, d.conn.area[:n])
		to, from = to[n:], from+device.Pointer(n)
	}
	return nil
}
