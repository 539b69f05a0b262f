package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// standard are the variables of package os that have a stand-in in package
// session, with the methods that are called on the stand-in.
var standard = map[string][]string{"Stdin": {"Read", "WriteTo"}, "Stderr": {"Write", "WriteString", "ReadFrom"}}

// streams makes cells read from the front end, and what they write stay in
// order: fmt.Scan and its kin, and os.Stdin and os.Stderr where any reader or
// writer would do, become those of package session. It also returns the package
// names that this makes disappear.
func (k *checked) streams() (map[*unit][]edit, map[*ast.Ident]bool) {
	edits, gone, set := map[*unit][]edit{}, map[*ast.Ident]bool{}, k.setStreams()
	for _, u := range k.units {
		replace := func(s *ast.SelectorExpr) {
			edits[u] = append(edits[u], edit{"stream", offsetOf(k.fset, s.Pos()), offsetOf(k.fset, s.End()), "session__." + s.Sel.Name})
			gone[s.X.(*ast.Ident)] = true
			u.session = true
		}
		stream := func(e ast.Expr) (*ast.SelectorExpr, bool) {
			s, ok := k.member(e, "os")
			return s, ok && standard[s.Sel.Name] != nil && !set[s.Sel.Name]
		}
		var results []*types.Tuple // of the functions around
		var stack []ast.Node
		ast.Inspect(u.file, func(n ast.Node) bool {
			if n == nil {
				if isFunc(stack[len(stack)-1]) {
					results = results[:len(results)-1]
				}
				stack = stack[:len(stack)-1]
				return true
			}
			stack = append(stack, n)
			if isFunc(n) {
				results = append(results, k.results(n))
			}
			if call, ok := n.(*ast.CallExpr); ok {
				if s, ok := k.member(call.Fun, "fmt"); ok && slices.Contains([]string{"Scan", "Scanln", "Scanf"}, s.Sel.Name) {
					replace(s)
				}
				if method, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
					if s, ok := stream(method.X); ok && slices.Contains(standard[s.Sel.Name], method.Sel.Name) {
						replace(s)
					}
				}
			}
			k.assignments(n, results, func(e ast.Expr, t types.Type) {
				// Of the empty interface nobody reads: there it is the file.
				if i, ok := t.Underlying().(*types.Interface); ok && !i.Empty() {
					if s, ok := stream(e); ok {
						replace(s)
					}
				}
			})
			return true
		})
	}
	return edits, gone
}

// setStreams finds the variables of package os that the program itself sets.
func (k *checked) setStreams() map[string]bool {
	set := map[string]bool{}
	note := func(e ast.Expr) {
		if s, ok := k.member(e, "os"); ok {
			set[s.Sel.Name] = true
		}
	}
	for _, u := range k.units {
		ast.Inspect(u.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					note(l)
				}
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					note(n.X)
				}
			}
			return true
		})
	}
	return set
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
