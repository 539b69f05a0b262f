package remote

import (
	"spikebook/gpu/device"
	"spikebook/gpu/remote/wire"
)

// Keep makes an allocation outlive the connection. It stays until the token is
// dropped and no program has it. Each call gives a token of its own.
func (d *Device) Keep(p device.Pointer) (Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	block, err := d.start("Keep", p)
	if err != nil {
		return Token{}, err
	}
	var kept wire.Kept
	err = d.wait("Keep", &wire.Keep{Block: block}, &kept)
	return kept.Token, err
}

// Adopt returns memory that is kept, of the same device, and its size. All who
// adopt it share it. Free ends only the use by this program.
func (d *Device) Adopt(t Token) (device.Pointer, int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	block, err := d.number("Adopt")
	if err != nil {
		return 0, 0, err
	}
	var adopted wire.Adopted
	if err := d.wait("Adopt", &wire.Adopt{Block: block, Token: t}, &adopted); err != nil {
		d.forget(block)
		return 0, 0, err
	}
	return wire.Address(block, 0), adopted.Bytes, nil
}

// Drop ends what Keep began. A token of a worker that ended is dropped already.
func (d *Device) Drop(t Token) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wait("Drop", &wire.Drop{Token: t}, nil)
}
