package session

import (
	"fmt"
	"reflect"
)

// match says how a stored type relates to one of this program: named types by name, structs field by field.
type match struct {
	t     *typ
	ok    bool  // values can be read
	same  bool  // they are written as this program writes them
	field []int // of the stored struct's fields: index in the program's, -1 when gone
	notes []string
	told  bool
}

// tell reports what of a redefined type was dropped.
func (m *match) tell(s *session) {
	if !m.told {
		m.told = true
		for _, n := range m.notes {
			s.say("%s", n)
		}
	}
}

// change says what a type was and what it is, when values of the one cannot be read as the other.
func change(d *desc, t *typ) string {
	switch now := t.rt.String(); {
	case d.text != now:
		return "was " + d.text + ", is now " + now
	case d.rk != t.rt.Kind():
		return fmt.Sprintf("was a %s of kind %v, which is now of kind %v", now, d.rk, t.rt.Kind())
	default:
		return "was a " + now + ", which has other types inside now"
	}
}

func (s *session) match(d *desc, t *typ) *match {
	for _, m := range d.matches {
		if m.t == t {
			return m
		}
	}
	m := &match{t: t, ok: true, same: true} // a type met again inside itself, behind a pointer
	d.matches = append(d.matches, m)
	structs := d.rk == reflect.Struct && t.rt.Kind() == reflect.Struct
	flatOr := func(k kind, container kind) bool { return k == kFlat || k == container } // a first pointer inside makes a flat type another kind
	if d.rk != t.rt.Kind() || d.name != t.name || d.k != t.k &&
		!(structs && flatOr(d.k, kStruct) && flatOr(t.k, kStruct)) && !(t.rt.Kind() == reflect.Array && flatOr(d.k, kArray) && flatOr(t.k, kArray)) {
		m.ok, m.same = false, false
		return m
	}
	m.same = d.size == t.size && d.k == t.k
	sub := func(e *desc, u *typ) bool { return e != nil && u != nil && s.match(e, u).ok }
	switch {
	case structs && (d.k == kStruct || d.k == kTime || d.k == kFlat):
		s.matchFields(m, d, t)
	case t.k == kIface, t.k == kFunc, t.k == kRefuse:
		m.ok = d.text == t.rt.String() || d.name != ""
	case d.rk == reflect.Array:
		m.ok = sub(d.elem, t.elem)
		m.same = m.same && d.n == t.n && m.ok && s.match(d.elem, t.elem).same
	case t.k == kPtr, t.k == kSlice, t.k == kAddr:
		m.ok = sub(d.elem, t.elem)
	case t.k == kMap:
		m.ok = sub(d.key, t.key) && sub(d.elem, t.elem)
	}
	m.same = m.same && m.ok
	return m
}

func (s *session) matchFields(m *match, d *desc, t *typ) {
	m.field = make([]int, len(d.fields))
	used := 0
	for i, f := range d.fields {
		m.field[i] = -1
		found := false
		for j, g := range t.fields {
			if f.name != g.name || f.name == "_" && i != j {
				continue
			}
			found = true
			if x := s.match(f.t, g.t); x.ok {
				m.field[i] = j
				used++
				m.same = m.same && x.same && f.off == g.off && i == j
			} else {
				m.notes = append(m.notes, d.text+"."+f.name+" "+change(f.t, g.t)+": starts from zero")
			}
		}
		if !found {
			m.notes = append(m.notes, d.text+"."+f.name+" is gone: its values are dropped")
		}
		if m.field[i] < 0 {
			m.same = false
		}
	}
	m.same = m.same && used == len(t.fields)
}

// pair records that stored type d is t in this program, and so for the types inside.
func (s *session) pair(d *desc, t *typ) {
	if d.t != nil {
		return
	}
	m := s.match(d, t)
	if !m.ok {
		return
	}
	d.resolved, d.t = true, t
	if d.elem != nil && t.elem != nil {
		s.pair(d.elem, t.elem)
	}
	if d.key != nil && t.key != nil {
		s.pair(d.key, t.key)
	}
	for i, f := range d.fields {
		if i < len(m.field) && m.field[i] >= 0 {
			s.pair(f.t, t.fields[m.field[i]].t)
		}
	}
}

// resolve finds this program's type for a stored one: from the variables' static types, by name among the linked types, or
// built from its parts. nil: there is none.
func (s *session) resolve(d *desc) *typ {
	if d.resolved {
		return d.t
	}
	d.resolved = true // while its parts are looked for
	found := s.lookFor(d)
	if found == nil {
		return nil
	}
	t := s.types.of(found)
	if !s.match(d, t).ok {
		return nil
	}
	s.pair(d, t)
	return t
}

func (s *session) lookFor(d *desc) (found reflect.Type) {
	if d.name == "" {
		if t := s.build(d); t != nil {
			return t
		}
	}
	for _, rt := range typesNamed(d.name, d.text) {
		if m := s.match(d, s.types.of(rt)); m.ok && (found == nil || m.same) {
			found = rt
		}
	}
	if found == nil && d.name == "" { // literals of func, struct and interface types: those that variables are made of
		for rt, t := range s.types.byType {
			if rt.String() == d.text && s.match(d, t).ok {
				return rt
			}
		}
	}
	return found
}

// build makes an unnamed type from its parts.
func (s *session) build(d *desc) reflect.Type {
	part := func(e *desc) reflect.Type {
		if e == nil {
			return nil
		}
		if t := s.resolve(e); t != nil {
			return t.rt
		}
		return nil
	}
	switch d.rk {
	case reflect.Pointer:
		if d.k == kRType {
			return reflect.TypeOf(rtypeOfInt)
		}
		if e := part(d.elem); e != nil {
			return reflect.PointerTo(e)
		}
	case reflect.Slice:
		if e := part(d.elem); e != nil {
			return reflect.SliceOf(e)
		}
	case reflect.Array:
		if e := part(d.elem); e != nil && (e.Size() == 0 || uintptr(d.n) < 1<<40/e.Size()) {
			return reflect.ArrayOf(d.n, e)
		}
	case reflect.Map:
		if k, e := part(d.key), part(d.elem); k != nil && e != nil && k.Comparable() {
			return reflect.MapOf(k, e)
		}
	}
	return nil
}
