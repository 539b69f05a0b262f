package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"strconv"
)

// View is a cell, broken or half typed, type-checked among what is remembered:
// what completion and inspection work from. Variables whose name a package or
// a predeclared name has are called v_NAME__ in it.
type View struct {
	Fset     *token.FileSet
	Files    []*ast.File // of the cell: its declarations, and its statements in a function
	Info     *types.Info
	Pkg      *types.Package
	Pos      func(offset int) token.Pos // of a byte of the cell
	Offset   func(token.Pos) int        // the way back, -1 for what is not of the cell
	Imports  map[string]string          // name to path of the packages that the cell uses, or could without an import
	Packages Packages
	Decl     func(name string) string // text of a remembered declaration, "" if there is none; methods are T.M
}

// View type-checks any text as a cell. It ignores errors.
func (m *Memory) View(src string) *View {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.newCompiler(src, nil)
	if c.parts.Whole != "" {
		c = m.newCompiler("", nil)
	}
	c.pieces = separate(c.parts)
	own := &unit{name: "decls.go", text: &text{}}
	own.text.write(header)
	own.text.span(c.source, 0, false, string(c.pieces.decls))
	c.collectLoosely(own)
	_ = c.resolveUnits(own) // what could be parsed is enough
	k := c.check(c.firstUnits())
	return &View{
		Fset: c.fset, Files: []*ast.File{c.own.file, c.body.file}, Info: k.info, Pkg: k.pkg, Imports: c.knownImports(), Packages: m.packages,
		Pos: func(off int) token.Pos {
			for _, u := range []*unit{c.own, c.body} {
				text := c.pieces.stmts
				if u == c.own {
					text = c.pieces.decls
				}
				inDecl := off > 0 && off <= len(text) && text[off-1] > ' ' || off < len(text) && text[off] > ' '
				if at, ok := u.text.find(c.source, off); ok && (inDecl || u == c.body) {
					return c.fset.File(u.file.FileStart).Pos(at)
				}
			}
			return token.NoPos
		},
		Offset: func(p token.Pos) int {
			if u, at := k.unit(p); u == c.own || u == c.body {
				if src, off := u.text.origin(at); src == c.source {
					return off
				}
			}
			return -1
		},
		Decl: func(name string) string { return m.declText(name) },
	}
}

// collectLoosely lists the names and the imports of declarations that may be broken.
func (c *compiler) collectLoosely(own *unit) {
	for _, d := range c.decls {
		for _, n := range d.Names {
			c.declared[n] = true
		}
	}
	_ = own.parse(token.NewFileSet())
	declare := func(name string) {
		c.declared[name] = true
		forgetDecl(c.decls, name)
		delete(c.visible, name)
	}
	for _, d := range own.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil && len(d.Recv.List) > 0 {
				forgetDecl(c.decls, receiver(d.Recv.List[0].Type)+"~"+d.Name.Name)
			} else {
				declare(d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.ImportSpec:
					c.importLoosely(s)
				case *ast.TypeSpec:
					declare(s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						declare(n.Name)
					}
				}
			}
		}
	}
}

func (c *compiler) importLoosely(s *ast.ImportSpec) {
	path, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return
	}
	pkg, err := c.packages.Import(path)
	if err != nil || pkg == nil {
		return
	}
	switch {
	case s.Name == nil:
		c.explicit[pkg.Name()] = path
	case s.Name.Name == "." || s.Name.Name == "_":
		c.others = append(c.others, s.Name.Name+path)
	default:
		c.explicit[s.Name.Name] = path
	}
}

// knownImports are the packages that a cell may name without an import of its own.
func (c *compiler) knownImports() map[string]string {
	known := map[string]string{}
	for i := len(c.preload) - 1; i >= 0; i-- {
		if pkg, err := c.packages.Import(c.preload[i]); err == nil && pkg != nil {
			known[pkg.Name()] = c.preload[i]
		}
	}
	maps.Copy(known, c.Imports)
	maps.Copy(known, c.explicit)
	maps.Copy(known, c.used)
	return known
}

// declText finds the text of a remembered declaration.
func (m *Memory) declText(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.Decls {
		for _, n := range append([]string{methodKey(d.Key)}, d.Names...) {
			if n == name {
				return d.Prefix + d.Text
			}
		}
	}
	return ""
}

// methodKey writes the key of a method as T.M.
func methodKey(key string) string {
	b := []byte(key)
	for i := range b {
		if b[i] == '~' {
			b[i] = '.'
		}
	}
	return string(b)
}
