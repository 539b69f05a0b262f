package ptx

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spikebook/snn/dynamics"
	"spikebook/snn/vector"
)

// writer writes the body of a kernel. Every value has a register of its own; the
// driver's compiler finds out which of them may share one.
type writer struct {
	*dynamics.Listing
	parameters []string // their declarations
	body       strings.Builder
	counts     map[string]int // of registers and labels, by how their names begin
	computed   int            // values that were computed, for their names
	note       string         // for the next line

	values map[int]string // where the registers of the listing are at the moment
	names  map[int]string // and what comments call them

	thread, block           string // registers
	neuron, count, row      string
	inputs, outputs, states []array
	kept                    []string // the registers of the states from step to step
	summed                  []bool   // states
}

// array is a place in memory, and what is read from there or written to it.
type array struct {
	at       string // register of the address
	row      string // register of the bytes to the next step
	register int    // of the listing
	name     string
}

func newWriter(l *dynamics.Listing) *writer {
	return &writer{Listing: l, counts: map[string]int{}, values: map[int]string{}, names: map[int]string{}}
}

func (w *writer) fresh(letter string) string {
	w.counts[letter]++
	return fmt.Sprint(letter, w.counts[letter])
}

// remark puts a comment behind the next line.
func (w *writer) remark(text string) { w.note = text }

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.body, "\t"+format, args...)
	if w.note != "" {
		w.body.WriteString(" // " + plain(w.note))
		w.note = ""
	}
	w.body.WriteByte('\n')
}

func (w *writer) label(name string) { fmt.Fprintf(&w.body, "%s:\n", name) }

// special loads a special register.
func (w *writer) special(name string) string {
	r := w.fresh("%r")
	w.line("mov.u32 %s, %%%s;", r, name)
	return r
}

// parameter declares a parameter of the kernel and loads it.
func (w *writer) parameter(kind, name, remark string) string {
	w.parameters = append(w.parameters, fmt.Sprintf("\t.param .%s %s", kind, name))
	r := w.fresh(map[string]string{"u32": "%r", "u64": "%d", "s64": "%d"}[kind])
	w.remark(remark)
	w.line("ld.param.%s %s, [%s];", kind, r, name)
	return r
}

func (w *writer) load(a array) {
	r := w.fresh("%r")
	w.values[a.register], w.names[a.register] = r, a.name
	w.remark(a.name)
	w.line("ld.global.f32 %s, [%s];", r, a.at)
}

func (w *writer) store(a array) {
	w.remark(a.name)
	w.line("st.global.f32 [%s], %s;", a.at, w.values[a.register])
}

// advance goes on to the next step.
func (w *writer) advance(a array) { w.line("add.s64 %s, %s, %s;", a.at, a.at, a.row) }

// instruction writes an instruction of the listing, with a comment in front if it
// takes more than one line.
func (w *writer) instruction(in *vector.Instruction) {
	operands := map[string]string{}
	var names []string
	for i, r := range in.Operands() {
		operands["%"+string("abc"[i])] = w.values[r]
		names = append(names, w.names[r])
	}
	var results []string
	for range in.Results() {
		w.computed++
		results = append(results, fmt.Sprint("t", w.computed))
	}
	text := strings.Join(results, ", ") + " = " + formula(in.Op, names)

	lines, _ := sequence(in.Op)
	if len(lines) == 1 {
		w.remark(text)
	} else {
		fmt.Fprintf(&w.body, "\t// %s\n", plain(text))
	}
	own := map[string]string{} // by what they are called in the sequence
	for _, line := range lines {
		line = local.ReplaceAllStringFunc(line, func(name string) string {
			if operand, ok := operands[name]; ok {
				return operand
			}
			if own[name] == "" {
				own[name] = w.fresh(map[byte]string{'y': "%r", 'z': "%r", 'r': "%r", 'd': "%d", 'p': "%p", 'L': "$L"}[name[1]])
			}
			return own[name]
		})
		if label, ok := strings.CutSuffix(line, ":"); ok {
			w.label(label)
		} else {
			w.line("%s", line)
		}
	}
	for i, r := range in.Results() {
		w.values[r], w.names[r] = own[[]string{"%y", "%y2"}[i]], results[i]
	}
}

// formula says what an operation does, in one line for readers.
func formula(op vector.Op, operands []string) string {
	if first, second, slot, pair := op.Pair(); pair {
		inner := []string{"(" + formula(first, operands[:2]) + ")", operands[2]}
		if slot == 1 {
			slices.Reverse(inner)
		}
		return formula(second, inner)
	}
	if sign, ok := map[vector.Op]string{vector.Add: "+", vector.Sub: "-", vector.Mul: "*", vector.Div: "/"}[op]; ok {
		return operands[0] + " " + sign + " " + operands[1]
	}
	return op.String() + "(" + strings.Join(operands, ", ") + ")"
}

// local is a name that a sequence of instructions uses.
var local = regexp.MustCompile(`[%$][A-Za-z]+[0-9]*`)

// sequence returns the instructions for an operation, with names of their own. One
// that is fused from two is the two after each other.
func sequence(op vector.Op) ([]string, error) {
	first, second, slot, pair := op.Pair()
	if !pair {
		text, ok := operations[op]
		if !ok {
			return nil, fmt.Errorf("ptx: there are no instructions for operation %s; write them with: go run ./snn/vector/gen", op)
		}
		return strings.Split(text, "\n"), nil
	}
	inner, outer := "%z", "%c"
	if slot == 1 {
		inner, outer = outer, inner
	}
	return []string{
		strings.Replace(operations[first], "%y", "%z", 1),
		strings.NewReplacer("%a", inner, "%b", outer).Replace(operations[second]),
	}, nil
}
