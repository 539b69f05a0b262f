package session

import (
	"reflect"
	"strings"
	"unsafe"
)

// reference is one as read: not yet checked against what the reader wants to find there.
type reference struct {
	id  uint64
	off uintptr
	g   *global
}

func (d *decoder) mark() (ref reference) {
	switch v := d.u(); {
	case v == refNil || v == refZero:
		ref.id = v
	case v == refGlobal:
		name := d.str()
		ref.id, ref.off = refGlobal, uintptr(d.small(1<<40))
		if i, ok := d.s.globals.name[name]; ok {
			ref.g = &d.s.globals.list[i]
		} else {
			d.miss(strings.TrimPrefix(name, "&") + ", whose package this cell does not import")
		}
	default:
		ref.id = v >> 1
		if v&1 != 0 {
			ref.off = uintptr(d.small(1 << 45))
		}
		if ref.id < firstID || ref.id-firstID >= uint64(len(d.regions)) {
			d.fail("a reference to region %d", ref.id)
		}
	}
	return ref
}

// ref reads a reference to n values of t.
func (d *decoder) ref(t *typ, n int) unsafe.Pointer {
	if v := uint64(0); len(d.b) > 0 && d.b[0] >= 2*firstID { // most are to the beginning of a region
		if v = d.u(); v&1 == 0 && v>>1-firstID < uint64(len(d.regions)) {
			if r := &d.regions[v>>1-firstID]; r.t == t && n <= r.tn && r.form != formMap {
				return r.base
			}
			return d.resume(reference{id: v >> 1}, t, n)
		} else if v>>1 < firstID || v>>1-firstID >= uint64(len(d.regions)) {
			d.fail("a reference to region %d", v>>1)
		}
		return d.resume(reference{id: v >> 1, off: uintptr(d.small(1 << 45))}, t, n)
	}
	return d.resume(d.mark(), t, n)
}

// resume gives the address of n values of t at ref, after checking that there are such values.
func (d *decoder) resume(ref reference, t *typ, n int) unsafe.Pointer {
	if t.size > 0 && uintptr(n) > 1<<46/t.size {
		d.fail("%d times %v", n, t.rt)
	}
	off := ref.off
	switch ref.id {
	case refNil:
		return nil
	case refZero:
		if n > 0 && t.size > 0 {
			d.fail("a reference to nothing")
		}
		return unsafe.Pointer(&zeroSized)
	case refGlobal:
		gt, gn := flatten(d.s.types.of(ref.g.t), 1)
		if !holds(gt, gn, off, t, n) {
			d.miss(ref.g.name + ", which has another type now")
		}
		return unsafe.Add(ref.g.base, off)
	}
	r := &d.regions[ref.id-firstID]
	if r.t == nil {
		d.miss("a " + r.d.text + ", a type that this cell does not link")
	}
	if r.form == formMap {
		d.fail("a pointer to a map's memory")
	}
	if !d.s.match(r.d, r.t).same {
		var ok bool
		if off, ok = d.s.translate(r.d, r.t, off); !ok {
			d.s.say("a pointer into a part of %v that is gone: nil", r.t.rt)
			return nil
		}
	}
	if t.size > 0 && !holds(r.t, r.tn, off, t, n) || off > uintptr(r.tn)*r.t.size {
		d.fail("a reference to %d %v inside %d %v", n, t.rt, r.tn, r.t.rt)
	}
	return unsafe.Add(r.base, off)
}

var zeroSized [0]byte

// translate finds where an offset in values of d has gone in values of t.
func (s *session) translate(d *desc, t *typ, off uintptr) (uintptr, bool) {
	if d.size == 0 {
		return 0, true
	}
	base := off / d.size * t.size
	off %= d.size
	m := s.match(d, t)
	if m.same || off == 0 {
		return base + off, m.ok
	}
	for j, f := range d.fields {
		if f.off <= off && off < f.off+f.t.size && j < len(m.field) && m.field[j] >= 0 {
			g := t.fields[m.field[j]]
			o, ok := s.translate(f.t, g.t, off-f.off)
			return base + g.off + o, ok
		}
	}
	if d.rk == reflect.Array && d.elem != nil && t.elem != nil {
		o, ok := s.translate(d.elem, t.elem, off)
		return base + o, ok
	}
	return 0, false
}

// skip reads past a value.
func (d *decoder) skip(ds *desc) {
	switch ds.k {
	case kFlat:
		d.take(ds.size)
	case kString:
		if v := d.u(); v&1 == 0 {
			d.take(uintptr(v >> 1))
		} else {
			d.skipRef()
			d.u()
		}
	case kPtr, kMap, kUnsafe, kAddr:
		d.skipRef()
	case kSlice:
		if d.skipRef() != refNil {
			d.u()
			d.u()
		}
	case kArray:
		for range ds.n {
			d.skip(ds.elem)
		}
	case kStruct, kTime:
		for _, f := range ds.fields {
			d.skip(f.t)
		}
	case kIface, kValue:
		d.skipIface()
	case kFunc:
		switch d.small(fnLost) {
		case fnNamed, fnLost:
			d.str()
		case fnMethod:
			d.str()
			d.skip(d.table.desc(d.u(), &d.reader))
		}
	case kSyncMap:
		for range d.count() {
			d.skipIface()
			d.skipIface()
		}
	case kRType:
		if d.small(refRType) == refRType {
			d.table.desc(d.u(), &d.reader)
		}
	case kMarshal:
		if n := d.u(); n > 0 {
			d.take(uintptr(n - 1))
		}
	default:
		d.u()
	}
}

func (d *decoder) skipIface() {
	if id := d.u(); id != 0 {
		if d.depth++; d.depth > maxDepth {
			d.fail("it is nested too deeply")
		}
		d.skip(d.table.desc(id, &d.reader))
		d.depth--
	}
}

func (d *decoder) skipRef() uint64 {
	v := d.u()
	switch {
	case v == refGlobal:
		d.str()
		d.u()
	case v >= firstID:
		if v&1 != 0 {
			d.u()
		}
		if v>>1 < firstID || v>>1-firstID >= uint64(len(d.regions)) {
			d.fail("a reference to region %d", v>>1)
		}
	}
	return v
}
