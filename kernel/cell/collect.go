package cell

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// collect parses the declarations and the statements of the cell, lists the
// former, and imports what the cell imports by name.
func (c *compiler) collect() error {
	fset := token.NewFileSet()
	f, derr := parser.ParseFile(fset, "", header+string(c.pieces.decls), parser.ParseComments|parser.SkipObjectResolution)
	_, serr := parser.ParseFile(token.NewFileSet(), "", bodyHeader+string(c.pieces.stmts)+bodyFooter, parser.SkipObjectResolution)
	errs := c.syntaxErrors(anyOrder(derr), len(header))
	if serr != nil {
		errs = append(errs, c.syntaxErrors(serr, len(bodyHeader))...)
	}
	if errs != nil {
		return errs.sorted(c.hash)
	}
	off := func(p token.Pos) int { return offsetOf(fset, p) - len(header) }
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if err := c.collectFunc(d, off); err != nil {
				return err
			}
		case *ast.GenDecl:
			c.collectGen(d, off)
		}
	}
	if c.failed != nil && slices.ContainsFunc(sortedKeys(c.absent), c.clouds) {
		return c.failed.sorted(c.hash)
	}
	for _, d := range c.cell { // what the cell declares anew is not remembered
		for _, n := range append(slices.Clone(d.Names), d.Key) {
			forgetDecl(c.decls, n)
			delete(c.visible, n)
		}
	}
	for _, list := range [][]*decl{slices.Collect(maps.Values(c.decls)), c.cell} {
		for _, d := range list {
			for _, n := range d.Names {
				c.declared[n] = true
			}
		}
	}
	if c.parts.Exec != "" && !c.declared[c.parts.Exec] {
		return Errors{c.at(max(strings.Index(c.src, "%exec"), 0), "undefined: %s (%%exec calls a function that this or an earlier cell declares)", c.parts.Exec)}
	}
	return nil
}

// anyOrder drops errors about imports behind other declarations: in a cell they
// may stand anywhere.
func anyOrder(err error) error {
	list := slices.DeleteFunc(errorList(err), func(e *scanner.Error) bool { return strings.HasPrefix(e.Msg, "imports must appear before") })
	return list.Err()
}

func (c *compiler) collectFunc(d *ast.FuncDecl, off func(token.Pos) int) error {
	name := d.Name.Name
	switch {
	case d.Recv != nil && len(d.Recv.List) > 0:
		c.declare(receiver(d.Recv.List[0].Type)+"~"+name, "", start(d, d.Doc), d.End(), off)
	case name == "main" && c.parts.Kind != Test:
		if at := slices.IndexFunc(c.pieces.stmts, func(b byte) bool { return b > ' ' }); at >= 0 && !onlyComments(string(c.pieces.stmts)) {
			return Errors{c.at(firstToken(string(c.pieces.stmts)), "statement beside func main: put it into main, or write the cell without func main")}
		}
		c.p.Kind = Main
		if d.Body != nil {
			lo, hi := off(d.Body.Lbrace)+1, off(d.Body.Rbrace)
			copy(c.pieces.stmts[lo:hi], c.parts.Go[lo:hi])
		}
	case name == "init" && c.p.Kind != Test:
		if t := d.Type; t.TypeParams != nil || t.Params.NumFields() > 0 || t.Results != nil {
			return Errors{c.at(off(d.Name.Pos()), "func init must have no arguments and no return values")}
		}
		c.declare("init", "", start(d, d.Doc), d.End(), off)
	default:
		c.declare(name, "", start(d, d.Doc), d.End(), off, name)
	}
	return nil
}

func (c *compiler) collectGen(d *ast.GenDecl, off func(token.Pos) int) {
	switch d.Tok {
	case token.CONST:
		var names []string
		for _, s := range d.Specs {
			for _, n := range s.(*ast.ValueSpec).Names {
				names = append(names, n.Name)
			}
		}
		if len(names) > 0 {
			c.declare(names[0], "", start(d, d.Doc), d.End(), off, names...)
		}
	case token.VAR:
		c.pkgVars = append(c.pkgVars, d)
		c.declare("var", "", d.Pos(), d.End(), off)
	case token.TYPE:
		for _, s := range d.Specs {
			if name := s.(*ast.TypeSpec).Name.Name; d.Lparen.IsValid() {
				c.declare(name, "type ", s.Pos(), s.End(), off, name)
			} else {
				c.declare(name, "", start(d, d.Doc), d.End(), off, name)
			}
		}
	case token.IMPORT:
		for _, s := range d.Specs {
			c.collectImport(s.(*ast.ImportSpec), off)
		}
	}
}

// declare lists a declaration of the cell.
func (c *compiler) declare(key, prefix string, lo, hi token.Pos, off func(token.Pos) int, names ...string) *decl {
	d := &decl{Key: key, Names: names, Prefix: prefix, Text: c.parts.Go[off(lo):off(hi)], Cell: c.hash, off: off(lo), src: c.source}
	d.Line, d.Col = c.source.position(d.off)
	c.cell = append(c.cell, d)
	return d
}

func (c *compiler) collectImport(s *ast.ImportSpec, off func(token.Pos) int) {
	path, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return
	}
	pkg, err := c.packages.Import(path)
	if err != nil || pkg == nil {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if s.Name != nil {
			name = s.Name.Name
		}
		c.absent[name] = true
		if path == "C" {
			c.failed = append(c.failed, c.at(off(s.Path.Pos()), "cells cannot use cgo: put the C code into a package of a module and import that"))
		} else {
			c.failed = append(c.failed, c.at(off(s.Path.Pos()), "%s", importError(path, err)))
		}
		return
	}
	if strings.HasPrefix(path, ".") {
		path = pkg.Path() // only Packages knows where a relative path leads
	}
	switch {
	case s.Name == nil:
		c.explicit[pkg.Name()] = path
	case s.Name.Name == "_" || s.Name.Name == ".":
		c.others = append(c.others, s.Name.Name+path)
	default:
		c.explicit[s.Name.Name] = path
	}
}

// clouds says whether other mistakes of the cell can be told from the
// consequences of an import that failed: not if any name may be of it, or if
// its name leads elsewhere.
func (c *compiler) clouds(name string) bool {
	return name == "." || c.Imports[name] != "" || len(c.packages.Candidates(name)) > 0
}

// receiver returns the name of the type that a method belongs to.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.ParenExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	}
	return "?"
}

// start is where a declaration begins, its comment included.
func start(d ast.Decl, doc *ast.CommentGroup) token.Pos {
	if doc != nil {
		return doc.Pos()
	}
	return d.Pos()
}

func onlyComments(text string) bool {
	toks, _ := scan(text)
	return len(toks) == 1 || len(toks) == 2 && toks[0].tok == token.SEMICOLON
}

func firstToken(text string) int {
	toks, _ := scan(text)
	return toks[0].off
}
