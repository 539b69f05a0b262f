package cell

import (
	"crypto/sha256"
	"fmt"
	"go/types"
	"strings"
)

// unnameable says why a type cannot be written in another cell, "" if it can.
func unnameable(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	all := func(ts ...types.Type) string {
		for _, t := range ts {
			if why := unnameable(t, seen); why != "" {
				return why
			}
		}
		return ""
	}
	switch t := t.(type) {
	case *types.Alias:
		return all(types.Unalias(t))
	case *types.Named:
		o := t.Obj()
		switch {
		case o.Pkg() == nil:
		case o.Parent() != o.Pkg().Scope():
			return "its type " + o.Name() + " is declared inside a function"
		case o.Pkg().Path() == "main":
		case !o.Exported():
			return "its type " + o.Pkg().Name() + "." + o.Name() + " is unexported"
		case isInternal(o.Pkg().Path()):
			return "its type is in the internal package " + o.Pkg().Path()
		}
		for i := range t.TypeArgs().Len() {
			if why := all(t.TypeArgs().At(i)); why != "" {
				return why
			}
		}
	case *types.Pointer:
		return all(t.Elem())
	case *types.Slice:
		return all(t.Elem())
	case *types.Array:
		return all(t.Elem())
	case *types.Chan:
		return all(t.Elem())
	case *types.Map:
		return all(t.Key(), t.Elem())
	case *types.Struct:
		for i := range t.NumFields() {
			if f := t.Field(i); f.Pkg() != nil && f.Pkg().Path() != "main" && !f.Exported() {
				return "its type has the unexported field " + f.Name()
			} else if why := all(f.Type()); why != "" {
				return why
			}
		}
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tuple.Len() {
				if why := all(tuple.At(i).Type()); why != "" {
					return why
				}
			}
		}
	case *types.Interface:
		for i := range t.NumExplicitMethods() {
			m := t.ExplicitMethod(i)
			if m.Pkg() != nil && m.Pkg().Path() != "main" && !m.Exported() {
				return "its type has the unexported method " + m.Name()
			} else if why := all(m.Type()); why != "" {
				return why
			}
		}
	case *types.TypeParam:
		return "its type is a type parameter"
	}
	return ""
}

func isInternal(path string) bool { return strings.Contains("/"+path+"/", "/internal/") }

// witness finds an expression of a type that cannot be named: a variable of its
// package, or the result of one of its functions, whose type the compiler
// infers without a call.
func witness(t types.Type) (expr, helper string) {
	named, ok := deref(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() == "main" {
		return "", ""
	}
	pkg := named.Obj().Pkg()
	for _, name := range pkg.Scope().Names() {
		switch o := pkg.Scope().Lookup(name).(type) {
		case *types.Var:
			if o.Exported() && types.Identical(o.Type(), t) {
				return fmt.Sprintf("= {%s}.%s", pkg.Path(), name), ""
			}
		case *types.Func:
			sig := o.Signature()
			if !o.Exported() || sig.TypeParams().Len() > 0 {
				continue
			}
			for i := range sig.Results().Len() {
				if types.Identical(sig.Results().At(i).Type(), t) {
					f, helper := inferring(sig, i)
					return fmt.Sprintf("= %s({%s}.%s)", f, pkg.Path(), name), helper
				}
			}
		}
	}
	return "", ""
}

// inferring writes a function that takes a function of the signature's shape
// and returns the zero value of its result i.
func inferring(sig *types.Signature, i int) (name, text string) {
	var names, params, results []string
	for j := range sig.Params().Len() {
		names, params = append(names, fmt.Sprintf("P%d", j)), append(params, fmt.Sprintf("P%d", j))
	}
	if sig.Variadic() {
		params[len(params)-1] = "..." + params[len(params)-1]
	}
	for j := range sig.Results().Len() {
		names, results = append(names, fmt.Sprintf("R%d", j)), append(results, fmt.Sprintf("R%d", j))
	}
	shape := fmt.Sprintf("[%s any](func(%s) (%s)) (z R%d) { return }", strings.Join(names, ", "), strings.Join(params, ", "), strings.Join(results, ", "), i)
	name = fmt.Sprintf("witness_%x__", sha256.Sum256([]byte(shape)))[:16] + "__"
	return name, "func " + name + shape
}
