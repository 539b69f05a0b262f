package render

import "spikebook/display/figure"

// bins divides the cells of a [T, N] figure that is drawn as an image into the
// pixels of the image: one for each cell, or, where the picture has fewer
// pixels than cells, one for several.
type bins struct {
	steps, neurons int // cells
	w, h           int // pixels
}

// panelShare is the part of a figure's width and height that its panel fills at
// least.
const panelShare = 0.6

func newBins(f *figure.Figure) bins {
	width, height := f.Size()
	dots := panelShare * float64(f.Density())
	b := bins{steps: f.Steps(), neurons: f.Neurons()}
	b.w = max(1, min(b.steps, int(width*dots)))
	b.h = max(1, min(b.neurons, int(height*dots)))
	return b
}

// several reports whether some pixel stands for more than one cell.
func (b bins) several() bool { return b.w < b.steps || b.h < b.neurons }

// mean returns the mean over the cells of each pixel, row-major with neuron 0
// first. Cells for which value returns false are left out; a pixel with no other
// cells has the number 0 of them in count.
func (b bins) mean(value func(step, neuron int) (float64, bool)) (mean []float64, count []int) {
	mean, count = make([]float64, b.w*b.h), make([]int, b.w*b.h)
	for t := range b.steps {
		x := t * b.w / b.steps
		for n := range b.neurons {
			if v, ok := value(t, n); ok {
				i := n*b.h/b.neurons*b.w + x
				mean[i] += v
				count[i]++
			}
		}
	}
	for i, n := range count {
		if n > 0 {
			mean[i] /= float64(n)
		}
	}
	return mean, count
}
