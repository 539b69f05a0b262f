package notebook

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Tags of the cells that parameters are about; papermill's.
const (
	TagParameters = "parameters"
	TagInjected   = "injected-parameters"
)

// Parameter is one name=value from the command line.
type Parameter struct {
	Name  string
	Value string
}

// ParseParameter splits "name=value".
func ParseParameter(s string) (Parameter, error) {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return Parameter{}, fmt.Errorf("parameter %q: expected name=value", s)
	}
	if !token.IsIdentifier(name) || name == "_" {
		return Parameter{}, fmt.Errorf("parameter %q: %q is not a Go name", s, name)
	}
	return Parameter{name, value}, nil
}

// Inject sets parameters as papermill does: by a cell tagged
// "injected-parameters" after the one tagged "parameters", or before all cells
// if there is none. A cell injected before is replaced.
//
// A value takes the type that the parameters cell declares: with
// `var tau = 1.5`, "3" is the float64 3. A slice, array or map with string keys
// is written as JSON. Without a parameters cell the type is guessed: an int if
// the value reads as one, else float64, bool, string. Of two values for one
// name the later holds. The notebook's metadata tell what was set.
func (nb *Notebook) Inject(params []Parameter) error {
	if len(params) == 0 {
		return nil
	}
	declared, at, err := nb.parameters()
	if err != nil {
		return err
	}
	source, values, err := declared.injection(params)
	if err != nil {
		return err
	}
	nb.setParameters(values)
	if i := slices.IndexFunc(nb.Cells, func(c *Cell) bool { return c.Tagged(TagInjected) }); i >= 0 {
		c := nb.Cells[i]
		c.Type, c.Source, c.Outputs, c.ExecutionCount = Code, source, nil, 0
		return nil
	}
	cell := &Cell{
		Type:     Code,
		Source:   source,
		Metadata: map[string]any{"tags": []any{TagInjected}},
	}
	if nb.Minor >= 5 {
		cell.ID = nb.freeID(TagInjected)
	}
	nb.Cells = slices.Insert(nb.Cells, at, cell)
	return nil
}

// freeID returns an ID that no cell has, from a name that is one.
func (nb *Notebook) freeID(name string) string {
	id := name
	for n := 2; slices.ContainsFunc(nb.Cells, func(c *Cell) bool { return c.ID == id }); n++ {
		id = fmt.Sprintf("%s-%d", name, n)
	}
	return id
}

// parameters reads the declarations of the parameters cell and says where the
// injected cell goes.
func (nb *Notebook) parameters() (*declarations, int, error) {
	for i, c := range nb.Cells {
		if c.Type == Code && c.Tagged(TagParameters) {
			d, err := declarationsOf(c.Source)
			if err != nil {
				return nil, 0, fmt.Errorf("cell %d, tagged %q, cannot be read: %w", i+1, TagParameters, err)
			}
			return d, i + 1, nil
		}
	}
	return nil, 0, nil
}

// declarations are the top-level variables and constants of a cell. Nil stands
// for a notebook without a parameters cell.
type declarations struct {
	source string
	fset   *token.FileSet
	order  []string
	byName map[string]*declaration
	locals map[string]bool // names declared with := among the statements
}

type declaration struct {
	object types.Object
	group  *ast.GenDecl
	spec   *ast.ValueSpec
	index  int // in spec.Names
}

// goPart returns what GoNB compiles of a cell, magics blanked so that lines
// keep their number: the declarations, and the statements below the separator.
func goPart(source string) (decls, statements string) {
	var parts [2]strings.Builder
	part := 0
	for line := range strings.Lines(source) {
		code := line
		magic := strings.TrimPrefix(line, "//gonb:")
		if strings.HasPrefix(magic, "%") || strings.HasPrefix(magic, "!") {
			code = "\n"
			if word, _, _ := strings.Cut(strings.TrimSpace(magic), " "); word == "%%" || word == "%main" {
				part = 1
			}
		}
		parts[part].WriteString(code)
		if part == 1 {
			continue
		}
		parts[1].WriteString("\n")
	}
	return parts[0].String(), parts[1].String()
}

func declarationsOf(source string) (*declarations, error) {
	const header = "package p;" // on the cell's first line: line numbers stay
	decls, statements := goPart(source)
	d := &declarations{
		source: header + decls,
		fset:   token.NewFileSet(),
		byName: map[string]*declaration{},
		locals: map[string]bool{},
	}
	file, err := parser.ParseFile(d.fset, "", d.source, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("line %w", err)
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{
		// What the cell refers to outside itself stays unknown; only the types
		// of its declarations matter.
		Importer: noImports{},
		Error:    func(error) {},
	}
	_, _ = conf.Check("p", d.fset, []*ast.File{file}, info)
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.VAR && group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			spec := spec.(*ast.ValueSpec)
			for i, name := range spec.Names {
				if object := info.Defs[name]; object != nil && name.Name != "_" {
					d.order = append(d.order, name.Name)
					d.byName[name.Name] = &declaration{object, group, spec, i}
				}
			}
		}
	}
	d.findLocals(header + "func _() {" + statements + "\n}")
	return d, nil
}

