package display

import (
	"fmt"
	"math"
	"strings"

	"spikebook/display/figure"
	"spikebook/snn"
	"spikebook/snn/neuron"
)

// phaseSteps is how many steps the path of a phase plane has.
const phaseSteps = 200

// The grids of a phase plane: of its arrows, and of the values that nullclines
// are found between.
const (
	arrowColumns, arrowRows = 24, 15
	fineColumns, fineRows   = 161, 101
)

// spiked is from which output on a neuron has fired: between 0 and 1 where a smooth
// neuron gives out less than a spike.
const spiked = 0.5

// Input sets what the neuron of a [PlotPhase] is given at each step; the default
// is 0.
func Input(x float64) Option { return func(f *Figure) { f.Input = x } }

// PlotPhase draws the phase plane of a neuron with two states, such as
// neuron.NewIzhikevich: the potential v on the x axis, the other state on the y
// axis. Arrows show where a step leads that does not end in a spike, the
// nullclines where v or the other state stays as it is. The neuron's path begins
// at its first state and goes on for 200 steps of a constant [Input]; a spike and
// its reset are dashed. [XRange] and [YRange] choose the part of the plane; by
// default it is where the path is.
//
// The layer is afterwards what it was before. PlotPhase panics with a
// *snn.ShapeError if the neuron has another number of states, or if its
// parameters differ between neurons.
func PlotPhase(layer *neuron.Layer, options ...Option) *Figure {
	const op = "PlotPhase"
	if layer == nil {
		panic(snn.Shapef("display."+op, "the layer is nil; expected one such as neuron.NewIzhikevich()"))
	}
	if states := layer.States(); len(states) != 2 {
		panic(snn.Shapef("display."+op, "%s has the states %s; a phase plane is for a neuron with two", layer.Kind(), strings.Join(states, ", ")))
	}
	threshold := layer.VThreshold()
	if math.IsNaN(threshold) {
		panic(snn.Shapef("display."+op, "the thresholds of the neurons differ; make a layer of one of them to see its phase plane"))
	}
	one := figure.Series{Shape: []int{1}, Data: figure.Values{0}} // until the paths are known
	name := layer.States()[1]
	f := apply(op, &Figure{
		Kind: figure.Paths, Title: "Phase plane of " + layer.Kind(), XLabel: "v, the membrane potential", YLabel: name,
		Series: []figure.Series{one, one}, Lines: []figure.Line{{Name: thresholdLine, Value: threshold, Vertical: true}},
	}, options)
	p := phase{layer: layer, f: f, other: name}
	f.Series = nil
	lookAt(op, layer, p.draw)
	return f
}

// phase is a phase plane that is being drawn.
type phase struct {
	layer *neuron.Layer
	f     *Figure
	other string // the name of the second state
}

func (p *phase) draw() {
	walk, jumps, spikes := p.path()
	p.f.XRange = around(p.f.XRange, walk.x, p.f.Lines[0].Value)
	p.f.YRange = around(p.f.YRange, walk.y)
	p.add("", p.arrows(), func(s *figure.Series) { s.Faint = true })
	p.add("spike and reset", jumps, func(s *figure.Series) { s.Dashed = true })
	p.add("path", walk, nil)
	fine := p.steps(between(p.f.XRange, fineColumns), between(p.f.YRange, fineRows))
	p.add("v nullcline", fine.contour(fine.dx), nil)
	p.add(p.other+" nullcline", fine.contour(fine.dy), nil)
	p.f.Text = fmt.Sprintf("phase plane of %s, v from %.4g to %.4g and %s from %.4g to %.4g, with an input of %v: the path of %d steps has %s and ends at v=%.4g, %s=%.4g",
		p.layer.Kind(), p.f.XRange.Min, p.f.XRange.Max, p.other, p.f.YRange.Min, p.f.YRange.Max, p.f.Input,
		phaseSteps, spikeCount(spikes), walk.x[len(walk.x)-1], p.other, walk.y[len(walk.y)-1])
}

// track is a path in the plane; NaN cuts it.
type track struct{ x, y figure.Values }

func (t *track) to(x, y float32) { t.x, t.y = append(t.x, x), append(t.y, y) }

func (t *track) cut() { t.to(float32(math.NaN()), float32(math.NaN())) }

// add adds a path to the figure, unless it is empty.
func (p *phase) add(name string, t track, style func(*figure.Series)) {
	if len(t.x) == 0 {
		return
	}
	s := figure.Series{Name: name, Shape: []int{len(t.x)}, Data: t.y}
	if style != nil {
		style(&s)
	}
	p.f.Series = append(p.f.Series, figure.Series{Shape: s.Shape, Data: t.x}, s)
}

// path runs the neuron. It cuts the walk at each spike, where the jumps have the
// missing piece.
func (p *phase) path() (walk, jumps track, spikes int) {
	v, w := p.layer.State("v").Item(), p.layer.State(p.other).Item()
	walk.to(v, w)
	x := snn.Full(float32(p.f.Input), 1, 1)
	for range phaseSteps {
		fired := p.layer.Forward(x).Item() >= spiked
		v0, w0 := v, w
		v, w = p.layer.State("v").Item(), p.layer.State(p.other).Item()
		if fired {
			spikes++
			walk.cut()
			jumps.to(v0, w0)
			jumps.to(v, w)
			jumps.cut()
		}
		walk.to(v, w)
	}
	return walk, jumps, spikes
}

