package cell

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// liftFunctions makes functions of the function literals that capture nothing
// local. Most capture nothing, as the variables of the top level are
// package-level; and a function with a name can be kept with a variable.
func (c *compiler) liftFunctions() {
	if c.p.Kind == Test {
		return
	}
	c.liftFunctionsIn(c.body, c.body.file)
	for _, s := range c.own.file.Decls {
		if g, ok := s.(*ast.GenDecl); ok && g.Tok == token.VAR {
			c.liftFunctionsIn(c.own, g)
		}
	}
}

// place is a part of a unit of the first check.
type place struct {
	in     *unit
	lo, hi int
}

func (c *compiler) liftFunctionsIn(u *unit, root ast.Node) {
	called := map[ast.Expr]bool{}
	ast.Inspect(root, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			called[ast.Unparen(call.Fun)] = true
		}
		return true
	})
	ast.Inspect(root, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncLit)
		if !ok || called[f] || c.captures(f) {
			return true
		}
		lo, hi := offsetOf(c.fset, f.Pos()), offsetOf(c.fset, f.End())
		src, at := u.text.origin(lo)
		end, endAt := u.text.origin(hi)
		if src == nil || src != end {
			return true
		}
		written := src.text[at:endAt]
		d := &decl{Text: written[len("func"):], Cell: c.hash, Imports: c.used, off: at + len("func"), src: src}
		d.Key = c.literalName(d.Text)
		d.Names, d.Prefix = []string{d.Key}, "func "+d.Key
		d.Line, d.Col = src.position(d.off)
		d.Hidden = c.hiddenIn(f)
		if !slices.ContainsFunc(c.lits, func(o *decl) bool { return o.Key == d.Key }) {
			c.lits = append(c.lits, d)
			c.litAt = append(c.litAt, place{u, lo + len("func"), hi})
		}
		c.edits[u] = append(c.edits[u], edit{"function", lo, hi, lines(written, d.Key)})
		return false
	})
}

// hiddenIn lists the hidden variables that a function literal names.
func (c *compiler) hiddenIn(f *ast.FuncLit) (names []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := c.first.info.Uses[id]
		name := c.varObjs[o]
		if name == "" && c.lifted[o] {
			name = o.Name()
		}
		if c.hidden[name] && !slices.Contains(names, name) {
			names = append(names, name)
		}
		return true
	})
	return names
}

// literalName is made of the text without its numbers, and of what its package
// names mean: a cell that differs in numbers only is the same program. Equal
// literals are one function. Where a literal with other numbers has the name and
// a value that stays may be that one, the numbers are part of the name.
func (c *compiler) literalName(text string) string {
	name := func(text string) string {
		h := sha256.New()
		h.Write([]byte(text))
		for _, n := range slices.Sorted(maps.Keys(c.used)) {
			fmt.Fprintf(h, "\x00%s %s", n, c.used[n])
		}
		return fmt.Sprintf("lit_%x__", h.Sum(nil)[:5])
	}
	short := name(masked(text))
	other := func(d *decl) bool { return d.Key == short && d.Text != text }
	if slices.ContainsFunc(c.lits, other) {
		return name(text)
	}
	if d := c.decls[short]; d != nil && other(d) {
		for n, v := range c.stored {
			if stays := c.vars[n] == nil || c.persist[n]; stays && slices.Contains(v.Funcs, "main."+short) {
				return name(text)
			}
		}
	}
	return short
}

// captures says whether a literal uses something of the function around it.
func (c *compiler) captures(f *ast.FuncLit) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := c.first.info.Uses[id]
		if o == nil || o.Pkg() != c.first.pkg || o.Parent() == nil || o.Parent() == c.first.pkg.Scope() || c.lifted[o] {
			return true
		}
		if _, isPackage := o.(*types.PkgName); !isPackage && (o.Pos() < f.Pos() || o.Pos() > f.End()) {
			found = true
		}
		return true
	})
	return found
}
