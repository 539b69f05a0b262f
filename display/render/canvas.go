package render

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	imagedraw "image/draw"
	"math"
	"slices"
	"strings"
	"sync"

	"git.sr.ht/~sbinet/gg"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"

	"spikebook/display/figure"
)

// cssDPI is the number of CSS pixels in an inch.
const cssDPI = 96

// canvas is a vg.Canvas that ends as the bytes of a file.
type canvas interface {
	vg.Canvas
	bytes() ([]byte, error)
}

// newCanvas returns an empty canvas.
func newCanvas(format string, size vg.Point, f *figure.Figure) (canvas, error) {
	switch format {
	case figure.SVG:
		return newSVG(size, f.Text), nil
	case figure.PNG:
		return newPNG(size, f.Density()), nil
	case figure.PDF:
		c := &pdfCanvas{vgpdf.New(size.X, size.Y)}
		c.SetColor(ground)
		c.Fill(vg.Rectangle{Max: size}.Path())
		vg.Initialize(c)
		return c, nil
	}
	return nil, fmt.Errorf("unknown picture format %q, want one of %v", format, figure.Formats)
}

// pngCanvas is vgimg's canvas, except that images keep hard edges, and long paths
// take no longer than their length.
type pngCanvas struct {
	*vgimg.Canvas
	dashes  []vg.Length
	dashOff vg.Length
}

// images are used again: to find and clear six megabytes of memory takes the
// system as long as drawing on them.
var images sync.Pool

// newPNG returns an empty canvas, as vgimg.NewWith does, but for one image only.
func newPNG(size vg.Point, dpi int) *pngCanvas {
	dots := func(l vg.Length) int { return int(l.Dots(float64(dpi)) + 0.5) }
	bounds := image.Rect(0, 0, dots(size.X), dots(size.Y))
	m, _ := images.Get().(*image.RGBA)
	if m == nil || m.Rect != bounds {
		m = image.NewRGBA(bounds)
	}
	context := gg.NewContextForRGBA(m)
	context.SetLineCapButt()
	context.InvertY()
	c := &pngCanvas{Canvas: vgimg.NewWith(vgimg.UseImageWithContext(m, context), vgimg.UseDPI(dpi))}
	imagedraw.Draw(m, bounds, image.NewUniform(ground), image.Point{}, imagedraw.Src)
	return c
}

// SetLineDash sets the dashes, and where in them a line begins.
func (c *pngCanvas) SetLineDash(dashes []vg.Length, offset vg.Length) {
	c.dashes, c.dashOff = dashes, offset
	c.Canvas.SetLineDash(dashes, offset)
}

// maxPath is the number of points that are stroked at once: the rasterizer takes
// time that grows with the square of what crosses one row of pixels.
const maxPath = 32

// Stroke strokes a path of lines in pieces. Where a line is cut, the next piece
// begins with the last segment of the one before, so that the corner between them
// is drawn, and its dashes go on.
func (c *pngCanvas) Stroke(path vg.Path) {
	if len(path) <= maxPath || slices.ContainsFunc(path, func(p vg.PathComp) bool { return p.Type != vg.MoveComp && p.Type != vg.LineComp }) {
		c.Canvas.Stroke(path)
		return
	}
	defer c.Canvas.SetLineDash(c.dashes, c.dashOff)
	dashed := len(c.dashes) > 0
	offset := c.dashOff
	piece := make(vg.Path, 0, maxPath)
	for _, p := range path {
		begins := p.Type == vg.MoveComp
		if n := len(piece); n == maxPath || n > 0 && begins && dashed { // a piece with dashes has one line
			c.Canvas.Stroke(piece)
			from := n - 1 // where the next piece begins
			if piece[from].Type == vg.LineComp {
				from--
			}
			for i := 1; i <= from; i++ {
				d := piece[i].Pos.Sub(piece[i-1].Pos)
				offset += vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
			}
			again := append(vg.Path(nil), piece[from:]...)
			again[0].Type = vg.MoveComp
			if piece = piece[:0]; begins {
				offset = c.dashOff
			} else {
				piece = append(piece, again...)
			}
			if dashed {
				c.Canvas.SetLineDash(c.dashes, offset)
			}
		}
		piece = append(piece, p)
	}
	c.Canvas.Stroke(piece)
}

