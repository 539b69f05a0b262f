package render

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas is a vg.Canvas that writes SVG. It differs from gonum's vgsvg in
// what a notebook needs:
//
//   - numbers have two decimals, so that the bytes are the same on every machine
//     and can be compared in tests;
//   - the font is a list that ends in any sans-serif, and each text states its
//     width, so that nothing overlaps where Liberation Sans is not installed;
//   - images are stretched to their rectangle and keep hard edges;
//   - a description for screen readers.
type svgCanvas struct {
	size  vg.Point
	body  bytes.Buffer
	stack []svgState // the last is in force
	err   error      // the first error
}

type svgState struct {
	m          affine
	color      color.Color
	width      vg.Length
	dashes     []vg.Length
	dashOffset vg.Length
}

// affine maps (x, y) to (a·x + c·y + e, b·x + d·y + f).
type affine struct{ a, b, c, d, e, f float64 }

func (m affine) apply(p vg.Point) (x, y float64) {
	return m.a*float64(p.X) + m.c*float64(p.Y) + m.e, m.b*float64(p.X) + m.d*float64(p.Y) + m.f
}

// mul returns the map that applies n first.
func (m affine) mul(n affine) affine {
	return affine{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b,
		m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

// newSVG returns an empty canvas. Its coordinates are points, the file's too.
func newSVG(size vg.Point, description string) *svgCanvas {
	c := &svgCanvas{size: size, stack: []svgState{{m: affine{a: 1, d: 1}}}}
	css := func(l vg.Length) string { return decimal(l.Dots(cssDPI)) }
	fmt.Fprintf(&c.body, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img" font-family="'Liberation Sans',Arial,Helvetica,sans-serif" fill="none" stroke-linejoin="round">`+"\n",
		css(size.X), css(size.Y), decimal(float64(size.X)), decimal(float64(size.Y)))
	fmt.Fprintf(&c.body, "<desc>%s</desc>\n", escape(description))
	c.SetColor(ground)
	c.Fill(vg.Rectangle{Max: size}.Path())
	vg.Initialize(c)
	return c
}

func (c *svgCanvas) bytes() ([]byte, error) {
	return append(bytes.Clone(c.body.Bytes()), "</svg>\n"...), c.err
}

func (c *svgCanvas) top() *svgState { return &c.stack[len(c.stack)-1] }

func (c *svgCanvas) SetLineWidth(w vg.Length) { c.top().width = w }
func (c *svgCanvas) SetColor(clr color.Color) { c.top().color = clr }
func (c *svgCanvas) Push()                    { c.stack = append(c.stack, *c.top()) }
func (c *svgCanvas) Pop()                     { c.stack = c.stack[:len(c.stack)-1] }
func (c *svgCanvas) Translate(p vg.Point) {
	c.transform(affine{1, 0, 0, 1, float64(p.X), float64(p.Y)})
}
func (c *svgCanvas) Scale(x, y float64) { c.transform(affine{x, 0, 0, y, 0, 0}) }
func (c *svgCanvas) transform(m affine) { c.top().m = c.top().m.mul(m) }

func (c *svgCanvas) SetLineDash(dashes []vg.Length, offset vg.Length) {
	c.top().dashes, c.top().dashOffset = dashes, offset
}

func (c *svgCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.transform(affine{cos, sin, -sin, cos, 0, 0})
}

func (c *svgCanvas) Stroke(p vg.Path) {
	s := c.top()
	if s.width <= 0 || len(p) == 0 {
		return
	}
	scale := math.Sqrt(math.Abs(s.m.a*s.m.d - s.m.b*s.m.c))
	fmt.Fprintf(&c.body, `<path d="%s" %s stroke-width="%s"`, c.path(p), c.paint("stroke"), decimal(float64(s.width)*scale))
	if len(s.dashes) > 0 {
		list := make([]string, len(s.dashes))
		for i, d := range s.dashes {
			list[i] = decimal(float64(d) * scale)
		}
		fmt.Fprintf(&c.body, ` stroke-dasharray="%s"`, strings.Join(list, " "))
		if s.dashOffset != 0 {
			fmt.Fprintf(&c.body, ` stroke-dashoffset="%s"`, decimal(float64(s.dashOffset)*scale))
		}
	}
	c.body.WriteString("/>\n")
}

func (c *svgCanvas) Fill(p vg.Path) {
	if len(p) > 0 {
		fmt.Fprintf(&c.body, `<path d="%s" %s/>`+"\n", c.path(p), c.paint("fill"))
	}
}

// paint returns the attributes of the colour for a fill or a stroke.
func (c *svgCanvas) paint(attribute string) string {
	clr := color.NRGBA{A: 255} // nil means black
	if c.top().color != nil {
		clr = color.NRGBAModel.Convert(c.top().color).(color.NRGBA)
	}
	s := fmt.Sprintf(`%s="#%02x%02x%02x"`, attribute, clr.R, clr.G, clr.B)
	if clr.A < 255 {
		s += fmt.Sprintf(` %s-opacity="%s"`, attribute, decimal(float64(clr.A)/255))
	}
	return s
}

// path returns the d attribute of p. A step along one axis, of which rasters
// consist, takes the short form.
func (c *svgCanvas) path(p vg.Path) string {
	var (
		b     []byte
		lastX string
		lastY string
		m     = c.top().m
	)
	point := func(p vg.Point) (x, y string) {
		px, py := m.apply(p)
		return decimal(px), decimal(float64(c.size.Y) - py)
	}
	to := func(command byte, pts ...vg.Point) {
		b = append(b, command)
		for i, p := range pts {
			if i > 0 {
				b = append(b, ' ')
			}
			lastX, lastY = point(p)
			b = append(append(append(b, lastX...), ' '), lastY...)
		}
	}
	for _, s := range p {
		switch s.Type {
		case vg.MoveComp:
			to('M', s.Pos)
		case vg.LineComp:
			switch x, y := point(s.Pos); {
			case x == lastX:
				b, lastY = append(append(b, 'V'), y...), y
			case y == lastY:
				b, lastX = append(append(b, 'H'), x...), x
			default:
				to('L', s.Pos)
			}
		case vg.CurveComp:
			if len(s.Control) == 1 {
				to('Q', s.Control[0], s.Pos)
			} else {
				to('C', s.Control[0], s.Control[1], s.Pos)
			}
		case vg.ArcComp:
			for i, curve := range arc(s) {
				if i == 0 && len(b) == 0 {
					to('M', curve[0])
				} else if i == 0 {
					to('L', curve[0])
				}
				to('C', curve[1], curve[2], curve[3])
			}
		case vg.CloseComp:
			b = append(b, 'Z')
		}
	}
	return string(b)
}

// arc returns the circular arc as cubic curves of a quarter turn at most.
func arc(s vg.PathComp) [][4]vg.Point {
	n := max(1, int(math.Ceil(math.Abs(s.Angle)/(math.Pi/2)-1e-9)))
	step := s.Angle / float64(n)
	k := 4.0 / 3 * math.Tan(step/4)
	curves := make([][4]vg.Point, n)
	for i := range curves {
		a := s.Start + float64(i)*step
		sin0, cos0 := math.Sincos(a)
		sin1, cos1 := math.Sincos(a + step)
		at := func(x, y float64) vg.Point {
			return s.Pos.Add(vg.Point{X: s.Radius * vg.Length(x), Y: s.Radius * vg.Length(y)})
		}
		curves[i] = [4]vg.Point{
			at(cos0, sin0), at(cos0-k*sin0, sin0+k*cos0),
			at(cos1+k*sin1, sin1-k*cos1), at(cos1, sin1),
		}
	}
	return curves
}

func (c *svgCanvas) FillString(f font.Face, pt vg.Point, text string) {
	if f.Font.Size == 0 || text == "" {
		return
	}
	m := c.top().m
	x, y := m.apply(pt)
	y = float64(c.size.Y) - y
	c.body.WriteString("<text ")
	if (m == affine{1, 0, 0, 1, m.e, m.f}) {
		fmt.Fprintf(&c.body, `x="%s" y="%s"`, decimal(x), decimal(y))
	} else { // the file's y axis points downwards, ours upwards
		fmt.Fprintf(&c.body, `transform="matrix(%s %s %s %s %s %s)"`,
			decimal(m.a), decimal(-m.b), decimal(-m.c), decimal(m.d), decimal(x), decimal(y))
	}
	fmt.Fprintf(&c.body, ` font-size="%s" %s`, decimal(float64(f.Font.Size)), c.paint("fill"))
	if f.Font.Weight >= xfont.WeightSemiBold {
		c.body.WriteString(` font-weight="bold"`)
	}
	if hasGlyphs(f, text) { // else the browser takes the letter from a font whose width we do not know
		fmt.Fprintf(&c.body, ` textLength="%s"`, decimal(float64(f.Width(text))))
	}
	fmt.Fprintf(&c.body, ">%s</text>\n", escape(text))
}

// hasGlyphs reports whether the font can draw all of text.
func hasGlyphs(f font.Face, text string) bool {
	var buf sfnt.Buffer
	for _, r := range text {
		if glyph, err := f.Face.GlyphIndex(&buf, r); err != nil || glyph == 0 {
			return false
		}
	}
	return true
}

func (c *svgCanvas) DrawImage(rect vg.Rectangle, img image.Image) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil && c.err == nil {
		c.err = fmt.Errorf("encode the image inside the SVG: %w", err)
	}
	x, y := c.top().m.apply(vg.Point{X: rect.Min.X, Y: rect.Max.Y})
	fmt.Fprintf(&c.body, `<image x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,%s"/>`+"\n",
		decimal(x), decimal(float64(c.size.Y)-y), decimal(float64(rect.Size().X)), decimal(float64(rect.Size().Y)),
		base64.StdEncoding.EncodeToString(b.Bytes()))
}

// decimal returns x with two decimals, without zeros at the end.
func decimal(x float64) string {
	s := strconv.FormatFloat(x, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// escape returns text for use in XML; what XML cannot hold becomes U+FFFD.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder does not fail
	return b.String()
}
