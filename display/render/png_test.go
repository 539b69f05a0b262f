package render

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"spikebook/display/figure"
)

// TestPNG decodes what was encoded.
func TestPNG(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(bounds image.Rectangle) *image.RGBA {
		m := image.NewRGBA(bounds)
		for i := range m.Pix {
			m.Pix[i] = byte(r.Uint32())
			if i%4 == 3 {
				m.Pix[i] = 255
			}
		}
		return m
	}
	part := noise(image.Rect(0, 0, 40, 30)).SubImage(image.Rect(7, 5, 20, 29)).(*image.RGBA)
	for name, m := range map[string]*image.RGBA{
		"a pixel": noise(image.Rect(0, 0, 1, 1)), "a row": noise(image.Rect(0, 0, 1000, 1)), "a column": noise(image.Rect(0, 0, 1, 1000)),
		"large": noise(image.Rect(0, 0, 701, 503)), "elsewhere": noise(image.Rect(-3, 4, 9, 20)), "a part": part,
	} {
		var b bytes.Buffer
		if err := encodePNG(&b, m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := png.Decode(&b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.Bounds().Size() != m.Bounds().Size() {
			t.Fatalf("%s: got %v, want %v", name, got.Bounds(), m.Bounds())
		}
		from := m.Bounds().Min
		for y := range m.Bounds().Dy() {
			for x := range m.Bounds().Dx() {
				if want, have := m.RGBAAt(from.X+x, from.Y+y), color.RGBAModel.Convert(got.At(x, y)); want != have {
					t.Fatalf("%s: pixel %d, %d is %v, want %v", name, x, y, have, want)
				}
			}
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes follow the image", name, b.Len())
		}
	}
	for name, m := range map[string]*image.RGBA{"empty": noise(image.Rect(0, 0, 0, 5)), "transparent": image.NewRGBA(image.Rect(0, 0, 2, 2))} {
		if err := encodePNG(&bytes.Buffer{}, m); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	for _, kind := range kinds {
		f := sample(kind, 60, 32)
		if kind == figure.Voltage {
			f = sample(kind, 60, 1)
		}
		b.Run(string(kind), func(b *testing.B) {
			for b.Loop() {
				if _, err := Image(f, figure.PNG); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
