package cmd

import (
	"fmt"

	"spikebook/gpu/cuda"
	"spikebook/gpu/device"
	"spikebook/gpu/ptxsim"
)

// gpus are the GPUs of the driver.
type gpus struct{}

func (gpus) List() ([]device.Info, error) { return cuda.Devices() }

func (gpus) Open(index int) (device.Device, error) { return cuda.Open(index) }

// emulated is a number of PTX interpreters.
type emulated int

func (n emulated) List() ([]device.Info, error) {
	infos := make([]device.Info, n)
	for i := range infos {
		d, err := n.Open(i)
		if err != nil {
			return nil, err
		}
		infos[i] = d.Info()
		if err := d.Close(); err != nil {
			return nil, err
		}
	}
	return infos, nil
}

func (n emulated) Open(index int) (device.Device, error) {
	if index >= int(n) {
		return nil, fmt.Errorf("there is no device %d; those that are emulated are numbered from 0 to %d", index, n-1)
	}
	return ptxsim.Emulated(index, int(n)), nil
}
