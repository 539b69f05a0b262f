package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// resolver decides what the free names of a cell mean.
type resolver struct {
	*compiler
	top     map[string]bool // variables that the top level of the cell defines
	parents map[*ast.Ident]ast.Node
	typs    map[string]types.Type
}

// findParents notes the parents of the free names of a unit.
func (r *resolver) findParents(u *unit) {
	free := map[*ast.Ident]bool{}
	for _, id := range u.file.Unresolved {
		free[id] = true
	}
	var stack []ast.Node
	ast.Inspect(u.file, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		if id, ok := n.(*ast.Ident); ok && free[id] && len(stack) > 0 {
			r.parents[id] = stack[len(stack)-1]
		}
		stack = append(stack, n)
		return true
	})
}

// isVariable says whether a free name of this cell means a variable. The
// statements see those of earlier cells, the declarations those of this cell, too.
func (r *resolver) isVariable(u *unit, id *ast.Ident) bool {
	n := id.Name
	earlier := r.visible[n] != nil
	if !earlier && !(u == r.own && r.top[n]) {
		return false
	}
	universe := types.Universe.Lookup(n)
	switch p := r.parents[id].(type) {
	case *ast.SelectorExpr:
		if r.explicit[n] != "" {
			return r.has(n, p.Sel.Name) && !r.exports(r.explicit[n], p.Sel.Name)
		}
		if !earlier || r.has(n, p.Sel.Name) {
			return true
		}
		path := r.pathOf(n, map[string]bool{p.Sel.Name: true})
		return path == "" || !r.exports(path, p.Sel.Name)
	case *ast.CallExpr:
		if p.Fun == ast.Expr(id) && universe != nil {
			t := r.varType(n)
			if t == nil {
				return false
			}
			_, ok := t.Underlying().(*types.Signature)
			return ok
		}
	case *ast.KeyValueExpr:
		return p.Key != ast.Expr(id) || universe == nil
	case *ast.Field, *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.StarExpr, *ast.Ellipsis, *ast.TypeSpec:
		_, isType := universe.(*types.TypeName)
		return !isType
	case *ast.ValueSpec:
		return p.Type != ast.Expr(id)
	case *ast.CompositeLit:
		return p.Type != ast.Expr(id)
	case *ast.TypeAssertExpr:
		return p.Type != ast.Expr(id)
	case *ast.CaseClause: // of a type switch, most of the time
		_, isType := universe.(*types.TypeName)
		return !isType
	}
	return true
}

// has says whether a remembered variable has a field or method.
func (r *resolver) has(n, member string) bool {
	t := r.varType(n)
	if t == nil {
		return false
	}
	o, _, _ := types.LookupFieldOrMethod(t, true, types.NewPackage("main", "main"), member)
	if o == nil { // an unexported one of this notebook
		if named, ok := deref(t).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Name() == "main" {
			o, _, _ = types.LookupFieldOrMethod(t, true, named.Obj().Pkg(), member)
		}
	}
	return o != nil
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return types.Unalias(p.Elem())
	}
	return types.Unalias(t)
}

func (c *compiler) exports(path, member string) bool {
	pkg, err := c.packages.Import(path)
	return err == nil && pkg != nil && token.IsExported(member) && pkg.Scope().Lookup(member) != nil
}

// varType returns the type of a remembered variable. Types are checked by
// themselves, and only when a name is ambiguous.
func (r *resolver) varType(n string) types.Type {
	if r.typs == nil {
		r.typs = map[string]types.Type{}
		vars := newVarsUnit("types.go")
		for name, v := range r.visible {
			vars.declare("v_"+name+"__", v)
		}
		if vars.parse(r.fset) == nil {
			k := r.check(append(slices.Clone(r.earlier), vars.unit))
			for name := range r.visible {
				if o := k.pkg.Scope().Lookup("v_" + name + "__"); o != nil {
					r.typs[name] = o.Type()
				}
			}
		}
	}
	return r.typs[n]
}

// pathOf finds the import path for a package name of which members are used.
func (c *compiler) pathOf(name string, members map[string]bool) string {
	if p := c.explicit[name]; p != "" {
		return p
	}
	if p := c.Imports[name]; p != "" {
		return p
	}
	candidates := slices.Clone(c.packages.Candidates(name))
	slices.SortStableFunc(candidates, func(a, b string) int { return c.rank(a) - c.rank(b) })
	best, most := "", 0
	for _, p := range candidates {
		n := 0
		for m := range members {
			if c.exports(p, m) {
				n++
			}
		}
		if n == len(members) {
			return p
		}
		if n > most || best == "" {
			best, most = p, n
		}
	}
	return best // the type checker will say what is wrong
}

