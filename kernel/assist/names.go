package assist

import (
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// names returns what may stand at the place without a dot before it.
func (s *site) names(typed string) []item {
	items, others := s.literalFields()
	if !others {
		return items
	}
	want := s.expected()
	items = append(items, s.makers(want)...)
	items = append(items, s.inScope(want)...)
	for _, name := range slices.Sorted(maps.Keys(s.Imports)) {
		items = append(items, item{text: name, kind: kindModule, signature: s.Imports[name], rank: rankPackage})
	}
	for tok := token.BREAK; tok <= token.VAR; tok++ {
		if tok.IsKeyword() && tok != token.PACKAGE {
			items = append(items, item{text: tok.String(), kind: kindKeyword, rank: rankKeyword})
		}
	}
	if typed != "" {
		items = append(items, s.unimported()...)
	}
	return items
}

// inScope returns the objects whose names mean them at the place.
func (s *site) inScope(want types.Type) []item {
	var items []item
	here := s.scope()
	for scope := here; scope != nil; scope = scope.Parent() {
		for _, name := range scope.Names() {
			_, obj := here.LookupParent(name, s.pos)
			if obj == nil || obj != scope.Lookup(name) || hidden(userName(name)) || scope == s.Pkg.Scope() && name == "main" {
				continue
			}
			it := describe(s.View, obj)
			switch _, isPackage := obj.(*types.PkgName); {
			case fits(obj, want) && scope != types.Universe:
				it.rank = rankExpected
			case isPackage:
				it.rank = rankPackage
			case scope == types.Universe:
				it.rank = rankPredeclared
			case scope == s.Pkg.Scope():
				it.rank = rankSession
			default:
				it.rank = rankLocal
			}
			items = append(items, it)
		}
	}
	return items
}

// makers returns what packages have for the expected type, such as the options
// of a constructor: neuron.Tau in neuron.NewLIF(…). Besides the package of the
// type those are asked that need no import: surrogate.ATan makes a
// dynamics.Surrogate.
func (s *site) makers(want types.Type) []item {
	if want == nil {
		return nil
	}
	named := namedOf(want)
	if named == nil || named.Obj().Pkg() == nil || named.Obj().Pkg() == s.Pkg {
		return nil
	}
	asked := []*types.Package{named.Obj().Pkg()}
	for _, name := range slices.Sorted(maps.Keys(s.Imports)) {
		if p := s.packageOf(name); p != nil && p != asked[0] {
			asked = append(asked, p)
		}
	}
	var items []item
	for _, p := range asked {
		for _, name := range p.Scope().Names() {
			obj := p.Scope().Lookup(name)
			if obj.Exported() && fits(obj, want) {
				it := describe(s.View, obj)
				it.text, it.rank = p.Name()+"."+name, rankExpected
				items = append(items, it)
			}
		}
	}
	return items
}

// usual are names of the standard library that are offered though nothing
// imports them yet, where the packages at hand cannot be listed.
var usual = []string{
	"bufio", "bytes", "cmp", "context", "embed", "errors", "flag", "fmt", "image", "io", "iter", "json", "log", "maps", "math", "os",
	"rand", "reflect", "regexp", "runtime", "slices", "slog", "sort", "strconv", "strings", "sync", "template", "testing", "time",
	"unicode", "utf8", "atomic", "big", "bits", "cmplx", "csv", "base64", "binary", "hex", "exec", "filepath", "http", "url", "list", "heap",
}

// unimported returns the packages that the cell would import if it named them.
func (s *site) unimported() []item {
	if s.Packages == nil {
		return nil
	}
	known := usual
	if all, ok := s.Packages.(interface{ Names() []string }); ok {
		known = all.Names()
	}
	var items []item
	for _, name := range known {
		if paths := s.Packages.Candidates(name); len(paths) > 0 {
			items = append(items, item{text: name, kind: kindModule, signature: paths[0], rank: rankUnimported})
		}
	}
	return items
}
