package texmath

import (
	"strings"
)

// commands has the commands that do more than stand for a character. It is
// filled by init because its functions read commands themselves.
var commands map[string]func(p *parser) *node

func init() {
	commands = map[string]func(p *parser) *node{
		"frac": func(p *parser) *node { return element("mfrac", p.argument(), p.argument()) },
		"dfrac": func(p *parser) *node {
			return element("mstyle", element("mfrac", p.argument(), p.argument())).with("displaystyle", "true")
		},
		"tfrac": func(p *parser) *node {
			return element("mstyle", element("mfrac", p.argument(), p.argument())).with("displaystyle", "false")
		},
		"binom": func(p *parser) *node {
			return element("mrow", fence("(", opening, true),
				element("mfrac", p.argument(), p.argument()).with("linethickness", "0"), fence(")", closing, true))
		},
		"sqrt":     (*parser).root,
		"left":     (*parser).leftRight,
		"begin":    (*parser).environment,
		"not":      (*parser).negated,
		"stackrel": (*parser).overset,
		"overset":  (*parser).overset,
		"underset": func(p *parser) *node {
			below, base := p.argument(), p.argument()
			return element("munder", base, below).as(base.class)
		},
		"xrightarrow": func(p *parser) *node { return p.arrow("→") },
		"xleftarrow":  func(p *parser) *node { return p.arrow("←") },
		// Few fonts have a bar that grows; a border does.
		"overline": func(p *parser) *node {
			return element("mrow", p.argument()).with("style", "border-top:0.06em solid;padding-top:0.12em")
		},
		"underline": func(p *parser) *node {
			return element("mrow", p.argument()).with("style", "border-bottom:0.06em solid;padding-bottom:0.12em")
		},
		"phantom": func(p *parser) *node { return element("mphantom", p.argument()) },
		"boxed": func(p *parser) *node {
			return element("mrow", p.argument()).with("style", "border:1px solid;padding:0.3em")
		},
		"mathop":  func(p *parser) *node { n := element("mrow", p.argument()).as(fn); n.under = true; return n },
		"mathbin": func(p *parser) *node { return element("mrow", p.argument()).as(bin) },
		"mathrel": func(p *parser) *node { return element("mrow", p.argument()).as(rel) },
		"mathord": func(p *parser) *node { return element("mrow", p.argument()) },

		"operatorname": (*parser).operator,
		"pmod": func(p *parser) *node {
			return element("mrow", gap("1em"), fence("(", opening, false), upright("mod"), gap("0.3333em"), p.argument(), fence(")", closing, false))
		},
		"hspace": (*parser).length,
		"tag": func(p *parser) *node {
			return element("mrow", gap("2em"), leaf("mtext", "("+p.raw()+")"))
		},

		// They number equations, of which there is no list here.
		"label":    func(p *parser) *node { p.raw(); return nil },
		"nonumber": func(*parser) *node { return nil },
		"notag":    func(*parser) *node { return nil },
	}
	for name, style := range map[string]string{
		"text": "", "textrm": "", "textnormal": "", "mbox": "", "hbox": "",
		"textbf": "font-weight:bold", "textit": "font-style:italic", "emph": "font-style:italic", "texttt": "font-family:monospace", "textsf": "font-family:sans-serif",
	} {
		commands[name] = func(p *parser) *node { return p.text(style) }
	}
	for name, size := range map[string]string{"big": "1.2em", "Big": "1.8em", "bigg": "2.4em", "Bigg": "3em"} {
		for suffix, c := range map[string]class{"": ord, "l": opening, "m": rel, "r": closing} {
			commands[name+suffix] = func(p *parser) *node {
				n := fence(p.delimiter(name+suffix), c, true)
				return n.with("minsize", size).with("maxsize", size)
			}
		}
	}
}

// command reads what follows the command t, which has been read.
func (p *parser) command(t token) *node {
	name := t.name()
	if run, ok := commands[name]; ok {
		return run(p)
	}
	if s, ok := symbols[name]; ok {
		return p.symbol(name, s)
	}
	if limits, ok := functions[name]; ok {
		return function(name, limits)
	}
	if width, ok := spaces[name]; ok {
		return gap(width)
	}
	if a, ok := accents[name]; ok {
		return p.accent(a)
	}
	if font, ok := fonts[name]; ok {
		old := p.font
		p.font = font
		defer func() { p.font = old }()
		n := p.argument()
		if n.word { // a word is complete at the end of its group
			n = element("mrow", n)
		}
		return n
	}
	if font, ok := fontSwitches[name]; ok {
		p.font = font
		return nil
	}
	if text, ok := delimiters[string(t)]; ok {
		return fence(text, side(string(t)), false)
	}
	switch t {
	case `\\`:
		p.fail(`unexpected \\`)
	case `\right`, `\middle`, `\end`:
		p.fail("%s without its beginning", t)
	default:
		p.fail("unknown command %s", t)
	}
	return nil
}

func (p *parser) symbol(name string, s symbol) *node {
	n := leaf(s.tag, s.text).as(s.class)
	if s.style != "" {
		n.with("mathvariant", s.style)
	}
	if a, ok := alphabets[p.font]; ok && s.tag == "mi" {
		if r := []rune(s.text); len(r) == 1 && a.letter(r[0]) != r[0] {
			n = leaf("mi", string(a.letter(r[0])))
		}
	}
	n.under = s.class == bigOp && !beside[name]
	return n
}

