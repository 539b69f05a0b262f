package display

import (
	"errors"
	"fmt"
	"math"

	"spikebook/display/figure"
	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

// XRange sets the limits of the x axis of [PlotSurrogate] and [PlotFI].
func XRange(min, max float64) Option {
	return func(f *Figure) { f.XRange = figure.Range{Min: min, Max: max} }
}

// aside calls f without recording gradients, and so that the program draws the
// same random numbers afterwards as without it.
func aside(f func()) {
	random := *snn.RandomState()
	defer func() { *snn.RandomState() = random }()
	snn.NoGrad(f)
}

// lookAt calls f, which runs the layer for inputs of its own, aside. It panics with a
// *snn.ShapeError if the layer refuses those inputs.
func lookAt(op string, layer *neuron.Layer, f func()) {
	err := snn.Maybe(func() { aside(func() { layer.Aside(f) }) })
	var refused *snn.ShapeError
	switch {
	case errors.As(err, &refused):
		panic(snn.Shapef("display."+op, "the picture needs neurons that are all alike, in any number and for any number of steps, so parameters of one value each; %v", refused))
	case err != nil:
		panic(err)
	}
}

// curvePoints is how many points a curve has.
const curvePoints = 401

// overX returns points from lo to hi, and a figure with them. The options are
// applied at once: they may say other limits.
func overX(op, title, xLabel, yLabel string, lo, hi float64, options []Option) (*Figure, *snn.Tensor) {
	none := figure.Series{Shape: []int{1}, Data: figure.Values{0}} // until the points are known
	f := apply(op, &Figure{
		Kind: figure.Lines, Title: title, XLabel: xLabel, YLabel: yLabel,
		XRange: figure.Range{Min: lo, Max: hi}, Series: []figure.Series{none, none},
	}, options)
	x := places(op, f.XRange, curvePoints)
	f.Series = []figure.Series{series("x", x, curvePoints)}
	return f, x
}

// places returns n places on the x axis, evenly spaced over its range.
func places(op string, r figure.Range, n int) *snn.Tensor {
	const most = math.MaxFloat32
	if r.Min < -most || r.Max > most {
		panic(snn.Shapef("display."+op, "XRange is [%v, %v], expected numbers from %.4g to %.4g", r.Min, r.Max, -most, most))
	}
	x := snn.Zeros(n)
	for i := range x.Data() {
		x.Data()[i] = float32(r.Min + (r.Max-r.Min)*float64(i)/float64(max(1, n-1)))
	}
	return x
}

func curve(f *Figure, name string, y *snn.Tensor, dashed bool) {
	s := series(name, y, curvePoints)
	s.Dashed = dashed
	f.Series = append(f.Series, s)
}

// PlotSurrogate draws a surrogate function from -2 to 2, or in [XRange]: the step
// that a neuron gives out, dashed, the primitive, if there is one, and the
// gradient that stands in for the derivative of the step. What is no step, as of
// [surrogate.MultiLevelSpikeCount], is called output.
func PlotSurrogate(s surrogate.Function, options ...Option) *Figure {
	const op = "PlotSurrogate"
	if s == nil {
		panic(snn.Shapef("display."+op, "the surrogate is nil; expected one of package surrogate, such as surrogate.ATan(2)"))
	}
	f, x := overX(op, s.String(), "x, the potential above the threshold", "value", -2, 2, options)
	output := "step"
	if _, ok := s.(interface {
		Forward(x dynamics.Expr) dynamics.Expr
	}); ok {
		output = "output"
	}
	var gradient *snn.Tensor
	aside(func() {
		curve(f, output, x.Map(func(e dynamics.Expr) dynamics.Expr { return e.Spike(s) }), true)
		if !s.Primitive(dynamics.Input("x")).IsZero() {
			curve(f, "primitive", x.Map(s.Primitive), false)
		}
		gradient = x.Map(s.Gradient)
		curve(f, "gradient", gradient, false)
	})
	f.Text = fmt.Sprintf("surrogate function %v for x from %v to %v: %s", s, f.XRange.Min, f.XRange.Max, peak(x, gradient))
	return f
}

// peak says where a gradient is largest.
func peak(x, gradient *snn.Tensor) string {
	top := -1
	for i, g := range gradient.Data() {
		if g == g && (top < 0 || g > gradient.Data()[top]) {
			top = i
		}
	}
	if top < 0 {
		return "the gradient is not a number"
	}
	return fmt.Sprintf("the gradient is at most %.4g, at x=%.3g", gradient.Data()[top], x.Data()[top])
}

// fiSteps is how many steps a firing rate is measured over, after fiSettle
// others.
const fiSteps, fiSettle = 1000, 200

// PlotFI draws the firing rate of a neuron, in spikes per step, against a
// constant input, from 0 to three times the threshold, or in [XRange]. It runs
// the layer from its first state for many inputs at once; the state, the step
// mode and the stored potentials of the layer are afterwards what they were. It
// panics with a *snn.ShapeError if the parameters of the layer differ between
// neurons.
func PlotFI(layer *neuron.Layer, options ...Option) *Figure {
	const op = "PlotFI"
	if layer == nil {
		panic(snn.Shapef("display."+op, "the layer is nil; expected one such as neuron.NewLIF()"))
	}
	threshold := layer.VThreshold()
	if math.IsNaN(threshold) {
		panic(snn.Shapef("display."+op, "the thresholds of the neurons differ; make a layer of one of them to see its curve"))
	}
	title := "Firing rate of " + layer.Kind()
	f, x := overX(op, title, "input per step", "firing rate (spikes per step)", 0, max(3*math.Abs(threshold), 1e-3), options)
	rate := snn.Zeros(curvePoints)
	lookAt(op, layer, func() {
		layer.Forward(x.BroadcastTo(fiSettle, curvePoints))
		rate = layer.Forward(x.BroadcastTo(fiSteps, curvePoints)).Mean(0)
	})
	curve(f, "rate", rate, false)
	f.Text = fmt.Sprintf("firing rate of %s for a constant input from %v to %v: %s", layer.Kind(), f.XRange.Min, f.XRange.Max, rheobase(x, rate))
	return f
}

// rheobase says from which input on a neuron fires, and how often at most.
func rheobase(x, rate *snn.Tensor) string {
	most := rate.Max(0).Item()
	for i, r := range rate.Data() {
		if r > 0 {
			return fmt.Sprintf("it fires from %.4g on, at most %.4g spikes per step", x.Data()[i], most)
		}
	}
	return "it does not fire"
}
