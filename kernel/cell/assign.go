package cell

import (
	"go/ast"
	"go/token"
	"go/types"
)

// assignments calls yield for each expression directly in n whose value becomes
// that of something with a type of its own: a parameter, a variable, a result, a
// field. results are those of the functions around n, the innermost last.
func (k *checked) assignments(n ast.Node, results []*types.Tuple, yield func(ast.Expr, types.Type)) {
	to := func(e ast.Expr, t types.Type) {
		if e != nil && t != nil {
			yield(e, t)
		}
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		if tv := k.info.Types[n.Fun]; tv.IsType() {
			for _, a := range n.Args {
				to(a, tv.Type)
			}
		} else if sig, ok := k.typeOf(n.Fun).(*types.Signature); ok {
			for i, a := range n.Args {
				if !n.Ellipsis.IsValid() || i < len(n.Args)-1 {
					to(a, parameter(sig, i))
				}
			}
		}
	case *ast.AssignStmt:
		for i, r := range n.Rhs {
			if len(n.Lhs) == len(n.Rhs) && n.Tok == token.ASSIGN && !k.ofCommand(n.Lhs[i]) {
				to(r, k.info.TypeOf(n.Lhs[i]))
			}
		}
	case *ast.ValueSpec:
		for _, v := range n.Values {
			if n.Type != nil {
				to(v, k.info.TypeOf(n.Type))
			}
		}
	case *ast.ReturnStmt:
		if len(results) > 0 {
			for i, r := range n.Results {
				if t := results[len(results)-1]; len(n.Results) == t.Len() {
					to(r, t.At(i).Type())
				}
			}
		}
	case *ast.SendStmt:
		if c, ok := k.typeOf(n.Chan).(*types.Chan); ok {
			to(n.Value, c.Elem())
		}
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			to(n.X, k.info.TypeOf(n.Y))
			to(n.Y, k.info.TypeOf(n.X))
		}
	case *ast.CompositeLit:
		k.elements(n, to)
	}
}

// elements are the assignments of a composite literal.
func (k *checked) elements(n *ast.CompositeLit, to func(ast.Expr, types.Type)) {
	t := k.typeOf(n)
	if p, ok := t.(*types.Pointer); ok { // &T is left out in an element
		t = p.Elem().Underlying()
	}
	for i, e := range n.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		switch t := t.(type) {
		case *types.Struct:
			if !keyed && i < t.NumFields() {
				to(e, t.Field(i).Type())
			} else if keyed && !k.ofCommand(kv.Key) {
				to(kv.Value, k.info.TypeOf(kv.Key))
			}
			continue
		case *types.Map:
			if keyed {
				to(kv.Key, t.Key())
			}
		}
		if elem, ok := t.(interface{ Elem() types.Type }); ok {
			if keyed {
				e = kv.Value
			}
			to(e, elem.Elem())
		}
	}
}

// ofCommand recognises an output of exec.Cmd: a child writes to the file itself,
// as a program that waits for it would otherwise have to copy what it writes.
func (k *checked) ofCommand(e ast.Expr) bool {
	if s, ok := e.(*ast.SelectorExpr); ok {
		e = s.Sel
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	f, ok := k.info.Uses[id].(*types.Var)
	return ok && f.IsField() && f.Pkg() != nil && f.Pkg().Path() == "os/exec" && f.Name() != "Stdin"
}

func isFunc(n ast.Node) bool {
	switch n.(type) {
	case *ast.FuncDecl, *ast.FuncLit:
		return true
	}
	return false
}

// results are the results of a function declaration or literal.
func (k *checked) results(n ast.Node) *types.Tuple {
	var t types.Type
	switch n := n.(type) {
	case *ast.FuncDecl:
		if o := k.info.Defs[n.Name]; o != nil {
			t = o.Type()
		}
	case *ast.FuncLit:
		t = k.typeOf(n)
	}
	if sig, ok := t.(*types.Signature); ok {
		return sig.Results()
	}
	return nil
}

// parameter is the type that argument i is assigned to, nil if there is none.
func parameter(sig *types.Signature, i int) types.Type {
	n := sig.Params().Len()
	if sig.Variadic() && i >= n-1 {
		if s, ok := sig.Params().At(n - 1).Type().(*types.Slice); ok {
			return s.Elem()
		}
	}
	if i >= n {
		return nil
	}
	return sig.Params().At(i).Type()
}
