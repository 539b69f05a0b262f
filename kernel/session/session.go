package session

import (
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"unsafe"
)

// Var is a package-level variable of the program.
type Var struct {
	Name string
	Type string // as the front end writes it; kept for the next cell
	Ptr  any    // *T
	New  bool   // defined by this cell, for the first time or with another type than before: do not restore it
	Old  bool   // the value before a redefinition with another type: restore it, do not store it

	Before func() error // called before the variables are stored; after an error none is
}

// session is the state of one program between open and commit.
type session struct {
	dir     string
	m       *manifest
	vars    []Var
	types   *typeSet
	globals globalSet
	notes   []string
	told    map[string]bool // what was said of which variable
	loaded  map[*component]bool
	frozen  map[*component]string // why what the cell does to a component's variables is not kept
	hidden  []hidden
	blobs   []*blob           // mapped ones, by address
	copied  map[uintptr]*blob // those whose bytes were copied into variables, by address of the variable
	again   bool              // encoding a second time, to see whether goroutines change the values
	roots   []root

	heaps    map[string][]byte // small files that were read
	restored int               // how many regions there were, a good guess at how many there will be
	gcPaused bool
	gcWas    int
}

// hidden is a variable of a loaded component that this program does not declare.
type hidden struct {
	v   variable
	ptr unsafe.Pointer
	t   *typ
}

// root is a variable to be stored.
type root struct {
	v   variable
	ptr unsafe.Pointer
	t   *typ
	at  int32 // its region, -1 when it has no memory
}

// open restores vars from dir, which it makes when there is none.
func open(dir string, vars ...Var) (*session, error) {
	s := &session{dir: dir, vars: vars, types: newTypeSet(), globals: sortedGlobals(), told: map[string]bool{}, loaded: map[*component]bool{},
		frozen: map[*component]string{}}
	if dir == "" {
		s.m = &manifest{}
		return s, nil
	}
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	s.m = m
	if m.gen == 0 {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, &Failed{dir, err}
		}
		return s, nil
	}
	defer s.resumeGC()
	byName := map[string]*Var{}
	for i := range vars {
		if !vars[i].New {
			byName[vars[i].Name] = &vars[i]
		}
	}
	for _, c := range m.comps {
		if slices.ContainsFunc(c.vars, func(v variable) bool { return byName[v.name] != nil }) {
			if err := s.load(c, byName); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *session) rootName(i int32) string {
	if i < 0 || int(i) >= len(s.roots) {
		return "?"
	}
	return s.roots[i].v.name
}

// freeze keeps the stored values of a component as they are, whatever the cell does to them.
func (s *session) freeze(c *component, why string) {
	if s.frozen[c] == "" {
		s.frozen[c] = why
		s.say("%s: what this cell changes here is not kept: %s", strings.Join(c.names(), ", "), why)
	}
}

// collect lists the variables to be stored, by name, so that equal values give equal bytes.
func (s *session) collect() {
	s.roots = s.roots[:0]
	isFrozen := map[string]bool{}
	for c := range s.frozen {
		for _, v := range c.vars {
			isFrozen[v.name] = true
		}
	}
	ours := map[string]bool{}
	for _, v := range s.vars {
		if !v.Old && (v.New || !isFrozen[v.Name]) {
			rv := reflect.ValueOf(v.Ptr)
			s.roots = append(s.roots, root{variable{name: v.Name, typ: v.Type}, rv.UnsafePointer(), s.types.of(rv.Type().Elem()), -1})
			ours[v.Name] = true
		}
	}
	for _, h := range s.hidden {
		if !ours[h.v.name] && !isFrozen[h.v.name] {
			s.roots = append(s.roots, root{h.v, h.ptr, h.t, -1})
		}
	}
	slices.SortFunc(s.roots, func(a, b root) int { return strings.Compare(a.v.name, b.v.name) })
}

// pauseGC stops the collector while many objects are made or found: all of them are alive, so its work would be for nothing.
func (s *session) pauseGC() {
	if !s.gcPaused {
		s.gcPaused, s.gcWas = true, debug.SetGCPercent(-1)
	}
}

func (s *session) resumeGC() {
	if s.gcPaused {
		s.gcPaused = false
		debug.SetGCPercent(s.gcWas)
	}
}
