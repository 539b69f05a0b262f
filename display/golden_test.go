package display_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spikebook/display"
	"spikebook/display/figure"
	"spikebook/display/render"
	"spikebook/snn"
	"spikebook/snn/dynamics"
	"spikebook/snn/surrogate"
)

var regen = flag.Bool("regen", false, "write the golden files; look at the PNG beside each before you commit it")

// golden is the folder of the golden files.
var golden string

// TestMain runs in an empty folder, where the examples leave their pictures.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		here, err := os.Getwd()
		if err != nil {
			panic(err)
		}
		golden = filepath.Join(here, "testdata")
		dir, err := os.MkdirTemp("", "display")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if err := os.Chdir(dir); err != nil {
			panic(err)
		}
		os.Unsetenv(figure.SocketVariable)
		return m.Run()
	}())
}

// checkGolden compares got with a golden file, byte by byte, or writes it.
func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join(golden, name)
	if *regen {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		from := max(0, at-60)
		t.Errorf("%s differs from byte %d on:\ngot  %q\nwant %q\nlook at the picture, then run go test ./display -regen",
			name, at, got[from:min(len(got), at+60)], want[from:min(len(want), at+60)])
	}
}

// TestExamples compares the pictures that the examples save.
func TestExamples(t *testing.T) {
	for name, example := range map[string]func(){
		"voltage":   ExamplePlotOneNeuronVS,
		"heatmap":   ExamplePlot2DHeatmap,
		"raster":    ExamplePlot1DSpikes,
		"surrogate": ExamplePlotSurrogate,
		"fi":        ExamplePlotFI,
		"phase":     ExamplePlotPhase,
		"lines":     ExamplePlotLines,
	} {
		t.Run(name, func(t *testing.T) {
			stdout := os.Stdout
			os.Stdout, _ = os.Open(os.DevNull) // what it prints is checked where it runs as an example
			example()
			os.Stdout = stdout
			got, err := os.ReadFile(name + ".svg")
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, name+"_golden.svg", got)
		})
	}
}

var nan, inf = float32(math.NaN()), float32(math.Inf(1))

