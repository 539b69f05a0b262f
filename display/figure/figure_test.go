package figure

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func TestValidate(t *testing.T) {
	voltage := func() *Figure {
		return &Figure{Kind: Voltage, Series: []Series{
			{Shape: []int{2}, Data: Values{0, 1}},
			{Shape: []int{2}, Data: Values{0, 1}},
		}}
	}
	for _, tt := range []struct {
		name   string
		figure *Figure
		spoil  func(*Figure)
		field  string // at fault; empty: the figure is valid
	}{
		{"heatmap", sample(), func(*Figure) {}, ""},
		{"voltage", voltage(), func(*Figure) {}, ""},
		{"kind", sample(), func(f *Figure) { f.Kind = "pie" }, "Kind"},
		{"no series", sample(), func(f *Figure) { f.Series = nil }, "Series"},
		{"rank", sample(), func(f *Figure) { f.Series[0].Shape = []int{6} }, "Series[0].Shape"},
		{"length", sample(), func(f *Figure) { f.Series[0].Shape = []int{2, 4} }, "Series[0].Data"},
		{"zero", sample(), func(f *Figure) { f.Series[0].Shape = []int{0, 3}; f.Series[0].Data = nil }, "Series[0].Data"},
		{"negative", sample(), func(f *Figure) { f.Series[0].Shape = []int{-2, -3} }, "Series[0].Data"},
		{"overflow", sample(), func(f *Figure) { f.Series[0].Shape = []int{1 << 62, 8}; f.Series[0].Data = nil }, "Series[0].Data"},
		{"v and s differ", voltage(), func(f *Figure) { f.Series[1] = Series{Shape: []int{1}, Data: Values{0}} }, "Series[1].Shape"},
		{"line", voltage(), func(f *Figure) { f.Lines = []Line{{Name: "threshold", Value: math.NaN()}} }, "Lines[0].Value"},
		{"vertical line", voltage(), func(f *Figure) { f.Lines = []Line{{Value: 1}, {Vertical: true}} }, "Lines[1].Vertical"},
		{"curves", voltage(), func(f *Figure) { f.Kind, f.Lines = Lines, []Line{{Vertical: true}} }, ""},
		{"paths", voltage(), func(f *Figure) { f.Kind, f.Lines = Paths, []Line{{Vertical: true}} }, ""},
		{"paths of different lengths", voltage(), func(f *Figure) {
			one := Series{Shape: []int{1}, Data: Values{0}}
			f.Kind, f.Series = Paths, append(f.Series, one, one)
		}, ""},
		{"path without y", voltage(), func(f *Figure) { f.Kind, f.Series = Paths, slices.Concat(f.Series, f.Series[:1]) }, "Series"},
		{"path whose y has another length", voltage(), func(f *Figure) { f.Kind, f.Series[1] = Paths, Series{Shape: []int{1}, Data: Values{0}} }, "Series[1].Shape"},
		{"too many paths", voltage(), func(f *Figure) { f.Kind, f.Series = Paths, slices.Repeat(f.Series, 21) }, "Series"},
		{"input", voltage(), func(f *Figure) { f.Input = math.Inf(1) }, "Input"},
		{"no curve", voltage(), func(f *Figure) { f.Kind, f.Series = Lines, f.Series[:1] }, "Series"},
		{"too many curves", voltage(), func(f *Figure) { f.Kind, f.Series = Lines, slices.Repeat(f.Series, 11) }, "Series"},
		{"curve of another length", voltage(), func(f *Figure) { f.Kind, f.Series[1] = Lines, Series{Shape: []int{1}, Data: Values{0}} }, "Series[1].Shape"},
		{"width", sample(), func(f *Figure) { f.Width = math.NaN() }, "Width"},
		{"height", sample(), func(f *Figure) { f.Height = 0.1 }, "Height"},
		{"density", sample(), func(f *Figure) { f.DPI = 5 }, "DPI"},
		{"pixels", sample(), func(f *Figure) { f.Width, f.Height, f.DPI = 50, 50, 1200 }, "Width × Height × DPI²"},
		{"time axis", sample(), func(f *Figure) { f.XMax = -1 }, "XMax"},
		{"names of columns", sample(), func(f *Figure) { f.XNames = []string{"a"} }, "XNames"},
		{"names of rows", sample(), func(f *Figure) { f.YNames = []string{"a", "b"} }, "YNames"},
		{"names in a raster", sample(), func(f *Figure) { f.Kind, f.YNames = Raster, []string{"a", "b", "c"} }, "YNames"},
		{"limits", sample(), func(f *Figure) { f.YRange = Range{1, 1} }, "YRange"},
		{"colour limits", sample(), func(f *Figure) { f.ColorRange = Range{0, math.Inf(1)} }, "ColorRange"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.spoil(tt.figure)
			err := tt.figure.Validate()
			if tt.field == "" {
				if err != nil {
					t.Fatalf("got %v, want a valid figure", err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Field != tt.field {
				t.Fatalf("got %v, want an *Error about %s", err, tt.field)
			}
		})
	}
	if err := (*Figure)(nil).Validate(); err == nil {
		t.Error("nil figure: got no error")
	}
}

func TestDefaults(t *testing.T) {
	f := &Figure{}
	if w, h := f.Size(); w != 8 || h != 5 {
		t.Errorf("size %g × %g, want 8 × 5", w, h)
	}
	if d := f.Density(); d != 192 {
		t.Errorf("density %d, want 192", d)
	}
	f = sample()
	if w, h := f.Size(); w != 6 || h != 4 || f.Density() != 96 {
		t.Errorf("size %g × %g at %d, want what the figure says", w, h, f.Density())
	}
	if f.Steps() != 2 || f.Neurons() != 3 {
		t.Errorf("%d steps, %d neurons, want 2, 3", f.Steps(), f.Neurons())
	}
	if got := (*Figure)(nil).String(); got == "" {
		t.Error("a nil figure prints as nothing")
	}
}
