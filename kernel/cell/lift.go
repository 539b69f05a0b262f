package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// lift makes package-level variables of what the top level of the statements
// defines: := becomes =, and var becomes an assignment.
func (c *compiler) lift() {
	for emitted, n := range c.varNames {
		if o := c.first.pkg.Scope().Lookup(emitted); o != nil {
			c.varObjs[o] = n
		}
	}
	c.liftPackageVars()
	if c.p.Kind != Cell {
		return
	}
	for _, s := range c.body.statements() {
		switch s.(type) {
		case *ast.ReturnStmt, *ast.DeferStmt:
			c.returns = true
		}
		ids := definedBy(s)
		if len(ids) == 0 {
			continue
		}
		if !c.liftable(ids) {
			if a, ok := s.(*ast.AssignStmt); ok {
				c.keepLocal(a)
			}
			continue
		}
		for _, id := range ids {
			if o := c.first.info.Defs[id]; o != nil && id.Name != "_" {
				c.lifted[o] = true
				c.vars[id.Name] = c.variable(o)
			}
		}
		switch s := s.(type) {
		case *ast.AssignStmt:
			c.edit(c.body, "define", s.TokPos, s.TokPos+2, " =")
		case *ast.DeclStmt:
			c.liftVar(s.Decl.(*ast.GenDecl))
		}
	}
	ast.Inspect(c.body.file, func(n ast.Node) bool { // a return or goto somewhere below
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			c.returns = true
		case *ast.BranchStmt:
			c.returns = c.returns || n.Tok == token.GOTO
		}
		return true
	})
}

// edit replaces what stands between two positions of a unit of the first check.
func (c *compiler) edit(u *unit, why string, lo, hi token.Pos, text string) {
	c.edits[u] = append(c.edits[u], edit{why, offsetOf(c.fset, lo), offsetOf(c.fset, hi), text})
}

// written returns the text between two positions.
func (c *compiler) written(u *unit, lo, hi token.Pos) string {
	return string(u.text.b[offsetOf(c.fset, lo):offsetOf(c.fset, hi)])
}

// variable describes a variable for the memory.
func (c *compiler) variable(o types.Object) *variable {
	v := &variable{Type: typeText(o.Type()), Show: showType(o.Type())}
	v.open = open(o.Type())
	if unnameable(o.Type(), map[types.Type]bool{}) != "" {
		v.Type, v.Helper = witness(o.Type())
	}
	if invalid(o.Type()) {
		v.Type = "invalid__" // the second check says why, and no more than that
	}
	return v
}

// invalid says whether a part of a type is not known, because of an error.
func invalid(t types.Type) bool {
	return strings.Contains(types.TypeString(t, nil), types.Typ[types.Invalid].String())
}

// liftable says whether the types of all names can be written in another cell.
func (c *compiler) liftable(ids []*ast.Ident) bool {
	for _, id := range ids {
		o := c.first.info.Defs[id]
		if o == nil || id.Name == "_" || invalid(o.Type()) {
			continue
		}
		if why := unnameable(o.Type(), map[types.Type]bool{}); why != "" {
			if w, _ := witness(o.Type()); w == "" {
				c.note("%s lives in this cell only: %s", id.Name, why)
				return false
			}
		}
	}
	return true
}

func (c *compiler) note(format string, args ...any) {
	c.p.Notes = append(c.p.Notes, fmt.Sprintf(format, args...))
}

// keepLocal leaves a := as it is, though some of its names were lifted before:
// those get their value from a local of the same statement.
func (c *compiler) keepLocal(s *ast.AssignStmt) {
	after := ""
	for _, l := range s.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok || !c.lifted[c.first.info.Uses[id]] {
			continue
		}
		c.edit(c.body, "define", id.Pos(), id.End(), "t_"+id.Name+"__")
		after += "; " + c.emitted(id.Name) + " = t_" + id.Name + "__"
	}
	if after != "" {
		c.edit(c.body, "define", s.End(), s.End(), after)
	}
}

// liftVar turns var x, y T = a, b into an assignment where it stands.
func (c *compiler) liftVar(g *ast.GenDecl) {
	drop := func(lo, hi token.Pos) {
		if lo < hi {
			c.edit(c.body, "var", lo, hi, strings.Repeat("\n", strings.Count(c.written(c.body, lo, hi), "\n")))
		}
	}
	if g.Lparen.IsValid() {
		drop(g.Pos(), g.Lparen+1)
		drop(g.Rparen, g.Rparen+1)
	} else if len(g.Specs) > 0 {
		drop(g.Pos(), g.Specs[0].Pos())
	}
	for _, s := range g.Specs {
		s := s.(*ast.ValueSpec)
		c.wasVar(c.body, s)
		if s.Type != nil && onlyBlank(s.Names) { // var _ I = T{} asks the compiler whether T is an I
			c.edit(c.body, "var", s.Pos(), s.Pos(), "var ")
			continue
		}
		if len(s.Values) == 0 {
			c.edit(c.body, "var", s.Pos(), s.End(), c.zeros(s, c.written(c.body, s.Pos(), s.End())))
		} else if s.Type != nil { // a line may end after the = sign, but not before it
			typ := c.written(c.body, s.Type.Pos(), s.Values[0].Pos())
			c.edit(c.body, "var", s.Type.Pos(), s.Values[0].Pos(), "= "+strings.Repeat("\n", strings.Count(typ, "\n")))
		}
	}
}

// wasVar notes where a var was, for errors in what it became.
func (c *compiler) wasVar(u *unit, s *ast.ValueSpec) {
	if src, at := u.text.origin(offsetOf(c.fset, s.Pos())); src == c.source {
		c.varSpecs = append(c.varSpecs, [2]int{at, at + int(s.End()-s.Pos())})
	}
}

func onlyBlank(ids []*ast.Ident) bool {
	return !slices.ContainsFunc(ids, func(id *ast.Ident) bool { return id.Name != "_" })
}

// zeros is what var x, y T means when its cell runs again.
func (c *compiler) zeros(s *ast.ValueSpec, replaced string) string {
	var all []string
	for _, n := range s.Names {
		if n.Name != "_" {
			arg := "&" + c.emitted(n.Name)
			if all == nil {
				arg = strings.Repeat("\n", strings.Count(replaced, "\n")) + arg
			}
			all = append(all, "session__.Zero("+arg+")")
		}
	}
	if all == nil {
		return strings.Repeat("\n", strings.Count(replaced, "\n"))
	}
	return strings.Join(all, "; ")
}
