package render

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The look that all pictures share. A picture brings its own white ground, so
// that it reads the same in a light and in a dark notebook.
var (
	ground = color.NRGBA{255, 255, 255, 255}
	ink    = color.NRGBA{0x24, 0x29, 0x2f, 255} // titles and labels
	faint  = color.NRGBA{0x57, 0x60, 0x6a, 255} // tick labels
	frame  = color.NRGBA{0x8c, 0x95, 0x9f, 255} // axis lines
	grid   = color.NRGBA{0xea, 0xec, 0xef, 255}
	gap    = color.NRGBA{0xd8, 0xda, 0xdd, 255} // a value that is no number
)

// The colours of data: distinguishable for the colour-blind and on white (after
// Okabe and Ito, the light ones darkened or left out).
var rowColors = []color.NRGBA{
	{0x00, 0x72, 0xb2, 255}, // blue
	{0xd5, 0x5e, 0x00, 255}, // vermilion
	{0x00, 0x8f, 0x68, 255}, // green
	{0xa8, 0x3f, 0x7f, 255}, // purple
	{0xb5, 0x86, 0x00, 255}, // ochre
	{0x4a, 0x56, 0x61, 255}, // slate
}

var (
	blue      = rowColors[0]
	vermilion = rowColors[1]
	green     = rowColors[2]
)

const (
	titleSize  = vg.Length(12)
	labelSize  = vg.Length(10.5)
	tickSize   = vg.Length(9)
	numberSize = vg.Length(8) // of a number inside a cell, at most
	margin     = vg.Length(10)
	hairline   = vg.Length(0.6)
	tickLength = vg.Length(3.5)
)

// sans returns the style of text at a size.
func sans(size vg.Length, clr color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color:   clr,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign:  x,
		YAlign:  y,
		Handler: plot.DefaultTextHandler,
	}
}

func titleStyle() text.Style {
	s := sans(titleSize, ink, draw.XLeft, draw.YTop)
	s.Font.Weight = xfont.WeightBold
	return s
}

// viridis returns the colour of t in [0, 1] in a map whose lightness grows
// evenly from dark violet to yellow. It is the polynomial that Matt Zucker
// fitted to the viridis of Smith and van der Walt; both are in the public domain
// (CC0).
func viridis(t float64) color.NRGBA {
	coefficients := [...][3]float64{ // of t^0 to t^6, for red, green and blue
		{0.2777273272234177, 0.005407344544966578, 0.3340998053353061},
		{0.1050930431085774, 1.404613529898575, 1.384590162594685},
		{-0.3308618287255563, 0.214847559468213, 0.09509516302823659},
		{-4.634230498983486, -5.799100973351585, -19.33244095627987},
		{6.228269936347081, 14.17993336680509, 56.69055260068105},
		{4.776384997670288, -13.74514537774601, -65.35303263337234},
		{-5.435455855934631, 4.645852612178535, 26.3124352495832},
	}
	t = min(max(t, 0), 1)
	var rgb [3]uint8
	for i := range rgb {
		y := 0.0
		for k := len(coefficients) - 1; k >= 0; k-- {
			// The conversion forbids a fused multiply-add, which would give
			// another picture on other processors.
			y = float64(y*t) + coefficients[k][i]
		}
		rgb[i] = uint8(math.Round(255 * min(max(y, 0), 1)))
	}
	return color.NRGBA{rgb[0], rgb[1], rgb[2], 255}
}

// luminance returns the relative luminance of c (ITU-R BT.709), black 0 and
// white 1.
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// on returns the colour of text on a ground: white or ink, whichever has the
// larger contrast.
func on(c color.NRGBA) color.NRGBA {
	l := luminance(c)
	if (1+0.05)/(l+0.05) > (l+0.05)/(luminance(ink)+0.05) {
		return ground
	}
	return ink
}
