package cell

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// Variables lists the names of the variables.
func (m *Memory) Variables() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.Vars))
}

// Declared lists what is declared, in the order of the names.
func (m *Memory) Declared() (names []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(m.Decls)) {
		d := m.Decls[key]
		first, _, _ := strings.Cut(strings.TrimSpace(d.Prefix+d.Text), "\n")
		if len(d.Names) > 1 {
			first = "const " + strings.Join(d.Names, ", ")
		}
		names = append(names, first)
	}
	return names
}

// Remove forgets declarations by name; the methods of a type go with it.
func (m *Memory) Remove(names ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	left := maps.Clone(m.Decls)
	for _, name := range names {
		before := len(left)
		forgetDecl(left, name)
		forgetDecl(left, strings.Replace(name, ".", "~", 1))
		maps.DeleteFunc(left, func(key string, _ *decl) bool { return strings.HasPrefix(key, name+"~") })
		if _, isConst := m.constGroup(name); len(left) == before && !isConst {
			return fmt.Errorf("%s is not declared; %%ls lists what is", name)
		}
	}
	m.Decls = left
	return nil
}

// constGroup returns the group of constants of which name is one.
func (m *Memory) constGroup(name string) (*decl, bool) {
	for _, d := range m.Decls {
		if len(d.Names) > 1 && slices.Contains(d.Names, name) {
			return d, true
		}
	}
	return nil, false
}

// TestStubs returns functions with the names of the program's tests: GoNB runs
// those that it sees.
func (p *Program) TestStubs() string {
	f, err := parser.ParseFile(token.NewFileSet(), "", p.Files["main_test.go"], parser.SkipObjectResolution)
	if err != nil {
		return ""
	}
	params := map[string]string{"Test": "t *testing.T", "Benchmark": "b *testing.B", "Fuzz": "f *testing.F", "Example": ""}
	var b strings.Builder
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !isTest(fn.Name.Name) {
			continue
		}
		for prefix, of := range params {
			if strings.HasPrefix(fn.Name.Name, prefix) && fn.Name.Name != "TestMain" {
				fmt.Fprintf(&b, "func %s(%s) {}\n", fn.Name.Name, of)
			}
		}
	}
	return b.String()
}
