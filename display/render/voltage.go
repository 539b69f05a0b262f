package render

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spikebook/display/figure"
)

// voltage draws the membrane potential of one neuron with its reference lines,
// and beneath it, on the same time axis, its spikes.
type voltage struct {
	f        *figure.Figure
	segments []plotter.XYs // the potential, cut where it is not finite
	spikes   []float64     // times
	lo, hi   float64       // of the y axis
}

func newVoltage(f *figure.Figure) *voltage {
	v, s := f.Series[0].Data, f.Series[1].Data
	scale := stepScale(f)
	width, _ := f.Size()
	columns := int(width * cssDPI)
	p := &voltage{f: f}
	p.segments = thin(v, columns, scale)
	p.lo, p.hi = potentialRange(f)
	// Spikes closer than a quarter of a pixel cannot be told apart.
	least := float64(len(s)) * scale / float64(4*columns)
	for t, x := range s {
		at := float64(t) * scale
		if isSpike(x) && (len(p.spikes) == 0 || at-p.spikes[len(p.spikes)-1] >= least) {
			p.spikes = append(p.spikes, at)
		}
	}
	return p
}

// isSpike reports whether x is a spike: any finite value but 0.
func isSpike(x float32) bool { return x != 0 && finite(x) }

func finite(x float32) bool { return x-x == 0 } // NaN and infinities less themselves are NaN

// thin returns the potential as lines, cut where it is not finite. Where there
// are many more steps than columns of pixels it keeps of each column the first,
// lowest, highest and last point, in their order: the line looks the same.
func thin(v []float32, columns int, scale float64) (segments []plotter.XYs) {
	var segment plotter.XYs
	end := func() {
		if len(segment) > 0 {
			segments, segment = append(segments, segment), nil
		}
	}
	add := func(t int) {
		segment = append(segment, plotter.XY{X: float64(t) * scale, Y: float64(v[t])})
	}
	if len(v) <= 4*columns {
		for t := range v {
			if finite(v[t]) {
				add(t)
			} else {
				end()
			}
		}
		end()
		return segments
	}
	for c := range columns {
		from, to := c*len(v)/columns, (c+1)*len(v)/columns
		for t := from; t < to; {
			if !finite(v[t]) {
				end()
				t++
				continue
			}
			first, low, high := t, t, t
			for ; t < to && finite(v[t]); t++ {
				if v[t] < v[low] {
					low = t
				}
				if v[t] > v[high] {
					high = t
				}
			}
			last := first - 1
			for _, k := range []int{first, min(low, high), max(low, high), t - 1} {
				if k > last {
					add(k)
					last = k
				}
			}
		}
	}
	end()
	return segments
}

