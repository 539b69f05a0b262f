package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
)

// source is the package with the definitions, without generated files.
type source struct {
	info   *types.Info
	fset   *token.FileSet
	pkg    *types.Package
	funcs  map[types.Object]*ast.FuncDecl
	arrays map[types.Object]*ast.CompositeLit
	ops    []operation
}

// operation is an operation before the fused ones.
type operation struct {
	name    string   // Exp
	results []string // dst, and perhaps dst2
	params  []string // some of a, b and c
	call    ast.Expr // exp(a), where it is defined in Op.Value; text is the same
	text    string
	vars    map[types.Object]string
}

// read type-checks the plain files of the package.
func read(dir string) (*source, error) {
	s := &source{
		info:   &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}},
		fset:   token.NewFileSet(),
		funcs:  map[types.Object]*ast.FuncDecl{},
		arrays: map[types.Object]*ast.CompositeLit{},
	}
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		if strings.HasPrefix(name, "loops_") || strings.HasPrefix(name, "path_") {
			continue
		}
		f, err := parser.ParseFile(s.fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	// What is only defined in the files that are left out is not needed.
	conf := types.Config{Importer: importer.Default(), Error: func(error) {}}
	s.pkg, _ = conf.Check("vector", s.fset, files, s.info)
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				s.funcs[s.info.Defs[d.Name]] = d
			case *ast.GenDecl:
				s.readArrays(d)
			}
		}
	}
	return s, s.readOps()
}

// readArrays keeps the variables that are arrays of numbers.
func (s *source) readArrays(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			continue
		}
		if list, ok := v.Values[0].(*ast.CompositeLit); ok {
			s.arrays[s.info.Defs[v.Names[0]]] = list
		}
	}
}

// readOps finds the operations in the switch of Op.Value, and the two that fire.
func (s *source) readOps() error {
	value, _, _ := types.LookupFieldOrMethod(s.pkg.Scope().Lookup("Op").Type(), true, s.pkg, "Value")
	f := s.funcs[value]
	if f == nil {
		return fmt.Errorf("there is no Op.Value")
	}
	vars := map[types.Object]string{}
	for _, p := range f.Type.Params.List {
		for _, id := range p.Names {
			vars[s.info.Defs[id]] = id.Name
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		c, ok := n.(*ast.CaseClause)
		if !ok {
			return true
		}
		op := operation{name: c.List[0].(*ast.Ident).Name, results: []string{"dst"}, vars: vars, call: c.Body[0].(*ast.ReturnStmt).Results[0]}
		op.text = types.ExprString(op.call)
		for _, p := range []string{"a", "b", "c"} {
			if uses(op.call, p) {
				op.params = append(op.params, p)
			}
		}
		s.ops = append(s.ops, op)
		return false
	})
	for _, name := range []string{"FireHard", "FireSoft"} {
		f := s.function(strings.ToLower(name[:1]) + name[1:])
		op := operation{name: name, results: []string{"dst", "dst2"}}
		for _, id := range f.Type.Params.List[0].Names {
			op.params = append(op.params, id.Name)
		}
		s.ops = append(s.ops, op)
	}
	return nil
}

func (s *source) function(name string) *ast.FuncDecl { return s.funcs[s.pkg.Scope().Lookup(name)] }

// uses reports whether the variable occurs in the expression.
func uses(e ast.Expr, name string) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return true
	})
	return found
}