// edges are the figures at which a picture may break.
var edges = []struct {
	name   string
	figure func() *display.Figure
}{
	{"voltage_one_step", func() *display.Figure {
		return display.PlotOneNeuronVS(snn.Full(0.3, 1), snn.Ones(1), display.VReset(0))
	}},
	{"voltage_no_spikes", func() *display.Figure {
		return display.PlotOneNeuronVS(snn.Zeros(40, 1), snn.Zeros(40, 1))
	}},
	{"voltage_gaps", func() *display.Figure {
		v := snn.FromSlice([]float32{0, 0.2, nan, 0.6, inf, 1, 0, 0.3})
		s := snn.FromSlice([]float32{0, 0, nan, 0, 0, 0, 1, 0})
		return display.PlotOneNeuronVS(v, s, display.VReset(-0.3), display.Title("Two values are missing"))
	}},
	{"voltage_nothing_finite", func() *display.Figure {
		return display.PlotOneNeuronVS(snn.Full(nan, 5), snn.Zeros(5))
	}},
	{"voltage_small", func() *display.Figure {
		return display.PlotOneNeuronVS(snn.FromSlice([]float32{-70, -60, -55, -70}), snn.FromSlice([]float32{0, 0, 0, 1}),
			display.FigSize(3, 2), display.VThreshold(-55), display.VReset(-70), display.YLabel("V (mV)"), display.XMax(2),
			display.XLabel("time (ms)"), display.IntXTicks(false), display.Title("A title that is too long for a picture as small as this one, and is cut"))
	}},
	{"voltage_long", func() *display.Figure { // thinned
		v, s := snn.Zeros(5000), snn.Zeros(5000)
		for t := range 5000 {
			v.Data()[t] = float32(t%100) / 100
			if t%100 == 0 && t > 0 {
				s.Data()[t] = 1
			}
		}
		v.Data()[2500] = 3 // must be seen
		return display.PlotOneNeuronVS(v, s, display.VReset(0))
	}},
	{"voltage_limits", func() *display.Figure { // the potential leaves the panel
		v := snn.FromSlice([]float32{0, 0.5, 2, 0.5, -1, 0})
		return display.PlotOneNeuronVS(v, snn.Zeros(6), display.YRange(0, 1))
	}},
	{"heatmap_one_step", func() *display.Figure { return display.Plot2DHeatmap(snn.Full(0.3, 1, 5)) }},
	{"heatmap_one_neuron", func() *display.Figure {
		return display.Plot2DHeatmap(snn.FromSlice([]float32{0, 0.5, 1, 0}, 4, 1), display.Colorbar(false))
	}},
	{"heatmap_gaps", func() *display.Figure {
		return display.Plot2DHeatmap(snn.FromSlice([]float32{0, nan, 2, inf, 4, 5}, 3, 2), display.ColorRange(1, 4))
	}},
	{"heatmap_names", func() *display.Figure { // of the columns every second has room
		var names []string
		for i := range 24 {
			names = append(names, fmt.Sprintf("%.3f", float64(i)/8-1))
		}
		return display.Plot2DHeatmap(snn.Full(0.3, 24, 3), display.XNames(names...), display.YNames("a longer name", "-1", "Ä"), display.YLabel("which"))
	}},
	{"raster_no_spikes", func() *display.Figure { return display.Plot1DSpikes(snn.Zeros(50, 32)) }},
	{"raster_one_neuron", func() *display.Figure {
		return display.Plot1DSpikes(snn.FromSlice([]float32{1, 0, nan, 0.5}, 4, 1), display.FiringRateLabel("rate"))
	}},
	{"raster_one_step", func() *display.Figure {
		return display.Plot1DSpikes(snn.FromSlice([]float32{1, 0, 1}, 1, 3), display.FiringRate(false))
	}},
	{"lines_gaps", func() *display.Figure {
		return display.PlotSurrogate(surrogate.Custom("1/x", func(x dynamics.Expr) dynamics.Expr { return dynamics.Const(1).Div(x).Sqrt() }), display.YRange(-1, 4))
	}},
	{"lines_nothing_finite", func() *display.Figure {
		f := lines(nan, inf, nan)
		f.Series[0].Data[0] = -inf
		return f
	}},
	{"lines_one_point", func() *display.Figure { return lines(0.3) }},
	{"lines_guides", func() *display.Figure {
		f := display.PlotSurrogate(surrogate.MultiLevelSpikeCount(4), display.XRange(-1, 6), display.VThreshold(4))
		f.Lines = append(f.Lines, figure.Line{Name: "max", Value: 4, Vertical: true}, figure.Line{Name: "not in sight", Value: 9, Vertical: true})
		return f
	}},
	{"lines_smooth", func() *display.Figure {
		s := surrogate.S2NN(4, 1)
		s.SetSpiking(false)
		return display.PlotSurrogate(s, display.FigSize(3, 2))
	}},
	{"lines_many", func() *display.Figure {
		f := lines(0, 1, 4, 9, 16)
		for k := range 19 {
			y := slices.Clone(f.Series[1].Data)
			for i := range y {
				y[i] += float32(k + 1)
			}
			f.Series = append(f.Series, figure.Series{Name: fmt.Sprint("curve ", k+2), Shape: []int{5}, Data: y, Dashed: k%4 == 3})
		}
		return f
	}},
	{"lines_losses", func() *display.Figure {
		return display.PlotLines(snn.FromSlice([]float32{1, 0.6, 0.4, nan, 0.3, 0.25}), display.XRange(0, 50), display.XLabel("epoch"), display.YLabel("loss"), display.Title("A value is missing"))
	}},
	{"raster_many_neurons", func() *display.Figure { return display.Plot1DSpikes(every(37, 20, 1000)) }},
}

// lines returns a curve over 0, 1, 2, ...
func lines(y ...float32) *display.Figure {
	f := &display.Figure{Kind: figure.Lines, Title: "A curve", XLabel: "place", YLabel: "value", Text: "a curve"}
	x := make(figure.Values, len(y))
	for i := range x {
		x[i] = float32(i)
	}
	f.Series = []figure.Series{{Name: "x", Shape: []int{len(y)}, Data: x}, {Name: "curve 1", Shape: []int{len(y)}, Data: y}}
	return f
}

// every returns a tensor of shape [T, N] in which every k-th value is 1.
func every(k, steps, neurons int) *snn.Tensor {
	s := snn.Zeros(steps, neurons)
	for i := 0; i < s.Size(); i += k {
		s.Data()[i] = 1
	}
	return s
}