// around returns a range that was given, or one around values, with room.
func around(given figure.Range, values figure.Values, more ...float64) figure.Range {
	if !given.IsZero() {
		return given
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if x := float64(v); !math.IsNaN(x) && !math.IsInf(x, 0) {
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	for _, x := range more {
		lo, hi = min(lo, x), max(hi, x)
	}
	if !(lo <= hi) {
		lo, hi = 0, 0
	}
	room := 0.15 * (hi - lo)
	if room == 0 {
		room = max(0.5, 0.15*math.Abs(lo))
	}
	return figure.Range{Min: lo - room, Max: hi + room}
}

// plane holds how far a step leads from each place of a grid; NaN where it ends
// in a spike.
type plane struct {
	x, y   figure.Values // the places along the axes
	dx, dy []float32     // row by row
}

func (p *phase) steps(x, y figure.Values) plane {
	g := plane{x: x, y: y}
	columns := len(x)
	n := columns * len(y)
	v, w := snn.Zeros(n), snn.Zeros(n)
	for i := range n {
		v.Data()[i], w.Data()[i] = g.x[i%columns], g.y[i/columns]
	}
	p.layer.Reset()
	p.layer.SetState("v", v)
	p.layer.SetState(p.other, w)
	fired := p.layer.Forward(snn.Full(float32(p.f.Input), 1, n)).Data()
	g.dx = p.layer.State("v").Sub(v).Data()
	g.dy = p.layer.State(p.other).Sub(w).Data()
	for i, s := range fired {
		if s >= spiked {
			g.dx[i], g.dy[i] = float32(math.NaN()), float32(math.NaN())
		}
	}
	return g
}

// between returns n places that fill a range.
func between(r figure.Range, n int) figure.Values {
	list := make(figure.Values, n)
	for i := range list {
		list[i] = float32(r.Min + (r.Max-r.Min)*float64(i)/float64(n-1))
	}
	return list
}

// arrows returns the direction of a step at places inside the plane. Their length
// grows with the step's, but less.
func (p *phase) arrows() (t track) {
	// The plane in cells with an arrow each: lengths and angles are those of the page.
	cells := func(r figure.Range, n int) (size float64, middles figure.Values) {
		size = (r.Max - r.Min) / float64(n)
		return size, between(figure.Range{Min: r.Min + size/2, Max: r.Max - size/2}, n)
	}
	sx, columns := cells(p.f.XRange, arrowColumns)
	sy, rows := cells(p.f.YRange, arrowRows)
	g := p.steps(columns, rows)
	length := func(i int) float64 { return math.Hypot(float64(g.dx[i])/sx, float64(g.dy[i])/sy) }
	longest := 0.0
	for i := range g.dx {
		if l := length(i); l > longest && !math.IsInf(l, 0) { // and no NaN
			longest = l
		}
	}
	for i := range g.dx {
		l := length(i)
		if !(l > 0) || math.IsInf(l, 0) {
			continue
		}
		size := 0.25 + 0.5*math.Sqrt(l/longest)
		x, y := float64(g.x[i%arrowColumns]), float64(g.y[i/arrowColumns])
		ux, uy := float64(g.dx[i])/sx/l, float64(g.dy[i])/sy/l
		at := func(along, aside float64) {
			along -= 0.5 // the place is the middle of the arrow
			t.to(float32(x+(along*ux-aside*uy)*size*sx), float32(y+(along*uy+aside*ux)*size*sy))
		}
		at(0, 0)
		at(1, 0)
		at(0.72, 0.14)
		t.cut()
		at(1, 0)
		at(0.72, -0.14)
		t.cut()
	}
	return t
}

// contour returns the lines where values are 0, found between the places of the
// grid.
func (g *plane) contour(values []float32) (t track) {
	columns := len(g.x)
	for row := range len(g.y) - 1 {
		for column := range columns - 1 {
			corner := func(k int) (x, y, v float32) { // around the cell
				i, j := column+(k^k>>1)&1, row+k>>1&1
				return g.x[i], g.y[j], values[j*columns+i]
			}
			var crossings [4][2]float32
			n := 0
			for k := range 4 {
				x0, y0, v0 := corner(k)
				x1, y1, v1 := corner((k + 1) & 3)
				if (v0 < 0) != (v1 < 0) && v0 == v0 && v1 == v1 {
					part := v0 / (v0 - v1)
					crossings[n] = [2]float32{x0 + part*(x1-x0), y0 + part*(y1-y0)}
					n++
				}
			}
			for k := 0; k+1 < n; k += 2 {
				t.to(crossings[k][0], crossings[k][1])
				t.to(crossings[k+1][0], crossings[k+1][1])
				t.cut()
			}
		}
	}
	return t
}
