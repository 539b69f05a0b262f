package render

import (
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spikebook/display/figure"
)

// page is the area of a whole figure. A picture takes the header off its top and
// lays its panels out in what is left.
type page struct {
	draw.Canvas
	f *figure.Figure
}

// legendEntry is one line style and what it stands for.
type legendEntry struct {
	label string
	style draw.LineStyle
}

const (
	thumbWidth   = vg.Length(20) // of the piece of line in a legend
	thumbGap     = vg.Length(5)  // between that and its text
	entryGap     = vg.Length(14) // between entries
	titleLines   = 2             // at most; a longer title is cut
	minPanelSide = vg.Length(12) // keeps a panel on its feet in a tiny figure
)

// header draws the ground, the title and the legend, beside the title when both
// fit in one line, and returns the rectangle beneath them.
func (p *page) header(legend ...legendEntry) vg.Rectangle {
	p.SetColor(ground)
	p.Fill(p.Rectangle.Path())
	box := vg.Rectangle{
		Min: p.Min.Add(vg.Point{X: margin, Y: margin}),
		Max: p.Max.Sub(vg.Point{X: margin, Y: margin}),
	}
	var legendWidth vg.Length
	entry := sans(tickSize, faint, draw.XLeft, draw.YCenter)
	for i, e := range legend {
		if i > 0 {
			legendWidth += entryGap
		}
		legendWidth += thumbWidth + thumbGap + entry.Width(e.label)
	}
	title := titleStyle()
	text := wrap(p.f.Title, title, box.Size().X, titleLines)
	beside := len(legend) > 0 && title.Width(text)+2*entryGap+legendWidth <= box.Size().X

	top := box.Max.Y
	if text != "" {
		p.FillText(title, vg.Point{X: box.Min.X, Y: top}, text)
		lines := vg.Length(strings.Count(text, "\n"))
		if !beside || lines > 0 {
			top -= lines * titleSize
		}
		if !beside {
			top -= titleSize * 1.35
		}
	}
	if len(legend) > 0 {
		x := box.Min.X
		if beside {
			x = box.Max.X - legendWidth
		}
		y := top - titleSize*0.55
		for _, e := range legend {
			p.StrokeLine2(e.style, x, y, x+thumbWidth, y)
			x += thumbWidth + thumbGap
			fillMiddle(&p.Canvas, entry, vg.Point{X: x, Y: y}, e.label)
			x += entry.Width(e.label) + entryGap
		}
		top -= titleSize * 1.35
	}
	if text != "" || len(legend) > 0 {
		top -= 5
	}
	box.Max.Y = max(top, box.Min.Y+minPanelSide)
	return box
}

// wrap breaks txt into lines of at most the width, and cuts it with an ellipsis
// after the n-th.
func wrap(txt string, style text.Style, width vg.Length, n int) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(txt) {
		switch longer := strings.TrimSpace(line + " " + word); {
		case line == "" || style.Width(longer) <= width:
			line = longer
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	cut := len(lines) > n
	if cut {
		lines = lines[:n]
	}
	for i, l := range lines {
		lines[i] = elide(l, style, width, cut && i == n-1)
	}
	return strings.Join(lines, "\n")
}

// elide cuts txt so that it fits the width, and marks a cut with an ellipsis.
func elide(txt string, style text.Style, width vg.Length, marked bool) string {
	if !marked && style.Width(txt) <= width {
		return txt
	}
	runes := []rune(txt)
	for len(runes) > 0 && style.Width(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// fillMiddle draws a line of text with the middle of its digits at pt.Y. The
// text handler's own YCenter centres the box around accents and descenders,
// which looks too high.
func fillMiddle(c *draw.Canvas, style text.Style, pt vg.Point, txt string) {
	const capHeight = 0.70 // of Liberation Sans, relative to its size
	style.YAlign = draw.YBottom
	pt.Y -= style.Font.Size*capHeight/2 + style.FontExtents().Descent
	c.FillText(style, pt, txt)
}

// newPanel returns an empty plot in our style. Its data fill the rectangle
// between its axes to the edge.
func newPanel() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Padding = 0
		a.LineStyle = draw.LineStyle{Color: frame, Width: hairline}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = tickLength
		a.Tick.Label.Font = sans(tickSize, faint, 0, 0).Font
		a.Tick.Label.Color = faint
		a.Tick.Marker = plot.ConstantTicks(nil)
		a.Label.TextStyle.Font = sans(labelSize, ink, 0, 0).Font
		a.Label.TextStyle.Color = ink
		a.Label.Padding = 3
	}
	return p
}

// newGrid returns thin lines at the ticks.
func newGrid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Horizontal = draw.LineStyle{Color: grid, Width: hairline}
	g.Vertical = g.Horizontal
	return g
}

