package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkedTexts is a package that was type-checked from texts.
type checkedTexts struct {
	fset  *token.FileSet
	texts map[string]string
	files map[string]*ast.File
	info  *types.Info
	pkg   *types.Package
}

func checkTexts(t *testing.T, texts map[string]string) *checkedTexts {
	t.Helper()
	imports, err := testPackages()
	if err != nil {
		t.Fatal(err)
	}
	c := &checkedTexts{fset: token.NewFileSet(), texts: texts, files: map[string]*ast.File{}, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
	}}
	var files []*ast.File
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		file, err := parser.ParseFile(c.fset, name, texts[name], parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%v\n%s", err, texts[name])
		}
		c.files[name] = file
		files = append(files, file)
	}
	conf := types.Config{Importer: imports, DisableUnusedImportCheck: true, Error: func(err error) { t.Error(err) }}
	c.pkg, _ = conf.Check(files[0].Name.Name, c.fset, files, c.info)
	if t.Failed() {
		for name, text := range texts {
			if len(text) < 2000 {
				t.Logf("%s:\n%s", name, text)
			}
		}
		t.FailNow()
	}
	return c
}

// replaced returns the text of a file with its literals replaced.
func (c *checkedTexts) replaced(name string, literals []literal, by func(k int, span string) string) string {
	text, file := c.texts[name], c.fset.File(c.files[name].FileStart)
	var b strings.Builder
	end := 0
	for k, l := range literals {
		if c.fset.File(l.lo) != file {
			continue
		}
		lo, hi := file.Offset(l.lo), file.Offset(l.hi)
		b.WriteString(text[end:lo] + by(k, text[lo:hi]))
		end = hi
	}
	return b.String() + text[end:]
}

// rewritten returns the package with its literals replaced by variables, which are declared in a file of their own.
func (c *checkedTexts) rewritten(literals []literal) map[string]string {
	texts := map[string]string{}
	for name := range c.texts {
		texts[name] = c.replaced(name, literals, literalText)
	}
	names := map[string]string{}
	var declarations strings.Builder
	for k, l := range literals {
		typ := types.TypeString(l.typ, func(pkg *types.Package) string {
			if pkg == c.pkg {
				return ""
			}
			name := fmt.Sprintf("p%d__", len(names))
			if _, ok := names[pkg.Path()]; !ok {
				names[pkg.Path()] = name
			}
			return names[pkg.Path()]
		})
		fmt.Fprintf(&declarations, "var %s %s\n", literalVar(k), typ)
	}
	head := "package " + c.pkg.Name() + "\n\n"
	for path, name := range names {
		head += fmt.Sprintf("import %s %q\n", name, path)
	}
	texts["0.go"] = head + declarations.String() // initialised first
	return texts
}

// Every function of our own packages still compiles when its literals are variables.
func TestLiteralsOfCorpus(t *testing.T) {
	list := exec.Command("go", "list", "-f", "{{.Dir}}={{join .GoFiles \" \"}}", "./snn/...", "./display/...")
	list.Dir = filepath.Join("..", "..")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(out)) {
		dir, files, _ := strings.Cut(strings.TrimSpace(line), "=")
		t.Run(filepath.Base(dir), func(t *testing.T) {
			texts := map[string]string{}
			for _, name := range strings.Fields(files) {
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				texts[name] = string(text)
			}
			c := checkTexts(t, texts)
			var roots []ast.Node
			for _, file := range c.files {
				roots = append(roots, file)
			}
			literals := findLiterals(c.info, c.pkg, roots...)
			found += len(literals)
			checkTexts(t, c.rewritten(literals))
			encodeLiterals(literals)
		})
	}
	if found < 500 {
		t.Errorf("found %d literals in all packages, want more than 500", found)
	}
}
