//go:build cuda

package cuda

import (
	"cmp"
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"

	"spikebook/gpu/cuda/pool"
	"spikebook/gpu/device"
)

// source is the driver as the source of a pool, called with the context current.
type source struct{ g *gpu }

func (s source) Take(bytes int64) (device.Pointer, error) {
	at, err := cu.MemAlloc(bytes)
	if err == cu.OutOfMemory {
		return 0, pool.ErrFull
	}
	return device.Pointer(at), err
}

// Give waits for the device first: the driver does not promise to.
func (s source) Give(at device.Pointer) error {
	return cmp.Or(s.g.wait(), cu.MemFree(cu.DevicePtr(at)))
}

// Alloc implements [device.Device].
func (g *gpu) Alloc(bytes int64, label string) (at device.Pointer, err error) {
	err = g.do("Alloc", "", func() (err error) {
		at, err = g.pool.Alloc(bytes, label)
		if !errors.Is(err, pool.ErrFull) {
			return err
		}
		free, _, err := cu.MemInfo()
		if err != nil {
			return err
		}
		return &device.OutOfMemoryError{Label: label, Asked: bytes, Free: free, Holders: g.pool.Holders(), Device: g.info.Name}
	})
	return at, err
}

// Free implements [device.Device].
func (g *gpu) Free(at device.Pointer) error {
	return g.do("Free", "", func() error { return g.pool.Free(at) })
}

// Upload implements [device.Device]. The copy is one that is over when the driver
// returns: the driver may not keep the address of memory that Go manages.
func (g *gpu) Upload(to device.Pointer, from []byte) error {
	return g.do("Upload", "", func() error {
		if err := g.pool.Check(to, int64(len(from))); err != nil || len(from) == 0 {
			return err
		}
		err := cu.MemcpyHtoD(cu.DevicePtr(to), unsafe.Pointer(unsafe.SliceData(from)), int64(len(from)))
		if err == nil {
			g.stats.Uploads++
			g.stats.UploadBytes += int64(len(from))
		}
		return err
	})
}

// Download implements [device.Device].
func (g *gpu) Download(to []byte, from device.Pointer) error {
	return g.do("Download", "", func() error {
		if err := g.pool.Check(from, int64(len(to))); err != nil || len(to) == 0 {
			return err
		}
		err := cu.MemcpyDtoH(unsafe.Pointer(unsafe.SliceData(to)), cu.DevicePtr(from), int64(len(to)))
		if err == nil {
			g.stats.Downloads++
			g.stats.DownloadBytes += int64(len(to))
			g.running = nil // the copy waited for them
		}
		return err
	})
}

// Copy implements [device.Device].
func (g *gpu) Copy(to, from device.Pointer, bytes int64) error {
	return g.do("Copy", "", func() error {
		if bytes < 0 {
			return fmt.Errorf("%d bytes: there is no negative amount of memory", bytes)
		}
		if err := errors.Join(g.pool.Check(to, bytes), g.pool.Check(from, bytes)); err != nil || bytes == 0 {
			return err
		}
		return cu.MemcpyDtoDAsync(cu.DevicePtr(to), cu.DevicePtr(from), bytes, g.stream)
	})
}