// findLocals collects the names of short variable declarations. Statements that
// do not parse are left to the compiler to complain about.
func (d *declarations) findLocals(source string) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if assign, ok := n.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE {
			for _, left := range assign.Lhs {
				if name, ok := left.(*ast.Ident); ok {
					d.locals[name.Name] = true
				}
			}
		}
		return true
	})
}

type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("package %s is not looked at", path)
}

// InjectedComment is the first line of the cell that sets parameters.
const InjectedComment = "// Parameters set by spikebook exec -p.\n"

// injection returns the source of the cell that sets the parameters, and their
// values as JSON has them.
func (d *declarations) injection(params []Parameter) (string, map[string]any, error) {
	var names []string
	values := map[string]string{}
	for _, p := range params {
		if _, again := values[p.Name]; !again {
			names = append(names, p.Name)
		}
		values[p.Name] = p.Value
	}
	var b strings.Builder
	b.WriteString(InjectedComment)
	set := make(map[string]any, len(names))
	if d == nil {
		for _, name := range names {
			typ, literal := guess(values[name])
			set[name] = jsonValue(values[name], literal, typ)
			fmt.Fprintf(&b, "var %s %s = %s\n", name, typ.Name(), literal)
		}
		return b.String(), set, nil
	}
	literals := map[*declaration]string{}
	var groups []*ast.GenDecl
	for _, name := range names {
		decl := d.byName[name]
		if decl == nil {
			return "", nil, d.unknown(name)
		}
		literal, err := decl.literal(values[name])
		if err != nil {
			return "", nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		set[name] = jsonValue(values[name], literal, decl.object.Type())
		literals[decl] = literal
		if decl.group.Tok == token.CONST {
			if !slices.Contains(groups, decl.group) {
				groups = append(groups, decl.group)
			}
			continue
		}
		fmt.Fprintf(&b, "var %s %s = %s\n", name, typeName(decl.object.Type()), literal)
	}
	for _, group := range groups {
		b.WriteString(d.rewrite(group, literals))
	}
	return b.String(), set, nil
}

// rewrite returns a declaration of constants with new values. GoNB remembers
// the constants of a group by their neighbours, so one of them cannot be
// declared anew alone.
func (d *declarations) rewrite(group *ast.GenDecl, literals map[*declaration]string) string {
	offset := func(p token.Pos) int { return d.fset.Position(p).Offset }
	var b strings.Builder
	at := offset(group.Pos())
	for _, name := range d.order {
		decl := d.byName[name]
		literal, ok := literals[decl]
		if !ok || decl.group != group {
			continue
		}
		value := decl.spec.Values[decl.index]
		b.WriteString(d.source[at:offset(value.Pos())])
		b.WriteString(literal)
		at = offset(value.End())
	}
	b.WriteString(d.source[at:offset(group.End())])
	b.WriteString("\n")
	return b.String()
}

// unknown explains that the parameters cell does not declare name.
func (d *declarations) unknown(name string) error {
	if d.locals[name] {
		return fmt.Errorf("parameter %s: the parameters cell makes it with := below %%%%, where no other cell sees it; declare it above, with `var %[1]s = ...` there", name)
	}
	if len(d.order) == 0 {
		return fmt.Errorf("unknown parameter %s: the cell tagged %q declares none", name, TagParameters)
	}
	known := make([]string, len(d.order))
	for i, n := range d.order {
		known[i] = n + " (" + d.byName[n].typeName() + ")"
	}
	return fmt.Errorf("unknown parameter %s: the cell tagged %q declares %s", name, TagParameters, strings.Join(known, ", "))
}

func (d *declaration) typeName() string { return typeName(types.Default(d.object.Type())) }

// literal returns the Go expression for a value of the declaration's type.
func (d *declaration) literal(value string) (string, error) {
	typ := d.object.Type()
	if d.group.Tok == token.CONST {
		specs := d.group.Specs
		next := slices.Index(specs, ast.Spec(d.spec)) + 1
		if len(d.spec.Values) <= d.index || next < len(specs) && len(specs[next].(*ast.ValueSpec).Values) == 0 {
			return "", errors.New("it is one of a list of constants that share an expression; give it a declaration of its own")
		}
	} else if len(d.spec.Names) > 1 && len(d.spec.Values) == 1 {
		return "", errors.New("it is declared together with others by one call; give it a declaration of its own")
	}
	literal, err := literalOf(value, types.Default(typ))
	if err != nil {
		return "", err
	}
	if basic, ok := typ.(*types.Basic); ok && basic.Kind() == types.UntypedFloat && !strings.ContainsAny(literal, ".e") {
		literal += ".0" // an untyped 3 would be an integer, and 1/3 zero
	}
	return literal, nil
}
