package cell

import (
	"fmt"
	"go/types"
	"strings"
)

// typeText writes a type with import paths in braces, so that every file can
// give the packages its own names.
func typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		return "{" + p.Path() + "}"
	})
}

// showType writes a type for people.
func showType(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		return p.Name()
	})
}

// render gives the packages in a type text names, which it adds to imports.
func render(t string, imports map[string]string) string {
	var b strings.Builder
	for {
		lo := strings.IndexByte(t, '{')
		hi := lo + strings.IndexByte(t[max(lo, 0):], '}')
		if lo < 0 || hi < lo || hi+1 >= len(t) || t[hi+1] != '.' || strings.ContainsAny(t[lo+1:hi], "{ ;\"") {
			if lo < 0 {
				return b.String() + t
			}
			b.WriteString(t[:lo+1])
			t = t[lo+1:]
			continue
		}
		path := t[lo+1 : hi]
		name := ""
		for n, p := range imports {
			if p == path {
				name = n
			}
		}
		if name == "" {
			name = fmt.Sprintf("q%d__", len(imports))
			imports[name] = path
		}
		b.WriteString(t[:lo] + name)
		t = t[hi+1:]
	}
}
