package snn

import (
	"math"
	"runtime"
	"slices"
	"unsafe"

	"spikebook/gpu/device"
	"spikebook/snn/dynamics"
	"spikebook/snn/vector"
)

// place is where the values of a tensor are on a device.
type place struct {
	memory *memory
	from   int // value that the tensor begins with
}

func (p *place) on() *backend { return p.memory.on() }

// at returns the address of a value of the tensor.
func (p *place) at(i int) device.Pointer { return p.memory.at() + device.Pointer(4*(p.from+i)) }

// write is at for a value that is to be overwritten, as those behind it may be.
func (p *place) write(i int) device.Pointer {
	at := p.at(i)
	p.memory.change()
	return at
}

// part returns the place of values from one on.
func (p *place) part(from int) *place { return &place{p.memory, p.from + from} }

func bytesOf(values []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
}

// To returns the tensor on a backend: t itself if it is there, else a copy. A
// gradient flows back. What is computed from a tensor on a device is there; what is
// no tensor, such as the result of ArgMax, is fetched. To panics with a *DeviceError
// if there is no such backend.
func (t *Tensor) To(name string) *Tensor {
	on := placeNamed(name)
	if t.isOn(on) {
		return t
	}
	out := t.moved(on)
	if Recording(t) {
		record(moved{t.Backend()}, []*Tensor{t}, out)
	}
	return out
}

// Move moves the values of a leaf, such as a parameter, and its gradient to a
// backend: it stays the tensor that it was, so that an optimizer goes on with it. It
// panics with a *DeviceError if there is no such backend, and with a *GradError if
// the tensor is the result of a computation, which [Tensor.To] is for.
func (t *Tensor) Move(name string) {
	if t.onTape() {
		panic(gradf("Move", "the tensor of shape %v is the result of a computation, expected a leaf; To returns a copy on another backend", t.shape))
	}
	for _, x := range []*Tensor{t, t.grad} {
		if x != nil {
			there := x.Detach().To(name)
			x.data, x.place = there.data, there.place
		}
	}
}

// isOn says whether a tensor is on a backend, nil for the host. That of the tensor
// need not be there any more.
func (t *Tensor) isOn(b *backend) bool {
	if t.place == nil || b == nil {
		return t.place == nil && b == nil
	}
	if m := t.place.memory.held(); m != nil {
		return m.on == b
	}
	return t.place.memory.backend == b.name
}

// Backend returns the name of the backend that the tensor is on.
func (t *Tensor) Backend() string {
	if t.place == nil {
		return CPU
	}
	return t.place.memory.backend
}

type moved struct{ from string }

func (m moved) Backward(grads []*Tensor) []*Tensor { return []*Tensor{grads[0].To(m.from)} }

// moved returns a tensor with the values of t on a backend, nil for the host,
// through which no gradient flows: t detached if it is there.
func (t *Tensor) moved(on *backend) *Tensor {
	if t.isOn(on) {
		return t.Detach()
	}
	if on == nil {
		return newTensor(t.shape, t.Data())
	}
	out := emptyOn(on, t.shape...)
	copyTo(out, 0, t)
	return out
}

// placeOf returns the device that one of the tensors is on; nil if all are on the
// host. A tensor may be nil.
func placeOf(ts ...*Tensor) *backend {
	for _, t := range ts {
		if t != nil && t.place != nil {
			return t.place.on()
		}
	}
	return nil
}

// placeNamed returns the backend of a name, nil for the host.
func placeNamed(name string) *backend {
	if name == CPU {
		return nil
	}
	on, err := backendNamed(name)
	if err != nil {
		panic(&DeviceError{err})
	}
	return on
}

// emptyOn is Empty on a backend, nil for the host.
func emptyOn(on *backend, shape ...int) *Tensor {
	if on == nil {
		return Empty(shape...)
	}
	return &Tensor{shape: clone(shape), place: &place{memory: on.newMemory(size("Empty", shape))}}
}

// zerosOn is Zeros on a backend, nil for the host.
func zerosOn(on *backend, shape ...int) *Tensor {
	if on == nil {
		return Zeros(shape...)
	}
	out := emptyOn(on, shape...)
	on.zero(out)
	return out
}

// zero sets the values of a new tensor on the device to 0.
func (b *backend) zero(t *Tensor) {
	if n := t.Size(); n > mostZeros {
		b.must(b.Fill(t.place.at(0), 0, n))
	} else if n > 0 {
		b.must(b.Copy(t.place.at(0), b.zerosAt(), int64(4*n)))
	}
	runtime.KeepAlive(t)
}

