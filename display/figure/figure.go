// Package figure holds a picture as data, and carries it to whoever draws it.
//
// A [Figure] says what is to be seen: its kind, the numbers, the labels, the
// reference lines. It is made in the process that has the numbers (a notebook
// cell) and drawn in the process that has the drawing library (the kernel), so
// a cell never links a plotting library and links faster for it. The transport
// is one connection of a unix socket per figure, synchronous, so that a figure
// appears before the next line of the cell runs and a failure to draw it comes
// back as an error.
//
// The package imports only the standard library. It knows neither how a figure
// is drawn (spikebook/display/render) nor what a neuron or a tensor is.
package figure

import (
	"fmt"
	"math"
	"slices"
)

// Kind says which picture a [Figure] is, and thereby which series it has.
type Kind string

// The kinds of figures. T is the number of simulating steps, N of neurons.
const (
	// Voltage is the membrane potential of one neuron above its spikes. Two
	// series, both of shape [T]: the potential, then the spikes.
	Voltage Kind = "voltage"
	// Heatmap is a colour for each neuron and step. One series, shape [T, N].
	Heatmap Kind = "heatmap"
	// Raster is a mark for each spike of each neuron. One series, shape [T, N];
	// every finite value other than 0 is a spike.
	Raster Kind = "raster"
	// Lines is curves over a common axis of numbers. Two series or more, all of
	// shape [K]: the places on the x axis, rising, and then each curve.
	Lines Kind = "lines"
	// Paths is lines in a plane. Two series for each of them, both of shape [K]:
	// the places on the x axis, then those on the y axis. K may differ from path
	// to path. A value that is not finite cuts a path.
	Paths Kind = "paths"
)

// The size of a figure that does not say its own.
const (
	// DefaultWidth and DefaultHeight are in inches, of 96 pixels on a page.
	DefaultWidth, DefaultHeight = 8.0, 5.0
	// DefaultDPI is the density of a PNG: two pixels of the picture for each
	// pixel of the page, so that it is sharp on a dense screen too.
	DefaultDPI = 192
)

// MaxCurves is how many curves of a figure are told apart; it has no more.
const MaxCurves = 20

// Bounds that [Figure.Validate] holds a figure to.
const (
	minWidth, minHeight = 3.0, 2.0 // inches; less leaves no room for data
	maxInches           = 50.0
	minDPI, maxDPI      = 24, 1200
	maxPixels           = 100_000_000 // of a PNG: 400 MB while it is drawn
)

// Series is one array of numbers, row-major.
type Series struct {
	Name   string
	Shape  []int
	Data   Values
	Dashed bool // a curve or path that is only there to compare with
	Faint  bool // a curve or path for orientation, without a legend
}

// Line is a reference line across the data, with its legend.
type Line struct {
	Name     string
	Value    float64 // in the unit of the axis that it crosses
	Vertical bool    // in a Lines or a Paths: from bottom to top, at a place on the x axis
}

// Range is an interval of values. The zero Range is no interval: the limits
// then follow the data.
type Range struct{ Min, Max float64 }

// IsZero reports whether r is no interval.
func (r Range) IsZero() bool { return r == Range{} }

// Figure is a picture as data. The constructors of package display make it; its
// fields may be changed before it is shown or saved.
type Figure struct {
	Kind   Kind
	Title  string // empty: no title
	XLabel string
	YLabel string

	// Text is what the picture shows in one line of words. It accompanies the
	// picture as text/plain, for terminals, diffs and screen readers.
	Text string

	Series []Series
	Lines  []Line // reference lines of a Voltage, a Lines or a Paths

	Width, Height float64 // inches; 0: DefaultWidth, DefaultHeight
	DPI           int     // dots per inch of a PNG; 0: DefaultDPI

	// XMax is where the time axis ends when it is not to count steps: step t
	// of T is drawn at t·XMax/T. 0: T.
	XMax float64

	IntXTicks, IntYTicks bool // ticks at whole numbers only

	// XNames and YNames, if there are any, name the columns and rows of a Heatmap
	// in the place of numbers.
	XNames, YNames []string

	// YRange holds the limits of the potential of a Voltage, and of the curves of
	// a Lines or the y axis of a Paths. XRange holds those of the x axis for whoever
	// computes the curves, Input what a neuron is given at each step meanwhile.
	YRange, XRange Range
	Input          float64

	// ColorRange holds the values at the ends of the colour map of a Heatmap;
	// values outside are drawn in the colours of the ends.
	ColorRange    Range
	Colorbar      bool // a Heatmap has its colour bar
	ColorbarLabel string

	RateColumn bool   // a Raster has its column of firing rates
	RateLabel  string // the heading of that column
}

// Size returns the width and height in inches, with the defaults put in.
func (f *Figure) Size() (width, height float64) {
	width, height = f.Width, f.Height
	if width == 0 {
		width = DefaultWidth
	}
	if height == 0 {
		height = DefaultHeight
	}
	return width, height
}

// Density returns the dots per inch of a PNG, with the default put in.
func (f *Figure) Density() int {
	if f.DPI == 0 {
		return DefaultDPI
	}
	return f.DPI
}

// Steps returns T, the length of the time axis, of a valid figure.
func (f *Figure) Steps() int { return f.Series[0].Shape[0] }

// Neurons returns N, of a valid figure: 1 for a Voltage.
func (f *Figure) Neurons() int {
	if len(f.Series[0].Shape) < 2 {
		return 1
	}
	return f.Series[0].Shape[1]
}

