package assist

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
)

// folder returns where the source of a package is.
func (s *site) folder(path string) string {
	if s.Packages == nil {
		return ""
	}
	if dir := s.Packages.Source(path); dir != "" || path != "builtin" {
		return dir
	}
	// Nothing can import builtin, so it may not be known.
	if dir := s.Packages.Source("fmt"); dir != "" {
		return filepath.Join(filepath.Dir(dir), "builtin")
	}
	return ""
}

// declared finds the declaration of an object: the user's own in the cell or
// in what is remembered, others in the source of their packages.
func (s *site) declared(obj types.Object) (declaration, bool) {
	q := query{name: obj.Name(), recv: owner(obj)}
	if obj.Pkg() == s.Pkg {
		if text := s.textInCell(obj); text != "" {
			return declarationIn(text, q.recv, q.name)
		}
		text := s.Decl(q.name)
		if q.recv != "" {
			// A field or a method of an interface stands in its type.
			text = cmp.Or(s.Decl(q.recv+"."+q.name), s.Decl(q.recv))
		}
		if d, ok := declarationIn(text, q.recv, q.name); ok {
			return d, true
		}
		return declaration{text: text}, text != ""
	}
	path := "builtin"
	if obj.Pkg() != nil {
		path = obj.Pkg().Path()
	}
	q.dir = s.folder(path)
	fset := s.Fset
	if p, ok := s.Packages.(interface{ Fset() *token.FileSet }); ok {
		fset = p.Fset()
	}
	if f := fset.File(obj.Pos()); f != nil {
		q.file = filepath.Base(f.Name())
	}
	return q.find()
}

// owner returns the name of the type whose method or field an object is.
func owner(obj types.Object) string {
	switch o := obj.(type) {
	case *types.Func:
		if recv := o.Signature().Recv(); recv != nil {
			if named := namedOf(recv.Type()); named != nil {
				return named.Obj().Name()
			}
		}
	case *types.Var:
		if !o.IsField() || o.Pkg() == nil {
			break
		}
		for _, name := range o.Pkg().Scope().Names() {
			t, ok := o.Pkg().Scope().Lookup(name).(*types.TypeName)
			if !ok {
				continue
			}
			st, ok := t.Type().Underlying().(*types.Struct)
			if !ok {
				continue
			}
			for f := range st.Fields() {
				if f.Origin() == o.Origin() {
					return name
				}
			}
		}
	}
	return ""
}

// textInCell returns the declaration that stands in the cell itself.
func (s *site) textInCell(obj types.Object) string {
	var decls []ast.Decl
	for _, f := range s.Files {
		decls = append(decls, f.Decls...)
	}
	for _, d := range decls {
		from, to := d.Pos(), d.End()
		var comments *ast.CommentGroup
		switch d := d.(type) {
		case *ast.FuncDecl:
			comments = d.Doc
			if s.Info.Defs[d.Name] != obj {
				continue
			}
		case *ast.GenDecl:
			comments = d.Doc
			if obj.Pos() < from || obj.Pos() >= to {
				continue
			}
		}
		if comments != nil {
			from = comments.Pos()
		}
		if lo, hi := s.Offset(from), s.Offset(to); lo >= 0 && lo < hi && hi <= len(s.goText) {
			return s.goText[lo:hi]
		}
	}
	return ""
}