func (c *compiler) rank(path string) int {
	if i := slices.Index(c.preload, path); i >= 0 {
		return i
	}
	return len(c.preload)
}

// topNames lists the variables that the top level of the statements defines.
func (c *compiler) topNames() map[string]bool {
	names := map[string]bool{}
	if c.p.Kind == Cell {
		for _, s := range c.body.statements() {
			for _, id := range definedBy(s) {
				names[id.Name] = true
			}
		}
	}
	for _, g := range c.pkgVars {
		for _, n := range specNames(g) {
			names[n] = true
		}
	}
	delete(names, "_")
	return names
}

// statements returns the top level of the body, without labels.
func (u *unit) statements() []ast.Stmt {
	var list []ast.Stmt
	for _, d := range u.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			for _, s := range f.Body.List {
				for l, ok := s.(*ast.LabeledStmt); ok; l, ok = s.(*ast.LabeledStmt) {
					s = l.Stmt
				}
				list = append(list, s)
			}
		}
	}
	return list
}

// definedBy returns the names on the left of := and in var.
func definedBy(s ast.Stmt) (ids []*ast.Ident) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			for _, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok {
					ids = append(ids, id)
				}
			}
		}
	case *ast.DeclStmt:
		if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, sp := range g.Specs {
				ids = append(ids, sp.(*ast.ValueSpec).Names...)
			}
		}
	}
	return ids
}

func specNames(g *ast.GenDecl) (names []string) {
	for _, s := range g.Specs {
		for _, id := range s.(*ast.ValueSpec).Names {
			names = append(names, id.Name)
		}
	}
	return names
}

// findHidden finds the variables whose names cannot be package-level.
func (c *compiler) findHidden(top map[string]bool) {
	for _, names := range []map[string]bool{keys(c.visible), top} {
		for n := range names {
			hidden := types.Universe.Lookup(n) != nil || c.used[n] != "" || n == "main" || n == "init"
			for _, u := range c.earlier {
				hidden = hidden || u.imports[n] != ""
			}
			c.hidden[n] = hidden
		}
	}
}

func keys[V any](m map[string]V) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		out[k] = true
	}
	return out
}

// emitted is the name of a variable in the program.
func (c *compiler) emitted(n string) string {
	if c.hidden[n] {
		return "v_" + n + "__"
	}
	return n
}

// renames edits the free names of a unit that mean hidden variables.
func (r *resolver) renames(u *unit) (edits []edit) {
	for _, id := range u.file.Unresolved {
		n := id.Name
		off := offsetOf(r.fset, id.Pos())
		if r.declared[n] && u.imports["pkg_"+n+"__"] != "" {
			edits = append(edits, edit{"package", off, off + len(n), "pkg_" + n + "__"})
		}
		if !r.hidden[n] || r.declared[n] {
			continue
		}
		d := u.declAt(off)
		predeclared := types.Universe.Lookup(n) != nil
		if u == r.own || u == r.body {
			if !r.isVariable(u, id) || u == r.body && r.visible[n] == nil {
				continue
			}
			if d != nil && !slices.Contains(d.Hidden, n) {
				d.Hidden = append(d.Hidden, n)
			}
		} else if (u.imports[n] != "" || predeclared) && (d == nil || !slices.Contains(d.Hidden, n)) {
			continue
		}
		edits = append(edits, edit{"name", off, off + len(n), r.emitted(n)})
	}
	for _, d := range u.decls { // names of a const group that now belong to something else
		edits = append(edits, u.gone(r.fset, d)...)
	}
	return edits
}

func (u *unit) gone(fset *token.FileSet, d *decl) (edits []edit) {
	if len(d.Gone) == 0 {
		return nil
	}
	ast.Inspect(u.file, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok {
			for _, id := range s.Names {
				if off := offsetOf(fset, id.Pos()); slices.Contains(d.Gone, id.Name) && u.declAt(off) == d {
					edits = append(edits, edit{"gone", off, off + len(id.Name), "_"})
				}
			}
		}
		return true
	})
	return edits
}
