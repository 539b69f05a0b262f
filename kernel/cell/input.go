package cell

import (
	"go/ast"
	"go/types"
)

// inputs makes cells read from the front end: fmt.Scan and its kin, and
// os.Stdin where any reader would do, become those of package session. It also
// returns the package names that this makes disappear.
func (k *checked) inputs() (map[*unit][]edit, map[*ast.Ident]bool) {
	edits, gone := map[*unit][]edit{}, map[*ast.Ident]bool{}
	for _, u := range k.units {
		replace := func(s *ast.SelectorExpr, text string) {
			edits[u] = append(edits[u], edit{"input", offsetOf(k.fset, s.Pos()), offsetOf(k.fset, s.End()), text})
			if id, ok := s.X.(*ast.Ident); ok {
				gone[id] = true
			}
			u.session = true
		}
		ast.Inspect(u.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := k.member(n.Fun, "fmt"); ok {
					switch s.Sel.Name {
					case "Scan", "Scanln", "Scanf":
						replace(s, "session__."+s.Sel.Name)
					}
				}
				if sig, ok := k.typeOf(n.Fun).(*types.Signature); ok {
					for i, a := range n.Args {
						if s, ok := k.member(a, "os"); ok && s.Sel.Name == "Stdin" && types.IsInterface(parameter(sig, i)) {
							replace(s, "session__.Stdin")
						}
					}
				} else if tv := k.info.Types[n.Fun]; tv.IsType() && types.IsInterface(tv.Type) && len(n.Args) == 1 {
					if s, ok := k.member(n.Args[0], "os"); ok && s.Sel.Name == "Stdin" {
						replace(s, "session__.Stdin")
					}
				}
			case *ast.AssignStmt:
				for i, r := range n.Rhs {
					if s, ok := k.member(r, "os"); ok && s.Sel.Name == "Stdin" && len(n.Lhs) == len(n.Rhs) {
						if t := k.typeOf(n.Lhs[i]); t != nil && types.IsInterface(t) {
							replace(s, "session__.Stdin")
						}
					}
				}
			case *ast.ValueSpec:
				for _, v := range n.Values {
					if s, ok := k.member(v, "os"); ok && s.Sel.Name == "Stdin" && n.Type != nil {
						if t := k.typeOf(n.Type); t != nil && types.IsInterface(t) {
							replace(s, "session__.Stdin")
						}
					}
				}
			}
			return true
		})
	}
	return edits, gone
}

func (k *checked) typeOf(e ast.Expr) types.Type {
	if t := k.info.TypeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

// member recognises pkg.Name.
func (k *checked) member(e ast.Expr, path string) (*ast.SelectorExpr, bool) {
	s, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return nil, false
	}
	id, ok := s.X.(*ast.Ident)
	if !ok {
		return nil, false
	}
	p, ok := k.info.Uses[id].(*types.PkgName)
	return s, ok && p.Imported().Path() == path
}

// parameter is the type that argument i is assigned to.
func parameter(sig *types.Signature, i int) types.Type {
	n := sig.Params().Len()
	if n == 0 {
		return types.Typ[types.Invalid]
	}
	if sig.Variadic() && i >= n-1 {
		if s, ok := sig.Params().At(n - 1).Type().(*types.Slice); ok {
			return s.Elem()
		}
	}
	if i >= n {
		return types.Typ[types.Invalid]
	}
	return sig.Params().At(i).Type()
}