// mostZeros is how many zeros are there to be copied: that takes no kernel, for
// gradients of states and the like.
const mostZeros = 1 << 20

// zerosAt returns where they are.
func (b *backend) zerosAt() device.Pointer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.zeros == 0 {
		b.zeros = b.alloc(mostZeros, "zeros")
		b.must(b.Fill(b.zeros, 0, mostZeros))
	}
	return b.zeros
}

// copyTo copies the values of a tensor to those of another, from one of them on.
func copyTo(to *Tensor, at int, from *Tensor) {
	n := from.Size()
	switch {
	case n == 0:
	case to.place == nil:
		copy(to.data[at:], from.values())
	case from.isOn(to.place.on()):
		on := to.place.on()
		on.must(on.Copy(to.place.write(at), from.place.at(0), int64(4*n)))
	default:
		on := to.place.on()
		on.must(on.Upload(to.place.write(at), bytesOf(from.values())))
	}
	runtime.KeepAlive(to)
	runtime.KeepAlive(from)
}

// mostNumbers is how many single values are kept on a device.
const mostNumbers = 1 << 12

// operand returns t, or a copy of it on the device.
func (b *backend) operand(t *Tensor) *Tensor {
	switch {
	case t.isOn(b):
		return t
	case t.Size() != 1:
		return t.moved(b)
	}
	v := math.Float32bits(t.values()[0])
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.numbers[v]
	if p == nil {
		if len(b.numbers) >= mostNumbers {
			clear(b.numbers)
		}
		p = t.moved(b).place.memory
		b.numbers[v] = p
	}
	return &Tensor{shape: t.shape, place: &place{memory: p}}
}

// broadcastOn is broadcast on a device.
func broadcastOn(on *backend, name string, op vector.Op, t, u *Tensor) *Tensor {
	shape := common(name, t, u)
	inputs := []*Tensor{on.operand(t).Detach(), on.operand(u).Detach()}
	for i, x := range inputs {
		if !slices.Equal(x.shape, shape) {
			inputs[i] = x.BroadcastTo(shape...)
		}
	}
	outputs, _ := arithmetic[op]().Run(Call{Steps: 1, Shape: shape, Inputs: inputs})
	return outputs[0]
}

var arithmetic = map[vector.Op]func() *Kernel{
	vector.Add: pairwise(dynamics.Expr.Add), vector.Sub: pairwise(dynamics.Expr.Sub),
	vector.Mul: pairwise(dynamics.Expr.Mul), vector.Div: pairwise(dynamics.Expr.Div),
}

// accumulate adds the values of g to those of a tensor on the device.
func (b *backend) accumulate(to *Tensor, at int, g *Tensor) {
	n := g.Size()
	if n == 0 {
		return
	}
	g = b.operand(g)
	b.must(b.Accumulate(to.place.write(at), g.place.at(0), n))
	runtime.KeepAlive(to)
	runtime.KeepAlive(g)
}

// strided sets out, of a shape, to values of t that are as far apart as the steps
// say.
func (b *backend) strided(out, t *Tensor, shape, steps []int) {
	b.must(b.Strided(out.place.at(0), t.place.at(0), shape, strides(out, len(shape)), steps))
	runtime.KeepAlive(out)
	runtime.KeepAlive(t)
}

// totalOn is total on a device. Dimensions that are apart are brought together first, so
// that nothing is rounded in between.
func totalOn(on *backend, t *Tensor, shape []int, n int) *Tensor {
	rank := len(t.shape)
	var kept, reduced []int // dimensions; those of one value are neither
	for k, d := range t.shape {
		switch {
		case dim(&Tensor{shape: shape}, k, rank) != d:
			reduced = append(reduced, k)
		case d != 1:
			kept = append(kept, k)
		}
	}
	t = t.Detach()
	if len(reduced) == 0 {
		return t.Clone().view(0, clone(shape))
	}
	first, last := reduced[0], reduced[len(reduced)-1]
	if slices.ContainsFunc(kept, func(k int) bool { return first < k && k < last }) {
		order := kept
		for k := range t.shape {
			if !slices.Contains(kept, k) {
				order = append(order, k)
			}
		}
		t = t.Permute(order...)
		first, last = len(kept), rank-1
	}
	out := zerosOn(on, shape...)
	if t.Size() > 0 {
		on.must(on.Total(out.place.at(0), t.place.at(0), count(t.shape[:first]), count(t.shape[first:last+1]), count(t.shape[last+1:]), n > 1))
		runtime.KeepAlive(t)
	}
	return out
}
