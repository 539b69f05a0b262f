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
	headerLine   = titleSize * 1.3
	headerGap    = vg.Length(6)  // between header and panels
	titleLines   = 2             // at most; a longer title is cut
	minPanelSide = vg.Length(12) // keeps a panel on its feet in a tiny figure
)

// width returns the width of an entry with its thumbnail.
func (e legendEntry) width(style text.Style) vg.Length {
	return thumbWidth + thumbGap + style.Width(e.label)
}

// header draws the title and the legend, beside the title when both fit in one
// line, and returns the rectangle beneath them.
func (p *page) header(legend ...legendEntry) vg.Rectangle {
	box := vg.Rectangle{
		Min: p.Min.Add(vg.Point{X: margin, Y: margin}),
		Max: p.Max.Sub(vg.Point{X: margin, Y: margin}),
	}
	title, entry := titleStyle(), sans(tickSize, faint, draw.XLeft, draw.YBottom)
	y := box.Max.Y - headerLine/2 // the middle of the line

	lines := wrap(p.f.Title, title, box.Size().X, titleLines)
	for _, line := range lines {
		fillMiddle(&p.Canvas, title, vg.Point{X: box.Min.X, Y: y}, line)
		y -= headerLine
	}
	x := box.Min.X
	if total := p.legendWidth(legend, entry); len(legend) > 0 && len(lines) == 1 && title.Width(lines[0])+2*entryGap+total <= box.Size().X {
		x, y = box.Max.X-total, y+headerLine
	}
	for i, e := range legend {
		if w := e.width(entry); i > 0 && x+w > box.Max.X+0.1 {
			x, y = box.Min.X, y-headerLine
		}
		p.StrokeLine2(e.style, x, y, x+thumbWidth, y)
		label := elide(e.label, entry, box.Max.X-x-thumbWidth-thumbGap+0.1)
		fillMiddle(&p.Canvas, entry, vg.Point{X: x + thumbWidth + thumbGap, Y: y}, label)
		x += e.width(entry) + entryGap
	}
	if len(legend) > 0 {
		y -= headerLine
	}
	if len(lines) > 0 || len(legend) > 0 {
		y -= headerGap
	}
	box.Max.Y = max(y+headerLine/2, box.Min.Y+minPanelSide)
	return box
}

// legendWidth returns the width of the entries side by side.
func (p *page) legendWidth(legend []legendEntry, style text.Style) (w vg.Length) {
	for i, e := range legend {
		if i > 0 {
			w += entryGap
		}
		w += e.width(style)
	}
	return w
}

// wrap breaks txt into at most n lines of at most the width; what does not fit
// is cut and marked with an ellipsis.
func wrap(txt string, style text.Style, width vg.Length, n int) (lines []string) {
	words := strings.Fields(txt)
	for len(words) > 0 {
		if len(lines) == n-1 {
			return append(lines, elide(strings.Join(words, " "), style, width))
		}
		k := 1
		for k < len(words) && style.Width(strings.Join(words[:k+1], " ")) <= width {
			k++
		}
		lines = append(lines, elide(strings.Join(words[:k], " "), style, width))
		words = words[k:]
	}
	return lines
}

// elide returns txt as one line, cut and marked with an ellipsis where it is
// wider than the width, and empty where not even a letter fits.
func elide(txt string, style text.Style, width vg.Length) string {
	txt = strings.Join(strings.Fields(txt), " ")
	if style.Width(txt) <= width {
		return txt
	}
	runes := []rune(txt)
	for len(runes) > 0 && style.Width(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	if len(runes) == 0 {
		return ""
	}
	return string(runes) + "…"
}

// fillMiddle draws a line of text with the middle of its digits at pt.Y. The
// text handler's own YCenter centres the box around accents and descenders.
func fillMiddle(c *draw.Canvas, style text.Style, pt vg.Point, txt string) {
	const digitHeight = 0.7 // of Liberation Sans, relative to its size
	baseline := pt.Y - style.Font.Size*digitHeight/2
	// With YBottom the handler puts the baseline at y − ascent + size.
	style.YAlign = draw.YBottom
	pt.Y = baseline + style.FontExtents().Ascent - style.Font.Size
	c.FillText(style, pt, txt)
}

// newPanel returns an empty plot in our style. Its data fill the rectangle
// between its axes to the edge.
func newPanel() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		// The axis keeps room for its ticks, which type axes draws.
		a.Padding = tickLength
		a.Width = 0
		a.Tick.Width = 0
		a.Tick.Label.Font = sans(tickSize, faint, 0, 0).Font
		a.Tick.Label.Color = faint
		a.Tick.Marker = plot.ConstantTicks(nil)
		a.Label.TextStyle.Font = sans(labelSize, ink, 0, 0).Font
		a.Label.TextStyle.Color = ink
		a.Label.Padding = 3
	}
	p.X.Padding += 2 // plot.Axis leaves such room at the y axis alone
	return p
}

// axes draws the lines of the axes along the edges of the data, and ticks
// outwards. plot.Axis draws them up to half a point away, since it takes the
// width of a space once from the font of the label and once from that of the
// ticks; beside a heatmap that is a visible gap.
type axes struct{}

func (axes) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: frame, Width: hairline}
	x, y := p.Transforms(&c)
	half := hairline / 2
	c.StrokeLines(style,
		[]vg.Point{{X: c.Min.X - half, Y: c.Max.Y}, {X: c.Min.X - half, Y: c.Min.Y - half}, {X: c.Max.X, Y: c.Min.Y - half}})
	for _, m := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		c.StrokeLine2(style, x(m.Value), c.Min.Y-hairline, x(m.Value), c.Min.Y-tickLength)
	}
	for _, m := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(style, c.Min.X-hairline, y(m.Value), c.Min.X-tickLength, y(m.Value))
	}
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
	p.X.Tick.Marker = ticks(p.X.Min, p.X.Max, max(1, int(width/42)), f.IntXTicks)
	if len(f.XNames) > 0 {
		p.X.Tick.Marker = named(f.XNames, scale, int(width/(widest(f.XNames)+nameGap)))
	}
	p.X.Label.Text = elide(f.XLabel, p.X.Label.TextStyle, width)
}

const nameGap = vg.Length(8) // between the names of two columns, at least

// widest returns the width of the longest name beside an axis.
func widest(names []string) (w vg.Length) {
	for _, name := range names {
		w = max(w, sans(tickSize, faint, 0, 0).Width(name))
	}
	return w
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
	if len(f.YNames) > 0 {
		p.Y.Tick.Marker = named(f.YNames, 1, int(height/14))
	}
	p.Y.Label.Text = elide(f.YLabel, p.Y.Label.TextStyle, height)
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
	p.Add(axes{})
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
	style := sans(tickSize, faint, draw.XCenter, draw.YBottom)
	half := vg.Point{X: style.Width(string(n))/2 + 4, Y: tickSize * 0.7}
	behind := vg.Rectangle{Min: c.Center().Sub(half), Max: c.Center().Add(half)}
	c.SetColor(ground)
	c.Fill(behind.Path())
	fillMiddle(&c, style, c.Center(), string(n))
}
