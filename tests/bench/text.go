package main

import (
	"fmt"
	"strings"
)

// A text makes a cell. name is a part of identifiers and i a number: a cell with
// the same name and another number differs in nothing but numbers.
type text func(name string, i int) string

// What our kernel and GoNB are told before the cells that are measured.
const (
	ourSetup = `layer := neuron.NewLIF()
recorded := neuron.NewLIF(neuron.StepMode("m"), neuron.StoreVSeq(true))
drive := snn.Full(1.5, 60, 1)
`
	gonbSetup = `import (
	"bytes"
	"fmt"
)

func full(x float32) *tensor.Dense { return tensor.New(tensor.WithBacking([]float32{x, x})) }

type lif struct{ v *tensor.Dense }

// forward is one step of leaky neurons: v + (x - v)/2, and back to 0 at 1.
func (l *lif) forward(x *tensor.Dense) *tensor.Dense {
	if l.v == nil {
		l.v = full(0)
	}
	d, err := x.Sub(l.v)
	if err != nil {
		panic(err)
	}
	if d, err = d.DivScalar(float32(2), true); err != nil {
		panic(err)
	}
	if l.v, err = l.v.Add(d); err != nil {
		panic(err)
	}
	spike := full(0)
	for i, v := range l.v.Data().([]float32) {
		if v >= 1 {
			l.v.SetF32(i, 0)
			spike.SetF32(i, 1)
		}
	}
	return spike
}

func draw(title string, v plotter.XYs) string {
	p := plot.New()
	p.Title.Text = title
	line, err := plotter.NewLine(v)
	if err != nil {
		panic(err)
	}
	p.Add(line)
	w, err := p.WriterTo(15*vg.Centimeter, 10*vg.Centimeter, "svg")
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		panic(err)
	}
	return b.String()
}
`
)

func empty(name string, _ int) string {
	return "{\n\tnothing_" + name + " := true\n\t_ = nothing_" + name + "\n}\n"
}

func printed(name string, i int) string {
	return fmt.Sprintf("for i_%s := range 3 {\n\tfmt.Println(\"spike\", i_%[1]s, %d)\n}\n", name, i)
}

func ourStep(name string, i int) string {
	return fmt.Sprintf("for i_%s := range 3 {\n\tfmt.Println(i_%[1]s, layer.Forward(snn.Full(%.3f, 1)))\n}\n", name, weight(i))
}

func ourPlot(name string, i int) string {
	return fmt.Sprintf("spikes_%s := recorded.Forward(drive)\n"+
		"display.PlotOneNeuronVS(recorded.VSeq(), spikes_%[1]s, display.Title(\"a leaky neuron\"), display.VThreshold(%.3f))\n", name, weight(i))
}

func gonbStep(name string, i int) string {
	return fmt.Sprintf("layer := &lif{}\nfor i_%s := range 3 {\n"+
		"\tfmt.Println(i_%[1]s, layer.forward(full(%.3f)))\n}\n", name, weight(i))
}

func gonbPlot(name string, i int) string {
	return fmt.Sprintf(`layer, trace_%s := &lif{}, plotter.XYs{}
for step := range 60 {
	layer.forward(full(1.5))
	trace_%[1]s = append(trace_%[1]s, plotter.XY{X: float64(step), Y: float64(layer.v.GetF32(0))})
}
gonbui.DisplaySvg(draw("%.3f", trace_%[1]s))
gonbui.Sync()
`, name, weight(i))
}

// weight is a number as a slider gives it.
func weight(i int) float64 { return 0.5 + float64(i%400)/1000 }

// inMain makes a cell of GoNB from statements.
func inMain(t text) text {
	return func(name string, i int) string { return "%%\n" + t(name, i) }
}

// timed makes a cell say what its time was spent on.
func timed(t text) text {
	return func(name string, i int) string { return "%time\n" + t(name, i) }
}

// earlier returns the cells of a notebook that has run for a while. They are
// the same in all kernels as far as these allow.
func earlier(n int, remembers bool) (cells []string) {
	for i := range n {
		var c string
		switch i % 5 {
		case 0:
			c = fmt.Sprintf("gain%d := 0.5 + %d.0", i, i)
			if !remembers {
				c = fmt.Sprintf("var gain%d = 0.5 + %d.0", i, i)
			}
		case 1:
			c = fmt.Sprintf("func scale%d(x float64) float64 { return x * gain%d }", i, i-1)
		case 2:
			c = fmt.Sprintf("type record%d struct {\n\tname string\n\tvalue float64\n}\n\n"+
				"func (r record%[1]d) String() string { return fmt.Sprint(r.name, r.value) }", i)
		case 3:
			c = fmt.Sprintf("records%d := []record%d{{\"a\", scale%d(2)}}", i, i-1, i-2)
			if !remembers {
				c = "var " + strings.Replace(c, ":=", "=", 1)
			}
		case 4:
			c = fmt.Sprintf("fmt.Println(scale%d(%d), records%d)", i-3, i, i-1)
			if !remembers {
				c = "%%\n" + c
			}
		}
		cells = append(cells, c+"\n")
	}
	return cells
}
