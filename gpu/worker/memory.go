package worker

import (
	"errors"
	"sync"
	"sync/atomic"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// A unit is an open device that programs share.
type unit struct {
	info      device.Info
	allocated atomic.Int64 // bytes

	using  sync.RWMutex // held for reading while the device is used, and to close it
	dev    device.Device
	reason atomic.Pointer[error] // why it is lost, nil if it is not
}

// lost returns why the device serves nobody any more, nil if it does.
func (u *unit) lost() error {
	if reason := u.reason.Load(); reason != nil {
		return *reason
	}
	return nil
}

// use does something with the device. If that fails and the device then fails to
// do nothing, it is lost for all programs.
func (u *unit) use(f func(device.Device) error) error {
	err, fatal := u.try(f)
	if fatal != nil {
		u.lose(fatal)
	}
	return err
}

func (u *unit) try(f func(device.Device) error) (err, fatal error) {
	u.using.RLock()
	defer u.using.RUnlock()
	if err := u.lost(); err != nil {
		return err, nil
	}
	err = f(u.dev)
	if _, full := errors.AsType[*device.OutOfMemoryError](err); err == nil || full {
		return err, nil
	}
	return err, u.dev.Sync()
}

// lose closes the device.
func (u *unit) lose(reason error) {
	if !u.reason.CompareAndSwap(nil, &reason) {
		return
	}
	u.using.Lock()
	defer u.using.Unlock()
	_ = u.dev.Close() // nobody can do anything about it
}

// free returns how many bytes of the device no program has.
func (u *unit) free() int64 { return max(0, u.info.Memory-u.allocated.Load()) }

func (u *unit) report(index int) wire.Opened {
	o := wire.Opened{Index: index, Info: u.info}
	err := u.use(func(d device.Device) (err error) {
		o.Stats, err = d.Stats()
		return err
	})
	if err != nil && u.lost() != nil {
		o.Lost = err.Error()
	}
	return o
}

// A memory is an allocation on a device. It is freed when nobody holds it.
type memory struct {
	unit    *unit
	at      device.Pointer
	bytes   int64
	label   string
	holders int // connections and tokens
}

// missing stands for memory that a program asked for in vain.
var missing = &memory{label: "memory that could not be allocated"}

// allocate returns memory with one holder.
func (u *unit) allocate(bytes int64, label string) (*memory, error) {
	m := &memory{unit: u, bytes: bytes, label: label, holders: 1}
	err := u.use(func(d device.Device) (err error) {
		m.at, err = d.Alloc(max(bytes, 1), label)
		return err
	})
	if err != nil {
		return nil, err
	}
	u.allocated.Add(bytes)
	return m, nil
}

// release ends what one holder has of m.
func (s *server) release(m *memory) error {
	s.mu.Lock()
	m.holders--
	last := m.holders == 0
	s.mu.Unlock()
	if !last {
		return nil
	}
	m.unit.allocated.Add(-m.bytes)
	return m.unit.use(func(d device.Device) error { return d.Free(m.at) })
}
