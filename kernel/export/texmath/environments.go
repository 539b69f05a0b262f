package texmath

import "strings"

// environment describes what stands between \begin and \end as a table.
type environment struct {
	open, close string
	columns     string // alignment of the columns: l, c, r; the last ones repeat
	display     bool   // cells are set as displayed formulas
	tight       bool   // columns touch: the alignment is inside one formula
	spec        bool   // an argument with the columns follows
	small       bool
}

var environments = map[string]environment{
	"aligned": {columns: "rl", display: true, tight: true}, "align": {columns: "rl", display: true, tight: true},
	"align*": {columns: "rl", display: true, tight: true}, "alignat": {columns: "rl", display: true, tight: true, spec: true},
	"split": {columns: "rl", display: true, tight: true}, "eqnarray": {columns: "rcl", display: true},
	"eqnarray*": {columns: "rcl", display: true}, "gathered": {columns: "c", display: true}, "gather": {columns: "c", display: true},
	"gather*": {columns: "c", display: true}, "equation": {columns: "c", display: true}, "equation*": {columns: "c", display: true},
	"multline": {columns: "c", display: true}, "multline*": {columns: "c", display: true},
	"cases": {open: "{", columns: "l"}, "dcases": {open: "{", columns: "l", display: true}, "rcases": {close: "}", columns: "l"},
	"matrix": {columns: "c"}, "pmatrix": {open: "(", close: ")", columns: "c"}, "bmatrix": {open: "[", close: "]", columns: "c"},
	"Bmatrix": {open: "{", close: "}", columns: "c"}, "vmatrix": {open: "|", close: "|", columns: "c"},
	"Vmatrix": {open: "‖", close: "‖", columns: "c"}, "smallmatrix": {columns: "c", small: true}, "array": {columns: "c", spec: true},
	"subarray": {columns: "c", spec: true, small: true},
}

// alignments has what differs from the centre, where cells stand by themselves.
var alignments = map[byte]string{'l': "left", 'r': "right"}

// environment reads from after \begin to \end{...}.
func (p *parser) environment() *node {
	name := p.raw()
	env, ok := environments[name]
	if !ok {
		p.fail("unknown environment %s", name)
		return nil
	}
	if env.spec {
		spec := strings.NewReplacer(" ", "", "|", "").Replace(p.raw())
		switch {
		case name == "alignat":
		case spec == "" || strings.Trim(spec, "lcr") != "":
			p.fail(`expected columns l, c and r after \begin{%s}, found {%s}`, name, spec)
		default:
			env.columns = spec
		}
	}
	for _, position := range []string{"[t]", "[c]", "[b]"} {
		if strings.HasPrefix(p.in[p.pos:], position) {
			p.pos += len(position)
		}
	}
	var lines [][]*node
	for done := false; !done && p.err == nil; {
		var cells []*node
		for {
			before := opening
			if env.tight && len(cells)%2 == 1 {
				before = ord // the left half of the formula
			}
			cells = append(cells, row(p.rowAfter(before, "&", `\\`, `\end`)))
			if !p.accept("&") {
				break
			}
		}
		lines = append(lines, cells)
		if done = !p.accept(`\\`); !done {
			p.accept("*")
			p.rowDistance()
		}
	}
	if !p.accept(`\end`) {
		p.fail(`\begin{%s} without \end`, name)
		return nil
	}
	if end := p.raw(); end != name {
		p.fail(`\begin{%s} ends with \end{%s}`, name, end)
	}
	return env.table(lines)
}

// rowDistance skips the optional distance after \\, as in \\[4pt].
func (p *parser) rowDistance() {
	rest := p.in[p.pos:]
	if end := strings.IndexByte(rest, ']'); strings.HasPrefix(rest, "[") && end > 1 && strings.Trim(rest[1:end], "-.0123456789empxt ") == "" {
		p.pos += end + 1
	}
}

// table returns the lines as MathML. A last line that is empty is what follows
// a final \\.
func (env environment) table(lines [][]*node) *node {
	if last := lines[len(lines)-1]; len(lines) > 1 && len(last) == 1 && last[0].tag == "mrow" && len(last[0].kids) == 0 {
		lines = lines[:len(lines)-1]
	}
	grid := element("mtable")
	if env.display {
		grid.with("displaystyle", "true")
	}
	for _, cells := range lines {
		line := element("mtr")
		for i, cell := range cells {
			td := element("mtd", cell)
			var style []string
			if side := alignments[env.columns[env.column(i)]]; side != "" {
				// Firefox knows the attribute. Core does not have it, and without
				// its prefix the property places lines of text, not a formula.
				td.with("columnalign", side)
				style = append(style, "text-align:-webkit-"+side)
			}
			if env.tight {
				style = append(style, "padding-left:"+tightPadding(i)+";padding-right:0")
			}
			if style != nil {
				td.with("style", strings.Join(style, ";"))
			}
			line.kids = append(line.kids, td)
		}
		grid.kids = append(grid.kids, line)
	}
	result := grid
	if env.small {
		result = element("mstyle", grid).with("scriptlevel", "1")
	}
	if env.open == "" && env.close == "" {
		return result
	}
	group := element("mrow")
	if env.open != "" {
		group.kids = append(group.kids, fence(env.open, opening, true))
	}
	group.kids = append(group.kids, result)
	if env.close != "" {
		group.kids = append(group.kids, fence(env.close, closing, true))
	}
	return group
}

// column returns which of the listed columns column i is.
func (env environment) column(i int) int {
	if env.spec && !env.tight {
		return min(i, len(env.columns)-1)
	}
	return i % len(env.columns)
}

// tightPadding is the space before a column: none between the two halves of a
// formula, some before the next formula.
func tightPadding(column int) string {
	if column > 0 && column%2 == 0 {
		return "2em"
	}
	return "0"
}
