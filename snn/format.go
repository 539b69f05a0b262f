package snn

import (
	"strconv"
	"strings"
)

const (
	printAll  = 1000 // tensors up to this size are printed whole
	printEdge = 3    // values at either end of a dimension otherwise
)

// String prints the values in the fewest digits that tell them apart, in one
// pair of brackets for each dimension, columns aligned. Of more than 1000
// values it prints the first and last three in each dimension. A single value,
// of shape [], has no brackets.
func (t *Tensor) String() string {
	p := printer{shape: t.shape, data: t.values(), short: t.Size() > printAll}
	if len(t.shape) > 1 {
		p.visit(0, 0, func(v float32) { p.width = max(p.width, len(format(v))) })
	}
	p.print(0, 0)
	return p.b.String()
}

func format(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }

type printer struct {
	b     strings.Builder
	shape []int
	data  []float32
	width int  // of a column
	short bool // leave out the middle
}

// gap stands in the list of shown for what is left out.
const gap = -1

// shown lists the indices in dimension k that are printed.
func (p *printer) shown(k int) []int {
	var list []int
	for i := 0; i < p.shape[k]; i++ {
		if p.short && i == printEdge && p.shape[k] > 2*printEdge {
			list = append(list, gap)
			i = p.shape[k] - printEdge
		}
		list = append(list, i)
	}
	return list
}

// visit calls f for each value that is printed.
func (p *printer) visit(k, at int, f func(float32)) {
	if k == len(p.shape) {
		f(p.data[at])
		return
	}
	for _, i := range p.shown(k) {
		if i != gap {
			p.visit(k+1, at*p.shape[k]+i, f)
		}
	}
}

// print prints the part of the tensor at the given offset of dimension k.
func (p *printer) print(k, at int) {
	if k == len(p.shape) {
		v := format(p.data[at])
		p.b.WriteString(strings.Repeat(" ", max(0, p.width-len(v))) + v)
		return
	}
	p.b.WriteByte('[')
	for n, i := range p.shown(k) {
		if n > 0 {
			p.separate(k)
		}
		if i == gap {
			p.b.WriteString("...")
		} else {
			p.print(k+1, at*p.shape[k]+i)
		}
	}
	p.b.WriteByte(']')
}

// separate stands between two elements of dimension k: a space in the last
// one, a line in the others, and an empty line more for each dimension below.
func (p *printer) separate(k int) {
	below := len(p.shape) - 1 - k
	if below == 0 {
		p.b.WriteByte(' ')
		return
	}
	p.b.WriteString(strings.Repeat("\n", below) + strings.Repeat(" ", k+1))
}
