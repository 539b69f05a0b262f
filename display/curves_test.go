package display_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"spikebook/display"
	"spikebook/snn"
	"spikebook/snn/neuron"
	"spikebook/snn/surrogate"
)

func ExamplePlotSurrogate() {
	fig := display.PlotSurrogate(surrogate.ATan(2))
	fmt.Println(fig)
	if err := fig.Save("surrogate.svg"); err != nil {
		fmt.Println(err)
	}
	// Output: surrogate function ATan(alpha=2) for x from -2 to 2: the gradient is at most 1, at x=0
}

func ExamplePlotFI() {
	fig := display.PlotFI(neuron.NewLIF(neuron.Tau(10)), display.XRange(0, 4))
	fmt.Println(fig)
	if err := fig.Save("fi.svg"); err != nil {
		fmt.Println(err)
	}
	// Output: firing rate of LIF for a constant input from 0 to 4: it fires from 1.01 on, at most 0.334 spikes per step
}

// The curve of a neuron that is not leaky is a staircase: after n steps of input
// x the potential is n·x, so it fires each time that reaches the threshold.
func TestPlotFI(t *testing.T) {
	f := display.PlotFI(neuron.NewIF(neuron.VThreshold(2)))
	x, rate := f.Series[0].Data, f.Series[1].Data
	if x[0] != 0 || x[len(x)-1] != 6 || len(f.Series) != 2 {
		t.Errorf("the input goes from %v to %v", x[0], x[len(x)-1])
	}
	for i := range x {
		want := 0.0
		if x[i] > 0 {
			want = 1 / math.Ceil(2/float64(x[i])-1e-4)
		}
		if math.Abs(float64(rate[i])-want) > 2e-3 {
			t.Errorf("the rate at %v is %v, want %v", x[i], rate[i], want)
		}
	}
}

// The layer is afterwards what it was.
func TestPlotFIDoesNotDisturb(t *testing.T) {
	layer := neuron.NewLIF(neuron.StoreVSeq(true))
	layer.Forward(snn.FromSlice([]float32{0.5, 1}))
	v, seq := layer.V(), layer.VSeq()
	display.PlotFI(layer)
	if !slices.Equal(layer.V().Data(), v.Data()) || !slices.Equal(layer.VSeq().Data(), seq.Data()) || layer.StepMode() != "s" {
		t.Errorf("the layer is %v with potentials %v", layer, layer.V())
	}
}

func TestPlotSurrogate(t *testing.T) {
	for _, test := range []struct {
		s      surrogate.Function
		curves []string
		text   string
	}{
		{surrogate.Sigmoid(4), []string{"x", "step", "primitive", "gradient"}, "surrogate function Sigmoid(alpha=4) for x from -1 to 3: the gradient is at most 1, at x=0"},
		{surrogate.PoissonPass(), []string{"x", "output", "primitive", "gradient"}, "surrogate function PoissonPass() for x from -1 to 3: the gradient is at most 1, at x=-1"},
		{surrogate.Equation("log(x)"), []string{"x", "step", "gradient"}, "surrogate function Equation(log(x)) for x from -1 to 3: the gradient is at most 1.099, at x=3"},
		{surrogate.Equation("sqrt(-4 - x)"), []string{"x", "step", "gradient"}, "surrogate function Equation(sqrt(-4 - x)) for x from -1 to 3: the gradient is not a number"},
		{surrogate.SuperSpike(1), []string{"x", "step", "gradient"}, "surrogate function SuperSpike(alpha=1) for x from -1 to 3: the gradient is at most 1, at x=0"},
	} {
		f := display.PlotSurrogate(test.s, display.XRange(-1, 3), display.Title("another"))
		var names []string
		for _, s := range f.Series {
			names = append(names, s.Name)
		}
		if !slices.Equal(names, test.curves) || f.Text != test.text || f.Title != "another" || !f.Series[1].Dashed || f.Series[2].Dashed {
			t.Errorf("%v: curves %v, text %q", test.s, names, f.Text)
		}
	}
}

func TestPlotSurrogateMistakes(t *testing.T) {
	for _, test := range []struct {
		f    func()
		want string
	}{
		{func() { display.PlotSurrogate(nil) }, "display.PlotSurrogate: the surrogate is nil; expected one of package surrogate, such as surrogate.ATan(2)"},
		{func() { display.PlotSurrogate(surrogate.ATan(2), display.XRange(2, -2)) }, `display.PlotSurrogate: figure "lines": XRange is [2, -2], want two finite numbers, the smaller first`},
		{func() { display.PlotSurrogate(surrogate.ATan(2), display.XRange(0, 1e39)) }, "display.PlotSurrogate: XRange is [0, 1e+39], expected numbers from -3.403e+38 to 3.403e+38"},
	} {
		func() {
			defer func() {
				var e *snn.ShapeError
				if err, _ := recover().(error); !errors.As(err, &e) || err.Error() != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
			}()
			test.f()
		}()
	}
}
