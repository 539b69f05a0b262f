package texmath

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth bounds the nesting of groups: deeper is not mathematics.
const maxDepth = 100

// parser reads a formula from left to right. After the first error it sees the
// end of the input everywhere.
type parser struct {
	in    string
	pos   int
	depth int
	font  string
	err   error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// A token is a command with its backslash, or one character; "" at the end.
type token string

// String returns the token as an error message shows it.
func (t token) String() string {
	if t == "" {
		return "the end"
	}
	return string(t)
}

func (t token) isCommand() bool { return len(t) > 1 && t[0] == '\\' }

// name returns the name of a command without its backslash.
func (t token) name() string { return strings.TrimPrefix(string(t), `\`) }

func (p *parser) skipSpace() {
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == '%': // a comment, to the end of the line
			end := strings.IndexByte(p.in[p.pos:], '\n')
			if end < 0 {
				end = len(p.in) - p.pos - 1
			}
			p.pos += end + 1
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek returns the next token and how far it reaches.
func (p *parser) peek() (token, int) {
	if p.err != nil {
		return "", p.pos
	}
	p.skipSpace()
	if p.pos == len(p.in) {
		return "", p.pos
	}
	if p.in[p.pos] != '\\' {
		_, size := utf8.DecodeRuneInString(p.in[p.pos:])
		return token(p.in[p.pos : p.pos+size]), p.pos + size
	}
	end := p.pos + 1
	for end < len(p.in) && isASCIILetter(p.in[end]) {
		end++
	}
	if end == p.pos+1 { // not a letter: one character
		if end == len(p.in) {
			p.fail("a backslash at the end")
			return "", p.pos
		}
		_, size := utf8.DecodeRuneInString(p.in[end:])
		end += size
	}
	return token(p.in[p.pos:end]), end
}

func (p *parser) next() token {
	t, end := p.peek()
	p.pos = end
	return t
}

// accept takes the token if it is the next one.
func (p *parser) accept(want token) bool {
	t, end := p.peek()
	if t != want {
		return false
	}
	p.pos = end
	return true
}

func isASCIILetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// formula reads everything. Lines separated by \\ are centred below each other.
func (p *parser) formula() *node {
	var lines []*node
	for {
		lines = append(lines, row(p.row("", `\\`)))
		if !p.accept(`\\`) {
			break
		}
	}
	if t, _ := p.peek(); t != "" {
		p.fail("unexpected %s", t)
	}
	if len(lines) == 1 {
		return lines[0]
	}
	grid := element("mtable").with("displaystyle", "true")
	for _, line := range lines {
		grid.kids = append(grid.kids, element("mtr", element("mtd", line)))
	}
	return grid
}

// row reads atoms with their scripts until one of the tokens in stop, which is
// left to be read.
func (p *parser) row(stop ...token) []*node { return p.rowAfter(opening, stop...) }

// rowAfter is row where something of class before stands in front of it.
func (p *parser) rowAfter(before class, stop ...token) []*node {
	if p.depth++; p.depth > maxDepth {
		p.fail("nested more than %d deep", maxDepth)
	}
	font := p.font
	defer func() {
		p.depth--
		p.font = font
	}()
	var nodes []*node
	for {
		t, _ := p.peek()
		if t == "" || slices.Contains(stop, t) {
			return spaced(nodes, before)
		}
		if style, ok := styles[t]; ok { // it holds for the rest of the row
			p.next()
			rest := element("mstyle", p.row(stop...)...)
			rest.attrs = slices.Clone(style)
			return spaced(append(nodes, rest), before)
		}
		n := p.scripted()
		if n == nil {
			continue
		}
		if last := len(nodes) - 1; n.word && last >= 0 && nodes[last].word {
			word := upright(nodes[last].text + n.text)
			word.word = true
			nodes[last] = word
			continue
		}
		nodes = append(nodes, n)
	}
}

var styles = map[token][][2]string{
	`\displaystyle`:      {{"displaystyle", "true"}, {"scriptlevel", "0"}},
	`\textstyle`:         {{"displaystyle", "false"}, {"scriptlevel", "0"}},
	`\scriptstyle`:       {{"displaystyle", "false"}, {"scriptlevel", "1"}},
	`\scriptscriptstyle`: {{"displaystyle", "false"}, {"scriptlevel", "2"}},
}

// spaced applies the rules of TeX that MathML does not have by itself: a sign
// is not an operator between two terms, and names of functions stand apart.
func spaced(nodes []*node, previous class) []*node {
	var out []*node
	for i, n := range nodes {
		switch n.class {
		case space:
			out = append(out, n)
			continue
		case bin:
			if previous != ord && previous != closing && n.tag == "mo" {
				n.with("form", "prefix")
				n.class = ord
			} else if i == 0 {
				n.with("form", "infix") // a browser takes the first for a sign
			}
		case fn:
			if previous == ord || previous == closing || previous == fn {
				out = append(out, gap("0.1667em"))
			}
		case ord:
			if previous == fn {
				out = append(out, gap("0.1667em"))
			}
		}
		previous = n.class
		if previous == bigOp {
			previous = opening
		}
		out = append(out, nodes[i])
	}
	return out
}

// scripted reads an atom and what is attached to it. It returns nil for what
// leaves no trace.
func (p *parser) scripted() *node {
	var base *node
	switch t, _ := p.peek(); t {
	case "^", "_", "'":
		base = element("mrow")
	default:
		if base = p.atom(); base == nil {
			return nil
		}
	}
	var sub, sup *node
	var primes strings.Builder
	for {
		t, _ := p.peek()
		switch {
		case t == "'":
			p.next()
			primes.WriteString("′")
			continue
		case t == "_" && sub == nil:
			p.next()
			sub = p.argument()
			continue
		case t == "^" && sup == nil:
			p.next()
			sup = p.argument()
			continue
		case t == "_" || t == "^":
			p.fail("two scripts %s at one place", t)
		case t == `\limits`, t == `\nolimits`:
			p.next()
			base.under = t == `\limits`
			if base.tag == "mo" {
				base.with("movablelimits", "false")
			}
			continue
		}
		break
	}
	if primes.Len() > 0 {
		marks := leaf("mo", primes.String()).with("lspace", "0").with("rspace", "0")
		if sup != nil {
			marks = element("mrow", marks, sup)
		}
		sup = marks
	}
	return attach(base, sub, sup)
}

func attach(base, sub, sup *node) *node {
	var n *node
	tags := [3]string{"msub", "msup", "msubsup"}
	if base.under {
		tags = [3]string{"munder", "mover", "munderover"}
	}
	switch {
	case sub == nil && sup == nil:
		return base
	case sup == nil:
		n = element(tags[0], base, sub)
	case sub == nil:
		n = element(tags[1], base, sup)
	default:
		n = element(tags[2], base, sub, sup)
	}
	base.word = false
	return n.as(base.class)
}

// argument reads what a command or a script applies to: a group or one atom.
func (p *parser) argument() *node {
	if p.depth++; p.depth > maxDepth {
		p.fail("nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	t, _ := p.peek()
	switch {
	case t == "":
		p.fail("an argument is missing at the end")
		return element("mrow")
	case t == "{":
		return row(p.group())
	case strings.Contains("}&^_'", string(t)) || t == `\\`:
		p.fail("an argument is missing before %s", t)
		return element("mrow")
	case t[0] >= '0' && t[0] <= '9': // of a number one digit only
		p.next()
		return p.number(string(t))
	}
	n := p.atom()
	if n == nil {
		return element("mrow")
	}
	return n
}

// group reads {...}.
func (p *parser) group() []*node {
	if !p.accept("{") {
		t, _ := p.peek()
		p.fail("expected { before %s", t)
	}
	nodes := p.row("}")
	if !p.accept("}") {
		p.fail("a { is not closed")
	}
	return nodes
}

// raw reads {...} as it is written; inner braces must balance.
func (p *parser) raw() string {
	if !p.accept("{") {
		t, _ := p.peek()
		p.fail("expected { before %s", t)
		return ""
	}
	start, open := p.pos, 1
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case '\\':
			p.pos++
		case '{':
			open++
		case '}':
			open--
		}
		p.pos++
		if open == 0 {
			return p.in[start : p.pos-1]
		}
	}
	p.pos = len(p.in)
	p.fail("a { is not closed")
	return ""
}

// atom reads one unit without scripts, nil for what leaves no trace.
func (p *parser) atom() *node {
	t := p.next()
	if t == "" {
		return nil
	}
	if t.isCommand() {
		return p.command(t)
	}
	r, _ := utf8.DecodeRuneInString(string(t))
	switch {
	case t == "{":
		p.pos--
		nodes := p.group()
		if len(nodes) == 1 && nodes[0].tag == "mo" && nodes[0].class != bigOp {
			// Braces make an operator an ordinary sign, as in 1{,}000.
			nodes[0].with("lspace", "0").with("rspace", "0")
		}
		return element("mrow", nodes...)
	case t == "}":
		p.fail("a } without {")
		return nil
	case t == "&" || t == "#" || t == "$":
		p.fail("unexpected %s", t)
		return nil
	case t == "~":
		return gap("0.25em")
	case r >= '0' && r <= '9', r == '.' && p.pos < len(p.in) && p.in[p.pos] >= '0' && p.in[p.pos] <= '9':
		start := p.pos - 1
		for p.pos < len(p.in) && (p.in[p.pos] >= '0' && p.in[p.pos] <= '9' ||
			p.in[p.pos] == '.' && p.pos+1 < len(p.in) && p.in[p.pos+1] >= '0' && p.in[p.pos+1] <= '9') {
			p.pos++
		}
		return p.number(p.in[start:p.pos])
	case unicode.IsLetter(r):
		return styled(r, p.font)
	}
	if s, ok := characters[r]; ok {
		return leaf("mo", s.text).as(s.class)
	}
	if text, ok := delimiters[string(t)]; ok && t != "." && t != "<" && t != ">" {
		return fence(text, side(string(t)), false)
	}
	return fence(string(t), ord, false)
}

// number returns digits in the current font.
func (p *parser) number(digits string) *node {
	if a, ok := alphabets[p.font]; ok {
		digits = strings.Map(a.letter, digits)
	}
	return leaf("mn", digits)
}
