package snn

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// DataParallel is a network on several devices at once. Each has a replica of it,
// which computes its part of every batch, forward and backward. To who trains it, it
// is one network: it has the parameters of the first replica, where the gradients of
// all add up, so that a loss that is a mean over the batch has the gradient that it has
// on one device.
//
// Between devices values go through the memory of the host: of the parameters when
// they have changed, of their gradients once for each step of an optimizer, and of
// inputs and outputs. Random numbers that a network draws while it computes are others
// than on one device.
type DataParallel struct {
	replicas []Module
	backends []string
	params   [][]*Tensor  // of each replica
	sent     [][]revision // of the parameters of the first, to each
	batch    int          // of the inputs since Reset; -1 before the first
}

var _ interface {
	Module
	StepModer
	Backender
	Parametrized
	Detacher
} = (*DataParallel)(nil)

// NewDataParallel calls build for each of the backends, by default those of all
// devices, and sets the network that it returns to multi-step mode and to the backend.
// The calls draw the same random numbers, so that the parameters are those that a
// network for one device would have, and so is what is drawn next.
//
// It is an error if there is no such backend, or if the networks are not alike, or
// share a layer or a parameter, as they do if build does not make it itself.
func NewDataParallel(build func() Module, backends ...string) (*DataParallel, error) {
	if len(backends) == 0 {
		if backends = Backends()[1:]; len(backends) == 0 {
			backends = []string{"cuda"} // the error says why there is none
		}
	}
	d := &DataParallel{backends: slices.Clone(backends), batch: -1}
	if err := d.build(build); err != nil {
		return nil, fmt.Errorf("DataParallel: %w", err)
	}
	return d, nil
}

