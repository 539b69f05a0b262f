package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
)

// explain makes a message of the type checker readable: without our own names,
// and with what the user may have meant.
func (c *compiler) explain(k *checked, u *unit, pos token.Pos, msg string) string {
	msg = butHave.ReplaceAllString(readable(msg), "(did you mean $1?)")
	id, sel := identAt(u.file, pos)
	switch {
	case id == nil || strings.Contains(msg, "but does have") || strings.Contains(msg, "did you mean"):
	case strings.HasPrefix(msg, "undefined: ") && sel != nil && sel.Sel == id:
		if x, ok := sel.X.(*ast.Ident); ok {
			if p, ok := k.info.Uses[x].(*types.PkgName); ok {
				return msg + didYouMean(id.Name, exported(p.Imported()))
			}
		}
	case strings.HasPrefix(msg, "undefined: "):
		name := strings.TrimPrefix(msg, "undefined: ")
		if why, ok := c.Lost[name]; ok && c.vars[name] == nil {
			return msg + " (" + why + ")"
		}
		return msg + didYouMean(name, c.namesAt(k, pos))
	case sel != nil && sel.Sel == id && strings.Contains(msg, "undefined ("):
		if t := k.info.TypeOf(sel.X); t != nil {
			return msg + didYouMean(id.Name, members(t, k.pkg))
		}
	case strings.HasPrefix(msg, "unknown field "):
		if t := literalType(k, u.file, pos); t != nil {
			return msg + didYouMean(id.Name, fields(t, k.pkg))
		}
	}
	return msg
}

func didYouMean(name string, names []string) string {
	if s := nearest(name, names); s != "" {
		return " (did you mean " + s + "?)"
	}
	return ""
}

// identAt finds the identifier at a position, and the selector that it is part of.
func identAt(f *ast.File, pos token.Pos) (id *ast.Ident, sel *ast.SelectorExpr) {
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || pos < n.Pos() || pos >= n.End() {
			return false
		}
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if n.Sel.Pos() == pos || n.X.Pos() == pos {
				sel = n
			}
		case *ast.Ident:
			id = n
		}
		return true
	})
	return id, sel
}

// literalType is the type of the innermost composite literal at a position.
func literalType(k *checked, f *ast.File, pos token.Pos) (t types.Type) {
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || pos < n.Pos() || pos >= n.End() {
			return false
		}
		if l, ok := n.(*ast.CompositeLit); ok {
			t = k.info.TypeOf(l)
		}
		return true
	})
	return t
}

func exported(p *types.Package) (names []string) {
	for _, n := range p.Scope().Names() {
		if token.IsExported(n) {
			names = append(names, n)
		}
	}
	return names
}

// fields lists the fields of a struct that code in pkg may name.
func fields(t types.Type, pkg *types.Package) (names []string) {
	s, ok := deref(t).Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for i := range s.NumFields() {
		f := s.Field(i)
		if f.Exported() || f.Pkg() == pkg {
			names = append(names, f.Name())
		}
		if f.Embedded() {
			names = append(names, fields(f.Type(), pkg)...)
		}
	}
	return names
}

// members lists the fields and methods of a type.
func members(t types.Type, pkg *types.Package) []string {
	names := fields(t, pkg)
	if !types.IsInterface(t) {
		t = types.NewPointer(deref(t))
	}
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		if f := set.At(i).Obj(); f.Exported() || f.Pkg() == pkg {
			names = append(names, f.Name())
		}
	}
	return names
}

// namesAt lists what a name at a position may mean.
func (c *compiler) namesAt(k *checked, pos token.Pos) (names []string) {
	scope := k.pkg.Scope().Innermost(pos)
	if scope == nil {
		scope = k.pkg.Scope()
	}
	for s := scope; s != nil; s = s.Parent() {
		for _, n := range s.Names() {
			if m := ownName.FindStringSubmatch(n); m != nil {
				names = append(names, m[1])
			} else if !strings.HasSuffix(n, "__") {
				names = append(names, n)
			}
		}
	}
	for n := range c.visible {
		names = append(names, n)
	}
	return append(names, c.packageNames()...)
}

// packageNames lists the packages that are imported or would be without a word.
func (c *compiler) packageNames() []string {
	names := []string{"fmt", "math", "strings", "strconv", "time", "os", "errors", "bytes", "bufio", "sort", "slices", "maps", "rand", "regexp", "sync", "json", "http", "io"}
	for _, m := range []map[string]string{c.Imports, c.used, c.explicit} {
		names = append(names, sortedKeys(m)...)
	}
	for _, p := range c.preload {
		names = append(names, path.Base(p))
	}
	return names
}

// nearest returns the name that differs least, if it differs little: in the case
// of its letters, or if it is not short in one or two of them.
func nearest(name string, names []string) string {
	best, least := "", 1+min(2, len(name)/4)
	slices.Sort(names)
	for _, n := range names {
		if n == name || token.IsExported(name) && types.Universe.Lookup(n) != nil {
			continue
		}
		d := 0
		if !strings.EqualFold(name, n) {
			d = distance(strings.ToLower(name), strings.ToLower(n))
			if token.IsExported(name) != token.IsExported(n) {
				d++
			}
			d = max(d, 1)
		}
		if d < least {
			best, least = n, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if n := len(x) - len(y); n > 2 || n < -2 {
		return 3
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
