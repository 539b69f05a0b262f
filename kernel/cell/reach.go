package cell

import (
	"go/ast"
	"go/types"
	"strings"
)

// reach finds what the cell needs of the memory: the declarations and variables
// that it names, those that these name, the methods of the types in use, and
// what the stored values of the variables hold.
func (c *compiler) reach() {
	r := &reacher{compiler: c, owner: map[types.Object]*decl{}, uses: map[*decl][]types.Object{}, byKey: map[string]*decl{},
		methods: map[string][]*decl{}, types: map[types.Type]bool{}, vars: map[string]bool{}}
	for _, u := range append(append([]*unit{}, c.earlier...), c.own) {
		for _, d := range u.decls {
			r.byKey[d.Key] = d
			if t, _, ok := strings.Cut(d.Key, "~"); ok {
				r.methods[t] = append(r.methods[t], d)
			}
		}
		r.graph(u)
	}
	for _, d := range c.own.decls {
		r.decl(d)
	}
	ast.Inspect(c.body.file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if o := c.first.info.Uses[id]; o != nil {
				r.object(o)
			}
		}
		return true
	})
	for n := range keys(c.persist) {
		r.variable(n)
	}
	for o := range c.lifted {
		r.typ(o.Type())
	}
}

type reacher struct {
	*compiler
	owner   map[types.Object]*decl   // who declares it
	uses    map[*decl][]types.Object // what a declaration names
	byKey   map[string]*decl
	methods map[string][]*decl // of a type, by its name
	types   map[types.Type]bool
	vars    map[string]bool
}

// graph notes what the declarations of a unit declare and name.
func (r *reacher) graph(u *unit) {
	for _, fd := range u.file.Decls {
		d := u.declAt(offsetOf(r.fset, fd.Pos()))
		if d == nil {
			d = u.declAt(offsetOf(r.fset, fd.End())) // it begins with text of ours
		}
		if d == nil {
			continue
		}
		ast.Inspect(fd, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if o := r.first.info.Defs[id]; o != nil && o.Pkg() == r.first.pkg {
				r.owner[o] = d
			}
			if o := r.first.info.Uses[id]; o != nil && o.Pkg() == r.first.pkg {
				r.uses[d] = append(r.uses[d], o)
			}
			return true
		})
	}
}

func (r *reacher) object(o types.Object) {
	if f, ok := o.(*types.Func); ok {
		o = f.Origin()
		if d := r.owner[o]; d != nil {
			r.called[d] = true
		}
	}
	if n, ok := r.varObjs[o]; ok {
		r.variable(n)
		return
	}
	if d := r.owner[o]; d != nil {
		r.decl(d)
	}
	if t, ok := o.(*types.TypeName); ok {
		r.typ(t.Type())
	}
}

func (r *reacher) decl(d *decl) {
	if d == nil || r.reached[d] {
		return
	}
	r.reached[d] = true
	for _, o := range r.uses[d] {
		r.object(o)
	}
	for _, n := range d.Names {
		for _, m := range r.methods[n] {
			r.decl(m)
		}
	}
}

// variable reaches a remembered variable, what its type names, the variables
// that share memory with it, and what its value holds.
func (r *reacher) variable(n string) {
	if r.vars[n] {
		return
	}
	r.vars[n], r.persist[n] = true, true
	if o := r.first.pkg.Scope().Lookup(r.emitted(n)); o != nil {
		r.typ(o.Type())
	}
	info := r.stored[n]
	for _, other := range info.With {
		if r.visible[other] != nil {
			r.variable(other)
		}
	}
	for _, list := range [][]string{info.Dynamic, info.Funcs} {
		for _, name := range list {
			for _, m := range runtimeName.FindAllStringSubmatch(strings.NewReplacer("(*", "", ")", "").Replace(name), -1) {
				if d := r.byKey[m[2]]; m[1] == "main" && d != nil {
					r.decl(d)
				} else if m[1] == "main" {
					r.local(m[2])
				}
			}
		}
	}
}

// local reaches the functions that declare a type of that name: the program has
// the type if it has them.
func (r *reacher) local(name string) {
	for o, d := range r.owner {
		if _, ok := o.(*types.TypeName); ok && o.Name() == name && o.Parent() != r.first.pkg.Scope() {
			r.decl(d)
			function := "main." + d.Key
			if t, method, ok := strings.Cut(d.Key, "~"); ok {
				function = "main.(*" + t + ")." + method
			}
			r.locals[function] = true
		}
	}
}

// typ reaches the types of this notebook in a type.
func (r *reacher) typ(t types.Type) {
	if r.types[t] {
		return
	}
	r.types[t] = true
	switch t := t.(type) {
	case *types.Alias:
		r.decl(r.owner[t.Obj()])
		r.typ(types.Unalias(t))
	case *types.Named:
		if t.Obj().Pkg() == r.first.pkg {
			r.decl(r.owner[t.Origin().Obj()])
		}
		for i := range t.TypeArgs().Len() {
			r.typ(t.TypeArgs().At(i))
		}
	case interface{ Elem() types.Type }:
		r.typ(t.Elem())
		if m, ok := t.(*types.Map); ok {
			r.typ(m.Key())
		}
	case *types.Struct:
		for i := range t.NumFields() {
			r.typ(t.Field(i).Type())
		}
	case *types.Signature:
		for _, tuple := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tuple.Len() {
				r.typ(tuple.At(i).Type())
			}
		}
	}
}
