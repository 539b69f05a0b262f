package neuron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String prints the layer as SpikingJelly prints one: its kind and its
// properties.
func (l *Layer) String() string {
	var b strings.Builder
	b.WriteString(l.name + "(")
	for _, p := range l.properties() {
		b.WriteString(p.name + "=" + p.value + ", ")
	}
	return b.String() + "surrogate=" + l.config.surrogate.String() + ")"
}

type property struct{ name, value string }

// properties lists what can be set, the parameters first.
func (l *Layer) properties() []property {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	reset := number(l.config.vReset)
	if l.config.soft {
		reset = "none (soft reset)"
	}
	all := []property{{vThreshold, number(l.config.vThreshold)}, {vReset, reset}}
	own := slices.Clone(l.program.Params())
	slices.Sort(own)
	for _, name := range own {
		if name != vThreshold && name != vReset {
			all = append(all, property{name, number(l.param(name))})
		}
	}
	if c := l.config.decayInput; c != nil {
		all = append(all, property{"decay_input", strconv.FormatBool(*c)})
	}
	return append(all,
		property{"detach_reset", strconv.FormatBool(l.config.detachReset)},
		property{"step_mode", l.config.stepMode},
		property{"backend", l.config.backend},
	)
}

// LaTeX returns the neuron's equations as LaTeX, without dollar signs.
func (l *Layer) LaTeX() string { return l.latex }

// MIMEBundle returns the layer as a notebook shows it: as Markdown with its
// equations, properties and state, and as plain text.
func (l *Layer) MIMEBundle() map[string]string {
	var b strings.Builder
	fmt.Fprintf(&b, "**`%s`**\n\n$$\n%s\n$$\n\n", l.name, l.latex)
	b.WriteString("| property | value |\n| --- | --- |\n")
	for _, p := range l.properties() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", p.name, p.value)
	}
	fmt.Fprintf(&b, "| `surrogate` | %s |\n| state | %s |\n", l.config.surrogate, l.state())
	return map[string]string{"text/markdown": b.String(), "text/plain": l.String() + "\nstate: " + l.state()}
}

// state describes the potentials in a line.
func (l *Layer) state() string {
	if l.v == nil {
		return "V = " + l.V().String() + ", no input yet"
	}
	if l.v.Size() == 0 {
		return fmt.Sprintf("V of shape %v", l.v.Shape())
	}
	lo, hi := l.v.Data()[0], l.v.Data()[0]
	for _, v := range l.v.Data() {
		lo, hi = min(lo, v), max(hi, v)
	}
	return fmt.Sprintf("V of shape %v, between %v and %v", l.v.Shape(), lo, hi)
}
