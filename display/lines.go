package display

import (
	"fmt"

	"spikebook/display/figure"
	"spikebook/snn"
)

// PlotLines draws a curve of the values of each column of y, [T, N], or one of y, [T]:
// traces, currents, weights, the losses of a training. Places on the x axis are the steps
// from 0, or evenly spaced in [XRange]. Values that are not finite are gaps. It panics
// with a *snn.ShapeError if the shape does not fit, or if there are more than 20 curves.
func PlotLines(y *snn.Tensor, options ...Option) *Figure {
	const op = "PlotLines"
	if y != nil && len(y.Shape()) == 1 {
		y = y.Detach().Reshape(-1, 1)
	}
	steps, curves := manyNeurons("display."+op, "y", y)
	if curves > figure.MaxCurves {
		panic(snn.Shapef("display."+op, "y has %d curves, expected at most %d; choose some, or use display.Plot2DHeatmap", curves, figure.MaxCurves))
	}
	list := []figure.Series{series("x", snn.Zeros(steps), steps)}
	columns := y.Detach().Transpose(0, 1)
	for i := range curves {
		name := fmt.Sprint(i)
		if curves == 1 {
			name = "" // what it is, the axis says
		}
		list = append(list, series(name, columns.Index(i), steps))
	}
	f := apply(op, &Figure{
		Kind: figure.Lines, Title: count(curves, "curve"), XLabel: "simulating step", YLabel: "value", Series: list, IntXTicks: true,
	}, options)
	x := figure.Range{Max: float64(steps - 1)}
	if !f.XRange.IsZero() {
		x, f.IntXTicks = f.XRange, false
	}
	f.Series[0] = series("x", places(op, x, steps), steps)
	f.Text = fmt.Sprintf("%s: %s, values %s", count(curves, "curve"), count(steps, "step"), extent(y)) + notFinite(y)
	return f
}

// Names names the curves of [PlotLines] in its legend, and panics with a *snn.ShapeError
// unless there is one for each. It has no effect on other pictures.
func Names(names ...string) Option {
	return func(f *Figure) {
		if f.Kind != figure.Lines || f.Series[0].Name == "" { // the others have names of their own, later
			return
		}
		if len(names) != len(f.Series)-1 {
			panic(snn.Shapef("display.Names", "%s for %s, expected one for each", count(len(names), "name"), count(len(f.Series)-1, "curve")))
		}
		for i, name := range names {
			f.Series[i+1].Name = name
		}
	}
}
