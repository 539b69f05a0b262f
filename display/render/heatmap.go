package render

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spikebook/display/figure"
)

// heatmap draws a colour for each neuron and step, and the scale of colours
// beside it.
type heatmap struct {
	f      *figure.Figure
	bins   bins
	lo, hi float64 // values at the ends of the colours
}

func newHeatmap(f *figure.Figure) *heatmap {
	p := &heatmap{f: f, bins: newBins(f), lo: f.ColorRange.Min, hi: f.ColorRange.Max}
	if f.ColorRange.IsZero() {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, x := range f.Series[0].Data {
			if finite(x) {
				lo, hi = min(lo, float64(x)), max(hi, float64(x))
			}
		}
		p.lo, p.hi = widen(lo, hi, 0)
	}
	return p
}

func (p *heatmap) marks() int { return p.f.Steps() * p.f.Neurons() }

func (p *heatmap) note() string {
	if p.bins.several() {
		return "each pixel is the mean of its values"
	}
	return ""
}

// The colour map in an image: colorSteps colours, then that of a gap.
const (
	colorSteps = 255
	gapIndex   = colorSteps
)

func heatPalette() color.Palette {
	colors := make(color.Palette, colorSteps, colorSteps+1)
	for i := range colors {
		colors[i] = viridis(float64(i) / (colorSteps - 1))
	}
	return append(colors, gap)
}

// colorIndex returns the index of the colour of x on the scale [lo, hi].
func colorIndex(x, lo, hi float64) uint8 {
	return uint8(math.Round((colorSteps - 1) * min(max((x-lo)/(hi-lo), 0), 1)))
}

// image returns the picture, one pixel for each cell or several.
func (p *heatmap) image() *image.Paletted {
	data, n := p.f.Series[0].Data, p.f.Neurons()
	mean, count := p.bins.mean(func(step, neuron int) (float64, bool) {
		x := data[step*n+neuron]
		return float64(x), finite(x)
	})
	img := image.NewPaletted(image.Rect(0, 0, p.bins.w, p.bins.h), heatPalette())
	for i := range mean {
		img.Pix[i] = gapIndex
		if count[i] > 0 {
			img.Pix[i] = colorIndex(mean[i], p.lo, p.hi)
		}
	}
	return img
}

func (p *heatmap) draw(page *page) {
	box := page.header()
	panel := newPanel()
	stepAxis(panel, p.f, box.Size().X*0.8)
	_, bottom := insets(page, panel)
	neuronAxis(panel, p.f, box.Size().Y-bottom)
	panel.Add(tile{p.image()})
	left, _ := insets(page, panel)

	data := vg.Rectangle{
		Min: box.Min.Add(vg.Point{X: left, Y: bottom}),
		Max: box.Max,
	}
	bar := newColorbar(p.lo, p.hi, p.f.ColorbarLabel, data.Size().Y)
	if p.f.Colorbar {
		data.Max.X -= bar.width()
	}
	data.Max.X = max(data.Max.X, data.Min.X+minPanelSide)
	drawPanel(page, panel, data)
	if p.f.Colorbar {
		bar.draw(&page.Canvas, data)
	}
}

// tile is an image that fills its panel.
type tile struct{ image *image.Paletted }

func (t tile) Plot(c draw.Canvas, _ *plot.Plot) { c.DrawImage(c.Rectangle, t.image) }

// colorbar is the scale of colours at the right of a panel.
type colorbar struct {
	lo, hi float64
	label  string
	marks  plot.ConstantTicks
}

const (
	barGap   = vg.Length(12) // between panel and bar
	barWidth = vg.Length(12)
	barTick  = vg.Length(4) // between bar and tick label
	barLabel = vg.Length(6) // between tick labels and label
)

func newColorbar(lo, hi float64, label string, height vg.Length) *colorbar {
	return &colorbar{
		lo: lo, hi: hi,
		label: elide(label, sans(labelSize, ink, 0, 0), height),
		marks: ticks(lo, hi, max(2, int(height/32)), false),
	}
}

// labelsWidth returns the width of the longest tick label.
func (b *colorbar) labelsWidth() (w vg.Length) {
	for _, m := range b.marks {
		w = max(w, sans(tickSize, faint, 0, 0).Width(m.Label))
	}
	return w
}

// width returns how much of the page the bar takes, its gap to the panel
// included.
func (b *colorbar) width() vg.Length {
	w := barGap + barWidth + barTick + b.labelsWidth()
	if b.label != "" {
		w += barLabel + labelSize
	}
	return w
}

// draw draws the bar beside the rectangle panel, as high as it.
func (b *colorbar) draw(c *draw.Canvas, panel vg.Rectangle) {
	r := vg.Rectangle{
		Min: vg.Point{X: panel.Max.X + barGap, Y: panel.Min.Y},
		Max: vg.Point{X: panel.Max.X + barGap + barWidth, Y: panel.Max.Y},
	}
	img := image.NewPaletted(image.Rect(0, 0, 1, colorSteps), heatPalette())
	for i := range colorSteps {
		img.Pix[i] = uint8(colorSteps - 1 - i)
	}
	c.DrawImage(r, img)
	line := draw.LineStyle{Color: frame, Width: hairline}
	style := sans(tickSize, faint, draw.XLeft, draw.YBottom)
	for _, m := range b.marks {
		y := r.Min.Y + r.Size().Y*vg.Length((m.Value-b.lo)/(b.hi-b.lo))
		c.StrokeLine2(line, r.Max.X, y, r.Max.X+barTick-1.5, y)
		fillMiddle(c, style, vg.Point{X: r.Max.X + barTick, Y: y}, m.Label)
	}
	if b.label != "" {
		drawRotated(c, vg.Point{X: r.Max.X + barTick + b.labelsWidth() + barLabel, Y: (r.Min.Y + r.Max.Y) / 2}, b.label)
	}
}

// drawRotated draws a label that reads upwards, to the right of pt and centred
// on its height.
func drawRotated(c *draw.Canvas, pt vg.Point, label string) {
	style := sans(labelSize, ink, draw.XCenter, draw.YTop)
	style.Rotation = math.Pi / 2
	c.FillText(style, pt, label)
}
