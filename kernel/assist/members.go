package assist

import (
	"go/ast"
	"go/types"
)

// members returns what may follow the dot before the place.
func (s *site) members() []item {
	x, info := s.operand()
	if x == nil {
		return nil
	}
	if p := s.isPackage(x, info); p != nil {
		return s.exported(p)
	}
	tv, ok := info.Types[x]
	if !ok || tv.IsVoid() || tv.IsBuiltin() || tv.Type == nil {
		return nil
	}
	return s.selectable(tv.Type, tv.IsType())
}

// operand returns the expression before the dot, from the syntax if the parser
// has kept it, otherwise from the text.
func (s *site) operand() (ast.Expr, *types.Info) {
	if sel, ok := s.parent(1).(*ast.SelectorExpr); ok && sel.Sel.Name == placeholder {
		if tv, ok := s.Info.Types[sel.X]; ok && !invalid(tv.Type) {
			return sel.X, s.Info
		}
		if s.isPackage(sel.X, s.Info) != nil {
			return sel.X, s.Info
		}
	}
	start, end, ok := operandBefore(s.tokens, len(s.tokens)-2)
	if !ok {
		return nil, nil
	}
	x, info := s.evaluate(s.goText[start:end])
	return x, info
}

func invalid(t types.Type) bool { return t == nil || t == types.Typ[types.Invalid] }

// exported returns what a package offers.
func (s *site) exported(p *types.Package) []item {
	want := s.expected()
	var items []item
	for _, name := range p.Scope().Names() {
		obj := p.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		it := describe(s.View, obj)
		it.rank = rankLocal
		if fits(obj, want) {
			it.rank = rankExpected
		}
		items = append(items, it)
	}
	return items
}

// selectable returns the fields and methods of a type; of the type itself, not
// a value of it, only the methods.
func (s *site) selectable(t types.Type, isType bool) []item {
	want := s.expected()
	var items []item
	for _, name := range selectors(t, isType) {
		// Of names that are promoted, only those that are not ambiguous
		// exist.
		obj, _, _ := types.LookupFieldOrMethod(t, true, s.Pkg, name)
		if obj == nil || hidden(name) || !obj.Exported() && obj.Pkg() != s.Pkg {
			continue
		}
		it := describe(s.View, obj)
		it.rank = rankField
		if _, method := obj.(*types.Func); method {
			it.rank = rankLocal
		}
		if fits(obj, want) {
			it.rank = rankExpected
		}
		items = append(items, it)
	}
	return items
}

// selectors returns the names that may be selected, some more than once.
func selectors(t types.Type, isType bool) []string {
	var names []string
	receiver := t
	if _, pointer := types.Unalias(t).(*types.Pointer); !pointer && !types.IsInterface(t) {
		receiver = types.NewPointer(t)
	}
	methods := types.NewMethodSet(receiver)
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		methods = types.NewMethodSet(p.Constraint())
	}
	for m := range methods.Methods() {
		names = append(names, m.Obj().Name())
	}
	if isType {
		return names
	}
	seen := map[types.Type]bool{}
	var walk func(t types.Type)
	walk = func(t types.Type) {
		st, ok := structOf(t)
		if !ok || seen[t] {
			return
		}
		seen[t] = true
		for f := range st.Fields() {
			names = append(names, f.Name())
			if f.Embedded() {
				walk(f.Type())
			}
		}
	}
	walk(t)
	return names
}

// structOf returns the struct that a type or the type it points to is.
func structOf(t types.Type) (*types.Struct, bool) {
	if t == nil {
		return nil, false
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	return st, ok
}

// literalFields returns the fields that a composite literal around the place
// may still name. Others says whether other names may stand there, too.
func (s *site) literalFields() (items []item, others bool) {
	lit, key := s.parent(1), s.parent(0)
	if kv, ok := lit.(*ast.KeyValueExpr); ok && kv.Key == key {
		lit = s.parent(2)
	}
	c, ok := lit.(*ast.CompositeLit)
	if !ok || c.Type == key {
		return nil, true
	}
	st, ok := structOf(s.Info.Types[c].Type)
	if !ok {
		return nil, true
	}
	given := map[string]bool{}
	others = true
	for _, e := range c.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok && id.Name != placeholder {
				given[id.Name], others = true, false
			}
		}
	}
	for f := range st.Fields() {
		if !given[f.Name()] && !hidden(f.Name()) && (f.Exported() || f.Pkg() == s.Pkg) {
			it := describe(s.View, f)
			it.rank = rankExpected
			items = append(items, it)
		}
	}
	return items, others
}
