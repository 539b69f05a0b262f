// Package texmath turns formulas written in LaTeX into MathML, which browsers
// draw without help. It covers the mathematics that notebooks are written in:
// the commands of the tables in symbols.go and commands.go, and the environments
// of environments.go. It knows nothing of Markdown, dollars or pages, and of
// TeX's macros: a command that it does not know is an error, so that the caller
// can show the formula as it was written.
//
// What the commands mean is described in "The Not So Short Introduction to
// LaTeX", chapter 3; the elements written are those of MathML Core,
// https://www.w3.org/TR/mathml-core/.
package texmath

import (
	"html"
	"strings"
)

// MathML returns the formula as a math element, with the LaTeX source as its
// annotation. display says that it stands on a line of its own. The error names
// the first thing that was not understood.
func MathML(tex string, display bool) (string, error) {
	p := &parser{in: tex}
	body := p.formula()
	if p.err != nil {
		return "", p.err
	}
	var b strings.Builder
	b.WriteString("<math")
	if display {
		b.WriteString(` display="block"`)
	}
	b.WriteString("><semantics>")
	body.write(&b)
	b.WriteString(`<annotation encoding="application/x-tex">`)
	b.WriteString(html.EscapeString(strings.TrimSpace(tex)))
	b.WriteString("</annotation></semantics></math>")
	return b.String(), nil
}

// class is the role of an atom in a row; it decides about spaces, as TeX's
// classes do.
type class int

const (
	ord   class = iota
	fn          // the name of a function: sin, max
	bigOp       // a sum, an integral
	bin         // a binary operator
	rel         // a relation
	opening
	closing
	punct
	space
)

// node is an element of MathML.
type node struct {
	tag   string
	attrs [][2]string
	text  string // of a leaf
	kids  []*node

	class class
	under bool // scripts go below and above rather than beside
	word  bool // letters of an upright word, which grows
}

func leaf(tag, text string) *node { return &node{tag: tag, text: text} }

func element(tag string, kids ...*node) *node { return &node{tag: tag, kids: kids} }

// with sets an attribute.
func (n *node) with(name, value string) *node {
	for i, a := range n.attrs {
		if a[0] == name {
			n.attrs[i][1] = value
			return n
		}
	}
	n.attrs = append(n.attrs, [2]string{name, value})
	return n
}

func (n *node) as(c class) *node {
	n.class = c
	return n
}

// row makes one node of several.
func row(nodes []*node) *node {
	if len(nodes) == 1 {
		return nodes[0]
	}
	return element("mrow", nodes...)
}

// fence is a delimiter that grows with what it encloses, or does not.
func fence(text string, c class, stretchy bool) *node {
	n := leaf("mo", text).as(c)
	switch c {
	case opening:
		n.with("form", "prefix")
	case closing:
		n.with("form", "postfix")
	default:
		n.with("lspace", "0").with("rspace", "0")
	}
	if stretchy {
		return n.with("stretchy", "true")
	}
	return n.with("stretchy", "false")
}

func gap(width string) *node {
	return element("mspace").with("width", width).as(space)
}

// upright is a name in roman letters. A single letter would be slanted.
func upright(text string) *node {
	n := leaf("mi", text)
	if len([]rune(text)) == 1 {
		n.with("mathvariant", "normal")
	}
	return n
}

func (n *node) write(b *strings.Builder) {
	b.WriteString("<" + n.tag)
	for _, a := range n.attrs {
		b.WriteString(" " + a[0] + `="` + a[1] + `"`)
	}
	b.WriteString(">")
	b.WriteString(html.EscapeString(n.text))
	for _, k := range n.kids {
		k.write(b)
	}
	b.WriteString("</" + n.tag + ">")
}
