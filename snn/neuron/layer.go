package neuron

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

// cpu is the backend that is always there.
const cpu = "cpu"

// Layer is a layer of neurons of one kind, with the state of each. It is a
// snn.Module. A layer may not be used by several goroutines at once.
type Layer struct {
	name    string
	def     Definition
	program *dynamics.Program
	config  *config
	params  []float32 // of the program
	latex   string

	v *snn.Tensor // potential, nil before the first input

	// The potentials of past steps, if they are stored. Memory that VSeq has
	// returned is never written again.
	vSeq           []float32
	vSeqSteps      int
	vSeqOfSequence bool // not of single steps
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
	for _, o := range options {
		o(c)
	}
	base := def.base()
	if base == nil {
		panic(&OptionError{l.name, "its Base is nil; embed neuron.Base itself, not a pointer to it"})
	}
	base.soft, base.surrogate = c.soft, c.surrogate
	if err := l.compile(); err != nil {
		c.refuse("%v", err)
	} else {
		c.checkParams(l.program.Params())
	}
	if err := snn.CheckStepMode(c.stepMode); err != nil {
		c.refuse("%v", err)
	} else if err := l.checkBackend(c.backend); err != nil {
		c.refuse("%v", err)
	}
	if len(c.wrong) > 0 {
		panic(&OptionError{l.name, strings.Join(c.wrong, "; ")})
	}
	for _, name := range l.program.Params() {
		l.params = append(l.params, float32(l.param(name)))
	}
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

// Names of the values in the program of a neuron.
const (
	inputName = "x"
	stateName = "v"
)

// compile builds the neuron's equations, prints them and compiles them.
func (l *Layer) compile() (err error) {
	defer func() {
		if p := recover(); p != nil {
			mistake, ok := p.(*dynamics.Error)
			if !ok {
				panic(p)
			}
			err = mistake
		}
	}()
	_, s, v, err := l.equations(dynamics.State(stateName), dynamics.Input(inputName), dynamics.Expr{}, dynamics.Expr{})
	if err != nil {
		return err
	}
	if l.program, err = dynamics.Compile(dynamics.Definition{
		Input: inputName, Output: s, States: []dynamics.StateEquation{{Name: stateName, Next: v}},
	}); err != nil {
		return err
	}
	// Printed now: later the definition may be part of another layer, too.
	h, s, v, err := l.equations(dynamics.State("V[t-1]"), dynamics.Input("X[t]"), dynamics.State("H[t]"), dynamics.State("S[t]"))
	l.latex = `\begin{aligned}` + "\n" +
		"H[t] &= " + h.LaTeX() + ` \\` + "\n" +
		"S[t] &= " + s.LaTeX() + ` \\` + "\n" +
		"V[t] &= " + v.LaTeX() + "\n" + `\end{aligned}`
	return err
}

// equations calls the methods of the definition. Fire and reset are given the
// symbols for h and s, or the expressions where a symbol is zero.
func (l *Layer) equations(v, x, hSymbol, sSymbol dynamics.Expr) (h, s, next dynamics.Expr, err error) {
	none := func(method string) error {
		return fmt.Errorf("%s returns the zero Expr; return an expression of its arguments", method)
	}
	if h = l.def.NeuronalCharge(v, x); h.IsZero() {
		return h, s, next, none("NeuronalCharge")
	}
	if hSymbol.IsZero() {
		hSymbol = h
	}
	if s = l.def.NeuronalFire(hSymbol); s.IsZero() {
		return h, s, next, none("NeuronalFire")
	}
	if sSymbol.IsZero() {
		sSymbol = s
	}
	if next = l.def.NeuronalReset(hSymbol, sSymbol); next.IsZero() {
		return h, s, next, none("NeuronalReset")
	}
	return h, s, next, nil
}

// Forward returns the spikes of the neurons, 0 or 1, in the shape of the input:
// [N, ...] for one step in single-step mode, [T, N, ...] for a sequence in
// multi-step mode. The first input after construction or Reset says how many
// neurons there are. The potentials stay for the next call. Forward panics with
// a *snn.ShapeError if the shape does not fit.
func (l *Layer) Forward(x *snn.Tensor) *snn.Tensor {
	if x == nil {
		panic(l.shapef("the input is nil; expected a tensor"))
	}
	steps, shape := 1, x.Shape()
	if l.config.stepMode == snn.MultiStep {
		if len(shape) == 0 {
			panic(l.shapef("the input is a single value; in step mode \"m\" it is a sequence [T, N, ...]. Use SetStepMode(\"s\") for one step"))
		}
		steps, shape = shape[0], shape[1:]
		if steps == 0 {
			panic(l.shapef("the input has shape %v, a sequence of no steps; expected [T, N, ...] with T >= 1", x.Shape()))
		}
	}
	switch {
	case l.v == nil:
		l.v = snn.Full(float32(l.rest()), shape...)
	case !slices.Equal(l.v.Shape(), shape):
		panic(l.shapef("the input of a step has shape %v, but the state of the neurons has shape %v from earlier inputs; call Reset() before an input of another shape", shape, l.v.Shape()))
	}
	out := snn.Zeros(x.Shape()...)
	r := dynamics.Run{
		T: steps, N: l.v.Size(), Params: l.params,
		X: x.Data(), Out: out.Data(), States: [][]float32{l.v.Data()},
	}
	if l.config.storeVSeq {
		r.Trace = [][]float32{l.extendVSeq(steps)}
	}
	l.program.Run(r)
	return out
}

func (l *Layer) shapef(format string, args ...any) *snn.ShapeError {
	return snn.Shapef(l.name+".Forward", format, args...)
}

// extendVSeq returns the place for the potentials of the next steps. A sequence
// starts anew; a single step comes behind the single steps before it.
func (l *Layer) extendVSeq(steps int) []float32 {
	n := steps * l.v.Size()
	if multi := l.config.stepMode == snn.MultiStep; multi || l.vSeqOfSequence {
		l.vSeq, l.vSeqSteps, l.vSeqOfSequence = nil, 0, multi
	}
	l.vSeqSteps += steps
	l.vSeq = append(l.vSeq, make([]float32, n)...)
	return l.vSeq[len(l.vSeq)-n:]
}

// rest is the potential before the first input.
func (l *Layer) rest() float64 {
	if l.config.soft {
		return 0
	}
	return l.config.vReset
}

// V returns the membrane potential after the last step, that is after its
// reset, in the shape of a step [N, ...]. Before the first input it is a single
// value: v_reset, or 0 with a soft reset. It is a copy.
func (l *Layer) V() *snn.Tensor {
	if l.v == nil {
		return snn.Scalar(float32(l.rest()))
	}
	return l.v.Clone()
}

// SetV sets the membrane potential of each neuron, and with it how many there
// are: v has the shape of a step, [N, ...]. It is copied.
func (l *Layer) SetV(v *snn.Tensor) {
	l.Reset()
	l.v = v.Clone()
}

// VSeq returns the membrane potential after each step, [T, N, ...]: in
// multi-step mode of the last input, in single-step mode of all steps since
// Reset. It is nil before the first input and without StoreVSeq.
func (l *Layer) VSeq() *snn.Tensor {
	if l.vSeqSteps == 0 {
		return nil
	}
	return snn.FromSlice(slices.Clip(l.vSeq), append([]int{l.vSeqSteps}, l.v.Shape()...)...)
}

// Reset forgets the potentials. The next input may have another shape.
func (l *Layer) Reset() {
	l.v, l.vSeq, l.vSeqSteps = nil, nil, 0
}

// StepMode returns the step mode, "s" or "m".
func (l *Layer) StepMode() string { return l.config.stepMode }

// SetStepMode sets the step mode. The potentials stay.
func (l *Layer) SetStepMode(mode string) error {
	if err := snn.CheckStepMode(mode); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.config.stepMode = mode
	return nil
}

// Backend returns the backend that Forward uses.
func (l *Layer) Backend() string { return l.config.backend }

// SupportedBackends returns the backends that can be set in the step mode at
// hand, on this machine and in this version.
func (l *Layer) SupportedBackends() []string { return []string{cpu} }

// SetBackend sets the backend. The error of one that is not supported says why.
func (l *Layer) SetBackend(backend string) error {
	if err := l.checkBackend(backend); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.config.backend = backend
	return nil
}

func (l *Layer) checkBackend(backend string) error {
	switch {
	case slices.Contains(l.SupportedBackends(), backend):
		return nil
	case backend == "cuda" && l.config.stepMode == snn.SingleStep:
		return fmt.Errorf("backend \"cuda\" is not supported: this version has no CUDA backend, and in step mode \"s\" there will be none; supported: %q", l.SupportedBackends())
	case backend == "cuda":
		return fmt.Errorf("backend \"cuda\" is not supported: this version has no CUDA backend; supported in step mode %q: %q", l.config.stepMode, l.SupportedBackends())
	}
	return fmt.Errorf("backend %q is unknown; supported in step mode %q: %q", backend, l.config.stepMode, l.SupportedBackends())
}

// VThreshold returns the potential at which the neurons fire.
func (l *Layer) VThreshold() float64 { return l.config.vThreshold }

// VReset returns the potential after a spike and true; 0 and false with a soft
// reset, which has none.
func (l *Layer) VReset() (v float64, hard bool) { return l.rest(), !l.config.soft }

// Param returns a parameter: v_threshold, v_reset (NaN with a soft reset) or
// one of the neuron's own, NaN if there is none of that name.
func (l *Layer) Param(name string) float64 {
	if name == vReset && l.config.soft {
		return math.NaN()
	}
	return l.param(name)
}

func (l *Layer) param(name string) float64 {
	switch name {
	case vThreshold:
		return l.config.vThreshold
	case vReset:
		return l.config.vReset
	}
	if v, ok := l.config.own[name]; ok {
		return v
	}
	return math.NaN()
}

// SetParam changes a parameter from the next Forward on.
func (l *Layer) SetParam(name string, v float64) error {
	i := slices.Index(l.program.Params(), name)
	if i < 0 {
		return fmt.Errorf("%s: it has no parameter %q; it has %s", l.name, name, strings.Join(l.program.Params(), ", "))
	}
	if err := l.config.checkParam(name, v); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	switch name {
	case vThreshold:
		l.config.vThreshold = v
	case vReset:
		l.config.vReset = v
	default:
		l.config.own[name] = v
	}
	l.params[i] = float32(v)
	return nil
}

// Surrogate returns the surrogate function.
func (l *Layer) Surrogate() surrogate.Function { return l.config.surrogate }
