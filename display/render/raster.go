package render

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"spikebook/display/figure"
)

// raster draws a mark for each spike of each neuron, neuron 0 at the top, and at
// the right the firing rate of each neuron. More than MaxMarks spikes are drawn
// as their density.
type raster struct {
	f      *figure.Figure
	bins   bins
	spikes int
	rates  []float64 // spikes per step, of each neuron
}

func newRaster(f *figure.Figure) *raster {
	n := f.Neurons()
	p := &raster{f: f, bins: newBins(f), rates: make([]float64, n)}
	for i, x := range f.Series[0].Data {
		if isSpike(x) {
			p.spikes++
			p.rates[i%n]++
		}
	}
	for i := range p.rates {
		p.rates[i] /= float64(f.Steps())
	}
	return p
}

func (p *raster) marks() int { return p.spikes }

func (p *raster) note() string {
	if p.dense() {
		return "darker where spikes are denser"
	}
	return ""
}

// dense reports whether there are too many spikes for a mark each.
func (p *raster) dense() bool { return p.spikes > MaxMarks }

const (
	rateGap       = vg.Length(10) // between the panel and the column
	rateWidth     = vg.Length(30) // of the column with numbers
	rateBar       = vg.Length(14) // of the column without
	minNumberSize = vg.Length(5.5)
	minColorRow   = vg.Length(2.5) // lower rows have one colour: theirs would only be noise
)

func (p *raster) draw(page *page) {
	box := page.header()
	panel := newPanel()
	stepAxis(panel, p.f, box.Size().X*0.8)
	_, bottom := insets(page, panel)
	neuronAxis(panel, p.f, box.Size().Y-bottom)
	left, _ := insets(page, panel)
	data := vg.Rectangle{
		Min: box.Min.Add(vg.Point{X: left, Y: bottom}),
		Max: box.Max,
	}
	column := p.newRateColumn(data.Size().Y)
	if p.f.RateColumn {
		data.Max.X -= column.width()
	}
	data.Max.X = max(data.Max.X, data.Min.X+minPanelSide)

	panel.Add(verticals{newGrid()})
	switch {
	case p.dense():
		panel.Add(tile{p.density()})
	case p.spikes > 0:
		panel.Add(marks{p})
	default:
		panel.Add(notice("no spikes"))
	}
	drawPanel(page, panel, data)
	if p.f.RateColumn {
		column.draw(&page.Canvas, data)
	}
}

// marks draws a vertical tick for each spike.
type marks struct{ *raster }

func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	const tallest = vg.Length(14) // half of a mark, when there are few rows
	x, y := p.Transforms(&c)
	n, scale := m.f.Neurons(), stepScale(m.f)
	row := c.Size().Y / vg.Length(n)
	half := min(max(row*0.4, 0.3), tallest)
	style := draw.LineStyle{Color: blue, Width: markWidth(c.Size().X / vg.Length(m.f.Steps()))}
	data := m.f.Series[0].Data
	paths := make([]vg.Path, len(rowColors))
	for neuron := range n {
		k := neuron % len(paths)
		if row < minColorRow {
			k = 0
		}
		at := y(float64(neuron))
		for t := range m.f.Steps() {
			if isSpike(data[t*n+neuron]) {
				paths[k].Move(vg.Point{X: x(float64(t) * scale), Y: at - half})
				paths[k].Line(vg.Point{X: x(float64(t) * scale), Y: at + half})
			}
		}
	}
	for k, path := range paths {
		if len(path) > 0 {
			style.Color = rowColors[k]
			c.SetLineStyle(style)
			c.Stroke(path)
		}
	}
}

