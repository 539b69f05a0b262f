package assist

import (
	"go/ast"
	"go/token"
	"go/types"
)

// expected returns the type that a value at the place must have, nil if that
// is unknown or anything will do.
func (s *site) expected() types.Type {
	i := 0
	if sel, ok := s.parent(1).(*ast.SelectorExpr); ok && sel.Sel == s.parent(0) {
		i = 1
	}
	value := s.parent(i)
	var t types.Type
	switch outer := s.parent(i + 1).(type) {
	case *ast.CallExpr:
		t = parameter(s.Info.Types[outer.Fun].Type, outer, value)
	case *ast.KeyValueExpr:
		if lit, ok := s.parent(i + 2).(*ast.CompositeLit); ok && outer.Value == value {
			t = s.element(lit, outer.Key)
		}
	case *ast.AssignStmt:
		for j, rhs := range outer.Rhs {
			if rhs == value && len(outer.Lhs) == len(outer.Rhs) && outer.Tok == token.ASSIGN {
				t = s.Info.Types[outer.Lhs[j]].Type
			}
		}
	}
	if invalid(t) {
		return nil
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return nil
	}
	if in, ok := t.Underlying().(*types.Interface); ok && in.Empty() {
		return nil
	}
	return t
}

// parameter returns the type of the parameter that an argument is for.
func parameter(fun types.Type, call *ast.CallExpr, argument ast.Node) types.Type {
	if fun == nil {
		return nil
	}
	sig, ok := fun.Underlying().(*types.Signature)
	if !ok {
		return nil
	}
	for i, arg := range call.Args {
		if arg != argument {
			continue
		}
		last := sig.Params().Len() - 1
		switch {
		case i < last || i == last && !sig.Variadic():
			return sig.Params().At(i).Type()
		case sig.Variadic():
			if list, ok := sig.Params().At(last).Type().(*types.Slice); ok && !call.Ellipsis.IsValid() {
				return list.Elem()
			}
		}
	}
	return nil
}

// element returns the type of a field, element or value of a composite
// literal.
func (s *site) element(lit *ast.CompositeLit, key ast.Expr) types.Type {
	t := s.Info.Types[lit].Type
	if t == nil {
		return nil
	}
	if st, ok := structOf(t); ok {
		for f := range st.Fields() {
			if id, ok := key.(*ast.Ident); ok && f.Name() == id.Name {
				return f.Type()
			}
		}
		return nil
	}
	if c, ok := t.Underlying().(interface{ Elem() types.Type }); ok {
		return c.Elem()
	}
	return nil
}

// fits says whether an object, or what it returns when it is called, may
// stand where a type is expected.
func fits(obj types.Object, want types.Type) bool {
	if want == nil {
		return false
	}
	t := obj.Type()
	switch obj.(type) {
	case *types.Func:
		sig := t.(*types.Signature)
		if sig.Results().Len() != 1 || sig.TypeParams().Len() > 0 {
			return false
		}
		t = sig.Results().At(0).Type()
	case *types.Var, *types.Const:
	default:
		return false
	}
	return !invalid(t) && types.AssignableTo(t, want)
}
