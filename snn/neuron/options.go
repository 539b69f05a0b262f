package neuron

import (
	"fmt"
	"math"

	"spikebook/snn"
	"spikebook/snn/surrogate"
)

// Names of parameters that more than one neuron has.
const (
	vThreshold = "v_threshold"
	vReset     = "v_reset"
	tau        = "tau"
)

// OptionError is the snn.Misuse of a constructor whose options cannot be taken
// or whose equations are wrong. It names all that is wrong.
type OptionError struct {
	Layer string // the kind of neuron
	Text  string // what was wrong, what was expected, what to do
}

func (e *OptionError) Error() string { return e.Layer + ": " + e.Text }

// Misuse marks the type as a snn.Misuse.
func (*OptionError) Misuse() {}

// Option sets a property of a layer when it is made.
type Option func(*config)

// config is what options change.
type config struct {
	vThreshold, vReset float64
	soft               bool
	surrogate          surrogate.Function
	detachReset        bool
	stepMode, backend  string
	storeVSeq          bool
	switches           map[string]*bool       // by name, what the neuron has besides, such as decay_input
	own                map[string]float64     // the neuron's own parameters
	atLeast            map[string]float64     // how small some of them may be
	tensors            map[string]*snn.Tensor // parameters that are no single number
	learn              []string               // parameters that require a gradient
	perStep            []string               // parameters with a value for each step, [T]
	restart            []string               // states that start anew with each input
	stepModes          []string               // that the neuron has
	decode             string                 // of a neuron that does not spike
	given              []string               // those that an option has set
	resetFormula       string                 // of Equation
	initTau            bool                   // of ParametricLIF, was given
	stateFormulas      []stateFormula         // of Equation
	wrong              []string
}

func defaults() *config {
	return &config{
		vThreshold: 1, surrogate: surrogate.Sigmoid(4),
		stepMode: snn.SingleStep, backend: snn.CPU,
		own: map[string]float64{}, atLeast: map[string]float64{}, tensors: map[string]*snn.Tensor{}, switches: map[string]*bool{},
		stepModes: []string{snn.SingleStep, snn.MultiStep},
	}
}

func (c *config) refuse(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// VThreshold sets the potential at which a neuron fires: where H[t] >=
// v_threshold. The default is 1.
func VThreshold(v float64) Option {
	return func(c *config) {
		c.vThreshold = v
		delete(c.tensors, vThreshold)
	}
}

// VReset makes the reset hard: after a spike the potential is v, and so it is
// before the first input. The default is 0.
func VReset(v float64) Option {
	return func(c *config) {
		c.vReset, c.soft = v, false
		delete(c.tensors, vReset)
	}
}

// SoftReset makes the reset soft: after a spike the potential is less by
// v_threshold.
func SoftReset() Option { return func(c *config) { c.soft = true } }

// SurrogateFunction sets what stands in for the derivative of the spike. The
// default is surrogate.Sigmoid(4).
func SurrogateFunction(s surrogate.Function) Option {
	return func(c *config) {
		if s == nil {
			c.refuse("the surrogate function is nil; expected one of package surrogate, such as surrogate.ATan(2)")
			return
		}
		c.surrogate = s
	}
}

// DetachReset keeps the gradient from flowing through the spike of the reset.
// The default is false. It does not change what Forward returns.
func DetachReset(detach bool) Option { return func(c *config) { c.detachReset = detach } }

// StepMode sets the step mode, "s" or "m". The default is "s".
func StepMode(mode string) Option { return func(c *config) { c.stepMode = mode } }

// Backend sets the backend. The default is "cpu"; see Layer.SupportedBackends.
func Backend(name string) Option { return func(c *config) { c.backend = name } }

// StoreVSeq keeps the potential of every step for Layer.VSeq. The default is
// false.
func StoreVSeq(store bool) Option { return func(c *config) { c.storeVSeq = store } }

// Tau sets the membrane time constant in steps. It is an option of leaky
// neurons, where the default is 2 and the least is 1: below it the potential
// would overshoot what it decays to. It is the same as Param("tau", v).
func Tau(v float64) Option { return Param(tau, v) }

// DecayInput says whether the input of a leaky neuron decays as the potential
// does. The default is true in a layer made by NewLIF and its like; a type of one's
// own that embeds LIF has what its field DecayInput says.
func DecayInput(decay bool) Option { return setSwitch("DecayInput", "decay_input", decay) }

// ScaleReset says whether the reset of a KLIF neuron acts on the potential
// before it is scaled by k. The default is false.
func ScaleReset(scale bool) Option { return setSwitch("ScaleReset", "scale_reset", scale) }

// ThresholdRelated says whether the output of a LIAF neuron is its activation
// of h - v_threshold, or that of h. The default is false.
func ThresholdRelated(related bool) Option {
	return setSwitch("ThresholdRelated", "threshold_related", related)
}

func setSwitch(option, name string, on bool) Option {
	return func(c *config) {
		if c.switches[name] == nil {
			c.refuse("it has no option %s", option)
			return
		}
		*c.switches[name] = on
	}
}

// InitTau sets the time constant that a ParametricLIF neuron begins with, above
// 1. The default is 2.
func InitTau(v float64) Option {
	return func(c *config) {
		if !(v > 1) || math.IsInf(v, 0) {
			c.refuse("init_tau is %v, expected a number above 1", v)
			return
		}
		c.own["w"], c.given, c.initTau = -math.Log(v-1), append(c.given, "w"), true
	}
}

// Param sets a parameter of the neuron's own by its name. Like every number it
// is rounded to float32.
func Param(name string, v float64) Option {
	switch name {
	case vThreshold:
		return VThreshold(v)
	case vReset:
		return VReset(v)
	}
	return func(c *config) {
		if name == stateName || name == inputName {
			c.refuse("a parameter cannot be called %q, which is the %s", name, map[string]string{stateName: "potential", inputName: "input"}[name])
			return
		}
		c.own[name] = v
		c.given = append(c.given, name)
		delete(c.tensors, name) // the last option counts
	}
}

// ParamTensor gives a parameter more than one value: t broadcasts, as numpy
// does, to the shape of a step [N, ...]; with [C, 1, 1] each channel of an input
// [N, C, H, W] has its own. t is not copied. If it requires a gradient, the
// gradient reaches it. Any parameter may be one, v_threshold as well.
func ParamTensor(name string, t *snn.Tensor) Option {
	return func(c *config) {
		if t == nil {
			c.refuse("the tensor of parameter %q is nil", name)
			return
		}
		c.tensors[name] = t
		c.given = append(c.given, name)
	}
}

// Learn makes parameters learnable: a gradient is computed for them, and
// Layer.Parameters returns them.
func Learn(names ...string) Option {
	return func(c *config) { c.learn, c.given = append(c.learn, names...), append(c.given, names...) }
}
