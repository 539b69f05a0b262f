// Package render draws figures with gonum.org/v1/plot: as SVG, PNG and PDF, and
// as the bundle of them that a notebook shows.
//
// The kernel links it, cells do not. A program that runs outside of a kernel
// imports it for its effect, which gives Save to its figures:
//
//	import _ "spikebook/display/render"
//
// Drawing is a function of the figure alone: the same figure gives the same
// bytes of SVG on every machine. All functions may be called concurrently. The
// package knows neither where figures come from nor how they reach a front end.
package render

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"

	"spikebook/display/figure"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// MaxMarks is the largest number of marks (cells of a heatmap, spikes of a
// raster) that [Bundle] draws as SVG. With more of them the SVG would make the
// notebook heavy and show nothing that the PNG does not.
const MaxMarks = 20_000

func init() { figure.RegisterRenderer(Image) }

// MIME types in a bundle.
const (
	mimeSVG  = "image/svg+xml"
	mimePNG  = "image/png"
	mimeText = "text/plain"
)

// Bundle returns f as the content of a Jupyter display_data message: data by
// MIME type, and metadata by MIME type. The data are an SVG, the same picture as
// PNG in base64 (a front end that does not trust the notebook shows no SVG), and
// the figure's line of words. Above [MaxMarks] there is no SVG and the line says
// so. The metadata give the size of the PNG on the page, in CSS pixels, since
// the PNG itself is denser.
func Bundle(f *figure.Figure) (data, metadata map[string]any, err error) {
	pic, err := newPicture(f)
	if err != nil {
		return nil, nil, err
	}
	text := f.Text
	if note := pic.note(); note != "" {
		text += "; " + note
	}
	data = map[string]any{}
	var (
		wait   sync.WaitGroup
		svg    []byte
		svgErr error
	)
	if n := pic.marks(); n > MaxMarks {
		text += fmt.Sprintf("; drawn as PNG: %d marks", n)
	} else {
		wait.Go(func() { svg, svgErr = paint(f, pic, figure.SVG) })
	}
	png, err := paint(f, pic, figure.PNG)
	wait.Wait()
	if err = errors.Join(svgErr, err); err != nil {
		return nil, nil, err
	}
	if svg != nil {
		data[mimeSVG] = string(svg)
	}
	data[mimePNG] = base64.StdEncoding.EncodeToString(png)
	data[mimeText] = text
	w, h := f.Size()
	metadata = map[string]any{mimePNG: map[string]any{
		"width":  int(math.Round(w * cssDPI)),
		"height": int(math.Round(h * cssDPI)),
	}}
	return data, metadata, nil
}

// Image returns f in one of [figure.Formats].
func Image(f *figure.Figure, format string) ([]byte, error) {
	pic, err := newPicture(f)
	if err != nil {
		return nil, err
	}
	return paint(f, pic, format)
}

// A picture is a figure that has been read and can be drawn on any canvas.
type picture interface {
	// marks returns the number of marks that stand for data.
	marks() int
	// note says what the picture leaves out, empty when nothing.
	note() string
	// draw draws the picture on the page.
	draw(page *page)
}

// newPicture reads f; it has one case for each kind of figure.
func newPicture(f *figure.Figure) (picture, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	switch f.Kind {
	case figure.Voltage:
		return newVoltage(f), nil
	case figure.Heatmap:
		return newHeatmap(f), nil
	case figure.Lines, figure.Paths:
		return newCurves(f), nil
	default: // Validate admits no other kind
		return newRaster(f), nil
	}
}

// paint draws pic in the format. The drawing library reports what it cannot do
// by panics; here they become errors.
func paint(f *figure.Figure, pic picture, format string) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("draw %s as %s (this is a bug in spikebook): %v\n%s", f.Kind, format, p, debug.Stack())
		}
	}()
	w, h := f.Size()
	size := vg.Point{X: vg.Length(w) * vg.Inch, Y: vg.Length(h) * vg.Inch}
	c, err := newCanvas(format, size, f)
	if err != nil {
		return nil, err
	}
	pic.draw(&page{
		Canvas: draw.NewCanvas(c, size.X, size.Y),
		f:      f,
	})
	return c.bytes()
}
