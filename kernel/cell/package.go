package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// starting is something of the declarations that runs before the statements:
// text of ours, and what stands at lo..hi of the declarations' unit.
type starting struct {
	text   string
	lo, hi int
}

// liftPackageVars remembers the package-level variables of plain main cells.
// Their initialisers run once for each text of the declaration, before the
// statements and in Go's order; what they need of other variables is there by
// then. The same goes for functions init. In a natural cell, where a var is a
// statement, they run behind those that define what they use.
func (c *compiler) liftPackageVars() {
	if c.p.Kind == Test {
		return
	}
	specs := map[types.Object]bool{}
	for _, d := range c.own.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			c.liftPackageVar(g, specs)
		}
	}
	for _, in := range c.first.info.InitOrder {
		if len(in.Lhs) == 0 || !specs[in.Lhs[0]] || c.initOnce[in.Lhs[0].Name()] {
			continue
		}
		var names []string
		for _, v := range in.Lhs {
			names = append(names, c.emitted(v.Name()))
		}
		lo, hi := offsetOf(c.fset, in.Rhs.Pos()), offsetOf(c.fset, in.Rhs.End())
		c.starts = append(c.starts, starting{fmt.Sprintf("%s%s = ", c.lineOf(c.own, lo), strings.Join(names, ", ")), lo, hi})
	}
	n := 0
	for _, d := range c.own.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			n++
			name := fmt.Sprintf("init_%d__", n)
			c.edit(c.own, "init", f.Name.Pos(), f.Name.End(), name)
			if at := c.behindDefinitions(f); at > 0 {
				c.edits[c.body] = append(c.edits[c.body], edit{"init", at, at, "; " + name + "()"})
				continue
			}
			c.starts = append(c.starts, starting{text: c.lineOf(c.own, offsetOf(c.fset, f.Pos())) + name + "()"})
		}
	}
}

// behindDefinitions is the end, in the body of a natural cell, of the last
// statement of the top level that defines a variable which a function or one
// that it calls uses; 0 if there is none.
func (c *compiler) behindDefinitions(f *ast.FuncDecl) (at int) {
	if c.p.Kind != Cell {
		return 0
	}
	ends := map[string]int{}
	for _, s := range c.body.statements() {
		for _, id := range definedBy(s) {
			ends[id.Name] = offsetOf(c.fset, s.End())
		}
	}
	bodies := map[string]*ast.FuncDecl{}
	for _, d := range c.own.file.Decls {
		if g, ok := d.(*ast.FuncDecl); ok && g.Recv == nil {
			bodies[g.Name.Name] = g
		}
	}
	seen := map[*ast.FuncDecl]bool{nil: true}
	var look func(*ast.FuncDecl)
	look = func(f *ast.FuncDecl) {
		if seen[f] || f.Body == nil {
			return
		}
		seen[f] = true
		ast.Inspect(f.Body, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if o := c.first.info.Uses[id]; o == nil || o.Parent() == c.first.pkg.Scope() { // else it is local, or a field
				at = max(at, ends[id.Name])
				look(bodies[id.Name])
			}
			return true
		})
	}
	look(f)
	return at
}

func (c *compiler) liftPackageVar(g *ast.GenDecl, specs map[types.Object]bool) {
	var ids []*ast.Ident
	for _, s := range g.Specs {
		ids = append(ids, s.(*ast.ValueSpec).Names...)
	}
	if !c.liftable(ids) {
		return
	}
	c.edit(c.own, "package variable", g.Pos(), g.End(), strings.Repeat("\n", strings.Count(c.written(c.own, g.Pos(), g.End()), "\n")))
	for _, s := range g.Specs {
		s := s.(*ast.ValueSpec)
		written := c.written(c.own, s.Pos(), s.End())
		c.wasVar(c.own, s)
		for _, id := range s.Names {
			o := c.first.info.Defs[id]
			if o == nil {
				continue
			}
			specs[o] = true
			if id.Name == "_" {
				continue
			}
			c.lifted[o] = true
			v := c.variable(o)
			v.Written = written
			c.vars[id.Name] = v
			old := c.Vars[id.Name]
			if _, stored := c.stored[id.Name]; stored && !c.usesFlag(s) && old != nil && old.Written == written && old.Type == v.Type {
				c.initOnce[id.Name], c.persist[id.Name] = true, true
			}
		}
	}
}

// usesFlag: what package flag defines must be defined anew in each program.
func (c *compiler) usesFlag(s *ast.ValueSpec) (found bool) {
	ast.Inspect(s, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			p, ok := c.first.info.Uses[id].(*types.PkgName)
			found = found || ok && p.Imported().Path() == "flag"
		}
		return true
	})
	return found
}

// lineOf is the line directive for a byte of a unit.
func (c *compiler) lineOf(u *unit, off int) string {
	src, at := u.text.origin(off)
	if src == nil {
		return ""
	}
	line, _ := src.position(at)
	return fmt.Sprintf("//line cell-%s.go:%d\n", src.cell, line)
}
