package cell

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
)

const header = "package main\n"

// unit is one Go file of the program: declarations of one cell, the
// statements, or the variables.
type unit struct {
	name    string
	imports map[string]string // name to path
	others  []string          // paths imported with . or _, that character first
	text    *text             // header and declarations; imports are added to the tree, and to the text at the end
	file    *ast.File
	decls   []*decl
	at      []int // where each of them begins in the text, and where the last one ends
	session bool  // it uses package session
}

// checked is the outcome of a type check.
type checked struct {
	fset  *token.FileSet
	units []*unit
	info  *types.Info
	pkg   *types.Package
	errs  []types.Error
}

// unit finds the unit and the offset in its text of a position.
func (k *checked) unit(p token.Pos) (*unit, int) {
	f := k.fset.File(p)
	if f == nil {
		return nil, 0
	}
	for _, u := range k.units {
		if u.name == f.Name() {
			return u, f.Offset(p)
		}
	}
	return nil, 0
}

// parse reads the unit's text. Imports are not in it.
func (u *unit) parse(fset *token.FileSet) error {
	f, err := parser.ParseFile(fset, u.name, u.text.b, parser.ParseComments|parser.AllErrors)
	u.file = f
	return err
}

// changed returns the unit with edits, to be parsed again when there are some.
func (u *unit) changed(fset *token.FileSet, edits []edit) (*unit, error) {
	v := *u
	if len(edits) == 0 {
		return &v, nil
	}
	v.text = u.text.apply(edits)
	v.at = nil
	for _, at := range u.at {
		moved := at
		for _, e := range edits {
			if e.hi <= at {
				moved += len(e.text) - (e.hi - e.lo)
			}
		}
		v.at = append(v.at, moved)
	}
	return &v, v.parse(fset)
}

// withImports returns the unit's syntax with its imports.
func (u *unit) withImports() *ast.File {
	f := *u.file
	var specs []ast.Spec
	add := func(name, path string) {
		spec := &ast.ImportSpec{Name: &ast.Ident{NamePos: f.Name.End(), Name: name}, Path: &ast.BasicLit{ValuePos: f.Name.End(), Kind: token.STRING, Value: strconv.Quote(path)}}
		specs = append(specs, spec)
		f.Imports = append(slices.Clone(f.Imports), spec)
	}
	for _, n := range slices.Sorted(maps.Keys(u.imports)) {
		add(n, u.imports[n])
	}
	for _, o := range u.others {
		add(o[:1], o[1:])
	}
	if len(specs) > 0 {
		f.Decls = append([]ast.Decl{&ast.GenDecl{TokPos: f.Name.End(), Tok: token.IMPORT, Specs: specs}}, f.Decls...)
	}
	return &f
}

// check type-checks units as one package. It goes on after errors.
func (c *compiler) check(units []*unit) *checked {
	k := &checked{fset: c.fset, units: units, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}, Implicits: map[ast.Node]types.Object{},
		Instances: map[*ast.Ident]types.Instance{},
	}}
	var files []*ast.File
	for _, u := range units {
		files = append(files, u.withImports())
	}
	conf := types.Config{
		Importer:                 c.packages,
		DisableUnusedImportCheck: true,
		Error: func(err error) {
			if e, ok := err.(types.Error); ok {
				k.errs = append(k.errs, e)
			}
		},
	}
	k.pkg, _ = conf.Check("main", c.fset, files, k.info)
	return k
}

// unused returns the imports of a unit that nothing names.
func (k *checked) unused(u *unit, gone map[*ast.Ident]bool) (names map[string]bool, dots map[string]bool) {
	names, dots = map[string]bool{}, map[string]bool{}
	for n := range u.imports {
		names[n] = true
	}
	for _, o := range u.others {
		if o[0] == '.' {
			dots[o] = true
		}
	}
	selected := map[*ast.Ident]bool{}
	ast.Inspect(u.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			selected[n.Sel] = true
		case *ast.Ident:
			o := k.info.Uses[n]
			if o == nil || gone[n] {
				break
			}
			if _, ok := o.(*types.PkgName); ok {
				delete(names, n.Name)
			} else if p := o.Pkg(); p != nil && p != k.pkg && !selected[n] && o.Parent() == p.Scope() {
				delete(dots, "."+p.Path())
			}
		}
		return true
	})
	return names, dots
}