// DrawImage copies the nearest pixel of img to each pixel of rect: a cell of a
// heatmap is one colour, which interpolation would smear.
func (c *pngCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	dst := c.Image()
	dots := func(l vg.Length) int { return int(math.Round(l.Dots(c.DPI()))) }
	_, height := c.Size()
	r := image.Rect(dots(rect.Min.X), dots(height-rect.Max.Y), dots(rect.Max.X), dots(height-rect.Min.Y))
	src := img.Bounds()
	column := make([]int, r.Dx()) // of img, for each of rect
	for x := range column {
		column[x] = src.Min.X + x*src.Dx()/r.Dx()
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		sy := src.Min.Y + (y-r.Min.Y)*src.Dy()/r.Dy()
		var last int
		var pixel color.Color
		for x, sx := range column {
			if x == 0 || sx != last {
				last, pixel = sx, color.RGBAModel.Convert(img.At(sx, sy))
			}
			dst.Set(r.Min.X+x, y, pixel)
		}
	}
}

// bytes ends the picture; the canvas cannot be drawn on any more.
func (c *pngCanvas) bytes() ([]byte, error) {
	var b bytes.Buffer
	m := c.Image().(*image.RGBA)
	if err := encodePNG(&b, m); err != nil {
		return nil, fmt.Errorf("encode PNG: %w", err)
	}
	images.Put(m)
	return b.Bytes(), nil
}

// pdfCanvas is vgpdf's canvas, except that images keep hard edges and stand
// upright, and that text may be bold and hold any letter of the font.
type pdfCanvas struct{ *vgpdf.Canvas }

// minImagePixels is the least number of pixels along each side of an image in a
// PDF. Viewers smooth an image that they enlarge; enlarged beforehand, its cells
// stay cells.
const minImagePixels = 800

// DrawImage draws img, paletted as all images of this package are, with each
// pixel repeated and the rows in reverse: vgpdf turns the page upside down, so
// that y points upwards, and an image with it.
func (c *pdfCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	src := img.(*image.Paletted)
	w, h := src.Rect.Dx(), src.Rect.Dy()
	kx, ky := (minImagePixels+w-1)/w, (minImagePixels+h-1)/h
	dst := image.NewPaletted(image.Rect(0, 0, w*kx, h*ky), src.Palette)
	for y := range h * ky {
		row := src.Pix[(h*ky-1-y)/ky*src.Stride:]
		for x := range w * kx {
			dst.Pix[y*dst.Stride+x] = row[x/kx]
		}
	}
	c.Canvas.DrawImage(rect, dst)
}

// FillString draws text. vgpdf cannot find the bold fonts that it registers, and
// writes text in the Western code page; what is bold or goes beyond ASCII is
// drawn as outlines of its letters instead.
func (c *pdfCanvas) FillString(f font.Face, pt vg.Point, text string) {
	beyondASCII := func(r rune) bool { return r >= 0x80 }
	if f.Font.Weight != xfont.WeightNormal || strings.ContainsFunc(text, beyondASCII) {
		c.Fill(outline(f, pt, text))
		return
	}
	c.Canvas.FillString(f, pt, text)
}

// outline returns the contours of the letters of text, its baseline starting at
// pt.
func outline(f font.Face, pt vg.Point, text string) vg.Path {
	var (
		path vg.Path
		buf  sfnt.Buffer
		unit = fixed.Int26_6(f.Face.UnitsPerEm())
		// LoadGlyph scales to unit pixels (in 26.6 fixed point) per em
		scale = f.Font.Size / vg.Length(unit)
		runes = []rune(text)
	)
	for i, r := range runes {
		glyph, err := f.Face.GlyphIndex(&buf, r)
		if err != nil {
			continue
		}
		segments, err := f.Face.LoadGlyph(&buf, glyph, unit, nil)
		if err != nil {
			continue // a colour glyph has no outline
		}
		left := pt.X + f.Width(string(runes[:i]))
		at := func(p fixed.Point26_6) vg.Point {
			return vg.Point{X: left + vg.Length(p.X)*scale, Y: pt.Y - vg.Length(p.Y)*scale}
		}
		for _, s := range segments {
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				path.Move(at(s.Args[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(at(s.Args[0]))
			case sfnt.SegmentOpQuadTo:
				path.CubeTo(quadratic(path[len(path)-1].Pos, at(s.Args[0]), at(s.Args[1])))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(at(s.Args[0]), at(s.Args[1]), at(s.Args[2]))
			}
		}
	}
	return path
}

// quadratic returns the cubic curve from a that is the quadratic one with
// control point b and end c. PDF knows cubic curves only.
func quadratic(a, b, c vg.Point) (b1, b2, end vg.Point) {
	third := func(p vg.Point) vg.Point { return p.Add(b.Sub(p).Scale(2.0 / 3)) }
	return third(a), third(c), c
}

func (c *pdfCanvas) bytes() ([]byte, error) {
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("encode PDF: %w", err)
	}
	return b.Bytes(), nil
}
