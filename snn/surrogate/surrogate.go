// Package surrogate holds surrogate functions: what stands in for the step
// function of a spiking neuron where its derivative is wanted. A surrogate is
// two expressions; forward, most of them are the step, which fires at 0. It does
// not know neurons.
//
// Each call of a constructor makes a surrogate of its own: two layers never
// share one, as they do in SpikingJelly when both use the default, so that
// changing one changes both.
package surrogate

import (
	"math"
	"strconv"
	"strings"

	"spikebook/snn/dynamics"
)

// Function is a surrogate function. A user's own is a type that embeds [Base]
// and has a Gradient and a String; see also [Custom] and [Equation].
type Function interface {
	dynamics.Surrogate

	// Spiking reports whether a neuron gives out spikes, the default, or the
	// smooth primitive.
	Spiking() bool

	// SetSpiking chooses between the two, as SpikingJelly's set_spiking_mode
	// does. It panics with a *dynamics.Error if there is no primitive.
	SetSpiking(spiking bool)
}

// Base is what the surrogates share. Embed it in the type of your own; its
// Primitive says that there is none, so a type that is to be used with
// SetSpiking(false) has a Primitive of its own.
type Base struct{ smooth bool }

// Spiking reports whether a neuron gives out spikes.
func (b *Base) Spiking() bool { return !b.smooth }

// SetSpiking chooses between spikes and the primitive.
func (b *Base) SetSpiking(spiking bool) { b.smooth = !spiking }

// Primitive returns the zero Expr: there is none.
func (*Base) Primitive(dynamics.Expr) dynamics.Expr { return dynamics.Expr{} }

// suffix is the end of the text of a surrogate.
func (b *Base) suffix() string {
	if b.smooth {
		return ", spiking=false)"
	}
	return ")"
}

// noPrimitive is a surrogate that cannot be smooth.
type noPrimitive struct{ Base }

func (b *noPrimitive) setSpiking(name string, spiking bool) {
	if !spiking {
		panic(&dynamics.Error{Op: "surrogate." + name, Text: "it has no primitive, only a gradient, so SetSpiking(false) is not possible; choose another surrogate, such as surrogate.ATan(2)"})
	}
	b.Base.SetSpiking(spiking)
}

// parameter is one that is printed.
type parameter struct {
	name  string
	value float64
}

// text prints a surrogate with its parameters.
func (b *Base) text(name string, params ...parameter) string {
	var list []string
	for _, p := range params {
		list = append(list, p.name+"="+number(p.value))
	}
	s := name + "(" + strings.Join(list, ", ")
	if b.smooth && len(list) == 0 {
		return s + "spiking=false)"
	}
	return s + b.suffix()
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// positive returns a parameter, or panics with a *dynamics.Error unless it is a
// positive number that a float32 can hold.
func positive(name, parameter string, v float64) float64 {
	if f := float32(v); !(f > 0) || math.IsInf(float64(f), 0) {
		refuse(name, parameter, v, "a positive number")
	}
	return v
}

// finite returns a parameter, or panics unless a float32 can hold it.
func finite(name, parameter string, v float64) float64 {
	if math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
		refuse(name, parameter, v, "a finite number")
	}
	return v
}

func refuse(name, parameter string, v float64, expected string) {
	panic(&dynamics.Error{Op: "surrogate." + name, Text: parameter + " is " + number(v) + ", expected " + expected})
}

// Numbers in expressions. Each is made anew: a node that two surrogates share
// would tie the variables of a notebook that hold them together.
func zero() dynamics.Expr { return dynamics.Const(0) }
func one() dynamics.Expr  { return dynamics.Const(1) }
func half() dynamics.Expr { return dynamics.Const(0.5) }
