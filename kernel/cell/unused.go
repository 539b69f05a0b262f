package cell

import (
	"go/ast"
	"go/token"
)

// useUnused makes the variables that a check called unused used: the compiler
// would refuse the program, and in a notebook they are no mistake.
func (k *checked) useUnused() map[*unit][]edit {
	edits := map[*unit][]edit{}
	for _, e := range k.errs {
		name := unusedName(e.Msg)
		if name == "" {
			continue
		}
		u, _ := k.unit(e.Pos)
		if u == nil {
			continue
		}
		if at, text := useAt(u.file, e.Pos, name); at.IsValid() {
			off := offsetOf(k.fset, at)
			edits[u] = append(edits[u], edit{"unused", off, off, text})
		}
	}
	return edits
}

// useAt finds where _ = name can stand.
func useAt(f *ast.File, pos token.Pos, name string) (token.Pos, string) {
	before, after := " _ = "+name+";", "; _ = "+name
	var path []ast.Node
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil || pos < n.Pos() || pos >= n.End() {
			return false
		}
		path = append(path, n)
		return true
	})
	for i := len(path) - 1; i > 0; i-- {
		s, ok := path[i].(ast.Stmt)
		if !ok {
			continue
		}
		switch up := path[i-1].(type) {
		case *ast.LabeledStmt:
			continue
		case *ast.BlockStmt, *ast.CaseClause:
			switch s := s.(type) {
			case *ast.RangeStmt:
				return s.Body.Lbrace + 1, before
			case *ast.IfStmt, *ast.ForStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.BlockStmt:
				continue
			case *ast.LabeledStmt:
				if r, ok := s.Stmt.(*ast.RangeStmt); ok {
					return r.Body.Lbrace + 1, before
				}
			}
			return s.End(), after
		case *ast.CommClause:
			if up.Comm == s {
				return up.Colon + 1, before
			}
			return s.End(), after
		case *ast.IfStmt:
			return up.Body.Lbrace + 1, before
		case *ast.ForStmt:
			return up.Body.Lbrace + 1, before
		case *ast.SwitchStmt:
			return inSwitch(up.Body, before)
		case *ast.TypeSwitchStmt:
			return inSwitch(up.Body, before)
		}
	}
	return token.NoPos, ""
}

// inSwitch finds a place in the first clause, or makes one.
func inSwitch(b *ast.BlockStmt, text string) (token.Pos, string) {
	if len(b.List) > 0 {
		if c, ok := b.List[0].(*ast.CaseClause); ok {
			return c.Colon + 1, text
		}
	}
	return b.Lbrace + 1, " default:" + text
}
