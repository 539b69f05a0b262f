package neuron

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"spikebook/snn"
)

// checkParam returns an error unless a parameter may have the value.
func (c *config) checkParam(name string, v float64) error {
	switch least, ok := c.atLeast[name]; {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Errorf("%s is %v, expected a finite number", name, v)
	case math.Abs(v) > math.MaxFloat32:
		return fmt.Errorf("%s is %v, which is too large for a float32", name, v)
	case ok && v < least:
		return fmt.Errorf("%s is %v, expected at least %v", name, v, least)
	}
	return nil
}

// above refuses a parameter that is not above a limit, also one of many values.
func (c *config) above(name string, limit float64) {
	for _, v := range c.all(name) {
		if !(v > limit) {
			c.refuse("%s is %v, expected a number above %v", name, v, limit)
			return
		}
	}
}

// all are the values of a parameter, none if it has none.
func (c *config) all(name string) []float64 {
	if t := c.tensors[name]; t != nil {
		list := make([]float64, t.Size())
		for i, v := range t.Data() {
			list[i] = float64(v)
		}
		return list
	}
	switch v, ok := c.own[name]; {
	case name == vThreshold:
		return []float64{c.vThreshold}
	case name == vReset:
		return []float64{c.vReset}
	case ok:
		return []float64{v}
	}
	return nil
}

// checkParams compares the parameters that a neuron's equations use with those
// that it was given.
func (c *config) checkParams(used ...[]string) {
	known := map[string]bool{}
	var own []string
	for _, name := range slices.Concat(append(used, c.perStep)...) {
		if known[name] {
			continue
		}
		known[name] = true
		if name == vThreshold || name == vReset {
			continue
		}
		own = append(own, name)
		if _, ok := c.own[name]; !ok && c.tensors[name] == nil {
			c.refuse("parameter %q has no value; pass neuron.Param(%q, ...)", name, name)
		} else {
			c.checkValues(name)
		}
	}
	for i, name := range c.given {
		switch {
		case known[name] || slices.Contains(c.given[:i], name):
		case name == vReset:
			if c.soft {
				c.refuse("v_reset does nothing with a soft reset; leave it out, or choose neuron.VReset(...)")
			}
		case name == "w" && c.initTau:
			c.refuse("it has no option InitTau, which is for NewParametricLIF")
		case name != vThreshold:
			c.refuse("it has no parameter %q; %s", name, has(own))
		}
	}
	c.checkValues(vThreshold)
	if !c.soft {
		c.checkValues(vReset)
	}
}

// checkValues refuses a parameter if one of its values cannot be had.
func (c *config) checkValues(name string) {
	for _, v := range c.all(name) {
		if err := c.checkParam(name, v); err != nil {
			c.refuse("%v", err)
			return
		}
	}
}

func has(own []string) string {
	if len(own) == 0 {
		return "besides v_threshold and v_reset it has none"
	}
	return "besides v_threshold and v_reset it has " + strings.Join(own, ", ")
}

// setValues makes the parameters' tensors.
func (l *Layer) setValues() {
	l.values = map[string]*snn.Tensor{}
	for _, name := range l.paramNames() {
		t := l.config.tensors[name]
		if t == nil {
			t = snn.Scalar(float32(l.number(name)))
		}
		if slices.Contains(l.config.learn, name) {
			t.RequireGrad()
		}
		l.values[name] = t
	}
	l.setSingle()
}

// setSingle lists the parameters of the kernel if none depends on the shape of
// the input.
func (l *Layer) setSingle() {
	l.single = nil
	list := make([]*snn.Tensor, len(l.kernel.Params()))
	for i, name := range l.kernel.Params() {
		if list[i] = l.values[name]; list[i].Size() != 1 {
			return
		}
	}
	l.single = list
}

// paramNames lists the parameters of the equations, sorted.
func (l *Layer) paramNames() []string {
	names := slices.Concat(l.kernel.Params(), l.initial.Params(), l.config.perStep)
	slices.Sort(names)
	return slices.Compact(names)
}

// number is a parameter as it was given.
func (l *Layer) number(name string) float64 {
	switch name {
	case vThreshold:
		return l.config.vThreshold
	case vReset:
		return l.config.vReset
	}
	return l.config.own[name]
}

// params returns the parameters of a kernel for a step of the given shape.
func (l *Layer) params(k *snn.Kernel, shape []int) []*snn.Tensor {
	if k == l.kernel && l.single != nil {
		return l.single
	}
	list := make([]*snn.Tensor, len(k.Params()))
	for i, name := range k.Params() {
		if list[i] = l.values[name]; list[i].Size() != 1 {
			list[i] = l.broadcast(name, list[i], shape)
		}
	}
	return list
}

// shapeOfParams returns the shape that the parameters of a kernel broadcast to.
func (l *Layer) shapeOfParams(k *snn.Kernel) []int {
	all := snn.Scalar(0)
	for _, name := range k.Params() {
		all = all.Add(snn.Zeros(l.values[name].Shape()...))
	}
	return all.Shape()
}

