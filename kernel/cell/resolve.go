package cell

import (
	"errors"
	"fmt"
	"go/ast"
	"maps"
	"slices"
)

const (
	bodyHeader = header + "func cell__() {\n"
	bodyFooter = "\n}\n"
)

// resolve makes the units of the first check and decides what their free names
// mean. A name may be a package, a variable of an earlier cell, or predeclared,
// and in a notebook it may be all three: rand := rand.New(…) and max := 0 are
// common lines. Variables whose name is taken so are called v_NAME__ in the
// program.
func (c *compiler) resolve() error {
	for _, g := range c.pkgVars {
		for _, n := range specNames(g) {
			delete(c.visible, n)
		}
	}
	c.own = c.declUnit("decls.go", c.cell)
	return c.resolveUnits(c.own)
}

// resolveUnits resolves the names of all units; own has the cell's declarations.
// After an error of the parser it goes on with what there is.
func (c *compiler) resolveUnits(own *unit) error {
	c.earlier = c.memoryUnits()
	c.own, c.body = own, c.bodyUnit()
	c.own.imports, c.own.others = c.used, c.others
	all := append(slices.Clone(c.earlier), c.own, c.body)
	var errs []error
	for _, u := range all {
		errs = append(errs, u.parse(c.fset))
	}
	r := &resolver{compiler: c, top: c.topNames(), parents: map[*ast.Ident]ast.Node{}}
	r.packages()
	c.rememberedDots()
	c.findHidden(r.top)
	for i, u := range all {
		v, err := u.changed(c.fset, r.renames(u))
		errs = append(errs, err)
		all[i] = v
	}
	n := len(c.earlier)
	c.earlier, c.own, c.body = all[:n], all[n], all[n+1]
	return errors.Join(errs...)
}

// bodyUnit makes a function of the statements.
func (c *compiler) bodyUnit() *unit {
	u := &unit{name: "stmts.go", text: &text{}, imports: c.used, others: c.others}
	u.text.write(bodyHeader)
	u.text.write(fmt.Sprintf("//line cell-%s.go:1\n", c.hash))
	stmts := c.pieces.stmts
	for lo, hi := 0, 0; lo < len(stmts); lo = hi {
		same := stmts[lo] == c.parts.Go[lo]
		for hi = lo + 1; hi < len(stmts) && (stmts[hi] == c.parts.Go[hi]) == same; {
			hi++
		}
		if same {
			u.text.span(c.source, lo, false, string(stmts[lo:hi]))
		} else {
			u.text.write(" ") // as many as the numbers there are long would make another program
		}
	}
	if c.parts.Exec != "" {
		u.text.write("\n" + c.parts.Exec + "()")
	}
	u.text.write(bodyFooter)
	return u
}

// packages finds the packages that the cell uses: names of which something is
// selected and that mean nothing else.
func (r *resolver) packages() {
	members := map[string]map[string]bool{}
	for _, u := range []*unit{r.own, r.body} {
		r.findParents(u)
		for _, id := range u.file.Unresolved {
			if s, ok := r.parents[id].(*ast.SelectorExpr); ok && !r.declared[id.Name] && !r.isVariable(u, id) {
				if members[id.Name] == nil {
					members[id.Name] = map[string]bool{}
				}
				members[id.Name][s.Sel.Name] = true
			}
		}
	}
	for n, ms := range members {
		if p := r.pathOf(n, ms); p != "" {
			r.used[n] = p
		}
	}
}

// rememberedDots imports with a dot what earlier cells did, if the cell has a
// free name that may come from there.
func (c *compiler) rememberedDots() {
	for _, path := range c.Dots {
		for _, u := range []*unit{c.own, c.body} {
			for _, id := range u.file.Unresolved {
				if n := id.Name; !c.declared[n] && c.visible[n] == nil && c.exports(path, n) && !slices.Contains(c.others, "."+path) {
					c.others = append(c.others, "."+path)
				}
			}
		}
	}
	c.own.others, c.body.others = c.others, c.others
}

// memoryUnits makes one file of the remembered declarations of each cell, so
// that each keeps the imports of its cell.
func (c *compiler) memoryUnits() []*unit {
	byCell := map[string][]*decl{}
	for _, d := range c.decls {
		byCell[d.Cell] = append(byCell[d.Cell], d)
	}
	var units []*unit
	for _, hash := range slices.Sorted(maps.Keys(byCell)) {
		list := byCell[hash]
		slices.SortFunc(list, func(a, b *decl) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Col - b.Col
		})
		for _, d := range list {
			d.src, d.off = &source{cell: d.Cell, text: d.Text, line: d.Line, col: d.Col}, 0
		}
		u := c.declUnit("cell-"+hash+".go", list)
		u.imports = map[string]string{}
		for _, d := range list {
			maps.Copy(u.imports, d.Imports)
			u.others = d.Dots
		}
		for n, path := range maps.Clone(u.imports) { // the package has lost its name to a later declaration
			if c.declared[n] {
				delete(u.imports, n)
				u.imports["pkg_"+n+"__"] = path
			}
		}
		units = append(units, u)
	}
	return units
}

// declUnit writes declarations into a file.
func (c *compiler) declUnit(name string, list []*decl) *unit {
	u := &unit{name: name, text: &text{}, decls: list}
	u.text.write(header)
	for _, d := range list {
		u.at = append(u.at, len(u.text.b))
		u.text.write(fmt.Sprintf("//line cell-%s.go:%d\n", d.Cell, d.Line))
		if d.Prefix != "" {
			u.text.span(d.src, d.off, true, d.Prefix)
		}
		u.text.copy(d.src, d.off, d.off+len(d.Text))
		u.text.write("\n")
	}
	u.at = append(u.at, len(u.text.b))
	return u
}

// declAt finds the declaration that a byte of a unit belongs to.
func (u *unit) declAt(off int) *decl {
	src, at := u.text.origin(off)
	for _, d := range u.decls {
		if d.src == src && d.off <= at && at <= d.off+len(d.Text) {
			return d
		}
	}
	return nil
}