// stepAxis gives p the time axis of the figure.
func stepAxis(p *plot.Plot, f *figure.Figure, width vg.Length) {
	scale := stepScale(f)
	p.X.Min, p.X.Max = -0.5*scale, (float64(f.Steps())-0.5)*scale
	p.X.Tick.Marker = ticks(p.X.Min, p.X.Max, max(1, int(width/50)), f.IntXTicks)
	p.X.Label.Text = elide(strings.Join(strings.Fields(f.XLabel), " "), p.X.Label.TextStyle, width, false)
}

// stepScale returns the length of a step on the time axis.
func stepScale(f *figure.Figure) float64 {
	if f.XMax == 0 {
		return 1
	}
	return f.XMax / float64(f.Steps())
}

// neuronAxis gives p the axis of neuron indices, 0 at the top.
func neuronAxis(p *plot.Plot, f *figure.Figure, height vg.Length) {
	p.Y.Min, p.Y.Max = -0.5, float64(f.Neurons())-0.5
	p.Y.Scale = plot.InvertedScale{Normalizer: plot.LinearScale{}}
	p.Y.Tick.Marker = ticks(p.Y.Min, p.Y.Max, max(1, int(height/24)), f.IntYTicks)
	p.Y.Label.Text = elide(strings.Join(strings.Fields(f.YLabel), " "), p.Y.Label.TextStyle, height, false)
}

// insets returns how far the axes of p reach to the left of its data and below
// them.
func insets(c vg.Canvas, p *plot.Plot) (left, bottom vg.Length) {
	r := vg.Rectangle{Max: vg.Point{X: 1000, Y: 1000}}
	d := p.DataCanvas(draw.Canvas{Canvas: c, Rectangle: r})
	return d.Min.X, d.Min.Y
}

// drawPanel draws p so that its data fill exactly the rectangle data. Plot.Draw
// takes the outer rectangle; the inner one follows from it through the widths of
// the labels. Here the outer one is sought, from the inner one outwards, so that
// panels share an axis to the last decimal.
func drawPanel(c vg.Canvas, p *plot.Plot, data vg.Rectangle) {
	outer := draw.Canvas{Canvas: c, Rectangle: data}
	for range 20 {
		inner := p.DataCanvas(outer)
		dMin, dMax := data.Min.Sub(inner.Min), data.Max.Sub(inner.Max)
		outer.Min, outer.Max = outer.Min.Add(dMin), outer.Max.Add(dMax)
		if math.Abs(float64(dMin.X))+math.Abs(float64(dMin.Y))+math.Abs(float64(dMax.X))+math.Abs(float64(dMax.Y)) < 1e-6 {
			break
		}
	}
	p.Draw(outer)
}

// notice is a plotter that says, in the middle of its panel, why it is empty.
type notice string

func (n notice) Plot(c draw.Canvas, _ *plot.Plot) {
	fillMiddle(&c, sans(tickSize, faint, draw.XCenter, draw.YBottom), c.Center(), string(n))
}
