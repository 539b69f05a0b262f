package cell

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Packages knows the packages that cells may import.
type Packages interface {
	types.Importer                      // Import(path) (*types.Package, error)
	Candidates(name string) []string    // import paths of packages called name, best first
	Source(path string) (folder string) // where the package's source is, "" if unknown
}

// Memory is what is remembered from cell to cell: declarations with the
// imports of their cells, and the static types of variables. Their values are
// package session's.
type Memory struct {
	mu       sync.Mutex // an importer serves one at a time
	packages Packages
	preload  []string
	gpu      string // what cells that compute call gpu.Use with
	state
}

// state is the part of a Memory that is saved.
type state struct {
	Decls   map[string]*decl
	Vars    map[string]*variable
	Imports map[string]string // explicit imports: name to path
	Dots    []string          // paths of the dot imports
	Lost    map[string]string // variables of cells that failed: which cell, and why they have no value
	Order   int               // of the latest cell
}

// decl is a memorised declaration: its text and where it came from.
type decl struct {
	Key     string   // name, Type~Method, or the first name of a const group
	Names   []string // what it declares, nothing for a method
	Gone    []string // names of a const group that something else has taken
	Prefix  string   // text of our own before the user's: the "type " of a spec in a group
	Text    string
	Cell    string // hash
	Order   int    // of the cell
	Line    int
	Col     int
	Imports map[string]string // what its cell imported
	Dots    []string
	Hidden  []string // names of packages and predeclared names that mean a variable in it

	off int // in its cell, as long as that is being compiled
	src *source
}

// variable is a remembered variable.
type variable struct {
	Type    string   // with {import path} in the place of package names, or "= expression" when it cannot be named
	Show    string   // for people
	Helper  string   // the function that the expression calls
	Makers  []string // what may have made types in its value: see makers.go
	Written string   // the text of the package-level declaration that made it, so that its initialiser runs once

	open bool // its value may hold types that its own does not tell
}

// New returns an empty memory. preload are the import paths that every
// notebook has imported. An importer reads packages as they are needed: memories
// that are used at the same time need one each.
func New(p Packages, preload []string) *Memory {
	return &Memory{packages: p, preload: preload, state: emptyState()}
}

func emptyState() state {
	return state{Decls: map[string]*decl{}, Vars: map[string]*variable{}, Imports: map[string]string{}, Lost: map[string]string{}}
}

// MarshalJSON writes the memory for %session save.
func (m *Memory) MarshalJSON() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return json.Marshal(m.state)
}

// UnmarshalJSON replaces what is remembered; packages and preload stay.
func (m *Memory) UnmarshalJSON(b []byte) error {
	s := emptyState()
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = s
	return nil
}

// Forget drops variables: their values are gone or will be.
func (m *Memory) Forget(names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range names {
		delete(m.Vars, n)
	}
}

// forgetDecl drops the declaration of a name; the others of a const group stay.
func forgetDecl(decls map[string]*decl, name string) {
	for k, d := range decls {
		switch {
		case k == name && len(d.Names) <= 1:
			delete(decls, k)
		case slices.Contains(d.Names, name):
			delete(decls, k)
			if len(d.Names) > 1 {
				e := *d
				e.Names = slices.DeleteFunc(slices.Clone(d.Names), func(n string) bool { return n == name })
				e.Gone = append(slices.Clone(d.Gone), name)
				e.Key = e.Names[0]
				decls[e.Key] = &e
			}
		}
	}
}

// Done changes the memory: the cell's program has run. Committed says whether
// its variables were stored.
func (p *Program) Done(committed bool) {
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Order++
	decls := p.decls
	if committed {
		decls = append(slices.Clone(decls), p.lits...) // otherwise no value is one of them
	}
	for _, d := range decls {
		for _, n := range append(slices.Clone(d.Names), d.Key) {
			forgetDecl(m.Decls, n)
			delete(m.Vars, n)
			delete(m.Lost, n)
		}
	}
	for _, d := range decls {
		d.Order = m.Order
		m.Decls[d.Key] = d
	}
	for _, d := range p.broken {
		if now := m.Decls[d.Key]; now != nil && now.Cell == d.Cell {
			delete(m.Decls, d.Key)
		}
	}
	maps.Copy(m.Imports, p.imports)
	for _, path := range p.dots {
		if !slices.Contains(m.Dots, path) {
			m.Dots = append(m.Dots, path)
		}
	}
	if committed {
		for n, makers := range p.makers {
			if v := m.Vars[n]; v != nil {
				w := *v // others may have it
				w.Makers = makers
				m.Vars[n] = &w
			}
		}
	}
	for n, v := range p.vars {
		if committed {
			forgetDecl(m.Decls, n)
			m.Vars[n] = v
			delete(m.Lost, n)
		} else if m.Vars[n] == nil {
			m.Lost[n] = "cell-" + p.Hash + " defines it, but did not reach its end"
		}
	}
}

// Hash names a cell in the program: cell-HASH.go in its line directives. It is
// made of the cell's text without the values of its literals, so that a cell
// that differs in numbers alone has the same program. Two such cells declare
// the same names: the later one is meant.
func Hash(src string) string {
	h := sha256.Sum256([]byte(masked(Split(src).Go)))
	return hex.EncodeToString(h[:])[:10]
}

// masked is a text of Go without the values of its literals.
func masked(text string) string {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", 1, len(text)), []byte(text), func(token.Position, string) {}, 0)
	var b strings.Builder
	at := 0
	for {
		pos, t, lit := s.Scan()
		off := min(int(pos)-1, len(text))
		if t == token.EOF {
			break
		}
		if t.IsLiteral() && (t != token.IDENT || lit == "true" || lit == "false") {
			b.WriteString(text[at:off] + "\x00" + strings.Repeat("\n", strings.Count(lit, "\n")))
			at = min(off+len(lit), len(text))
		}
	}
	return b.String() + text[min(at, len(text)):]
}

// SetGPU has cells that compute link package gpu, and call gpu.Use with a word; ""
// means that they do not.
func (m *Memory) SetGPU(use string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gpu = use
}

// GPU returns the word.
func (m *Memory) GPU() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gpu
}
