package display_test

import (
	"reflect"
	"strings"
	"testing"

	"spikebook/display"
	"spikebook/display/figure"
	"spikebook/snn"
	"spikebook/snn/neuron"
)

func TestOptions(t *testing.T) {
	v, s, m := snn.Zeros(4), snn.Zeros(4), snn.Zeros(4, 2)
	voltage := func(o ...display.Option) *display.Figure { return display.PlotOneNeuronVS(v, s, o...) }
	heatmap := func(o ...display.Option) *display.Figure { return display.Plot2DHeatmap(m, o...) }
	raster := func(o ...display.Option) *display.Figure { return display.Plot1DSpikes(m, o...) }
	for _, tt := range []struct {
		name   string
		make   func(...display.Option) *display.Figure
		option display.Option
		change func(*display.Figure) // what the option does to the figure without it
	}{
		{"Title", voltage, display.Title("x"), func(f *display.Figure) { f.Title = "x" }},
		{"XLabel", heatmap, display.XLabel("x"), func(f *display.Figure) { f.XLabel = "x" }},
		{"YLabel", raster, display.YLabel("x"), func(f *display.Figure) { f.YLabel = "x" }},
		{"FigSize", voltage, display.FigSize(4, 3), func(f *display.Figure) { f.Width, f.Height = 4, 3 }},
		{"DPI", voltage, display.DPI(96), func(f *display.Figure) { f.DPI = 96 }},
		{"IntXTicks", heatmap, display.IntXTicks(false), func(f *display.Figure) { f.IntXTicks = false }},
		{"IntYTicks", heatmap, display.IntYTicks(false), func(f *display.Figure) { f.IntYTicks = false }},
		{"XMax", raster, display.XMax(2), func(f *display.Figure) { f.XMax = 2 }},
		{"XNames", heatmap, display.XNames("a", "b", "c", "d"), func(f *display.Figure) { f.XNames = []string{"a", "b", "c", "d"} }},
		{"YNames", heatmap, display.YNames("a", "b"), func(f *display.Figure) { f.YNames = []string{"a", "b"} }},
		{"names of a raster", raster, display.XNames("a"), func(*display.Figure) {}},
		{"YRange", voltage, display.YRange(-1, 2), func(f *display.Figure) { f.YRange = figure.Range{Min: -1, Max: 2} }},
		{"ColorRange", heatmap, display.ColorRange(0, 1), func(f *display.Figure) { f.ColorRange = figure.Range{Min: 0, Max: 1} }},
		{"Colorbar", heatmap, display.Colorbar(false), func(f *display.Figure) { f.Colorbar = false }},
		{"ColorbarLabel", heatmap, display.ColorbarLabel("mV"), func(f *display.Figure) { f.ColorbarLabel = "mV" }},
		{"FiringRate", raster, display.FiringRate(false), func(f *display.Figure) { f.RateColumn = false }},
		{"FiringRateLabel", raster, display.FiringRateLabel("Hz"), func(f *display.Figure) { f.RateLabel = "Hz" }},
		{"VThreshold", voltage, display.VThreshold(2), func(f *display.Figure) {
			f.Lines[0].Value = 2
			f.Text = strings.Replace(f.Text, "threshold 1", "threshold 2", 1)
		}},
		{"VReset", voltage, display.VReset(-1), func(f *display.Figure) {
			f.Lines = append(f.Lines, figure.Line{Name: "reset", Value: -1})
			f.Text += ", reset -1"
		}},
		{"VReset of a heatmap", heatmap, display.VReset(-1), func(*display.Figure) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.make()
			tt.change(want)
			if got := tt.make(tt.option); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestFigureKeepsItsNumbers(t *testing.T) {
	m := snn.Ones(2, 2)
	f := display.Plot2DHeatmap(m)
	m.Data()[0] = 5
	if f.Series[0].Data[0] != 1 {
		t.Error("the figure changed with the tensor")
	}
}

func TestWrongArguments(t *testing.T) {
	one, two := snn.Zeros(3), snn.Zeros(3, 2)
	for _, tt := range []struct {
		name string
		call func()
		want []string // parts of the message
	}{
		{"nil v", func() { display.PlotOneNeuronVS(nil, one) }, []string{"display.PlotOneNeuronVS", "v is nil", "[T]"}},
		{"nil s", func() { display.PlotOneNeuronVS(one, nil) }, []string{"s is nil"}},
		{"nil option", func() { display.PlotOneNeuronVS(one, one, nil) }, []string{"display.PlotOneNeuronVS", "option 1 is nil"}},
		{"nil lines", func() { display.PlotLines(nil) }, []string{"display.PlotLines", "y is nil"}},
		{"lines of rank 3", func() { display.PlotLines(snn.Zeros(2, 3, 4)) }, []string{"display.PlotLines", "shape [2 3 4]", "[T, N]"}},
		{"no lines", func() { display.PlotLines(snn.Zeros(0)) }, []string{"display.PlotLines", "shape [0 1]"}},
		{"too many lines", func() { display.PlotLines(snn.Zeros(3, 21)) }, []string{"y has 21 curves, expected at most 20", "display.Plot2DHeatmap"}},
		{"names of lines", func() { display.PlotLines(two, display.Names("a")) }, []string{"display.Names: 1 name for 2 curves, expected one for each"}},
		{"names of another picture", func() { display.PlotFI(neuron.NewIF(), display.Names("a", "b", "c"), nil) }, []string{"option 2 is nil"}},
		{"places of lines", func() { display.PlotLines(two, display.XRange(0, 1e300)) }, []string{"display.PlotLines", "XRange is [0, 1e+300]"}},
		{"nil layer", func() { display.PlotFI(nil) }, []string{"display.PlotFI", "the layer is nil"}},
		{"neurons that differ", func() { display.PlotFI(neuron.NewLIF(neuron.ParamTensor("tau", snn.FromSlice([]float32{2, 3})))) }, []string{"display.PlotFI: ", "parameters of one value each; LIF.Forward: parameter tau has shape [2]"}},
		{"steps that differ", func() { display.PlotPhase(neuron.NewGatedLIF(4)) }, []string{"display.PlotPhase: ", "parameters of one value each; GatedLIF.Forward: parameter conduct has 4 steps"}},
		{"many neurons", func() { display.PlotOneNeuronVS(two, two) }, []string{"v has shape [3 2]", "[T]", "Plot2DHeatmap"}},
		{"a scalar", func() { display.PlotOneNeuronVS(snn.Scalar(1), one) }, []string{"v has shape []"}},
		{"no steps", func() { display.PlotOneNeuronVS(snn.Zeros(0), snn.Zeros(0)) }, []string{"v has shape [0]"}},
		{"lengths differ", func() { display.PlotOneNeuronVS(one, snn.Zeros(4)) }, []string{"v has 3 steps and s has 4"}},
		{"nil heatmap", func() { display.Plot2DHeatmap(nil) }, []string{"display.Plot2DHeatmap", "nil", "[T, N]"}},
		{"rank 1", func() { display.Plot2DHeatmap(one) }, []string{"shape [3]", "[T, N]", "Reshape"}},
		{"rank 3", func() { display.Plot1DSpikes(snn.Zeros(2, 3, 4)) }, []string{"display.Plot1DSpikes", "shape [2 3 4]", "[T, N]"}},
		{"no neurons", func() { display.Plot1DSpikes(snn.Zeros(2, 0)) }, []string{"shape [2 0]"}},
		{"size", func() { display.Plot1DSpikes(two, display.FigSize(0.1, 5)) }, []string{"Width is 0.1 inches, want 3 to 50 inches"}},
		{"density", func() { display.Plot1DSpikes(two, display.DPI(-1)) }, []string{"DPI is -1"}},
		{"threshold", func() { display.PlotOneNeuronVS(one, one, display.VThreshold(float64(nan))) }, []string{"NaN", "a finite number"}},
		{"limits", func() { display.Plot2DHeatmap(two, display.ColorRange(2, 1)) }, []string{"ColorRange", "the smaller first"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := snn.Maybe(tt.call)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %q, want it to contain %q", err, part)
				}
			}
		})
	}
}