// String returns the line of words that says what the figure shows.
func (f *Figure) String() string {
	if f == nil {
		return "no figure (nil)"
	}
	return f.Text
}

// An Error is returned by [Figure.Validate]: a figure that cannot be drawn.
type Error struct {
	Kind  Kind
	Field string // the field at fault
	Got   string // what it held
	Want  string // what it may hold
}

func (e *Error) Error() string {
	return fmt.Sprintf("figure %q: %s is %s, want %s", e.Kind, e.Field, e.Got, e.Want)
}

// Validate returns an [*Error] that names the first field that cannot be drawn:
// an unknown kind, series that do not fit the kind, an impossible size. Values
// of the data are never at fault; those that are not finite are left out of the
// picture.
func (f *Figure) Validate() error {
	if f == nil {
		return fmt.Errorf("figure is nil: it must be made by one of the constructors of package display")
	}
	bad := func(field, want, gotFormat string, got ...any) error {
		return &Error{Kind: f.Kind, Field: field, Got: fmt.Sprintf(gotFormat, got...), Want: want}
	}
	series, rank := 1, 2
	switch f.Kind {
	case Voltage:
		series, rank = 2, 1
	case Heatmap, Raster:
	case Lines:
		if series, rank = max(2, len(f.Series)), 1; len(f.Series) > MaxCurves+1 {
			return bad("Series", fmt.Sprintf("at most %d of them", MaxCurves+1), "a list of %d", len(f.Series))
		}
	case Paths:
		if series, rank = max(2, len(f.Series)&^1), 1; len(f.Series) > 2*MaxCurves {
			return bad("Series", fmt.Sprintf("at most %d of them", 2*MaxCurves), "a list of %d", len(f.Series))
		}
	default:
		return bad("Kind", fmt.Sprintf("%q, %q, %q, %q or %q", Voltage, Heatmap, Raster, Lines, Paths), "%q", f.Kind)
	}
	if len(f.Series) != series {
		return bad("Series", fmt.Sprintf("%d of them", series), "a list of %d", len(f.Series))
	}
	for i, s := range f.Series {
		name := fmt.Sprintf("Series[%d]", i)
		if len(s.Shape) != rank {
			return bad(name+".Shape", fmt.Sprintf("%d dimensions", rank), "%v", s.Shape)
		}
		if !s.filled() {
			return bad(name+".Data", fmt.Sprintf("as many values as the shape %v says, at least one", s.Shape), "%d values", len(s.Data))
		}
		first := 0
		if f.Kind == Paths {
			first = i &^ 1
		}
		if !slices.Equal(s.Shape, f.Series[first].Shape) {
			return bad(name+".Shape", fmt.Sprintf("%v, the shape of Series[%d]", f.Series[first].Shape, first), "%v", s.Shape)
		}
	}
	for i, l := range f.Lines {
		if !finite(l.Value) {
			return bad(fmt.Sprintf("Lines[%d].Value", i), "a finite number", "%v", l.Value)
		}
		if l.Vertical && f.Kind != Lines && f.Kind != Paths {
			return bad(fmt.Sprintf("Lines[%d].Vertical", i), fmt.Sprintf("false; only a %q or a %q has vertical lines", Lines, Paths), "true")
		}
	}
	w, h := f.Size()
	for _, side := range []struct {
		name        string
		inches, min float64
	}{{"Width", w, minWidth}, {"Height", h, minHeight}} {
		if !(side.inches >= side.min && side.inches <= maxInches) {
			return bad(side.name, fmt.Sprintf("%g to %g inches", side.min, maxInches), "%v inches", side.inches)
		}
	}
	dpi := f.Density()
	if dpi < minDPI || dpi > maxDPI {
		return bad("DPI", fmt.Sprintf("%d to %d dots per inch", minDPI, maxDPI), "%d", dpi)
	}
	if pixels := w * h * float64(dpi) * float64(dpi); pixels > maxPixels {
		return bad("Width × Height × DPI²", fmt.Sprintf("at most %d pixels", maxPixels), "%.0f", pixels)
	}
	if !finite(f.Input) {
		return bad("Input", "a finite number", "%v", f.Input)
	}
	for _, names := range []struct {
		field string
		n     int
		count func() int
	}{{"XNames", len(f.XNames), f.Steps}, {"YNames", len(f.YNames), f.Neurons}} {
		if names.n > 0 && (f.Kind != Heatmap || names.n != names.count()) {
			return bad(names.field, fmt.Sprintf("a name for each column or row of a %q, or none", Heatmap), "a list of %d", names.n)
		}
	}
	if !finite(f.XMax) || f.XMax < 0 {
		return bad("XMax", "a positive number, or 0 for the number of steps", "%v", f.XMax)
	}
	for _, r := range []struct {
		name string
		Range
	}{{"YRange", f.YRange}, {"XRange", f.XRange}, {"ColorRange", f.ColorRange}} {
		if !r.IsZero() && !(finite(r.Min) && finite(r.Max) && r.Min < r.Max) {
			return bad(r.name, "two finite numbers, the smaller first", "[%v, %v]", r.Min, r.Max)
		}
	}
	return nil
}

// filled reports whether the data has one value for each element of the shape,
// and any at all. It divides instead of multiplying: a shape that came over the
// wire may overflow.
func (s *Series) filled() bool {
	left := len(s.Data)
	for _, n := range s.Shape {
		if n <= 0 || left%n != 0 {
			return false
		}
		left /= n
	}
	return left == 1
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