func TestEdges(t *testing.T) {
	var texts strings.Builder
	for _, e := range edges {
		fig := e.figure()
		svg, err := render.Image(fig, figure.SVG)
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, e.name+"_golden.svg", svg)
		fmt.Fprintf(&texts, "%s: %s\n", e.name, fig)

		data, err := render.Image(fig, figure.PNG)
		if err != nil {
			t.Fatal(err)
		}
		checkPNG(t, e.name, data, fig)
	}
	checkGolden(t, "texts_golden.txt", []byte(texts.String()))
}

// checkPNG demands a picture of the figure's size on a white ground, with dark
// text and more on it.
func checkPNG(t *testing.T, name string, data []byte, fig *display.Figure) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	w, h := fig.Size()
	if got, want := img.Bounds().Size(), image.Pt(int(w*192), int(h*192)); got != want {
		t.Errorf("%s: %v pixels, want %v", name, got, want)
	}
	b := img.Bounds()
	dark, other := 0, 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, a := img.At(x, y).RGBA()
			if a != 0xffff {
				t.Fatalf("%s: pixel %d, %d is transparent; in a dark notebook its neighbours could not be read", name, x, y)
			}
			switch {
			case r == 0xffff && g == 0xffff && b == 0xffff:
			case r < 0x3000 && g < 0x3000 && b < 0x3800:
				dark++
			default:
				other++
			}
		}
	}
	if dark < 100 || other < 1000 {
		t.Errorf("%s: %d dark and %d coloured pixels: is it blank?", name, dark, other)
	}
	for _, corner := range []image.Point{b.Min, b.Max.Sub(image.Pt(1, 1))} {
		if r, g, b, _ := img.At(corner.X, corner.Y).RGBA(); r&g&b != 0xffff {
			t.Errorf("%s: the corner %v is not white", name, corner)
		}
	}
}

func TestBundle(t *testing.T) {
	fig := display.Plot1DSpikes(every(3, 10, 10), display.FigSize(6, 4))
	data, metadata, err := render.Bundle(fig)
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(data); !slices.Equal(got, []string{"image/png", "image/svg+xml", "text/plain"}) {
		t.Errorf("the bundle holds %v, want SVG, PNG and text", got)
	}
	if data["text/plain"] != fig.Text {
		t.Errorf("text is %q, want %q", data["text/plain"], fig.Text)
	}
	if svg := data["image/svg+xml"].(string); !strings.Contains(svg, `width="576" height="384"`) {
		t.Errorf("the SVG does not say 576 × 384 CSS pixels: %.200s", svg)
	}
	raw, err := base64.StdEncoding.DecodeString(data["image/png"].(string))
	if err != nil {
		t.Fatal(err)
	}
	checkPNG(t, "bundle", raw, fig)
	size := metadata["image/png"].(map[string]any)
	if size["width"] != 576 || size["height"] != 384 {
		t.Errorf("the PNG is to be shown at %v, want 576 × 384", size)
	}
}

func keys(m map[string]any) (k []string) {
	for key := range m {
		k = append(k, key)
	}
	slices.Sort(k)
	return k
}

// TestBundleOfMany demands that a figure of very many marks is a PNG and says so.
func TestBundleOfMany(t *testing.T) {
	for _, tt := range []struct {
		name   string
		figure *display.Figure
		want   string
	}{
		{"spikes", display.Plot1DSpikes(every(10, 10_000, 30)), "; darker where spikes are denser; drawn as PNG: 30000 marks"},
		{"cells", display.Plot2DHeatmap(every(10, 1000, 1000)), "; each pixel is the mean of its values; drawn as PNG: 1000000 marks"},
		{"cells that fit", display.Plot2DHeatmap(every(10, 300, 100)), "; drawn as PNG: 30000 marks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, _, err := render.Bundle(tt.figure)
			if err != nil {
				t.Fatal(err)
			}
			if got := keys(data); !slices.Equal(got, []string{"image/png", "text/plain"}) {
				t.Errorf("the bundle holds %v, want no SVG", got)
			}
			if got := data["text/plain"].(string); got != tt.figure.Text+tt.want {
				t.Errorf("text is %q, want %q at its end", got, tt.want)
			}
			raw, err := base64.StdEncoding.DecodeString(data["image/png"].(string))
			if err != nil {
				t.Fatal(err)
			}
			checkPNG(t, tt.name, raw, tt.figure)
		})
	}
}
