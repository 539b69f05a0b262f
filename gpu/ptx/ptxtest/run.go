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
// device. Outputs that are nil must be those that the kernel does not write, and
// states that are nil those that it sums, whose sums over all neurons are returned.
func Run(d device.Device, k *ptx.Kernel, r dynamics.Run) (sums []float32, err error) {
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
		if x == nil {
			sums = append(sums, 0)
		}
		a.States = append(a.States, m.uploadAny(x))
	}
	for _, x := range r.Outputs {
		a.Outputs = append(a.Outputs, m.uploadAny(x))
	}
	blocks := ptx.Blocks(r.N)
	if len(sums) > 0 {
		a.Sums = m.alloc(8 * len(sums) * blocks)
	}
	m.launch(k.Launch(a))
	if len(sums) > 0 {
		to := m.alloc(4 * len(sums))
		m.launch(ptx.Totals(to, a.Sums, len(sums), blocks))
		m.download(sums, to)
	}
	for i, at := range a.States {
		m.download(r.States[i], at)
	}
	for i, at := range a.Outputs {
		m.download(r.Outputs[i], at)
	}
	return sums, m.err
}

// memory is what a run has on a device. After an error it does nothing.
type memory struct {
	device device.Device
	held   []device.Pointer
	err    error
}

func (m *memory) alloc(bytes int) (at device.Pointer) {
	if m.err == nil {
		at, m.err = m.device.Alloc(int64(max(1, bytes)), "test")
	}
	if m.err == nil {
		m.held = append(m.held, at)
	}
	return at
}

func (m *memory) upload(values []float32) device.Pointer {
	at := m.alloc(4 * len(values))
	var bytes []byte
	for _, v := range values {
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
	}
	if m.err == nil {
		m.err = m.device.Upload(at, bytes)
	}
	return at
}

// uploadAny returns address 0 for nil.
func (m *memory) uploadAny(values []float32) device.Pointer {
	if values == nil {
		return 0
	}
	return m.upload(values)
}

func (m *memory) launch(l device.Launch, err error) {
	if m.err == nil {
		m.err = err
	}
	if m.err == nil {
		m.err = m.device.Launch(l)
	}
}

// download does nothing for nil.
func (m *memory) download(values []float32, at device.Pointer) {
	if m.err != nil || values == nil {
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
