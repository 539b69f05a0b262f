package render

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spikebook/display/figure"
)

// curves draws lines over an axis of numbers, or in a plane, with their legend
// above.
type curves struct {
	f      *figure.Figure
	series []figure.Series // of the y axis
	lines  [][]plotter.XYs // of each of them, cut where it is not finite
	lo, hi float64         // of the y axis
	left   float64         // of the x axis
	right  float64
	points int
}

func newCurves(f *figure.Figure) *curves {
	p := &curves{f: f}
	p.lo, p.hi = math.Inf(1), math.Inf(-1)
	p.left, p.right = math.Inf(1), math.Inf(-1)
	add := func(x, y figure.Series) {
		var segments []plotter.XYs
		var segment plotter.XYs
		for i, v := range y.Data {
			at := float64(x.Data[i])
			if finite(x.Data[i]) {
				p.left, p.right = min(p.left, at), max(p.right, at)
			}
			if finite(v) && finite(x.Data[i]) {
				segment = append(segment, plotter.XY{X: at, Y: float64(v)})
				p.lo, p.hi = min(p.lo, float64(v)), max(p.hi, float64(v))
				p.points++
			} else if len(segment) > 0 {
				segments, segment = append(segments, segment), nil
			}
		}
		if len(segment) > 0 {
			segments = append(segments, segment)
		}
		p.series, p.lines = append(p.series, y), append(p.lines, segments)
	}
	if f.Kind == figure.Paths {
		for i := 0; i < len(f.Series); i += 2 {
			add(f.Series[i], f.Series[i+1])
		}
	} else {
		for _, s := range f.Series[1:] {
			add(f.Series[0], s)
		}
	}
	if f.Kind == figure.Paths && !f.XRange.IsZero() {
		p.left, p.right = f.XRange.Min, f.XRange.Max
	}
	if !(p.left < p.right) {
		p.left, p.right = widen(p.left, p.right, 0)
	}
	for _, l := range f.Lines {
		if !l.Vertical {
			p.lo, p.hi = min(p.lo, l.Value), max(p.hi, l.Value)
		}
	}
	if p.lo, p.hi = widen(p.lo, p.hi, 0.06); !f.YRange.IsZero() {
		p.lo, p.hi = f.YRange.Min, f.YRange.Max
	}
	return p
}

func (p *curves) marks() int { return p.points }

func (p *curves) note() string { return "" }

// style returns how curve i is drawn: those to compare with are grey and dashed.
func (p *curves) style(i int) draw.LineStyle {
	switch s := p.series[i]; {
	case s.Faint:
		return draw.LineStyle{Color: gap, Width: 0.9}
	case s.Dashed:
		return draw.LineStyle{Color: faint, Width: 1.2, Dashes: []vg.Length{5, 3}}
	}
	solid := 0
	for _, s := range p.series[:i] {
		if !s.Dashed && !s.Faint {
			solid++
		}
	}
	return draw.LineStyle{Color: rowColors[solid%len(rowColors)], Width: 1.6}
}

func (p *curves) draw(page *page) {
	var legend []legendEntry
	for i, s := range p.series {
		if !s.Faint && s.Name != "" {
			legend = append(legend, legendEntry{s.Name, p.style(i)})
		}
	}
	for i, l := range p.f.Lines {
		legend = append(legend, legendEntry{
			strings.TrimSpace(l.Name + " " + minus(strconv.FormatFloat(l.Value, 'g', 6, 64))), lineStyles[i%len(lineStyles)],
		})
	}
	box := page.header(legend...)
	panel := newPanel()
	panel.X.Min, panel.X.Max = p.left, p.right
	panel.X.Tick.Marker = ticks(panel.X.Min, panel.X.Max, max(2, int(box.Size().X/70)), p.f.IntXTicks)
	panel.X.Label.Text = elide(p.f.XLabel, panel.X.Label.TextStyle, box.Size().X*0.88)
	panel.Y.Min, panel.Y.Max = p.lo, p.hi
	panel.Y.Tick.Marker = ticks(p.lo, p.hi, max(1, int(box.Size().Y/34)), p.f.IntYTicks)
	panel.Y.Label.Text = elide(p.f.YLabel, panel.Y.Label.TextStyle, box.Size().Y)
	panel.Add(newGrid())
	for i, l := range p.f.Lines {
		panel.Add(reference{l.Value, l.Vertical, lineStyles[i%len(lineStyles)]})
	}
	for i, segments := range p.lines {
		panel.Add(potential{segments, p.style(i), !p.f.YRange.IsZero() || !p.f.XRange.IsZero()})
	}
	if p.points == 0 {
		panel.Add(notice("none of the values is finite"))
	}
	left, bottom := insets(page, panel)
	drawPanel(page, panel, vg.Rectangle{Min: box.Min.Add(vg.Point{X: left, Y: bottom}), Max: box.Max})
}
