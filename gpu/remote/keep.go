package remote

import (
	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

var _ device.Keeper = (*Device)(nil)

// Keep implements [device.Keeper]. Each call gives a token of its own.
func (d *Device) Keep(p device.Pointer) (device.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	block, err := d.start("Keep", p)
	if err != nil {
		return device.Token{}, err
	}
	var kept wire.Kept
	err = d.wait("Keep", &wire.Keep{Block: block}, &kept)
	return kept.Token, err
}

// Adopt implements [device.Keeper].
func (d *Device) Adopt(t device.Token) (device.Pointer, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	block, err := d.number("Adopt")
	if err != nil {
		return 0, false, err
	}
	var adopted wire.Adopted
	err = d.wait("Adopt", &wire.Adopt{Block: block, Token: t}, &adopted)
	if err != nil || !adopted.Held {
		d.forget(block)
		return 0, false, err
	}
	return wire.Address(block, 0), true, nil
}

// Drop implements [device.Keeper].
func (d *Device) Drop(t device.Token) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.send("Drop", &wire.Drop{Token: t})
}
