package assist

import (
	"fmt"
	"go/types"
	"strings"
)

// signature prints what an object is in a few lines of Go.
func (s *site) signature(obj types.Object) string {
	switch o := obj.(type) {
	case *types.PkgName:
		return fmt.Sprintf("import %q", o.Imported().Path())
	case *types.Func:
		return s.function(o)
	case *types.TypeName:
		return s.typeName(o)
	case *types.Const:
		if t := typeString(s.View, o.Type()); o.Pkg() != nil {
			return fmt.Sprintf("const %s %s = %s", s.qualified(o), t, o.Val())
		}
		return fmt.Sprintf("const %s = %s", o.Name(), o.Val())
	case *types.Var:
		if o.IsField() {
			return fmt.Sprintf("field %s %s", o.Name(), typeString(s.View, o.Type()))
		}
		return fmt.Sprintf("var %s %s", s.qualified(o), typeString(s.View, o.Type()))
	case *types.Builtin:
		if d, ok := s.declared(o); ok {
			return d.text
		}
		return "func " + o.Name()
	}
	return types.ObjectString(obj, qualifier(s.View))
}

// qualified returns a name as the user would write it.
func (s *site) qualified(obj types.Object) string {
	if obj.Pkg() == nil || obj.Pkg() == s.Pkg || obj.Parent() != obj.Pkg().Scope() {
		return userName(obj.Name())
	}
	return obj.Pkg().Name() + "." + obj.Name()
}

func (s *site) function(f *types.Func) string {
	parameters := strings.TrimPrefix(typeString(s.View, f.Signature()), "func")
	recv := f.Signature().Recv()
	if recv == nil {
		return "func " + s.qualified(f) + parameters
	}
	return fmt.Sprintf("func (%s) %s%s", typeString(s.View, recv.Type()), f.Name(), parameters)
}

// mostMethods is how many methods of a type are listed.
const mostMethods = 40

// typeName prints a type with its exported fields and methods.
func (s *site) typeName(o *types.TypeName) string {
	var b strings.Builder
	t := o.Type()
	switch {
	case o.IsAlias():
		return fmt.Sprintf("type %s = %s", s.qualified(o), typeString(s.View, types.Unalias(t)))
	case o.Pkg() == nil:
		return "type " + o.Name()
	}
	visible := func(obj types.Object) bool { return obj.Exported() || obj.Pkg() == s.Pkg }
	fmt.Fprintf(&b, "type %s ", typeString(s.View, t))
	switch u := t.Underlying().(type) {
	case *types.Struct:
		b.WriteString("struct {")
		unexported := false
		for f := range u.Fields() {
			if !visible(f) {
				unexported = true
				continue
			}
			name := f.Name() + " "
			if f.Embedded() {
				name = ""
			}
			fmt.Fprintf(&b, "\n\t%s%s", name, typeString(s.View, f.Type()))
		}
		if unexported {
			b.WriteString("\n\t// unexported fields")
		}
		b.WriteString("\n}")
	case *types.Interface:
		b.WriteString("interface {")
		for e := range u.EmbeddedTypes() {
			fmt.Fprintf(&b, "\n\t%s", typeString(s.View, e))
		}
		for m := range u.ExplicitMethods() {
			if visible(m) {
				fmt.Fprintf(&b, "\n\t%s%s", m.Name(), strings.TrimPrefix(typeString(s.View, m.Type()), "func"))
			}
		}
		b.WriteString("\n}")
	default:
		b.WriteString(typeString(s.View, u))
	}
	if types.IsInterface(t) {
		return b.String()
	}
	n := 0
	for m := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		if !visible(m.Obj()) {
			continue
		}
		if n++; n > mostMethods {
			b.WriteString("\n// …")
			break
		}
		b.WriteString("\n" + s.function(m.Obj().(*types.Func)))
	}
	return b.String()
}

// contents lists what a package exports.
func (s *site) contents(p *types.Package) string {
	var lines []string
	for _, name := range p.Scope().Names() {
		switch o := p.Scope().Lookup(name).(type) {
		case *types.TypeName:
			if o.Exported() {
				lines = append(lines, "type "+s.qualified(o))
			}
		case types.Object:
			if o.Exported() {
				lines = append(lines, s.signature(o))
			}
		}
	}
	return strings.Join(lines, "\n")
}