// density returns an image that is white where no neuron fires and darker the
// more of a pixel's cells hold a spike.
func (p *raster) density() *image.Paletted {
	const shades = 64
	colors := make(color.Palette, shades+1)
	colors[0] = ground
	for i := 1; i <= shades; i++ {
		// A single spike must be seen: the lightest shade is well off white.
		mix := 0.2 + 0.8*float64(i-1)/(shades-1)
		blend := func(c uint8) uint8 { return uint8(math.Round(255 + float64(mix*(float64(c)-255)))) }
		dark := color.NRGBA{0x00, 0x3b, 0x6f, 255}
		colors[i] = color.NRGBA{blend(dark.R), blend(dark.G), blend(dark.B), 255}
	}
	data, n := p.f.Series[0].Data, p.f.Neurons()
	share, _ := p.bins.mean(func(step, neuron int) (float64, bool) {
		if isSpike(data[step*n+neuron]) {
			return 1, true
		}
		return 0, true
	})
	most := 0.0
	for _, s := range share {
		most = max(most, s)
	}
	img := image.NewPaletted(image.Rect(0, 0, p.bins.w, p.bins.h), colors)
	for i, s := range share {
		if s > 0 {
			img.Pix[i] = uint8(1 + math.Round((shades-1)*math.Sqrt(s/most)))
		}
	}
	return img
}

// rateColumn is the column of firing rates: a coloured cell for each neuron,
// with its number where that fits, else with a colour bar.
type rateColumn struct {
	*raster
	max     float64
	numbers bool
	size    vg.Length // of the numbers
	bar     *colorbar
}

func (p *raster) newRateColumn(height vg.Length) *rateColumn {
	c := &rateColumn{raster: p}
	for _, r := range p.rates {
		c.max = max(c.max, r)
	}
	row := height / vg.Length(len(p.rates))
	c.size = min(row*0.8, numberSize)
	c.numbers = c.size >= minNumberSize
	top := c.max
	if top == 0 {
		top = 1
	}
	c.bar = newColorbar(0, top, p.f.RateLabel, height)
	return c
}

func (c *rateColumn) width() vg.Length {
	switch {
	case !c.numbers:
		return rateGap + rateBar + c.bar.width()
	case c.bar.label != "":
		return rateGap + rateWidth + barLabel + labelSize
	default:
		return rateGap + rateWidth
	}
}

// draw draws the column beside the rectangle panel, a cell beside each row.
func (c *rateColumn) draw(canvas *draw.Canvas, panel vg.Rectangle) {
	r := panel
	r.Min.X = panel.Max.X + rateGap
	r.Max.X = r.Min.X + rateWidth
	if !c.numbers {
		r.Max.X = r.Min.X + rateBar
	}
	top := c.bar.hi
	img := image.NewPaletted(image.Rect(0, 0, 1, c.bins.h), heatPalette())
	mean := make([]float64, c.bins.h)
	count := make([]float64, c.bins.h)
	for n, rate := range c.rates {
		i := n * c.bins.h / len(c.rates)
		mean[i] += rate
		count[i]++
	}
	for i := range mean {
		img.Pix[i] = colorIndex(mean[i]/count[i], 0, top)
	}
	canvas.DrawImage(r, img)
	if !c.numbers {
		c.bar.draw(canvas, r)
		return
	}
	row := r.Size().Y / vg.Length(len(c.rates))
	decimals := 2
	if c.max > 0 && c.max < 0.095 {
		decimals = 3
	}
	for n, rate := range c.rates {
		style := sans(c.size, on(viridis(rate/top)), draw.XCenter, draw.YBottom)
		at := vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: r.Max.Y - row*(vg.Length(n)+0.5)}
		fillMiddle(canvas, style, at, strconv.FormatFloat(rate, 'f', decimals, 64))
		if n > 0 && row > 4 {
			y := r.Max.Y - row*vg.Length(n)
			canvas.StrokeLine2(draw.LineStyle{Color: ground, Width: 0.5}, r.Min.X, y, r.Max.X, y)
		}
	}
	if c.bar.label != "" {
		drawRotated(canvas, vg.Point{X: r.Max.X + barLabel, Y: (r.Min.Y + r.Max.Y) / 2}, c.bar.label)
	}
}
