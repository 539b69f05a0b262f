package neuron

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"spikebook/snn"
)

// String prints the layer as SpikingJelly prints one: its kind and its
// properties.
func (l *Layer) String() string {
	var b strings.Builder
	b.WriteString(l.name + "(")
	for _, p := range l.properties() {
		b.WriteString(p.name + "=" + p.value + ", ")
	}
	return strings.TrimSuffix(b.String(), ", ") + ")"
}

type property struct{ name, value string }

// properties lists what can be set, the parameters first.
func (l *Layer) properties() []property {
	reset := "none (soft reset)"
	if !l.config.soft {
		reset = l.value(vReset)
	}
	var all []property
	if l.equations.spikes {
		all = []property{{vThreshold, l.value(vThreshold)}, {vReset, reset}}
	}
	for _, name := range l.paramNames() {
		if name != vThreshold && name != vReset {
			all = append(all, property{name, l.value(name)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.config.switches)) {
		all = append(all, property{name, strconv.FormatBool(*l.config.switches[name])})
	}
	if l.config.decode != "" {
		all = append(all, property{"decode", l.config.decode})
	}
	if l.equations.spikes {
		all = append(all, property{"detach_reset", strconv.FormatBool(l.config.detachReset)})
	}
	all = append(all, property{"step_mode", l.config.stepMode}, property{"backend", where(l.config.backend)})
	if l.equations.spikes {
		all = append(all, property{"surrogate", l.config.surrogate.String()})
	}
	return all
}

// MIMEBundle returns the layer as a notebook shows it: as Markdown with its
// equations, properties and state, and as plain text.
func (l *Layer) MIMEBundle() map[string]string {
	return bundle(l.name, l.equations.latex, l.state(), l.properties(), l.String())
}

func bundle(name, latex, state string, properties []property, text string) map[string]string {
	var b strings.Builder
	fmt.Fprintf(&b, "**`%s`**\n\n$$\n%s\n$$\n\n", name, latex)
	b.WriteString("| property | value |\n| --- | --- |\n")
	for _, p := range properties {
		fmt.Fprintf(&b, "| `%s` | %s |\n", p.name, p.value)
	}
	fmt.Fprintf(&b, "| state | %s |\n", state)
	return map[string]string{"text/markdown": b.String(), "text/plain": text + "\nstate: " + state}
}

// value prints a parameter.
func (l *Layer) value(name string) string {
	t := l.values[name]
	text := strconv.FormatFloat(l.Param(name), 'g', -1, 64)
	if t != nil && t.Size() != 1 {
		text = extent(t)
	}
	if t != nil && t.RequiresGrad() {
		text += " (learnt)"
	}
	return text
}

// state describes the states in a line.
func (l *Layer) state() string {
	if l.states == nil {
		return "V = " + l.V().String() + ", no input yet"
	}
	var all []string
	for i, name := range l.States() {
		if name == stateName {
			name = "V"
		}
		all = append(all, name+" "+extent(l.states[i]))
	}
	return strings.Join(all, "; ")
}

// extent describes the values of a tensor.
func extent(t *snn.Tensor) string {
	if t.Size() == 0 {
		return fmt.Sprintf("of shape %v", t.Shape())
	}
	lo, hi, strange := t.Data()[0], t.Data()[0], 0
	for _, v := range t.Data() {
		lo, hi = min(lo, v), max(hi, v)
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			strange++
		}
	}
	text := fmt.Sprintf("of shape %v, between %v and %v", t.Shape(), lo, hi)
	if lo == hi {
		text = fmt.Sprintf("of shape %v, %v", t.Shape(), lo)
	}
	if strange > 0 {
		text = fmt.Sprintf("of shape %v, %d of %d values NaN or infinite", t.Shape(), strange, t.Size())
	}
	return text
}
