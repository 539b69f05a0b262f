package session

import (
	"fmt"
	"slices"
	"unsafe"
)

// refusal is why a variable cannot be kept.
type refusal struct {
	name string // of the variable
	path string // of the part that is in the way
	what string
	cure string
}

func (r *refusal) Error() string { return r.name + ": " + r.text() }

// text is what a later cell reads after the variable's name.
func (r *refusal) text() string {
	if r.path != "" && r.path != r.name {
		return fmt.Sprintf("%s is %s, which cannot be kept between cells; %s", r.path, r.what, r.cure)
	}
	return fmt.Sprintf("%s cannot be kept between cells; %s", r.what, r.cure)
}

const makeHere = "make it in the cell that uses it"

func (g *graph) refuse(from int32, slot unsafe.Pointer, t *typ) {
	what, cure := "a channel", makeHere
	if w, ok := refused[generic(t.name)]; ok {
		what, cure = w[0], w[1]
	} else if t.name != "" {
		what = "a " + t.rt.String()
	}
	g.refuseWhy(from, slot, what, cure)
}

func (g *graph) refuseWhy(from int32, slot unsafe.Pointer, what, cure string) {
	if g.bad == nil {
		g.bad = &refusal{path: g.path(from, uintptr(slot), 0), what: what, cure: cure}
	}
}

// say adds a message, once.
func (s *session) say(format string, args ...any) {
	if msg := fmt.Sprintf(format, args...); !slices.Contains(s.notes, msg) {
		s.notes = append(s.notes, msg)
	}
}

// path spells how a user would write the slot in region i: net.layers[3].f.
func (g *graph) path(i int32, at uintptr, depth int) string {
	if i < 0 {
		return g.s.rootName(g.root)
	}
	r := &g.regions[i]
	p := ""
	switch {
	case r.from < 0:
		p = g.s.rootName(r.root)
	case depth < 32:
		p = g.path(r.from, r.slot, depth+1)
	default:
		p = "…"
	}
	if r.isMap {
		return p + "[…]"
	}
	if at < r.addr() || at >= r.end() {
		return p
	}
	off, t := at-r.addr(), r.t
	if r.n > 1 {
		p, off = fmt.Sprintf("%s[%d]", p, off/t.size), off%t.size
	}
	for t.k == kStruct || t.k == kArray {
		if t.k == kArray {
			p, t, off = fmt.Sprintf("%s[%d]", p, off/t.elem.size), t.elem, off%t.elem.size
			continue
		}
		in := (*field)(nil)
		for j, f := range t.fields {
			if f.off <= off && off < f.off+f.t.size {
				in = &t.fields[j]
			}
		}
		if in == nil {
			return p
		}
		p, t, off = p+"."+in.name, in.t, off-in.off
	}
	return p
}
