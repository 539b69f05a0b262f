package render

import (
	"image/color"
	"math"
	"testing"
)

// TestViridis demands that lightness grows evenly, so that equal differences of
// values look equal, and checks the ends against the published colours.
func TestViridis(t *testing.T) {
	const n = 64
	last := -1.0
	for i := range n {
		c := viridis(float64(i) / (n - 1))
		if l := lightness(c); l <= last {
			t.Errorf("lightness falls from %.2f to %.2f at %d", last, l, i)
		} else if i > 0 && (l-last < 0.4 || l-last > 2.5) {
			t.Errorf("lightness grows by %.2f at %d, want an even growth of about 1.2", l-last, i)
		} else {
			last = l
		}
	}
	for _, end := range []struct {
		t    float64
		want color.NRGBA
	}{{0, color.NRGBA{0x44, 0x01, 0x54, 255}}, {1, color.NRGBA{0xfd, 0xe7, 0x25, 255}}} {
		got := viridis(end.t)
		for _, d := range []int{int(got.R) - int(end.want.R), int(got.G) - int(end.want.G), int(got.B) - int(end.want.B)} {
			if d < -4 || d > 4 {
				t.Errorf("viridis(%v) = %v, want about %v", end.t, got, end.want)
			}
		}
	}
	if viridis(-1) != viridis(0) || viridis(2) != viridis(1) {
		t.Error("values outside of [0, 1] are not the colours of its ends")
	}
}

// lightness returns L* of CIELAB.
func lightness(c color.NRGBA) float64 {
	y := luminance(c)
	if y <= 216.0/24389 {
		return y * 24389 / 27
	}
	return 116*math.Cbrt(y) - 16
}

// TestContrast holds text and data to the contrast that WCAG 2 asks for: 4.5 for
// text, 3 for the parts of a picture.
func TestContrast(t *testing.T) {
	contrast := func(a, b color.NRGBA) float64 {
		x, y := luminance(a), luminance(b)
		return (max(x, y) + 0.05) / (min(x, y) + 0.05)
	}
	for _, c := range []color.NRGBA{ink, faint} {
		if r := contrast(c, ground); r < 4.5 {
			t.Errorf("text of colour %v has contrast %.1f, want 4.5", c, r)
		}
	}
	for _, c := range rowColors {
		if r := contrast(c, ground); r < 3 {
			t.Errorf("marks of colour %v have contrast %.1f, want 3", c, r)
		}
	}
	for i := range 101 {
		c := viridis(float64(i) / 100)
		if r := contrast(on(c), c); r < 3.5 {
			t.Errorf("a number on the colour of %d %% has contrast %.1f, want 3.5", i, r)
		}
	}
}
