package ptx

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"spikebook/snn/dynamics"
)

// The oldest that is needed: every driver that knows sm_70 knows this version.
const head = `.version 6.3
.target sm_70
.address_size 64
`

// text writes the module of a kernel.
func (k *Kernel) text(l *dynamics.Listing, comment []string) string {
	w := newWriter(l)
	w.summed = k.summed
	w.start()
	for i, used := range k.inputs {
		if used {
			w.input(i)
		}
	}
	w.numbers()
	for i, wanted := range k.wanted {
		if wanted {
			w.output(i)
		}
	}
	w.steps()
	w.end()
	return w.module(k.Entry, comment)
}

// module returns a module with what was written as its only kernel.
func (w *writer) module(entry string, comment []string) string {
	var b strings.Builder
	b.WriteString(head + "\n")
	for _, line := range comment {
		fmt.Fprintln(&b, strings.TrimRight("// "+plain(line), " \\"))
	}
	fmt.Fprintf(&b, ".visible .entry %s(\n%s\n)\n{\n", entry, strings.Join(w.parameters, ",\n"))
	for _, r := range []struct{ name, of string }{{"%p", "pred"}, {"%r", "b32"}, {"%d", "b64"}} {
		fmt.Fprintf(&b, "\t.reg .%s %s<%d>;\n", r.of, r.name, w.counts[r.name]+1)
	}
	fmt.Fprintf(&b, "\n%s}\n", &w.body)
	return b.String()
}

// plain makes a text fit for a comment: one line of ASCII.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, text)
}

// entryName makes a name that is none of an instruction.
func entryName(name string) string {
	return "steps_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}

// start finds the neuron of the thread, and loads what is the same for all inputs
// and outputs.
func (w *writer) start() {
	w.block = w.special("ctaid.x")
	size := w.special("ntid.x")
	w.thread = w.special("tid.x")
	w.neuron = w.fresh("%r")
	w.remark("the neuron of this thread")
	w.line("mad.lo.u32 %s, %s, %s, %s;", w.neuron, w.block, size, w.thread)
	for i, register := range w.States {
		if w.summed[i] { // also in threads that have no neuron
			r := w.fresh("%r")
			w.values[register], w.names[register] = r, w.StateNames[i]
			w.remark(w.StateNames[i])
			w.line("mov.b32 %s, 0f00000000;", r)
		}
	}
	n, none := w.parameter("u32", "neurons", ""), w.fresh("%p")
	w.line("setp.ge.u32 %s, %s, %s;", none, w.neuron, n)
	w.line("@%s bra $none;", none)
	w.count = w.parameter("u32", "steps", "")
	w.row = w.parameter("s64", "row", "bytes from a step to the next")
}

// address is a parameter that is an address.
func (w *writer) address(name, remark string) string {
	base := w.parameter("u64", name, remark)
	w.line("cvta.to.global.u64 %s, %s;", base, base)
	return base
}

// own is where the value of the neuron at hand is, of an array with so many bytes
// for each.
func (w *writer) own(base, column string) string {
	at := w.fresh("%d")
	w.line("mad.wide.u32 %s, %s, %s, %s;", at, w.neuron, column, base)
	return at
}

// input is an input that is used.
func (w *writer) input(i int) {
	parameter, name := fmt.Sprint("input", i), w.InputNames[i]
	if name == "" { // a value that the forward pass saved
		name = parameter
	}
	base := w.address(parameter, name)
	row, column := w.parameter("s64", parameter+"_row", ""), w.parameter("u32", parameter+"_column", "")
	w.inputs = append(w.inputs, array{w.own(base, column), row, w.Inputs[i], name})
}

// numbers loads the parameters, constants and states, and computes what follows from
// the first two.
func (w *writer) numbers() {
	for i, register := range w.Params {
		name := fmt.Sprint("parameter", i)
		base, column := w.address(name, w.ParamNames[i]), w.parameter("u32", name+"_column", "")
		w.load(array{w.own(base, column), "", register, w.ParamNames[i]})
	}
	for _, register := range slices.Sorted(maps.Keys(w.Constants)) {
		value := w.Constants[register]
		r, name := w.fresh("%r"), fmt.Sprint(value)
		w.values[register], w.names[register] = r, name
		w.remark(name)
		w.line("mov.b32 %s, 0f%08X;", r, math.Float32bits(value))
	}
	for i, register := range w.States {
		if !w.summed[i] {
			s := array{w.own(w.address(fmt.Sprint("state", i), w.StateNames[i]), "4"), "", register, w.StateNames[i]}
			w.load(s)
			w.states = append(w.states, s)
		}
		w.kept = append(w.kept, w.values[register])
	}
	for i := range w.Prologue {
		w.instruction(&w.Prologue[i])
	}
}

// output is an output that is wanted.
func (w *writer) output(i int) {
	name := fmt.Sprint("output", i)
	w.outputs = append(w.outputs, array{w.own(w.address(name, ""), "4"), w.row, w.Outputs[i], name})
}

// steps writes the loop.
func (w *writer) steps() {
	done, left := w.fresh("%p"), w.fresh("%p")
	w.line("setp.eq.u32 %s, %s, 0;", done, w.count)
	w.line("@%s bra $last;", done)
	w.label("$step")
	for _, in := range w.inputs {
		w.load(in)
		w.advance(in)
	}
	for i := range w.Code {
		w.instruction(&w.Code[i])
	}
	for _, out := range w.outputs {
		w.store(out)
		w.advance(out)
	}
	for i, register := range w.States {
		if next := w.values[w.Next[i]]; next != w.kept[i] {
			w.remark("the next " + w.StateNames[i] + " is " + w.names[w.Next[i]])
			w.line("mov.b32 %s, %s;", w.kept[i], next)
		}
		w.values[register], w.names[register] = w.kept[i], w.StateNames[i]
	}
	w.line("sub.u32 %s, %s, 1;", w.count, w.count)
	w.line("setp.ne.u32 %s, %s, 0;", left, w.count)
	w.line("@%s bra $step;", left)
}

// end writes what comes after the last step.
func (w *writer) end() {
	w.label("$last")
	for _, s := range w.states {
		w.store(s)
	}
	w.label("$none")
	w.sums()
	w.line("ret;")
}