func (d *DataParallel) build(build func() Module) error {
	if build == nil {
		return errors.New("build is nil, expected a function that returns a network")
	}
	for i, name := range d.backends {
		if slices.Contains(d.backends[:i], name) {
			return fmt.Errorf("backend %q is named twice, expected each once", name)
		}
		if name != CPU {
			if _, err := backendNamed(name); err != nil {
				return err
			}
		}
	}
	owners := owners{}
	begin := randomNow()
	for i, name := range d.backends {
		setRandom(begin)
		net := build()
		if net == nil {
			return errors.New("build returned nil, expected a network")
		}
		params := Parameters(net)
		if err := errors.Join(owners.add(net, params, i), SetStepMode(net, MultiStep)); err != nil {
			return err
		}
		d.replicas, d.params = append(d.replicas, net), append(d.params, params)
		d.sent = append(d.sent, make([]revision, len(params)))
		if err := d.alike(d.params[0], i); err != nil {
			return err
		}
		if err := SetBackend(net, name); err != nil {
			return err
		}
		if err := Maybe(func() { // also those that SetBackend leaves: a gradient on the host would have each device wait
			for _, p := range params {
				p.Move(name)
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// owners says which replica a module or a parameter belongs to.
type owners map[any]int

// add returns an error if one belongs to another replica.
func (o owners) add(net Module, params []*Tensor, replica int) error {
	err := each(net, func(m Module) error {
		v := reflect.ValueOf(m)
		if v.Kind() != reflect.Pointer || v.Type().Elem().Size() == 0 {
			return nil // there is nothing to share
		}
		if owner, ok := o[m]; ok && owner != replica {
			return fmt.Errorf("a %T belongs to two replicas; build must make it anew at each call", m)
		}
		o[m] = replica
		return nil
	})
	for _, p := range params {
		if _, ok := o[p]; ok {
			err = errors.Join(err, fmt.Errorf("a parameter of shape %v belongs to two replicas; build must make it anew at each call", p.shape))
		}
		o[p] = replica
	}
	return err
}

// alike returns an error unless a replica has parameters like those of the first.
func (d *DataParallel) alike(params []*Tensor, replica int) error {
	others := d.params[replica]
	if len(params) != len(others) {
		return fmt.Errorf("the replica on %q has %d parameters, that on %q has %d; expected as many", d.backends[0], len(params), d.backends[replica], len(others))
	}
	for j, p := range params {
		if !SameShape(p, others[j]) {
			return fmt.Errorf("parameter %d has shape %v on %q and %v on %q; expected equal shapes", j, p.shape, d.backends[0], others[j].shape, d.backends[replica])
		}
	}
	return nil
}

// Forward returns the outputs for a sequence [T, N, ...], on the backend of the first
// replica. N is split into contiguous parts, as equal as they can be; with fewer
// samples than devices some have nothing to do. Each replica keeps the states of its
// part, so the batch keeps its size until Reset. Forward panics with a *ShapeError if
// a shape does not fit.
func (d *DataParallel) Forward(x *Tensor) *Tensor {
	switch {
	case x == nil:
		panic(d.shapef("the input is nil; expected a tensor"))
	case len(x.shape) < 2:
		panic(d.shapef("the input has shape %v, expected a sequence [T, N, ...], of which each device gets a part of N", x.shape))
	case d.batch >= 0 && x.shape[1] != d.batch:
		panic(d.shapef("the input of shape %v is a batch of %d, but earlier inputs had %d, whose states the devices have; call Reset() before a batch of another size", x.shape, x.shape[1], d.batch))
	}
	cuts := split(x.shape[1], len(d.replicas))
	d.send(len(cuts) - 1)
	// Everything is launched before anything is waited for: the devices work at the
	// same time.
	ys := d.scatter(x, cuts)
	for i, part := range ys {
		ys[i] = d.replicas[i].Forward(part)
		if s := ys[i].shape; len(s) < 2 || s[1] != part.shape[1] || s[0] != ys[0].shape[0] || !slices.Equal(s[2:], ys[0].shape[2:]) {
			panic(d.shapef("a replica gives out shape %v for an input of shape %v, expected a sequence [T, N, ...] of as many samples; what else is to be done, such as a mean over the steps, comes behind it", s, part.shape))
		}
	}
	d.batch = x.shape[1]
	return d.gather(ys, cuts)
}

func (*DataParallel) shapef(format string, args ...any) *ShapeError {
	return Shapef("DataParallel.Forward", format, args...)
}

// split returns where the parts of n samples begin, at most so many, and where the
// last one ends.
func split(n, parts int) []int {
	parts = max(1, min(parts, n))
	cuts := make([]int, parts+1)
	for i := range parts {
		cuts[i+1] = cuts[i] + n/parts
		if i < n%parts {
			cuts[i+1]++
		}
	}
	return cuts
}

// send copies the parameters of the first replica to those of the others which are
// needed, if they have changed since.
func (d *DataParallel) send(replicas int) {
	params := Parameters(d.replicas[0])
	for i := 1; i < replicas; i++ {
		if err := d.alike(params, i); err != nil {
			panic(d.shapef("%v", err))
		}
		for j, p := range params {
			p.addTwin(d.params[i][j])
			if now := p.revision(); now.place == nil || now != d.sent[i][j] {
				copyTo(d.params[i][j], 0, p)
				d.sent[i][j] = now
			}
		}
	}
}

// scatter returns the parts of a sequence, each where its replica is.
func (d *DataParallel) scatter(x *Tensor, cuts []int) []*Tensor {
	parts := make([]*Tensor, len(cuts)-1)
	for i := range parts {
		parts[i] = x.columns(cuts[i], cuts[i+1])
	}
	for i, part := range parts {
		parts[i] = part.Detach().To(d.backends[i])
	}
	record(scattered{x.shape, x.Backend(), cuts}, []*Tensor{x}, parts...)
	return parts
}

// scattered puts the gradients of the parts together.
type scattered struct {
	shape   []int
	backend string
	cuts    []int
}

func (s scattered) Backward(grads []*Tensor) []*Tensor {
	on := placeNamed(s.backend)
	g := zerosOn(on, s.shape...)
	for i, part := range grads {
		if part != nil {
			copyColumns(g, s.cuts[i], part.moved(on), 0, part.shape[1])
		}
	}
	return []*Tensor{g}
}

// gather puts outputs together where the first replica is.
func (d *DataParallel) gather(ys []*Tensor, cuts []int) *Tensor {
	on := placeNamed(d.backends[0])
	g := gathered{cuts: cuts}
	for _, y := range ys {
		g.backends = append(g.backends, y.Backend())
	}
	out := ys[0].moved(on)
	if len(ys) > 1 {
		shape := clone(ys[0].shape)
		shape[1] = cuts[len(ys)]
		out = emptyOn(on, shape...)
		for i, y := range ys {
			copyColumns(out, cuts[i], y.moved(on), 0, y.shape[1])
		}
	}
	record(g, ys, out)
	return out
}

// gathered gives each replica its part of the gradient. All get theirs before one of
// them goes on: a copy waits for what was launched before it.
type gathered struct {
	cuts     []int
	backends []string
}

func (g gathered) Backward(grads []*Tensor) []*Tensor {
	parts := make([]*Tensor, len(g.backends))
	for i := range parts {
		parts[i] = grads[0].columns(g.cuts[i], g.cuts[i+1])
	}
	for i, part := range parts {
		parts[i] = part.To(g.backends[i])
	}
	return parts
}

// Replicas returns the networks, that of the first backend first: to look at layers,
// each of which has the states of its part of the batch, or to change what is not
// learnt, in all of them.
func (d *DataParallel) Replicas() []Module { return slices.Clone(d.replicas) }

// Parameters returns the parameters that are learnt, those of the first replica.
func (d *DataParallel) Parameters() []*Tensor { return Parameters(d.replicas[0]) }

// Reset forgets all states. The next batch may have another size.
func (d *DataParallel) Reset() {
	ResetNet(d.replicas...)
	d.batch = -1
}

// Detach cuts the states off from the computation that they come from.
func (d *DataParallel) Detach() {
	for _, net := range d.replicas {
		DetachNet(net)
	}
}

// StepMode returns "m".
func (*DataParallel) StepMode() string { return MultiStep }

// SetStepMode returns an error unless the mode is "m".
func (*DataParallel) SetStepMode(mode string) error {
	if err := CheckStepMode(mode); err != nil || mode == MultiStep {
		return err
	}
	return fmt.Errorf("DataParallel: step mode %q is not possible: devices take whole sequences; use step mode %q", mode, MultiStep)
}

// Backend returns the backend of the first replica, where the parameters and the
// outputs are.
func (d *DataParallel) Backend() string { return d.backends[0] }

// Backends returns those of all replicas.
func (d *DataParallel) Backends() []string { return slices.Clone(d.backends) }

// SupportedBackends returns none: those of NewDataParallel stay.
func (*DataParallel) SupportedBackends() []string { return nil }

// SetBackend returns an error.
func (d *DataParallel) SetBackend(backend string) error {
	return fmt.Errorf("DataParallel: backend %q cannot be set: it is on %q; use NewDataParallel for others", backend, d.backends)
}

// String prints which devices there are.
func (d *DataParallel) String() string {
	return fmt.Sprintf("DataParallel(%s)", strings.Join(d.backends, ", "))
}
