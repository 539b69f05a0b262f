package display

import (
	"fmt"

	"spikebook/display/figure"
	"spikebook/snn"
)

// Plot1DSpikes draws a mark for each spike, a row for each neuron with neuron 0
// at the top, and beside the rows the firing rate of each neuron in spikes per
// step. s has shape [T, N]; every value other than 0 is a spike. A very large
// number of spikes is drawn as their density. It panics with a *snn.ShapeError if the shape does not fit.
func Plot1DSpikes(s *snn.Tensor, options ...Option) *Figure {
	const op = "Plot1DSpikes"
	steps, neurons := manyNeurons("display."+op, "s", s)
	f := apply(op, &Figure{
		Kind:   figure.Raster,
		Title:  "Spikes of " + count(neurons, "neuron"),
		XLabel: "simulating step", YLabel: "neuron index",
		Series:    []figure.Series{series("s", s, steps, neurons)},
		IntXTicks: true, IntYTicks: true,
		RateColumn: true, RateLabel: "firing rate",
	}, options)
	f.Text = rasterText(steps, neurons, s) + notBinary(s) + notFinite(s)
	return f
}

func rasterText(steps, neurons int, s *snn.Tensor) string {
	rates := make([]int, neurons)
	spikes := 0
	for i, x := range s.Data() {
		if isSpike(x) {
			rates[i%neurons]++
			spikes++
		}
	}
	busiest := 0
	for i, n := range rates {
		if n > rates[busiest] {
			busiest = i
		}
	}
	text := fmt.Sprintf("raster: %s, T=%d, %s", count(neurons, "neuron"), steps, spikeCount(spikes))
	if spikes == 0 {
		return text
	}
	return text + fmt.Sprintf(", firing rate %.3g (max %.3g, neuron %d)",
		float64(spikes)/float64(steps*neurons), float64(rates[busiest])/float64(steps), busiest)
}
