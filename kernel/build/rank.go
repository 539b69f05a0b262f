package build

import (
	"cmp"
	"slices"
	"strings"
)

func compare(a, b string) int { return cmp.Compare(a, b) }

// preferred are packages that are meant when only their name is written, of
// names that several packages of Go's library have.
var preferred = map[string]string{
	"rand": "math/rand", "template": "text/template", "scanner": "text/scanner", "pprof": "runtime/pprof",
	"heap": "container/heap", "parser": "go/parser", "build": "go/build", "version": "go/version",
}

// Candidates returns the import paths of the packages that have a name, best
// first: those that every notebook has imported, those that were added with
// `!*go get`, then Go's library, then the rest; of the same kind the shorter path.
func (x *Index) Candidates(name string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.names == nil {
		x.names = x.rank()
	}
	return slices.Clone(x.names[name])
}

// rank sorts all importable packages by name. The caller holds the lock.
func (x *Index) rank() map[string][]string {
	const (
		preloaded = iota
		added
		meant
		library
		other
	)
	type candidate struct {
		path string
		rank int
	}
	byName := map[string][]candidate{}
	extra := map[string]bool{}
	for _, p := range x.extra {
		extra[p.Path] = true
		if _, ok := x.pkgs[p.Path]; !ok {
			byName[p.Name] = append(byName[p.Name], candidate{p.Path, added})
		}
	}
	for _, p := range x.pkgs {
		if !p.Root && !extra[p.Path] {
			continue
		}
		rank := other
		switch {
		case slices.Contains(x.c.Preload, p.Path):
			rank = preloaded
		case extra[p.Path]:
			rank = added
		case preferred[p.Name] == p.Path:
			rank = meant
		case p.Std:
			rank = library
		}
		byName[p.Name] = append(byName[p.Name], candidate{p.Path, rank})
	}
	names := make(map[string][]string, len(byName))
	for name, all := range byName {
		slices.SortFunc(all, func(a, b candidate) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(strings.Count(a.path, "/"), strings.Count(b.path, "/")),
				cmp.Compare(len(a.path), len(b.path)), cmp.Compare(a.path, b.path))
		})
		for _, c := range all {
			names[name] = append(names[name], c.path)
		}
	}
	return names
}
