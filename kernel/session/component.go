package session

import (
	"maps"
	"reflect"
	"slices"
)

// The bytes of a component:
//
//	types    the table of types that the rest refers to by number, from 1
//	vars     name, number of the region (0: no memory), type
//	regions  runs of regions of one shape, in the order of their numbers
//	values   of all memory regions, then of all map regions
//
// References are 0 (nil) or a number of a region, from firstID, shifted left by one; the low bit says that an offset follows.
const (
	refNil    = 0
	refZero   = 1 // the address of something without size
	refGlobal = 2 // a registered package-level variable of some package: name, offset
	refRType  = 3 // a type: its number
	firstID   = 4
)

const (
	formMemory = iota // type, values per region, number of regions
	formMap           // type, number of maps; the values of each come after their length in 8 bytes
	formBlob          // type, values, file, bytes, patch, checksum of the patch
)

// table is the types of one component.
type table struct {
	descs []*desc
	ids   map[*typ]uint64 // while writing
}

// desc is a type as it was when written.
type desc struct {
	k         kind
	rk        reflect.Kind
	size      uintptr
	min       uintptr // bytes that a value takes at least
	name      string  // package path and name, "" for unnamed types
	text      string
	elem, key *desc
	n         int
	fields    []dfield
	id        uint64
	elemID    uint64
	keyID     uint64
	state     int8 // of the check for types that contain themselves

	resolved bool // whether t was looked for
	t        *typ // this program's type for it
	matches  []*match
}

type dfield struct {
	name string
	off  uintptr
	t    *desc
	id   uint64
}

// idOf finds t in the table or enters it.
func (tb *table) idOf(t *typ) uint64 {
	if t.owner == tb {
		return t.id
	}
	if id := tb.ids[t]; id != 0 {
		t.owner, t.id = tb, id
		return id
	}
	d := &desc{k: t.k, rk: t.rt.Kind(), size: t.size, name: t.name, text: t.rt.String(), n: t.n, id: uint64(len(tb.descs) + 1)}
	tb.descs = append(tb.descs, d)
	t.owner, t.id, tb.ids[t] = tb, d.id, d.id
	if t.elem != nil && t.k != kRType && t.k != kMarshal {
		d.elemID = tb.idOf(t.elem)
	}
	if t.key != nil {
		d.keyID = tb.idOf(t.key)
	}
	if t.k == kStruct || t.k == kFlat || t.k == kTime {
		for _, f := range t.fields {
			d.fields = append(d.fields, dfield{name: f.name, off: f.off, id: tb.idOf(f.t)})
		}
	}
	return d.id
}

func (tb *table) write(w *writer) {
	w.u(uint64(len(tb.descs)))
	for _, d := range tb.descs {
		w.b = append(w.b, byte(d.k), byte(d.rk))
		w.u(uint64(d.size))
		w.str(d.name)
		w.str(d.text)
		w.u(d.elemID)
		w.u(d.keyID)
		w.u(uint64(d.n))
		w.u(uint64(len(d.fields)))
		for _, f := range d.fields {
			w.str(f.name)
			w.u(uint64(f.off))
			w.u(f.id)
		}
	}
}

func readTable(r *reader) *table {
	tb := &table{descs: make([]*desc, r.count())}
	limit := uint64(len(tb.descs))
	slab := make([]desc, limit)
	for i := range tb.descs {
		d := &slab[i]
		tb.descs[i] = d
		h := r.take(2)
		d.k, d.rk, d.id = kind(h[0]), reflect.Kind(h[1]), uint64(i+1)
		d.size = uintptr(r.small(1 << 40))
		d.name, d.text = r.str(), r.str()
		d.elemID, d.keyID, d.n = r.small(limit), r.small(limit), int(r.small(1<<40))
		for range r.count() {
			d.fields = append(d.fields, dfield{name: r.str(), off: uintptr(r.small(uint64(d.size))), id: r.small(limit)})
		}
	}
	for _, d := range tb.descs { // numbers become pointers
		if d.elemID > 0 {
			d.elem = tb.descs[d.elemID-1]
		}
		if d.keyID > 0 {
			d.key = tb.descs[d.keyID-1]
		}
		for i := range d.fields {
			if d.fields[i].id == 0 {
				r.fail("type %s is broken", d.text)
			}
			d.fields[i].t = tb.descs[d.fields[i].id-1]
		}
	}
	for _, d := range tb.descs {
		d.check(r)
	}
	return tb
}

func (tb *table) desc(id uint64, r *reader) *desc {
	if id == 0 || id > uint64(len(tb.descs)) {
		r.fail("there is no type %d", id)
	}
	return tb.descs[id-1]
}

// check makes sure that a type cannot lead the reader astray: sizes add up, and what contains itself does so by reference.
func (d *desc) check(r *reader) {
	const busy, good = 1, 2
	if d.state == good {
		return
	}
	needs := d.k == kPtr || d.k == kSlice || d.k == kMap || d.k == kArray || d.k == kAddr
	if d.state == busy || d.k == 0 || d.k >= kMax || d.size == 0 && len(d.fields) > 0 || needs && d.elem == nil || d.k == kMap && d.key == nil {
		r.fail("type %s is broken", d.text)
	}
	d.state = busy
	d.min = 1
	switch d.k {
	case kStruct, kTime, kFlat:
		sum := uintptr(0)
		for _, f := range d.fields {
			f.t.check(r)
			if f.t.size == 0 || f.off+f.t.size > d.size {
				r.fail("type %s is broken", d.text)
			}
			sum += f.t.min
		}
		if d.k != kFlat {
			d.min = sum
		}
	}
	if d.k == kArray || d.k == kFlat && d.elem != nil {
		d.elem.check(r)
		if e := d.elem.size; e > 0 && uintptr(d.n) > d.size/e || e == 0 && d.size > 0 || d.k == kArray && d.size == 0 {
			r.fail("type %s is broken", d.text)
		}
		if d.k == kArray {
			d.min = d.elem.min * uintptr(d.n)
		}
	}
	if d.k == kFlat {
		d.min = d.size
	}
	if d.min == 0 && d.size > 0 {
		r.fail("type %s is broken", d.text)
	}
	d.state = good
}

// flattenDesc is flatten for a stored type.
func flattenDesc(d *desc) (*desc, int) {
	n := 1
	for d.rk == reflect.Array && d.n > 0 && d.size > 0 && d.elem != nil {
		d, n = d.elem, n*d.n
	}
	return d, n
}

type names map[string]bool

func (n names) sorted() []string { return slices.Sorted(maps.Keys(n)) }
