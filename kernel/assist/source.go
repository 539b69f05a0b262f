package assist

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// sourceFile is a parsed file.
type sourceFile struct {
	text []byte
	fset *token.FileSet
	file *ast.File
}

// parsed keeps the files that have been looked into: the same packages are
// asked for again and again. A file that has changed is parsed anew.
var parsed struct {
	sync.Mutex
	files map[string]parsedFile
}

type parsedFile struct {
	*sourceFile
	changed time.Time
}

// declaration is what the source says of a name.
type declaration struct {
	doc  string
	text string // without the comment
}

// query says which declaration is meant.
type query struct {
	dir  string // folder of the package
	file string // base name of the file, "" if it is unknown
	recv string // type of a method or field
	name string
}

// find looks a declaration up in a package's source.
func (q query) find() (declaration, bool) {
	if q.dir == "" {
		return declaration{}, false
	}
	names := goFiles(q.dir)
	if i := slices.Index(names, q.file); i >= 0 {
		names = append([]string{q.file}, slices.Delete(names, i, i+1)...)
	}
	for _, name := range names {
		f := parseFile(filepath.Join(q.dir, name), q.name)
		if f == nil {
			continue
		}
		if d, ok := f.find(q); ok {
			return d, true
		}
	}
	return declaration{}, false
}

// goFiles lists the files of a package, without its tests.
func goFiles(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // without source there is no comment to show
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	return names
}

// parseFile parses a file if it mentions a name and belongs to the package on
// this machine; otherwise it returns nil.
func parseFile(path, mentions string) *sourceFile {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	parsed.Lock()
	defer parsed.Unlock()
	known, ok := parsed.files[path]
	if !ok || !known.changed.Equal(info.ModTime()) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		known = parsedFile{&sourceFile{text: text}, info.ModTime()}
		if parsed.files == nil {
			parsed.files = map[string]parsedFile{}
		}
		parsed.files[path] = known
	}
	if known.file == nil {
		if !bytes.Contains(known.text, []byte(mentions)) {
			return nil
		}
		if ok, err := build.Default.MatchFile(filepath.Dir(path), filepath.Base(path)); err != nil || !ok && !strings.Contains(path, "/builtin/") {
			return nil
		}
		known.parse()
	}
	return known.sourceFile
}

// parse parses the text. A file with errors is used as far as it goes.
func (f *sourceFile) parse() {
	f.fset = token.NewFileSet()
	f.file, _ = parser.ParseFile(f.fset, "", f.text, parser.ParseComments|parser.SkipObjectResolution)
}

// declarationIn finds a declaration in text that lacks its package clause.
func declarationIn(text, recv, name string) (declaration, bool) {
	f := &sourceFile{text: []byte("package p\n\n" + text)}
	f.parse()
	return f.find(query{recv: recv, name: name})
}

func (f *sourceFile) find(q query) (declaration, bool) {
	if f.file == nil {
		return declaration{}, false
	}
	for _, d := range f.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == q.name && receiver(d) == q.recv {
				return declaration{d.Doc.Text(), f.slice(d.Pos(), d.End())}, true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if found, ok := f.inSpec(q, d, spec); ok {
					return found, true
				}
			}
		}
	}
	return declaration{}, false
}

// inSpec looks into one line of a declaration: a type with its fields and
// methods, or variables and constants.
func (f *sourceFile) inSpec(q query, d *ast.GenDecl, spec ast.Spec) (declaration, bool) {
	var own *ast.CommentGroup
	var names []*ast.Ident
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		var fields *ast.FieldList
		switch t := spec.Type.(type) {
		case *ast.StructType:
			fields = t.Fields
		case *ast.InterfaceType:
			fields = t.Methods
		}
		if fields != nil && q.recv == spec.Name.Name {
			return f.inFields(q, fields)
		}
		own, names = spec.Doc, []*ast.Ident{spec.Name}
	case *ast.ValueSpec:
		own, names = spec.Doc, spec.Names
		if own == nil && d.Lparen.IsValid() {
			own = spec.Comment
		}
	}
	if q.recv != "" || !slices.ContainsFunc(names, func(id *ast.Ident) bool { return id.Name == q.name }) {
		return declaration{}, false
	}
	if own == nil {
		own = d.Doc
	}
	if !d.Lparen.IsValid() {
		return declaration{own.Text(), f.slice(d.Pos(), d.End())}, true
	}
	return declaration{own.Text(), d.Tok.String() + " " + f.slice(spec.Pos(), spec.End())}, true
}

func (f *sourceFile) inFields(q query, fields *ast.FieldList) (declaration, bool) {
	for _, field := range fields.List {
		for _, id := range field.Names {
			if id.Name != q.name {
				continue
			}
			doc := field.Doc
			if doc == nil {
				doc = field.Comment
			}
			return declaration{doc.Text(), f.slice(field.Pos(), field.End())}, true
		}
	}
	return declaration{}, false
}

func (f *sourceFile) slice(from, to token.Pos) string {
	return string(f.text[f.fset.Position(from).Offset:min(f.fset.Position(to).Offset, len(f.text))])
}

// receiver returns the name of a method's type, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// packageDoc returns the comment of a package.
func packageDoc(dir string) string {
	var docs []string
	for _, name := range goFiles(dir) {
		if ok, err := build.Default.MatchFile(dir, name); err != nil || !ok {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err == nil && f.Doc != nil {
			docs = append(docs, f.Doc.Text())
		}
	}
	return strings.Join(docs, "\n")
}
