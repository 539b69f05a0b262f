package render

import (
	"encoding/xml"
	"errors"
	"image/color"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// newTestSVG returns a canvas of 100 × 50 points, and a function that returns
// what was drawn on it, without its frame.
func newTestSVG(t *testing.T) (*svgCanvas, func() string) {
	t.Helper()
	c := newSVG(vg.Point{X: 100, Y: 50}, "")
	empty := c.body.Len()
	return c, func() string {
		data, err := c.bytes()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(string(data[empty:]), "</svg>\n")
	}
}

func TestSVGDrawing(t *testing.T) {
	square := vg.Rectangle{Min: vg.Point{X: 10, Y: 10}, Max: vg.Point{X: 20, Y: 20}}
	for _, tt := range []struct {
		name string
		draw func(*svgCanvas)
		want string
	}{
		{"stroke", func(c *svgCanvas) {
			c.SetLineWidth(1.5)
			c.SetLineDash([]vg.Length{6, 3}, 2)
			c.SetColor(color.NRGBA{0xd5, 0x5e, 0, 255})
			c.Stroke(vg.Path{{Type: vg.MoveComp}, {Type: vg.LineComp, Pos: vg.Point{X: 100.0 / 3, Y: 1}}})
		}, `<path d="M0 50L33.33 49" stroke="#d55e00" stroke-width="1.5" stroke-dasharray="6 3" stroke-dashoffset="2"/>`},
		{"fill", func(c *svgCanvas) { c.SetColor(color.NRGBA{1, 2, 3, 128}); c.Fill(square.Path()) },
			`<path d="M10 40H20V30H10Z" fill="#010203" fill-opacity="0.5"/>`},
		{"no colour is black", func(c *svgCanvas) { c.SetColor(nil); c.Fill(square.Path()) },
			`<path d="M10 40H20V30H10Z" fill="#000000"/>`},
		{"no width, no line", func(c *svgCanvas) { c.SetLineWidth(0); c.Stroke(square.Path()) }, ""},
		{"transformed", func(c *svgCanvas) {
			c.Push()
			c.Translate(vg.Point{X: 5, Y: 5})
			c.Scale(2, 2)
			c.Stroke(vg.Path{{Type: vg.MoveComp}, {Type: vg.LineComp, Pos: vg.Point{X: 1, Y: 2}}})
			c.Pop()
			c.Stroke(vg.Path{{Type: vg.MoveComp}, {Type: vg.LineComp, Pos: vg.Point{X: 1, Y: 2}}})
		}, `<path d="M5 45L7 41" stroke="#000000" stroke-width="2"/>` + "\n" + `<path d="M0 50L1 48" stroke="#000000" stroke-width="1"/>`},
		{"curves", func(c *svgCanvas) {
			var p vg.Path
			p.Move(vg.Point{})
			p.QuadTo(vg.Point{X: 1, Y: 1}, vg.Point{X: 2, Y: 0})
			p.CubeTo(vg.Point{X: 3, Y: 1}, vg.Point{X: 4, Y: 1}, vg.Point{X: 5, Y: 0})
			c.Fill(p)
		}, `<path d="M0 50Q1 49 2 50C3 49 4 49 5 50" fill="#000000"/>`},
		{"arc", func(c *svgCanvas) {
			var p vg.Path
			p.Arc(vg.Point{X: 10, Y: 10}, 10, 0, math.Pi/2)
			c.Stroke(p)
		}, `<path d="M20 40C20 34.48 15.52 30 10 30" stroke="#000000" stroke-width="1"/>`},
		{"arc after a line", func(c *svgCanvas) {
			var p vg.Path
			p.Move(vg.Point{X: 1, Y: 1})
			p.Arc(vg.Point{X: 10, Y: 10}, 10, 0, -math.Pi/2)
			c.Stroke(p)
		}, `<path d="M1 49L20 40C20 45.52 15.52 50 10 50" stroke="#000000" stroke-width="1"/>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, drawn := newTestSVG(t)
			tt.draw(c)
			if got := strings.TrimSpace(drawn()); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestSVGText(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		rotated    bool
		want       string
	}{
		{"plain", "step", false, `<text x="10" y="40" font-size="10" fill="#000000" textLength="[0-9.]+">step</text>`},
		{"rotated", "V", true, `<text transform="matrix\(0 -1 1 0 10 40\)" font-size="10" fill="#000000" textLength="[0-9.]+">V</text>`},
		{"markup", `<b> & "c"`, false, `>&lt;b&gt; &amp; &#34;c&#34;</text>`},
		{"not XML", "a\x00\xffb", false, ">a\uFFFD\uFFFDb</text>"},
		{"not in the font", "神経", false, `fill="#000000">神経</text>`}, // no textLength
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, drawn := newTestSVG(t)
			style := sans(10, color.Black, draw.XLeft, draw.YBottom)
			if tt.rotated {
				c.Translate(vg.Point{X: 10, Y: 10})
				c.Rotate(math.Pi / 2)
				c.FillString(style.Handler.Cache().Lookup(style.Font, 10), vg.Point{}, tt.text)
			} else {
				c.FillString(style.Handler.Cache().Lookup(style.Font, 10), vg.Point{X: 10, Y: 10}, tt.text)
			}
			if got := drawn(); !regexp.MustCompile(tt.want).MatchString(got) {
				t.Errorf("got %s, want a match of %s", got, tt.want)
			}
		})
	}
}

// checkXML demands that data is well-formed.
func checkXML(t *testing.T, data []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(data)))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the SVG is no XML: %v", err)
		}
	}
}

func TestDecimal(t *testing.T) {
	for x, want := range map[float64]string{0: "0", -0.001: "0", 1: "1", 1.5: "1.5", 1.005: "1", 2.345678: "2.35", -10: "-10", 100: "100"} {
		if got := decimal(x); got != want {
			t.Errorf("decimal(%v) = %q, want %q", x, got, want)
		}
	}
}
