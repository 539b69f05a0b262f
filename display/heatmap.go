package display

import (
	"fmt"

	"spikebook/display/figure"
	"spikebook/snn"
)

// Plot2DHeatmap draws a colour for each neuron and step, such as the membrane
// potentials of a layer: time from left to right, neuron 0 at the top. a has
// shape [T, N]. Values that are not finite are grey, and counted in the text.
// Where the picture has fewer pixels than there are values, a pixel is the mean
// of its values. It panics with a *snn.ShapeError if the shape does not fit.
func Plot2DHeatmap(a *snn.Tensor, options ...Option) *Figure {
	const op = "Plot2DHeatmap"
	steps, neurons := manyNeurons("display."+op, "a", a)
	f := apply(op, &Figure{
		Kind:   figure.Heatmap,
		Title:  count(neurons, "neuron") + " over time",
		XLabel: "simulating step", YLabel: "neuron index",
		Series:    []figure.Series{series("a", a, steps, neurons)},
		IntXTicks: true, IntYTicks: true,
		Colorbar: true, ColorbarLabel: "magnitude",
	}, options)
	f.Text = fmt.Sprintf("heatmap: %s × %s, values %s", count(steps, "step"), count(neurons, "neuron"), extent(a)) + notFinite(a)
	return f
}