// potentialRange returns the limits of the y axis: those of the figure, else the
// potential and the reference lines with a little room.
func potentialRange(f *figure.Figure) (lo, hi float64) {
	if r := f.YRange; !r.IsZero() {
		return r.Min, r.Max
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, x := range f.Series[0].Data {
		if finite(x) {
			lo, hi = min(lo, float64(x)), max(hi, float64(x))
		}
	}
	for _, l := range f.Lines {
		lo, hi = min(lo, l.Value), max(hi, l.Value)
	}
	return widen(lo, hi, 0.06)
}

// widen returns [lo, hi] with room at both ends, a fraction of its length. An
// interval of one value, and none, become one around it.
func widen(lo, hi, room float64) (float64, float64) {
	switch {
	case lo > hi: // no value at all
		return 0, 1
	case hi-lo <= 1e-12*max(math.Abs(lo), math.Abs(hi)):
		half := max(math.Abs(lo)/10, 1e-9)
		if lo == 0 {
			half = 0.5
		}
		return lo - half, hi + half
	}
	return lo - room*(hi-lo), hi + room*(hi-lo)
}

func (p *voltage) marks() int {
	n := len(p.spikes)
	for _, s := range p.segments {
		n += len(s)
	}
	return n
}

func (p *voltage) note() string { return "" }

// lineStyles are the styles of the reference lines, which repeat when there are
// more.
var lineStyles = []draw.LineStyle{
	{Color: vermilion, Width: 1.1, Dashes: []vg.Length{6, 3}},
	{Color: green, Width: 1.1, Dashes: []vg.Length{6, 2, 1.2, 2}},
	{Color: rowColors[3], Width: 1.1, Dashes: []vg.Length{1.2, 2}},
}

func (p *voltage) draw(page *page) {
	const (
		spikeShare = 0.19 // of the height, for the spikes
		between    = vg.Length(9)
	)
	// Many steps make many turns in little room: a thinner line keeps them apart.
	width, _ := p.f.Size()
	step := vg.Length(width) * vg.Inch / vg.Length(p.f.Steps())
	potentialStyle := draw.LineStyle{Color: blue, Width: min(max(0.4+step, 0.5), 1.5)}
	legend := []legendEntry{{p.f.Series[0].Name, draw.LineStyle{Color: blue, Width: 1.5}}}
	for i, l := range p.f.Lines {
		legend = append(legend, legendEntry{
			label: strings.TrimSpace(l.Name + " " + minus(strconv.FormatFloat(l.Value, 'g', 6, 64))),
			style: lineStyles[i%len(lineStyles)],
		})
	}
	box := page.header(legend...)

	upper, lower := newPanel(), newPanel()
	stepAxis(lower, p.f, box.Size().X*0.88)
	lower.Y.Min, lower.Y.Max = 0, 1
	lower.Add(verticals{newGrid()}, events{p.spikes, stepScale(p.f)})
	if len(p.spikes) == 0 {
		lower.Add(notice("no " + p.f.Series[1].Name))
	}
	_, bottom := insets(page, lower)

	height := max(box.Size().Y-bottom-between, minPanelSide)
	upperHeight, lowerHeight := height*(1-spikeShare), height*spikeShare
	lower.Y.Label.Text = elide(p.f.Series[1].Name, lower.Y.Label.TextStyle, lowerHeight)
	upper.X.Min, upper.X.Max = lower.X.Min, lower.X.Max
	upper.X.Tick.Marker = unlabelled(lower.X.Tick.Marker.Ticks(lower.X.Min, lower.X.Max))
	upper.Y.Min, upper.Y.Max = p.lo, p.hi
	upper.Y.Tick.Marker = ticks(p.lo, p.hi, max(1, int(upperHeight/30)), p.f.IntYTicks)
	upper.Y.Label.Text = elide(p.f.YLabel, upper.Y.Label.TextStyle, upperHeight)
	upper.Add(newGrid())
	upper.Add(potential{p.segments, potentialStyle, !p.f.YRange.IsZero()})
	for i, l := range p.f.Lines { // on top: a dense potential would hide them
		upper.Add(reference{l.Value, false, lineStyles[i%len(lineStyles)]})
	}
	if len(p.segments) == 0 {
		upper.Add(notice(fmt.Sprintf("none of the %d values is finite", p.f.Steps())))
	}

	left, _ := insets(page, upper)
	lowerLeft, _ := insets(page, lower)
	data := vg.Rectangle{
		Min: vg.Point{X: box.Min.X + max(left, lowerLeft), Y: box.Min.Y + bottom},
		Max: vg.Point{X: box.Max.X, Y: box.Max.Y},
	}
	drawPanel(page, upper, vg.Rectangle{Min: vg.Point{X: data.Min.X, Y: data.Max.Y - upperHeight}, Max: data.Max})
	// The label of the lower panel stands in line with the upper one's.
	lower.Y.Label.Padding += max(left, lowerLeft) - lowerLeft
	drawPanel(page, lower, vg.Rectangle{Min: data.Min, Max: vg.Point{X: data.Max.X, Y: data.Min.Y + lowerHeight}})
}

// unlabelled returns the ticks without their text: the panel beneath has it. A
// tick with no text would be a minor one, shorter and without a grid line.
func unlabelled(marks []plot.Tick) plot.ConstantTicks {
	bare := make(plot.ConstantTicks, len(marks))
	for i, m := range marks {
		bare[i] = plot.Tick{Value: m.Value, Label: " "}
	}
	return bare
}

// verticals draws the vertical lines of a grid alone.
type verticals struct{ *plotter.Grid }

func (v verticals) Plot(c draw.Canvas, p *plot.Plot) {
	g := *v.Grid
	g.Horizontal.Color = nil
	g.Plot(c, p)
}

// reference is a horizontal line across the panel.
type reference struct {
	value    float64
	vertical bool
	style    draw.LineStyle
}

func (r reference) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	if r.vertical {
		if at := x(r.value); c.ContainsX(at) {
			c.StrokeLine2(r.style, at, c.Min.Y, at, c.Max.Y)
		}
	} else if at := y(r.value); c.ContainsY(at) {
		c.StrokeLine2(r.style, c.Min.X, at, c.Max.X, at)
	}
}

// potential is the line of the membrane potential. A value between two that are
// not finite has no neighbour to be joined to and is a dot.
type potential struct {
	segments []plotter.XYs
	style    draw.LineStyle
	clip     bool // the axis may be shorter than the data
}

func (v potential) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, s := range v.segments {
		line := make([]vg.Point, len(s))
		for i, at := range s {
			line[i] = vg.Point{X: x(at.X), Y: y(at.Y)}
		}
		if len(line) == 1 {
			c.DrawGlyph(draw.GlyphStyle{Color: v.style.Color, Radius: 2, Shape: draw.CircleGlyph{}}, line[0])
			continue
		}
		lines := [][]vg.Point{line}
		if v.clip {
			lines = c.ClipLinesXY(line)
		}
		for _, l := range lines {
			c.StrokeLines(v.style, l)
		}
	}
}

// events are the spikes of one neuron, a vertical tick at each time.
type events struct {
	times []float64
	step  float64 // length of a step on the time axis
}

func (e events) Plot(c draw.Canvas, p *plot.Plot) {
	if len(e.times) == 0 {
		return
	}
	x, _ := p.Transforms(&c)
	inset := c.Size().Y * 0.14
	var path vg.Path
	for _, t := range e.times {
		path.Move(vg.Point{X: x(t), Y: c.Min.Y + inset})
		path.Line(vg.Point{X: x(t), Y: c.Max.Y - inset})
	}
	c.SetLineStyle(draw.LineStyle{Color: vermilion, Width: markWidth(x(e.step) - x(0))})
	c.Stroke(path)
}

// markWidth returns the width of the mark of a spike where a step has the given
// width: marks of neighbouring steps stay apart as long as that can be seen.
func markWidth(step vg.Length) vg.Length { return min(max(step*0.55, 0.45), 1.6) }
