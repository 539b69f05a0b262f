package display_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"spikebook/display"
	"spikebook/display/figure"
	"spikebook/snn"
	"spikebook/snn/neuron"
)

func ExamplePlotPhase() {
	fig := display.PlotPhase(neuron.NewRAF(), display.Input(0.1), display.XRange(-0.1, 0.3))
	fmt.Println(fig)
	if err := fig.Save("phase.svg"); err != nil {
		fmt.Println(err)
	}
	// Output:
	// phase plane of RAF, v from -0.1 to 0.3 and u from -0.02164 to 0.1659, with an input of 0.1: the path of 200 steps has no spikes and ends at v=0.0877, u=0.07098
}

// pathOf returns the places of a path that are finite.
func pathOf(t *testing.T, f *display.Figure, name string) (x, y []float64) {
	t.Helper()
	for i := 1; i < len(f.Series); i += 2 {
		if f.Series[i].Name != name {
			continue
		}
		for k, v := range f.Series[i].Data {
			if at := f.Series[i-1].Data[k]; v == v && at == at {
				x, y = append(x, float64(at)), append(y, float64(v))
			}
		}
		return x, y
	}
	t.Fatalf("there is no path %q", name)
	return nil, nil
}

// The nullclines of a neuron whose equations are simple lie where those say: v of
// the Izhikevich neuron where a·(v - v_rest)·(v - v_c) + x = w, and w where
// a·(v - v_rest) = w.
func TestPhaseNullclines(t *testing.T) {
	f := display.PlotPhase(neuron.NewIzhikevich(neuron.Param("a", 0.2)), display.Input(0.3), display.XRange(-0.2, 0.9), display.YRange(-0.3, 0.6))
	const v0, vc, a0, a, x = -0.1, 0.8, 1, 0.2, 0.3
	px, py := pathOf(t, f, "v nullcline")
	for i, v := range px {
		if want := a0*(v-v0)*(v-vc) + x; math.Abs(py[i]-want) > 2e-3 {
			t.Fatalf("v stays at v=%v, w=%v; expected w=%v", v, py[i], want)
		}
	}
	qx, qy := pathOf(t, f, "w nullcline")
	for i, v := range qx {
		// w changes by (a·(H - v_rest) - w)/tau_w, where H is v after the charge.
		h := v + (a0*(v-v0)*(v-vc)+x-qy[i])/2
		if want := a * (h - v0); math.Abs(qy[i]-want) > 2e-3 {
			t.Fatalf("w stays at v=%v, w=%v; expected w=%v", v, qy[i], want)
		}
	}
	if len(px) < 50 || len(qx) < 50 {
		t.Errorf("nullclines of %d and %d places", len(px), len(qx))
	}
}

// The path is what the neuron does, cut at spikes, which have a path of their own.
func TestPhasePath(t *testing.T) {
	f := display.PlotPhase(neuron.NewAdEx(), display.Input(1.5))
	x, y := pathOf(t, f, "path")
	layer := neuron.NewAdEx()
	v, w := []float64{float64(layer.V().Item())}, []float64{float64(layer.State("w").Item())}
	spikes := 0
	for range 200 {
		spikes += int(layer.Forward(snn.Full(1.5, 1)).Item())
		v, w = append(v, float64(layer.V().Item())), append(w, float64(layer.State("w").Item()))
	}
	if !slices.Equal(x, v) || !slices.Equal(y, w) {
		t.Error("the path is not that of the neuron")
	}
	if jumps, _ := pathOf(t, f, "spike and reset"); len(jumps) != 2*spikes || spikes == 0 {
		t.Errorf("%d places of jumps, expected two for each of %d spikes", len(jumps), spikes)
	}
	if !strings.Contains(f.Text, fmt.Sprintf("has %d spikes", spikes)) {
		t.Errorf("the text is %q", f.Text)
	}
}

// A layer is afterwards what it was.
func TestPlotPhaseDoesNotDisturb(t *testing.T) {
	layer := neuron.NewIzhikevich(neuron.StoreVSeq(true))
	layer.Forward(snn.Full(0.4, 3))
	before, v := layer.String(), layer.V()
	display.PlotPhase(layer)
	if layer.String() != before || !slices.Equal(layer.V().Data(), v.Data()) || layer.VSeq().Shape()[0] != 1 {
		t.Errorf("the layer is %v with v=%v, before %v with %v", layer, layer.V(), before, v)
	}
}

func TestPlotPhaseMistakes(t *testing.T) {
	for want, f := range map[string]func(){
		"display.PlotPhase: the layer is nil":                                             func() { display.PlotPhase(nil) },
		"display.PlotPhase: LIF has the states v; a phase plane is for a neuron with two": func() { display.PlotPhase(neuron.NewLIF()) },
		"Input is NaN, want a finite number":                                              func() { display.PlotPhase(neuron.NewAdEx(), display.Input(math.NaN())) },
		"the thresholds of the neurons differ": func() {
			display.PlotPhase(neuron.NewAdEx(neuron.ParamTensor("v_threshold", snn.FromSlice([]float32{1, 2}))))
		},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
}

// A neuron whose potential goes to infinity has a plane all the same.
func TestPhaseNotFinite(t *testing.T) {
	f := display.PlotPhase(neuron.NewAdEx(neuron.VThreshold(1e30)), display.Input(5))
	if r := f.XRange; !(r.Min < r.Max) || math.IsInf(r.Max, 0) || f.Kind != figure.Paths {
		t.Errorf("%v from %v to %v", f.Kind, r.Min, r.Max)
	}
}
