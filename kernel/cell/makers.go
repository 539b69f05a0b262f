package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
)

// A value may hold types that no other cell can name: sha256.New returns a
// hash.Hash with a type of an internal package inside. A program has such a
// type only if it has the function that makes it. So each variable remembers
// its makers: the functions and methods of packages that the cells which stored
// it, or what it was made of, referred to. They are written as expressions with
// {import path} in the place of package names.

// findMakers lists the makers that the cell's statements and reached
// declarations refer to.
func (c *compiler) findMakers() {
	found := map[string]bool{}
	look := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if m := maker(c.first.info.Uses[id], c.first.pkg); m != "" {
					found[m] = true
				}
			}
			return true
		})
	}
	for _, u := range c.earlier {
		for _, d := range u.file.Decls {
			if r := u.declAt(offsetOf(c.fset, d.Pos())); r == nil || c.reached[r] {
				look(d)
			}
		}
	}
	look(c.own.file)
	look(c.body.file)
	c.makers = sortedKeys(found)
}

// maker writes a function, method or variable of another package that may bring
// a type into a value which the value's own type does not tell; "" for what
// cannot.
func maker(o types.Object, pkg *types.Package) string {
	if o == nil || o.Pkg() == nil || o.Pkg() == pkg || o.Pkg() == types.Unsafe || o.Pkg().Path() == sessionPath || !o.Exported() {
		return ""
	}
	switch o := o.(type) {
	case *types.Var:
		if !o.IsField() && o.Parent() == o.Pkg().Scope() && (open(o.Type()) || !nameable(o.Type())) {
			return "&{" + o.Pkg().Path() + "}." + o.Name()
		}
	case *types.Func:
		sig := o.Signature()
		if o.Origin() != o || sig.TypeParams() != nil || sig.RecvTypeParams() != nil || !makes(sig) {
			return ""
		}
		if sig.Recv() == nil {
			return "{" + o.Pkg().Path() + "}." + o.Name()
		}
		recv := types.Unalias(sig.Recv().Type())
		if _, ok := deref(recv).(*types.Named); ok && nameable(recv) {
			return "(" + typeText(recv) + ")." + o.Name()
		}
	}
	return ""
}

// makes says whether a function can bring in a type: by a result, or by what
// its receiver or a parameter points to.
func makes(sig *types.Signature) bool {
	for i := range sig.Results().Len() {
		if t := sig.Results().At(i).Type(); open(t) || !nameable(t) {
			return true
		}
	}
	if r := sig.Recv(); r != nil && open(r.Type()) {
		return true
	}
	for i := range sig.Params().Len() {
		if p, ok := types.Unalias(sig.Params().At(i).Type()).(*types.Pointer); ok && open(p.Elem()) {
			return true
		}
	}
	return false
}

func nameable(t types.Type) bool { return unnameable(t, map[types.Type]bool{}) == "" }

// open says whether a value of a type can hold one of a type that is not part
// of it: somewhere in it is an interface.
func open(t types.Type) bool { return isOpen(t, map[types.Type]bool{}) }

func isOpen(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.Alias:
		return isOpen(types.Unalias(t), seen)
	case *types.Named:
		return isOpen(t.Underlying(), seen)
	case *types.Interface, *types.TypeParam:
		return true
	case *types.Map:
		return isOpen(t.Key(), seen) || isOpen(t.Elem(), seen)
	case *types.Struct:
		for i := range t.NumFields() {
			if isOpen(t.Field(i).Type(), seen) {
				return true
			}
		}
	case interface{ Elem() types.Type }:
		return isOpen(t.Elem(), seen)
	}
	return false
}

// rememberMakers notes the makers of the variables that the cell stores: a value
// may come from any of the variables that it restores.
func (c *compiler) rememberMakers() {
	found := map[string]bool{}
	for _, m := range c.makers {
		found[m] = true
	}
	for n := range c.persist {
		for _, m := range c.visible[n].makers() {
			found[m] = true
		}
	}
	all := sortedKeys(found)
	for _, v := range c.vars {
		if v.open {
			v.Makers = all
		}
	}
	c.p.makers = map[string][]string{}
	for n := range c.persist {
		o := c.first.pkg.Scope().Lookup(c.emitted(n))
		if c.vars[n] == nil && o != nil && open(o.Type()) {
			c.p.makers[n] = all
		}
	}
}

func (v *variable) makers() []string {
	if v == nil {
		return nil
	}
	return v.Makers
}

// linkMakers keeps in the program the makers of what it restores, if a type in
// there cannot be named. What the cell refers to anyway is left out, so that a
// cell that runs again is the same program.
func (c *compiler) linkMakers(link func(expr string)) {
	for _, n := range sortedKeys(c.persist) {
		if !slices.ContainsFunc(c.stored[n].Dynamic, func(name string) bool { _, ok := c.typeExpr(name); return !ok }) {
			continue
		}
		for _, m := range c.visible[n].makers() {
			if !slices.Contains(c.makers, m) && c.isThere(m) {
				link(m)
			}
		}
	}
}

var makerParts = regexp.MustCompile(`^[&(*]*\{(.+)\}\.([\pL_][\pL\pN_]*)\)?(?:\.([\pL_][\pL\pN_]*))?$`)

// isThere says whether a maker still exists: packages of the user change.
func (c *compiler) isThere(maker string) bool {
	m := makerParts.FindStringSubmatch(maker)
	if m == nil || !c.exports(m[1], m[2]) {
		return false
	}
	pkg, err := c.packages.Import(m[1])
	if err != nil || m[3] == "" {
		return err == nil
	}
	o, _, _ := types.LookupFieldOrMethod(pkg.Scope().Lookup(m[2]).Type(), true, pkg, m[3])
	_, isMethod := o.(*types.Func)
	return isMethod
}

// packageMakers lists the functions of a package that may make values of an
// unexported type of it: those with an interface or a type of the package among
// their results.
func (c *compiler) packageMakers(name string) (list []string) {
	m := runtimeName.FindStringSubmatch(name)
	if m == nil || m[1] == "main" || isInternal(m[1]) || token.IsExported(m[2]) {
		return nil
	}
	pkg, err := c.packages.Import(m[1])
	if err != nil || pkg == nil {
		return nil
	}
	for _, n := range pkg.Scope().Names() {
		f, ok := pkg.Scope().Lookup(n).(*types.Func)
		if !ok || !f.Exported() || f.Signature().TypeParams().Len() > 0 {
			continue
		}
		results := f.Signature().Results()
		for i := range results.Len() {
			t := results.At(i).Type()
			named, isNamed := deref(t).(*types.Named)
			if types.IsInterface(t) || isNamed && named.Obj().Pkg() == pkg {
				list = append(list, "{"+m[1]+"}."+n)
				break
			}
		}
	}
	return list
}
