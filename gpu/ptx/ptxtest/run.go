// Package ptxtest runs kernels of package ptx on values of the host, for tests: on
// the interpreter or on a GPU.
package ptxtest

import (
	"encoding/binary"
	"errors"
	"math"

	"spikebook/gpu/device"
	"spikebook/gpu/ptx"
	"spikebook/snn/dynamics"
)

// Run does what [dynamics.Program.Run] does, with the kernel of the program on a
// device. Outputs that are nil must be those that the kernel does not write.
func Run(d device.Device, k *ptx.Kernel, r dynamics.Run) (err error) {
	m := memory{device: d}
	defer func() { err = errors.Join(err, m.free()) }()
	a := ptx.Arguments{T: r.T, N: r.N, Reverse: r.Reverse}
	for _, x := range r.Inputs {
		a.Inputs = append(a.Inputs, ptx.Array{At: m.upload(x), Shared: len(x) != r.T*r.N})
	}
	for _, x := range r.Params {
		a.Params = append(a.Params, ptx.Array{At: m.upload(x), Shared: len(x) == 1})
	}
	for _, x := range r.States {
		a.States = append(a.States, m.upload(x))
	}
	for _, x := range r.Outputs {
		var at device.Pointer
		if x != nil {
			at = m.upload(x)
		}
		a.Outputs = append(a.Outputs, at)
	}
	if m.err != nil {
		return m.err
	}
	launch, err := k.Launch(a)
	if err != nil {
		return err
	}
	if err := d.Launch(launch); err != nil {
		return err
	}
	for i, at := range a.States {
		m.download(r.States[i], at)
	}
	for i, at := range a.Outputs {
		if r.Outputs[i] != nil {
			m.download(r.Outputs[i], at)
		}
	}
	return m.err
}

// memory is what a run has on a device. After an error it does nothing.
type memory struct {
	device device.Device
	held   []device.Pointer
	err    error
}

func (m *memory) upload(values []float32) device.Pointer {
	if m.err != nil {
		return 0
	}
	var at device.Pointer
	if at, m.err = m.device.Alloc(int64(max(1, 4*len(values))), "test"); m.err != nil {
		return 0
	}
	m.held = append(m.held, at)
	var bytes []byte
	for _, v := range values {
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
	}
	m.err = m.device.Upload(at, bytes)
	return at
}

func (m *memory) download(values []float32, at device.Pointer) {
	if m.err != nil {
		return
	}
	bytes := make([]byte, 4*len(values))
	m.err = m.device.Download(bytes, at)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(bytes[4*i:]))
	}
}

func (m *memory) free() (err error) {
	for _, at := range m.held {
		err = errors.Join(err, m.device.Free(at))
	}
	return err
}
