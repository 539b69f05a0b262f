package render

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"

	"spikebook/display/figure"
)

// sample returns a figure of each kind with T steps and, but for a voltage, N
// neurons, or curves, of random values.
func sample(kind figure.Kind, steps, neurons int) *figure.Figure {
	r := rand.New(rand.NewPCG(1, 2))
	random := func(shape ...int) figure.Series {
		s := figure.Series{Name: "values", Shape: shape}
		n := 1
		for _, d := range shape {
			n *= d
		}
		for range n {
			x := r.Float32()
			if kind == figure.Raster && x < 0.9 {
				x = 0
			}
			s.Data = append(s.Data, x)
		}
		return s
	}
	f := &figure.Figure{
		Kind: kind, Title: "a title", XLabel: "step", YLabel: "y", Text: "words",
		IntXTicks: true, Colorbar: true, ColorbarLabel: "mV", RateColumn: true, RateLabel: "rate",
	}
	switch kind {
	case figure.Voltage:
		f.Series = []figure.Series{random(steps), random(steps)}
		f.Lines = []figure.Line{{Name: "threshold", Value: 1}}
	case figure.Lines:
		f.Series = []figure.Series{random(steps)}
		for i := range f.Series[0].Data {
			f.Series[0].Data[i] = float32(i)
		}
		for i := range min(neurons, 20) {
			f.Series = append(f.Series, random(steps))
			f.Series[i+1].Dashed = i%3 == 1
		}
		f.Lines = []figure.Line{{Name: "threshold", Value: 1}, {Name: "place", Value: 0.5, Vertical: true}}
	default:
		f.Series = []figure.Series{random(steps, neurons)}
	}
	return f
}

var kinds = []figure.Kind{figure.Voltage, figure.Heatmap, figure.Raster, figure.Lines}

// TestAllSizes draws figures of all kinds, sizes, numbers of steps and neurons.
func TestAllSizes(t *testing.T) {
	for _, kind := range kinds {
		for _, steps := range []int{1, 2, 7, 300, 3000} {
			for _, neurons := range []int{1, 2, 40, 500} {
				for _, size := range [][2]float64{{3, 2}, {8, 5}, {3, 20}, {20, 2}} {
					f := sample(kind, steps, neurons)
					f.Width, f.Height = size[0], size[1]
					data, err := Image(f, figure.SVG)
					if err != nil {
						t.Fatalf("%s, %d steps, %d neurons, %v inches: %v", kind, steps, neurons, size, err)
					}
					checkXML(t, data)
					if notFinite(data) {
						t.Fatalf("%s, %d steps, %d neurons, %v inches: the SVG holds coordinates that are no numbers", kind, steps, neurons, size)
					}
				}
			}
		}
	}
}

var embedded = regexp.MustCompile(`data:image/png;base64,[^"]*`)

// notFinite reports whether an SVG holds a coordinate that is no number.
func notFinite(svg []byte) bool {
	svg = embedded.ReplaceAll(svg, nil)
	return bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf"))
}

// TestExtremeValues draws values at the ends of what a float32 holds.
func TestExtremeValues(t *testing.T) {
	for _, kind := range kinds {
		for _, values := range [][2]float32{
			{math.MaxFloat32, -math.MaxFloat32}, {math.SmallestNonzeroFloat32, 0}, {1e30, 1e30}, {1, math.Nextafter32(1, 2)}, {-1e-30, 1e-30},
		} {
			f := sample(kind, 2, 1)
			for _, s := range f.Series {
				copy(s.Data, values[:])
			}
			for _, format := range figure.Formats {
				data, err := Image(f, format)
				if err != nil {
					t.Fatalf("%s of %v as %s: %v", kind, values, format, err)
				}
				if format == figure.SVG && notFinite(data) {
					t.Errorf("%s of %v: the SVG holds coordinates that are no numbers", kind, values)
				}
			}
		}
	}
}

func TestConcurrently(t *testing.T) {
	want := map[string][]byte{}
	for _, kind := range kinds {
		for _, format := range []string{figure.SVG, figure.PNG} {
			data, err := Image(sample(kind, 30, 5), format)
			if err != nil {
				t.Fatal(err)
			}
			want[string(kind)+format] = data
		}
	}
	var wg sync.WaitGroup
	for range 3 {
		for _, kind := range kinds {
			for _, format := range figure.Formats {
				wg.Go(func() {
					data, err := Image(sample(kind, 30, 5), format)
					if err != nil {
						t.Errorf("%s as %s: %v", kind, format, err)
					}
					// A PDF holds the time it was made.
					if format != figure.PDF && !bytes.Equal(data, want[string(kind)+format]) {
						t.Errorf("%s as %s differs from the one drawn alone", kind, format)
					}
				})
			}
		}
	}
	wg.Wait()
}

// broken is a picture whose drawing fails as gonum's does: by a panic.
type broken struct{ picture }

func (broken) draw(*page) { panic("vg: no such thing") }

