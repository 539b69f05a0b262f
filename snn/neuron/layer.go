package neuron

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// Layer is a layer of neurons of one kind, with the state of each. It is a
// snn.Module. A layer may not be used by several goroutines at once.
type Layer struct {
	name      string
	def       Definition
	equations equations
	smooth    bool // what the equations are made for
	kernel    *snn.Kernel
	initial   *snn.Kernel // of the states before the first step
	config    *config
	values    map[string]*snn.Tensor // of the parameters
	single    []*snn.Tensor          // those of the kernel if each has one value, else nil

	states []*snn.Tensor // the potential first; nil before the first input
	owned  bool          // nobody else has the states, so that they may be overwritten
	given  []*snn.Tensor // a place for the inputs of a run, which are not kept

	// The potentials of past steps, if they are stored: those of a sequence, or
	// of single steps.
	vSeq   *snn.Tensor
	vSteps []*snn.Tensor
}

var _ interface {
	snn.Module
	snn.StepModer
	snn.Backender
} = (*Layer)(nil)

// New returns a layer of neurons of the user's own kind: a type that embeds
// [Base] and has a NeuronalCharge. The options are those of every neuron, and
// [Param] for its own parameters. It panics with an *OptionError if an option
// cannot be taken or the equations are wrong.
func New(def Definition, options ...Option) *Layer {
	l := &Layer{name: kind(def), def: def, config: defaults()}
	c := l.config
	if p, ok := def.(preparer); ok {
		p.prepare(c)
	}
	if d, ok := def.(Defaulter); ok {
		for name, v := range d.Defaults() {
			c.own[name] = v
		}
	}
	for i, o := range options {
		if o == nil {
			c.refuse("option %d is nil; expected an option such as VThreshold(1)", i+1)
			continue
		}
		o(c)
	}
	if v, ok := def.(validator); ok {
		v.validate(c)
	}
	if _, ok := def.(*equation); !ok && c.resetFormula != "" {
		c.refuse("it has no option ResetEquation, which is for neuron.Equation")
	} else if !ok && len(c.stateFormulas) > 0 {
		c.refuse("it has no option StateEquation, which is for neuron.Equation")
	}
	if def.base() == nil {
		panic(&OptionError{l.name, "its Base is nil; embed neuron.Base itself, not a pointer to it"})
	}
	if err := l.compile(); err != nil {
		c.refuse("%v", err)
	} else {
		c.checkParams(l.kernel.Params(), l.initial.Params())
	}
	if err := l.checkStepMode(c.stepMode); err != nil {
		c.refuse("%v", err)
	} else if err := l.checkBackend(c.backend, c.stepMode); err != nil {
		c.refuse("%v", err)
	}
	if len(c.wrong) > 0 {
		panic(&OptionError{l.name, strings.Join(c.wrong, "; ")})
	}
	l.setValues()
	return l
}

// kind is the name of a neuron's type.
func kind(def Definition) string {
	if e, ok := def.(*equation); ok {
		return "Equation(" + e.formula + ")"
	}
	t := reflect.TypeOf(def)
	if t == nil || t.Kind() == reflect.Pointer && reflect.ValueOf(def).IsNil() {
		panic(&OptionError{"neuron.New", "the definition is nil; expected a neuron such as &SquareIF{}"})
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return "Neuron"
	}
	return t.Name()
}

// compile makes the equations for the options at hand. The definition may be
// part of another layer, too, so it is told what holds for this one.
func (l *Layer) compile() (err error) {
	c := l.config
	l.smooth = !c.surrogate.Spiking()
	if l.smooth && c.surrogate.Primitive(dynamics.Input(inputName)).IsZero() {
		return fmt.Errorf("the surrogate function %v has no primitive, which is given out instead of spikes after SetSpiking(false); call SetSpiking(true), or give it a primitive", c.surrogate)
	}
	*l.def.base() = Base{soft: c.soft, surrogate: c.surrogate, smooth: l.smooth, detach: c.detachReset}
	if l.equations, err = derive(l.def, c.detachReset, c.perStep); err != nil {
		return err
	}
	if l.kernel, err = snn.NewKernel(l.equations.step); err != nil {
		return err
	}
	l.kernel.Name, l.kernel.Text = l.name, l.equations.lines()
	if _, ok := l.def.(*equation); ok {
		l.kernel.Name = "Equation"
	}
	l.initial, err = snn.NewKernel(l.equations.initial)
	return err
}

