package snn

import (
	"math"
	"runtime"
)

// picks are one place in each row along a dimension of a tensor: the dimension has n
// values, for each of outer indices of those before it together and inner ones of
// those behind it.
type picks struct {
	shape           []int // of the tensor
	outer, n, inner int

	// places, of the shape without the dimension, holds integers of 32 bits, counted
	// from 0, instead of float32: they are on the device that the tensor is on.
	places *Tensor
}

// picksAlong returns places along dimension k that are not known yet.
func (t *Tensor) picksAlong(k int) picks {
	places := emptyOn(placeOf(t), t.without([]int{k})...)
	return picks{t.shape, count(t.shape[:k]), t.shape[k], count(t.shape[k+1:]), places}
}

// set sets a place, on the host.
func (p *picks) set(i, place int) { p.places.data[i] = math.Float32frombits(uint32(place)) }

// list returns the places.
func (p *picks) list() []int {
	list := make([]int, p.places.Size())
	for i, bits := range p.places.values() {
		list[i] = int(math.Float32bits(bits))
	}
	return list
}

// each calls f for each place, with the number of its row and where that is in the
// tensor.
func (p *picks) each(f func(i, at int)) {
	for i, bits := range p.places.values() {
		f(i, (i/p.inner*p.n+int(math.Float32bits(bits)))*p.inner+i%p.inner)
	}
}

// of returns the values of t at the places.
func (p picks) of(t *Tensor) *Tensor {
	on := placeOf(t)
	out := emptyOn(on, p.places.shape...)
	if on != nil {
		p.places = on.operand(p.places)
		on.must(on.Pick(out.place.at(0), t.place.at(0), p.places.place.at(0), p.outer, p.n, p.inner))
		runtime.KeepAlive(t)
		runtime.KeepAlive(p.places)
	} else {
		p.each(func(i, at int) { out.data[i] = t.data[at] })
	}
	if Recording(t) {
		record(p, []*Tensor{t}, out)
	}
	return out
}

// Backward puts gradients where the values came from.
func (p picks) Backward(grads []*Tensor) []*Tensor {
	on := placeOf(p.places)
	g, values := zerosOn(on, p.shape...), grads[0].moved(on)
	if on != nil {
		on.must(on.Put(g.place.at(0), values.place.at(0), p.places.place.at(0), p.outer, p.n, p.inner))
		runtime.KeepAlive(values)
		runtime.KeepAlive(p.places)
	} else {
		p.each(func(i, at int) { g.data[at] = values.data[i] })
	}
	return []*Tensor{g}
}