func (l *Layer) broadcast(name string, t *snn.Tensor, shape []int) *snn.Tensor {
	if slices.Equal(t.Shape(), shape) {
		return t
	}
	fits := len(t.Shape()) <= len(shape)
	for i := 1; fits && i <= len(t.Shape()); i++ {
		d := t.Shape()[len(t.Shape())-i]
		fits = d == 1 || d == shape[len(shape)-i]
	}
	if !fits {
		panic(l.shapef("parameter %s has shape %v, which does not broadcast to the shape of a step, %v", name, t.Shape(), shape))
	}
	return t.Add(snn.Zeros(shape...))
}

// inputs appends the inputs of a run to a list: x, and the parameters with a value
// for each step.
func (l *Layer) inputs(list []*snn.Tensor, x *snn.Tensor, steps int) []*snn.Tensor {
	list = append(list, x)
	for _, name := range l.config.perStep {
		t := l.values[name]
		switch {
		case len(t.Shape()) == 0:
			panic(l.shapef("parameter %s is a single value, expected one for each of the %d steps", name, steps))
		case t.Shape()[0] != steps:
			panic(l.shapef("parameter %s has %d steps, the input of shape %v has %d", name, t.Shape()[0], x.Shape(), steps))
		case len(t.Shape()) > 1:
			t = l.broadcastSteps(name, t, x.Shape())
		}
		list = append(list, t)
	}
	return list
}

// broadcastSteps stretches a parameter with a value for each step, and more, to
// the shape of a sequence. It must have as many dimensions: its first one would
// be taken for another otherwise.
func (l *Layer) broadcastSteps(name string, t *snn.Tensor, shape []int) *snn.Tensor {
	fits := len(t.Shape()) == len(shape)
	for i := 0; fits && i < len(shape); i++ {
		fits = t.Shape()[i] == 1 || t.Shape()[i] == shape[i]
	}
	if !fits {
		panic(l.shapef("parameter %s has shape %v, which does not broadcast to that of the input, %v; expected as many dimensions, each equal or 1, or just [T]", name, t.Shape(), shape))
	}
	return t.BroadcastTo(shape...)
}

// Param returns a parameter: v_threshold, v_reset (NaN with a soft reset) or
// one of the neuron's own, NaN if there is none of that name or if it has more
// than one value; see ParamTensor.
func (l *Layer) Param(name string) float64 {
	switch {
	case name == vReset && l.config.soft:
		return math.NaN()
	case l.values[name] == nil && (name == vThreshold || name == vReset):
		return l.number(name)
	case l.values[name] == nil || l.values[name].Size() != 1:
		return math.NaN()
	}
	if v := l.number(name); float32(v) == l.values[name].Data()[0] {
		return v // as it was given
	}
	return float64(l.values[name].Data()[0])
}

// ParamTensor returns the tensor of a parameter, nil if there is none of that
// name.
func (l *Layer) ParamTensor(name string) *snn.Tensor { return l.values[name] }

// Parameters returns the parameters that are learnt.
func (l *Layer) Parameters() []*snn.Tensor {
	var list []*snn.Tensor
	for _, name := range l.paramNames() {
		if t := l.values[name]; t.RequiresGrad() {
			list = append(list, t)
		}
	}
	return list
}

// SetParam changes a parameter from the next Forward on, for all neurons.
func (l *Layer) SetParam(name string, v float64) error {
	t := l.values[name]
	if t == nil {
		return fmt.Errorf("%s: it has no parameter %q; it has %s", l.name, name, strings.Join(l.paramNames(), ", "))
	}
	if err := l.config.checkParam(name, v); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	before, tensor := l.number(name), l.config.tensors[name]
	l.setNumber(name, v)
	delete(l.config.tensors, name) // which has that one value then
	if def, ok := l.def.(validator); ok {
		if def.validate(l.config); len(l.config.wrong) > 0 {
			err := fmt.Errorf("%s: %s", l.name, strings.Join(l.config.wrong, "; "))
			l.config.wrong = nil
			l.setNumber(name, before)
			if tensor != nil {
				l.config.tensors[name] = tensor
			}
			return err
		}
	}
	t.Fill(float32(v))
	return nil
}

func (l *Layer) setNumber(name string, v float64) {
	switch name {
	case vThreshold:
		l.config.vThreshold = v
	case vReset:
		l.config.vReset = v
	default:
		l.config.own[name] = v
	}
}

// VThreshold returns the potential at which the neurons fire; NaN if each has a
// value of its own.
func (l *Layer) VThreshold() float64 { return l.Param(vThreshold) }

// VReset returns the potential after a spike and true; 0 and false with a soft
// reset, which has none.
func (l *Layer) VReset() (v float64, hard bool) {
	if l.config.soft {
		return 0, false
	}
	return l.Param(vReset), true
}