// Forward returns the spikes of the neurons, 0 or 1, or what else the kind of
// neuron gives out, in the shape of the input: [N, ...] for one step in
// single-step mode, [T, N, ...] for a sequence in multi-step mode. The first
// input after construction or Reset says how many neurons there are. The states
// stay for the next call. Where a gradient is required of the input, of a
// parameter or of the state, the run goes on the tape, as one operation.
// Forward panics with a *snn.ShapeError if the shape does not fit.
func (l *Layer) Forward(x *snn.Tensor) *snn.Tensor {
	steps, shape := l.checkInput(x)
	if l.smooth == l.config.surrogate.Spiking() {
		if err := l.compile(); err != nil {
			panic(&OptionError{l.name, err.Error()})
		}
		l.setSingle()
	}
	multi := l.config.stepMode == snn.MultiStep
	x = x.To(l.config.backend)
	states, owned := l.statesFor(shape) // those of the layer change when nothing can go wrong any more
	l.given = l.inputs(l.given[:0], x, steps)
	outputs, states := l.kernel.Run(snn.Call{
		Steps: steps, Shape: x.Shape(), Inputs: l.given, Params: l.params(l.kernel, shape), States: states,
		Wanted: wanted(l.config.storeVSeq && multi), Overwrite: owned, Backend: l.config.backend,
	})
	clear(l.given)
	l.states, l.owned = states, !snn.Recording(states...)
	if l.config.storeVSeq {
		l.store(outputs[1])
	}
	return decode(l.config.decode, outputs[0])
}

var onlySpikes, withPotentials = []bool{true, false}, []bool{true, true}

// wanted are the outputs of a run: with the potentials of all steps or without.
func wanted(vSeq bool) []bool {
	if vSeq {
		return withPotentials
	}
	return onlySpikes
}

// checkInput returns the number of steps of an input, and the shape of one.
func (l *Layer) checkInput(x *snn.Tensor) (steps int, shape []int) {
	if x == nil {
		panic(l.shapef("the input is nil; expected a tensor"))
	}
	shape = x.Shape()
	if l.config.stepMode != snn.MultiStep {
		return 1, shape
	}
	if len(shape) == 0 {
		panic(l.shapef("the input is a single value; in step mode \"m\" it is a sequence [T, N, ...]. Use SetStepMode(\"s\") for one step"))
	}
	if shape[0] == 0 {
		panic(l.shapef("the input has shape %v, a sequence of no steps; expected [T, N, ...] with T >= 1", shape))
	}
	return shape[0], shape[1:]
}

func (l *Layer) shapef(format string, args ...any) *snn.ShapeError {
	return snn.Shapef(l.name+".Forward", format, args...)
}

// before returns the states before the first step.
func (l *Layer) before(shape []int) []*snn.Tensor {
	states, _ := l.initial.Run(snn.Call{Steps: 1, Shape: shape, Params: l.params(l.initial, shape), Backend: l.config.backend})
	return states
}

// statesFor returns the states before an input whose steps have the given shape, and
// whether nobody else has them. Some start anew with each input.
func (l *Layer) statesFor(shape []int) (states []*snn.Tensor, owned bool) {
	switch {
	case l.states == nil:
		states = l.before(shape)
		return states, !snn.Recording(states...)
	case !slices.Equal(l.states[0].Shape(), shape):
		panic(l.shapef("the input of a step has shape %v, but the state of the neurons has shape %v from earlier inputs; call Reset() before an input of another shape", shape, l.states[0].Shape()))
	case len(l.config.restart) == 0:
		return l.states, l.owned
	}
	states = l.before(shape)
	for i, name := range l.States() {
		if !slices.Contains(l.config.restart, name) {
			states[i] = l.states[i]
		}
	}
	return states, false
}

// store keeps the potentials of a sequence, or that of a single step, behind
// the single steps before it.
func (l *Layer) store(sequence *snn.Tensor) {
	if l.vSeq = sequence; sequence != nil {
		l.vSteps = nil
		return
	}
	l.vSteps = append(l.vSteps, l.V())
}

// V returns the membrane potential after the last step, that is after its
// reset, in the shape of a step [N, ...]. Before the first input it is v_reset, or
// 0 with a soft reset: a single value, unless neurons have parameters of their own.
// It is a copy, or part of the computation that gradients flow through.
func (l *Layer) V() *snn.Tensor { return l.State(stateName) }

// State returns a state by its name, as V does for the potential. It panics
// with an *OptionError if there is none of that name.
func (l *Layer) State(name string) *snn.Tensor {
	i := l.stateIndex(name)
	switch {
	case l.states == nil:
		return l.before(l.shapeOfParams(l.initial))[i]
	case snn.Recording(l.states[i]):
		return l.states[i]
	}
	return l.states[i].Clone()
}