// function is the name of a function. Limits stand below it in a displayed
// formula and beside it in a line of text, which browsers decide for operators.
func function(name string, limits bool) *node {
	if !limits {
		return leaf("mi", name).as(fn)
	}
	n := leaf("mo", name).with("movablelimits", "true").with("lspace", "0").with("rspace", "0").as(fn)
	n.under = true
	return n
}

func (p *parser) operator() *node {
	limits := p.accept("*")
	old := p.font
	p.font = "rm"
	defer func() { p.font = old }()
	n := p.argument()
	if n.tag == "mi" && n.word {
		if len(n.text) == 1 {
			return n.as(fn)
		}
		return function(n.text, limits)
	}
	n = element("mrow", n).as(fn)
	n.under = limits
	return n
}

func (p *parser) accent(a accent) *node {
	base := p.argument()
	mark := leaf("mo", a.mark)
	if a.stretchy {
		mark.with("stretchy", "true")
	} else {
		mark.with("stretchy", "false")
	}
	tag, attr := "mover", "accent"
	if a.below {
		tag, attr = "munder", "accentunder"
	}
	n := element(tag, base, mark).with(attr, "true")
	n.under = a.limits
	return n
}

func (p *parser) root() *node {
	if !p.accept("[") {
		return element("msqrt", p.argument())
	}
	degree := row(p.row("]"))
	if !p.accept("]") {
		p.fail(`\sqrt[ without ]`)
	}
	return element("mroot", p.argument(), degree)
}

func (p *parser) overset() *node {
	above, base := p.argument(), p.argument()
	return element("mover", base, above).as(base.class)
}

func (p *parser) arrow(text string) *node {
	label := element("mrow", gap("0.6em"), p.argument(), gap("0.6em"))
	return element("mover", leaf("mo", text).with("stretchy", "true"), label).as(rel)
}

// negated strikes out the next symbol.
func (p *parser) negated() *node {
	n := p.argument()
	for struck := n; ; struck = struck.kids[0] {
		if struck.text != "" {
			struck.text += "\u0338" // a stroke that combines with what is before
			return n
		}
		if len(struck.kids) == 0 {
			p.fail(`nothing that \not could strike out`)
			return n
		}
	}
}

// delimiter reads the delimiter that belongs to the command.
func (p *parser) delimiter(command string) string {
	t := p.next()
	text, ok := delimiters[string(t)]
	if !ok {
		p.fail(`expected a delimiter after \%s, found %s`, command, t)
	}
	return text
}

func (p *parser) leftRight() *node {
	group := element("mrow")
	if open := p.delimiter("left"); open != "" {
		group.kids = append(group.kids, fence(open, opening, true))
	}
	for {
		group.kids = append(group.kids, row(p.row(`\right`, `\middle`)))
		if !p.accept(`\middle`) {
			break
		}
		group.kids = append(group.kids, fence(p.delimiter("middle"), ord, true))
	}
	if !p.accept(`\right`) {
		p.fail(`\left without \right`)
		return group
	}
	if end := p.delimiter("right"); end != "" {
		group.kids = append(group.kids, fence(end, closing, true))
	}
	return group
}

// text reads words. Mathematics may stand in them between dollars.
func (p *parser) text(style string) *node {
	source := p.raw()
	group := element("mrow")
	var words strings.Builder
	flush := func() {
		if words.Len() == 0 {
			return
		}
		// Browsers drop spaces at the ends of an element.
		n := leaf("mtext", strings.ReplaceAll(words.String(), " ", "\u00a0"))
		if style != "" {
			n.with("style", style)
		}
		group.kids = append(group.kids, n)
		words.Reset()
	}
	for i := 0; i < len(source) && p.err == nil; i++ {
		switch c := source[i]; c {
		case '$':
			end := strings.IndexByte(source[i+1:], '$')
			if end < 0 {
				p.fail("a $ without its partner")
				break
			}
			flush()
			inner := &parser{in: source[i+1 : i+1+end], depth: p.depth}
			group.kids = append(group.kids, inner.formula())
			if inner.err != nil {
				p.err = inner.err
			}
			i += end + 1
		case '\\':
			i++
			if i == len(source) || !strings.ContainsRune("#$%&_{} ,", rune(source[i])) {
				p.fail("unknown command %s in text", source[i-1:min(i+8, len(source))])
				break
			}
			if source[i] == ',' {
				words.WriteString("\u2009")
			} else {
				words.WriteByte(source[i])
			}
		case '{', '}':
		case '~', '\n', '\t':
			words.WriteByte(' ')
		default:
			words.WriteByte(c)
		}
	}
	flush()
	return row(group.kids)
}

// length reads the argument of \hspace.
func (p *parser) length() *node {
	p.accept("*")
	text := strings.TrimSpace(p.raw())
	for _, unit := range []string{"em", "ex", "pt", "px", "mm", "cm", "in"} {
		number, ok := strings.CutSuffix(text, unit)
		if ok && number != "" && strings.Trim(number, "-.0123456789") == "" {
			return gap(text)
		}
	}
	p.fail(`expected a length as in \hspace{1em}, found %q`, text)
	return nil
}