func TestErrors(t *testing.T) {
	f := sample(figure.Raster, 2, 2)
	for _, tt := range []struct {
		name string
		call func() error
		want string
	}{
		{"unknown format", func() error { _, err := Image(f, "gif"); return err }, `unknown picture format "gif"`},
		{"nil figure", func() error { _, err := Image(nil, figure.SVG); return err }, "figure is nil"},
		{"unknown kind", func() error { _, _, err := Bundle(&figure.Figure{Kind: "pie"}); return err }, `Kind is "pie"`},
		{"panic", func() error { _, err := paint(f, broken{}, figure.SVG); return err }, "bug in spikebook): vg: no such thing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestThin demands that a thinned line keeps its ends, its extremes and its gaps.
func TestThin(t *testing.T) {
	v := make([]float32, 10_000)
	for i := range v {
		v[i] = float32(math.Sin(float64(i) / 100))
	}
	v[1234], v[7000] = 5, -7
	v[5000] = float32(math.NaN())
	segments := thin(v, 100, 1)
	if len(segments) != 2 {
		t.Fatalf("%d segments, want 2 around the gap", len(segments))
	}
	points, last := 0, -1.0
	lo, hi := 0.0, 0.0
	for _, s := range segments {
		for _, p := range s {
			if p.X <= last {
				t.Fatalf("step %v comes after step %v", p.X, last)
			}
			if float64(v[int(p.X)]) != p.Y {
				t.Fatalf("step %v has value %v, want %v", p.X, p.Y, v[int(p.X)])
			}
			last = p.X
			lo, hi = min(lo, p.Y), max(hi, p.Y)
			points++
		}
	}
	if points > 4*100+4 {
		t.Errorf("%d points remain, want about 400", points)
	}
	if lo != -7 || hi != 5 {
		t.Errorf("values reach from %v to %v, want -7 to 5", lo, hi)
	}
	if first := segments[0][0].X; first != 0 || last != 9999 {
		t.Errorf("the line goes from %v to %v, want 0 to 9999", first, last)
	}
	if before, after := segments[0][len(segments[0])-1].X, segments[1][0].X; before != 4999 || after != 5001 {
		t.Errorf("the gap goes from %v to %v, want 4999 to 5001", before, after)
	}
}

// TestLongPaths compares paths that are stroked in pieces with the same paths
// stroked at once: but for the edges of what is drawn twice they are equal.
func TestLongPaths(t *testing.T) {
	zigzag := func(n int, y vg.Length) (p vg.Path) {
		for i := range n {
			at := vg.Point{X: vg.Length(i) * 280 / vg.Length(n), Y: y + vg.Length(i%3)*10}
			if i == 0 {
				p.Move(at)
			} else {
				p.Line(at)
			}
		}
		return p
	}
	var marks vg.Path
	for i := range 100 {
		x := vg.Length(i) * 2.8
		marks.Move(vg.Point{X: x, Y: 10})
		marks.Line(vg.Point{X: x, Y: 60})
	}
	for _, tt := range []struct {
		name   string
		path   vg.Path
		dashes []vg.Length
	}{
		{"a line", zigzag(200, 20), nil},
		{"two lines", append(zigzag(150, 10), zigzag(70, 50)...), nil},
		{"dashes", zigzag(200, 20), []vg.Length{9, 4}},
		{"two lines of dashes", append(zigzag(150, 10), zigzag(31, 50)...), []vg.Length{9, 4}},
		{"marks", marks, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := func() *vgimg.Canvas {
				return vgimg.NewWith(vgimg.UseWH(280, 80), vgimg.UseDPI(144), vgimg.UseBackgroundColor(ground))
			}
			once, pieces := page(), &pngCanvas{Canvas: page()}
			for _, c := range []vg.Canvas{once, pieces} {
				c.SetLineWidth(2)
				c.SetLineDash(tt.dashes, 0)
				c.Stroke(tt.path)
			}
			got, want := pieces.Image().(*image.RGBA).Pix, once.Image().(*image.RGBA).Pix
			drawn, differ := 0, 0
			for i := 0; i < len(want); i += 4 {
				d := max(got[i], want[i]) - min(got[i], want[i])
				if d > 80 {
					t.Fatalf("pixel %d is %d, expected %d", i/4, got[i], want[i])
				}
				if want[i] < 200 {
					drawn++
				}
				if d > 8 {
					differ++
				}
			}
			if drawn < 1000 || differ*25 > drawn {
				t.Errorf("%d of %d pixels differ", differ, drawn)
			}
		})
	}
}

func TestMean(t *testing.T) {
	b := bins{steps: 4, neurons: 2, w: 2, h: 1}
	data := []float64{1, 2, 3, 4, 5, 6, 7, math.NaN()}
	mean, count := b.mean(func(step, neuron int) (float64, bool) {
		x := data[step*2+neuron]
		return x, !math.IsNaN(x)
	})
	if mean[0] != 2.5 || mean[1] != 6 || count[0] != 4 || count[1] != 3 {
		t.Errorf("got means %v of %v cells, want [2.5 6] of [4 3]", mean, count)
	}
}

func TestWrap(t *testing.T) {
	style := titleStyle()
	wide := style.Width("one two three") + 1
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"one", "one"},
		{" one\ntwo  three ", "one two three"},
		{"one two three four five", "one two three|four five"},
		{"one two three four five six seven eight", "one two three|four five si…"},
	} {
		lines := wrap(tt.text, style, wide, 2)
		for _, l := range lines {
			if style.Width(l) > wide {
				t.Errorf("%q is wider than the page", l)
			}
		}
		if got := strings.Join(lines, "|"); got != tt.want {
			t.Errorf("wrap(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
	if got := elide("abc", style, 1); got != "" {
		t.Errorf("got %q where nothing fits, want nothing", got)
	}
}

func BenchmarkBundle(b *testing.B) {
	for _, bb := range []struct {
		name   string
		figure *figure.Figure
	}{
		{"voltage/T=150", sample(figure.Voltage, 150, 1)},
		{"voltage/T=10000", sample(figure.Voltage, 10_000, 1)},
		{"heatmap/T=50,N=32", sample(figure.Heatmap, 50, 32)},
		{"heatmap/T=1000,N=1000", sample(figure.Heatmap, 1000, 1000)},
		{"raster/T=50,N=32", sample(figure.Raster, 50, 32)},
		{"raster/T=1000,N=1000", sample(figure.Raster, 1000, 1000)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Bundle(bb.figure); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
