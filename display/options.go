// Package display makes pictures of what spiking neurons do: the potential of
// one neuron with its spikes, the potentials of many, their spike trains. A
// picture is a [Figure], which is data; a notebook's kernel draws it, and so
// does, in an ordinary Go program, a blank import of spikebook/display/render.
// The package does not know how anything is drawn.
package display

import (
	"fmt"

	"spikebook/display/figure"
	"spikebook/snn"
)

// Figure is a picture as data; see package figure. Show shows it, Save writes
// it to a file.
type Figure = figure.Figure

// Option sets a property of a figure when it is made. An option that means
// nothing to a picture has no effect on it.
type Option func(*Figure)

// Title sets the title. Every picture has one of its own by default; an empty
// title leaves it out.
func Title(text string) Option { return func(f *Figure) { f.Title = text } }

// XLabel sets the label of the time axis, "simulating step" by default.
func XLabel(text string) Option { return func(f *Figure) { f.XLabel = text } }

// YLabel sets the label of the vertical axis.
func YLabel(text string) Option { return func(f *Figure) { f.YLabel = text } }

// FigSize sets width and height in inches, of 96 pixels on a page; the default
// is 8 by 5.
func FigSize(width, height float64) Option {
	return func(f *Figure) { f.Width, f.Height = width, height }
}

// DPI sets the dots per inch of a PNG; the default is 192.
func DPI(n int) Option { return func(f *Figure) { f.DPI = n } }

// IntXTicks says whether the ticks of the time axis are whole numbers only, as
// they are by default.
func IntXTicks(whole bool) Option { return func(f *Figure) { f.IntXTicks = whole } }

// IntYTicks says whether the ticks of an axis of neurons are whole numbers
// only, as they are by default.
func IntYTicks(whole bool) Option { return func(f *Figure) { f.IntYTicks = whole } }

// XMax sets where the time axis ends, if it does not count steps: 0.5 for 500
// steps of a millisecond, in seconds.
func XMax(end float64) Option { return func(f *Figure) { f.XMax = end } }

// XNames names the columns of a heatmap, such as the values of a parameter, in the
// place of numbers. Where they are too close, some are left out.
func XNames(names ...string) Option {
	return func(f *Figure) {
		if f.Kind == figure.Heatmap {
			f.XNames = names
		}
	}
}

// YNames names the rows of a heatmap, from the top.
func YNames(names ...string) Option {
	return func(f *Figure) {
		if f.Kind == figure.Heatmap {
			f.YNames = names
		}
	}
}

// VThreshold draws a dashed line at the threshold of a voltage plot; it has one
// at 1 by default.
func VThreshold(v float64) Option { return line(thresholdLine, v) }

// VReset draws a dashed line at the reset potential of a voltage plot; it has
// none by default, as a neuron with a soft reset has none.
func VReset(v float64) Option { return line(resetLine, v) }

// Names of the reference lines, as the legend shows them.
const (
	thresholdLine = "threshold"
	resetLine     = "reset"
)

// line replaces the reference line of a name, or adds it.
func line(name string, v float64) Option {
	return func(f *Figure) {
		if f.Kind != figure.Voltage && f.Kind != figure.Lines {
			return
		}
		for i := range f.Lines {
			if f.Lines[i].Name == name {
				f.Lines[i].Value = v
				return
			}
		}
		f.Lines = append(f.Lines, figure.Line{Name: name, Value: v})
	}
}

// YRange sets the limits of the potential in a voltage plot.
func YRange(min, max float64) Option {
	return func(f *Figure) { f.YRange = figure.Range{Min: min, Max: max} }
}

// ColorRange sets the values at the ends of a heatmap's colours. By default
// they are the smallest and the largest value.
func ColorRange(min, max float64) Option {
	return func(f *Figure) { f.ColorRange = figure.Range{Min: min, Max: max} }
}

// Colorbar says whether a heatmap has a colour bar, as it has by default.
func Colorbar(show bool) Option { return func(f *Figure) { f.Colorbar = show } }

// ColorbarLabel sets the label of the colour bar, "magnitude" by default.
func ColorbarLabel(text string) Option { return func(f *Figure) { f.ColorbarLabel = text } }

// FiringRate says whether a raster has a column with the firing rate of each
// neuron, in spikes per step, as it has by default.
func FiringRate(show bool) Option { return func(f *Figure) { f.RateColumn = show } }

// FiringRateLabel sets the label of that column, "firing rate" by default.
func FiringRateLabel(text string) Option { return func(f *Figure) { f.RateLabel = text } }

// apply applies options and checks the result.
func apply(op string, f *Figure, options []Option) *Figure {
	for i, o := range options {
		if o == nil {
			panic(snn.Shapef("display."+op, "option %d is nil; expected an option such as Title(\"spikes\")", i+1))
		}
		o(f)
	}
	if err := f.Validate(); err != nil {
		panic(snn.Shapef("display."+op, "%v", err))
	}
	return f
}

// series copies a tensor into a figure: the figure is not changed by what the
// cell does to the tensor afterwards.
func series(name string, t *snn.Tensor, shape ...int) figure.Series {
	return figure.Series{Name: name, Shape: shape, Data: append(figure.Values(nil), t.Data()...)}
}

// oneNeuron checks that t is [T], or [T, 1], and returns T.
func oneNeuron(op, name string, t *snn.Tensor) int {
	if t == nil {
		panic(snn.Shapef(op, "%s is nil, expected a tensor of shape [T]; a layer's VSeq is nil without StoreVSeq(true) or before the first input", name))
	}
	shape := t.Shape()
	if len(shape) == 0 || t.Size() == 0 || t.Size() != shape[0] {
		panic(snn.Shapef(op, "%s has shape %v, expected [T] with T >= 1: one neuron, one value for each step; display.Plot2DHeatmap shows many neurons", name, shape))
	}
	return shape[0]
}

// manyNeurons checks that t is [T, N] and returns both.
func manyNeurons(op, name string, t *snn.Tensor) (steps, neurons int) {
	if t == nil {
		panic(snn.Shapef(op, "%s is nil, expected a tensor of shape [T, N]; a layer's VSeq is nil without StoreVSeq(true) or before the first input", name))
	}
	shape := t.Shape()
	if len(shape) != 2 || t.Size() == 0 {
		panic(snn.Shapef(op, "%s has shape %v, expected [T, N] with T, N >= 1; Reshape(T, -1) makes one row of neurons of a layer of another shape", name, shape))
	}
	return shape[0], shape[1]
}

// spikeCount spells a number of spikes.
func spikeCount(n int) string {
	if n == 0 {
		return "no spikes"
	}
	return count(n, "spike")
}

// count spells a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
