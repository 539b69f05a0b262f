package display

import (
	"fmt"
	"strings"

	"spikebook/display/figure"
	"spikebook/snn"
)

// PlotOneNeuronVS draws the membrane potential of one neuron with dashed lines
// at the threshold and, with [VReset], at the reset potential, and its spikes
// beneath. v and s have shape [T], or [T, 1]; every value of s other than 0 is
// a spike. Values that are not finite are gaps, and counted in the text. Of very
// many steps the picture keeps what can be seen: the extremes in each pixel. It
// panics with a *snn.ShapeError if a shape does not fit.
func PlotOneNeuronVS(v, s *snn.Tensor, options ...Option) *Figure {
	const op = "PlotOneNeuronVS"
	steps := oneNeuron("display."+op, "v", v)
	if n := oneNeuron("display."+op, "s", s); n != steps {
		panic(snn.Shapef("display."+op, "v has %d steps and s has %d, expected as many", steps, n))
	}
	f := apply(op, &Figure{
		Kind:   figure.Voltage,
		Title:  "Membrane potential and spikes",
		XLabel: "simulating step", YLabel: "membrane potential",
		Series:    []figure.Series{series("potential", v, steps), series("spikes", s, steps)},
		Lines:     []figure.Line{{Name: thresholdLine, Value: 1}},
		IntXTicks: true,
	}, options)
	f.Text = voltageText(f, v, s)
	return f
}

// maxTimes is how many spike times the text names.
const maxTimes = 10

func voltageText(f *Figure, v, s *snn.Tensor) string {
	var times []string
	for t, x := range s.Data() {
		if isSpike(x) {
			times = append(times, fmt.Sprint(t))
		}
	}
	text := fmt.Sprintf("voltage of one neuron: T=%d, v %s, %s", f.Steps(), extent(v), spikeCount(len(times)))
	if n := len(times); n > 0 {
		rate := float64(n) / float64(f.Steps())
		if n > maxTimes {
			times = append(times[:maxTimes], "…")
		}
		text += fmt.Sprintf(" at t=%s (rate %.3g)", strings.Join(times, ", "), rate)
	}
	for _, l := range f.Lines {
		text += fmt.Sprintf(", %s %v", l.Name, l.Value)
	}
	return text + notBinary(s) + notFinite(v, s)
}
