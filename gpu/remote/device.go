package remote

import (
	"errors"
	"fmt"
	"sync"

	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// Device is a device of a worker. Memory that the program allocates is freed when
// the device is closed or the program ends, unless it is kept.
type Device struct {
	info device.Info

	mu      sync.Mutex
	conn    *connection
	err     error             // why the device serves no more
	live    []bool            // the blocks, by their number
	unused  []uint32          // numbers of blocks that are free again
	credit  int64             // bytes that can be allocated without waiting
	used    int               // bytes of the area that the worker may not have read
	modules map[string]uint32 // numbers of the modules that were sent
	text    int               // bytes of the modules
}

var _ device.Device = (*Device)(nil)

// Open connects to the worker at the unix socket and uses one of its devices.
func Open(socket string, index int) (*Device, error) {
	if index < 0 || index >= wire.MaxDevices {
		return nil, &device.Error{Op: "Open", Reason: fmt.Sprintf("no device has the index %d, want 0 to %d", index, wire.MaxDevices-1)}
	}
	conn, err := connect(socket)
	if err != nil {
		return nil, err
	}
	d := &Device{conn: conn, modules: make(map[string]uint32)}
	var welcome wire.Welcome
	if err := d.wait("Open", &wire.Hello{Device: uint32(index)}, &welcome); err != nil {
		conn.close()
		return nil, err
	}
	conn.waitForEver()
	d.info = welcome.Info
	return d, nil
}

// Info implements [device.Device].
func (d *Device) Info() device.Info { return d.info }

// Alloc implements [device.Device].
func (d *Device) Alloc(bytes int64, label string) (device.Pointer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if bytes < 0 || bytes >= wire.MaxBytes {
		return 0, &device.Error{Op: "Alloc", Reason: fmt.Sprintf("%s asks for %d bytes, want 0 to %d", label, bytes, int64(wire.MaxBytes-1))}
	}
	block, err := d.number("Alloc")
	if err != nil {
		return 0, err
	}
	m := &wire.Alloc{Block: block, Bytes: bytes, Label: label}
	if bytes <= d.credit {
		d.credit -= bytes
		err = d.send("Alloc", m)
	} else {
		m.Wait = true
		err = d.wait("Alloc", m, nil)
	}
	if err != nil {
		d.forget(block)
		return 0, err
	}
	return wire.Address(block, 0), nil
}

// number takes a number for a block.
func (d *Device) number(op string) (uint32, error) {
	if last := len(d.unused) - 1; last >= 0 {
		n := d.unused[last]
		d.unused = d.unused[:last]
		d.live[n] = true
		return n, nil
	}
	if len(d.live) == wire.MaxBlocks {
		return 0, &device.Error{Op: op, Reason: fmt.Sprintf("the program holds %d allocations, which is the most it can; free some", wire.MaxBlocks)}
	}
	d.live = append(d.live, true)
	return uint32(len(d.live) - 1), nil
}

// forget gives a number back.
func (d *Device) forget(block uint32) {
	d.live[block] = false
	d.unused = append(d.unused, block)
}

// start returns the block that p is the start of.
func (d *Device) start(op string, p device.Pointer) (uint32, error) {
	block, offset, ok := wire.Place(p)
	if !ok || offset != 0 || int(block) >= len(d.live) || !d.live[block] {
		return 0, &device.Error{Op: op, Reason: fmt.Sprintf("%#x is not what Alloc or Adopt returned, or is freed already", uint64(p))}
	}
	return block, nil
}

// Free implements [device.Device].
func (d *Device) Free(p device.Pointer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	block, err := d.start("Free", p)
	if err != nil {
		return err
	}
	if err := d.send("Free", &wire.Free{Block: block}); err != nil {
		return err
	}
	d.forget(block)
	return nil
}

// Copy implements [device.Device].
func (d *Device) Copy(to, from device.Pointer, bytes int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.send("Copy", &wire.Copy{To: to, From: from, Bytes: bytes})
}

// Launch implements [device.Device].
func (d *Device) Launch(l device.Launch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	module, err := d.module(l)
	if err != nil {
		return err
	}
	err = d.send("Launch", &wire.Launch{Module: module, Launch: l})
	if e, is := errors.AsType[*device.Error](err); is && err != d.err {
		e.Kernel = l.Kernel
	}
	return err
}

// module returns the number of the launch's module, after it was sent.
func (d *Device) module(l device.Launch) (uint32, error) {
	if n, sent := d.modules[l.Module]; sent {
		return n, nil
	}
	if len(d.modules) == wire.MaxModules || len(l.Module) > wire.MaxText-d.text {
		return 0, &device.Error{Op: "Launch", Kernel: l.Kernel, Reason: fmt.Sprintf("the program has used %d modules of %d bytes, and can use %d of %d bytes; close the device and open it again", len(d.modules), d.text, wire.MaxModules, wire.MaxText)}
	}
	place, offset, err := d.stage("Launch", len(l.Module))
	if err != nil {
		return 0, err
	}
	copy(place, l.Module)
	if err := d.send("Launch", &wire.Module{Offset: offset, Bytes: int64(len(l.Module))}); err != nil {
		return 0, err
	}
	n := uint32(len(d.modules))
	d.modules[l.Module] = n
	d.text += len(l.Module)
	return n, nil
}

// Sync implements [device.Device].
func (d *Device) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wait("Sync", &wire.Sync{}, nil)
}

// Stats returns what this program used, but the bytes that the worker has taken
// from the device and its modules, which all programs share.
func (d *Device) Stats() (device.Stats, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var used wire.Used
	err := d.wait("Stats", &wire.Stats{}, &used)
	return used.Stats, err
}

// Close waits until the worker has freed what the program has not kept. It returns
// no error that another call has returned; a second call does nothing.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		return nil
	}
	var err error
	if d.err == nil {
		err = d.wait("Close", &wire.Close{}, nil)
	}
	d.conn.close()
	d.conn = nil
	d.err = &device.Error{Op: "Close", Reason: "the device is closed; open it again"}
	return err
}

// send sends a request that is not answered.
func (d *Device) send(op string, m wire.Message) error {
	if d.err != nil {
		return d.err
	}
	if err := d.conn.send(m); err != nil {
		return d.failed(op, err)
	}
	return nil
}

// wait sends a request and waits for its reply.
func (d *Device) wait(op string, m, payload wire.Message) error {
	if d.err != nil {
		return d.err
	}
	reply, err := d.conn.ask(m, payload)
	if err != nil {
		return d.failed(op, err)
	}
	// The worker has taken all requests up to this one, so the area is free.
	d.used, d.credit = 0, reply.Free/2
	if reply.Lost {
		d.err = reply.Err
	}
	return reply.Err
}

// failed is the error of a request that was not sent or not answered. After one
// that was not answered, none will be.
func (d *Device) failed(op string, err error) error {
	if refused, is := errors.AsType[*refusedError](err); is {
		return &device.Error{Op: op, Reason: refused.Error()}
	}
	d.err = ended(op, err)
	return d.err
}
