package cell

import (
	"go/ast"
	"go/types"
	"regexp"
	"strings"
)

// runtimeName finds the package path and the name in what the run time calls a
// type or a function, such as main.Pair[main.T,*net/url.URL].
var runtimeName = regexp.MustCompile(`((?:[\w.~-]+/)*[\w~-]+)\.([\pL_][\pL\pN_]*)`)

// registrations name in the program what stored values hold: types, functions
// and package variables. A value finds back to them by name alone.
func (c *compiler) registrations(k *checked, u *varsUnit) {
	done := map[string]bool{}
	register := func(key, format string, args ...any) {
		if !done[key] {
			done[key] = true
			u.printf(format, args...)
		}
	}
	for _, n := range sortedKeys(c.persist) {
		for _, name := range c.stored[n].Dynamic {
			if text, ok := c.typeExpr(name); ok {
				register(name, "\tsession__.Type((*%s)(nil))\n", text)
			} else {
				for _, f := range c.packageMakers(name) {
					register("make "+f, "\tsession__.Link(%s)\n", f)
				}
			}
		}
		for _, f := range c.stored[n].Funcs {
			if g, ok := strings.CutPrefix(f, "var "); ok {
				if o, text := c.lookup(g); o != nil && o.Exported() {
					register("var "+g, "\tsession__.Global(%q, &%s)\n", g, text)
				}
			} else if o, text := c.lookup(f); o != nil && o.Exported() {
				register(f, "\tsession__.Func(%q, %s)\n", f, text)
			} else if text, ok := ownFunction(k.pkg, f); ok {
				register(f, "\tsession__.Func(%q, %s)\n", f, text)
			}
		}
	}
	c.linkMakers(func(f string) { register("make "+f, "\tsession__.Link(%s)\n", f) })
	for _, f := range sortedKeys(c.locals) {
		if text, ok := ownFunction(k.pkg, f); ok {
			register("make "+f, "\tsession__.Link(%s)\n", text)
		}
	}
	for _, l := range c.lits {
		register("main."+l.Key, "\tsession__.Func(%q, %s)\n", "main."+l.Key, l.Key)
	}
	methods := methodValues(k)
	for _, run := range sortedKeys(methods) {
		register(run, "\tsession__.Func(%q, %s)\n", run, methods[run])
	}
	paths := map[string]bool{}
	for _, v := range k.units {
		for _, p := range v.imports {
			paths[p] = true
		}
	}
	if len(c.vars)+len(c.persist) == 0 {
		return
	}
	for _, p := range sortedKeys(paths) {
		if pkg, err := c.packages.Import(p); err == nil && p != sessionPath && p != "unicode" { // unicode: hundreds of tables
			for _, n := range pkg.Scope().Names() {
				if v, ok := pkg.Scope().Lookup(n).(*types.Var); ok && v.Exported() && shareable(v.Type()) {
					register("var "+p+"."+n, "\tsession__.Global(%q, &{%s}.%s)\n", p+"."+n, p, n)
				}
			}
		}
	}
}

// ownFunction finds a function or method of this notebook, such as main.f or
// main.(*T).M, and how to write it.
func ownFunction(pkg *types.Package, run string) (text string, ok bool) {
	name, ok := strings.CutPrefix(run, "main.")
	if !ok {
		return "", false
	}
	first, method, isMethod := strings.Cut(strings.NewReplacer("(*", "", ")", "").Replace(name), ".")
	switch o := pkg.Scope().Lookup(first).(type) {
	case *types.Func:
		return name, !isMethod && o.Signature().TypeParams().Len() == 0
	case *types.TypeName:
		named, ok := o.Type().(*types.Named)
		if !ok || !isMethod || named.TypeParams().Len() > 0 {
			return "", false
		}
		m, _, _ := types.LookupFieldOrMethod(o.Type(), true, pkg, method)
		_, ok = m.(*types.Func)
		return name, ok
	}
	return "", false
}

// shareable: other values may be, or point to, what a variable of this type holds.
func shareable(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Interface, *types.Pointer:
		return true
	}
	return false
}

// typeExpr writes a type of the run time as an expression, if all of it can be named.
func (c *compiler) typeExpr(name string) (string, bool) {
	ok := !strings.Contains(name, "·")
	text := runtimeName.ReplaceAllStringFunc(name, func(s string) string {
		m := runtimeName.FindStringSubmatch(s)
		if m[1] == "main" {
			o, isType := c.first.pkg.Scope().Lookup(m[2]).(*types.TypeName)
			ok = ok && isType && o != nil
			return m[2]
		}
		o, text := c.lookup(s)
		_, isType := o.(*types.TypeName)
		ok = ok && isType && o.Exported()
		return text
	})
	return text, ok
}

// lookup finds what a run-time name such as math.Sin or net/url.(*URL).String
// means, and how to write it.
func (c *compiler) lookup(name string) (types.Object, string) {
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return nil, ""
	}
	path, rest := name[:slash+dot], name[slash+dot+1:]
	if path == "main" || isInternal(path) || strings.Contains(rest, "[") {
		return nil, ""
	}
	pkg, err := c.packages.Import(path)
	if err != nil || pkg == nil {
		return nil, ""
	}
	first, method, hasMethod := strings.Cut(strings.NewReplacer("(*", "", ")", "").Replace(rest), ".")
	o := pkg.Scope().Lookup(first)
	if o == nil {
		return nil, ""
	}
	text := "{" + path + "}." + first
	if strings.HasPrefix(rest, "(*") {
		text = "(*" + text + ")"
	}
	if hasMethod {
		if m, _, _ := types.LookupFieldOrMethod(o.Type(), true, pkg, method); m == nil || !m.Exported() {
			return nil, ""
		}
		text += "." + method
	}
	return o, text
}

// methodValues finds the methods that the program takes as values, by their
// run-time names, and how to write them as functions.
func methodValues(k *checked) map[string]string {
	found := map[string]string{}
	for _, u := range k.units {
		called := map[ast.Expr]bool{}
		ast.Inspect(u.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				called[ast.Unparen(call.Fun)] = true
			}
			s, ok := n.(*ast.SelectorExpr)
			if !ok || called[s] {
				return true
			}
			sel := k.info.Selections[s]
			if sel == nil || sel.Kind() == types.FieldVal || sel.Kind() == types.MethodVal && types.IsInterface(sel.Recv()) {
				return true
			}
			f := sel.Obj().(*types.Func)
			recv := f.Signature().Recv().Type()
			if sel.Kind() == types.MethodExpr { // of an embedded type: a function of its own
				recv = sel.Recv()
			}
			if run, text := methodName(f, recv); run != "" {
				found[run] = text
			}
			return true
		})
	}
	return found
}

func methodName(f *types.Func, recv types.Type) (run, text string) {
	recv = types.Unalias(recv)
	if unnameable(recv, map[types.Type]bool{}) != "" || !f.Exported() && f.Pkg().Path() != "main" {
		return "", ""
	}
	n, ok := deref(recv).(*types.Named)
	if !ok || n.TypeArgs().Len() > 0 || n.TypeParams().Len() > 0 {
		return "", ""
	}
	name := n.Obj().Pkg().Path() + "." + n.Obj().Name()
	text = "(" + typeText(recv) + ")." + f.Name()
	if _, isPointer := recv.(*types.Pointer); isPointer {
		return n.Obj().Pkg().Path() + ".(*" + n.Obj().Name() + ")." + f.Name(), text
	}
	return name + "." + f.Name(), text
}