// States returns the names of the states, the potential v first.
func (l *Layer) States() []string { return l.kernel.States() }

func (l *Layer) stateIndex(name string) int {
	i := slices.Index(l.States(), name)
	if i < 0 {
		panic(&OptionError{l.name, fmt.Sprintf("it has no state %q; it has %s", name, strings.Join(l.States(), ", "))})
	}
	return i
}

// SetV sets the membrane potential of each neuron, and with it how many there
// are: v has the shape of a step, [N, ...], such as snn.Full(0.5, 10) for ten
// neurons. It is copied, unless a gradient is required of it. Past potentials are
// forgotten.
func (l *Layer) SetV(v *snn.Tensor) { l.SetState(stateName, v) }

// SetState sets a state by its name, as SetV does. If its shape is another one
// than that of the states at hand, the others start anew. It panics with an
// *OptionError if there is none of that name.
func (l *Layer) SetState(name string, v *snn.Tensor) {
	i := l.stateIndex(name)
	if v == nil {
		panic(&OptionError{l.name, fmt.Sprintf("the tensor for state %s is nil; expected one of the shape of a step, [N, ...]", name)})
	}
	if l.states == nil || !slices.Equal(l.states[0].Shape(), v.Shape()) {
		l.states = l.before(v.Shape())
	}
	l.vSeq, l.vSteps = nil, nil
	l.states = slices.Clone(l.states)
	if l.states[i] = v; !snn.Recording(v) {
		l.states[i] = v.Clone()
	}
	l.owned = false
}

// VSeq returns the membrane potential after each step, [T, N, ...]: in
// multi-step mode of the last input, in single-step mode of all steps since
// Reset, or since the last sequence. It is nil before the first input and
// without StoreVSeq.
func (l *Layer) VSeq() *snn.Tensor {
	if l.vSteps != nil {
		return snn.Stack(l.vSteps...)
	}
	return l.vSeq
}

// SetStoreVSeq chooses whether the potential of every step is kept for VSeq,
// from the next input on. If not, those that were kept are forgotten.
func (l *Layer) SetStoreVSeq(store bool) {
	if l.config.storeVSeq = store; !store {
		l.vSeq, l.vSteps = nil, nil
	}
}

// Reset forgets the states. The next input may have another shape.
func (l *Layer) Reset() { l.states, l.vSeq, l.vSteps = nil, nil, nil }

// Kind returns the name of the kind of neuron, such as "LIF".
func (l *Layer) Kind() string { return l.name }

// Aside runs f with the layer in multi-step mode and without state, and gives it
// its states, step mode and stored potentials back afterwards: to look at a
// neuron without disturbing it.
func (l *Layer) Aside(f func()) {
	states, vSeq, vSteps, mode, store, owned := l.states, l.vSeq, l.vSteps, l.config.stepMode, l.config.storeVSeq, l.owned
	defer func() {
		l.states, l.vSeq, l.vSteps, l.config.stepMode, l.config.storeVSeq, l.owned = states, vSeq, vSteps, mode, store, owned
	}()
	l.Reset()
	l.config.stepMode, l.config.storeVSeq = snn.MultiStep, false
	f()
}

// Detach cuts the states off from the computation that they come from: no
// gradient flows from later inputs to earlier ones.
func (l *Layer) Detach() {
	for i, s := range l.states {
		l.states[i] = s.Detach()
	}
}

// StepMode returns the step mode, "s" or "m".
func (l *Layer) StepMode() string { return l.config.stepMode }

// SetStepMode sets the step mode. The states stay.
func (l *Layer) SetStepMode(mode string) error {
	err := l.checkStepMode(mode)
	if err == nil {
		err = l.checkBackend(l.config.backend, mode)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.config.stepMode = mode
	return nil
}

func (l *Layer) checkStepMode(mode string) error {
	if err := snn.CheckStepMode(mode); err != nil {
		return err
	}
	if !slices.Contains(l.config.stepModes, mode) {
		return fmt.Errorf("step mode %q is not possible: this neuron looks at the whole sequence; use neuron.StepMode(%q)", mode, snn.MultiStep)
	}
	return nil
}

// Surrogate returns the surrogate function. After SetSpiking(false) of it the
// layer gives out its primitive instead of spikes.
func (l *Layer) Surrogate() surrogate.Function { return l.config.surrogate }

// LaTeX returns the neuron's equations as LaTeX, without dollar signs.
func (l *Layer) LaTeX() string { return l.equations.latex }
