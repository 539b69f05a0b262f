package session

import (
	"reflect"
	"strings"
	"sync"
	"unsafe"
)

func (d *decoder) fill(r *stored) {
	if r.t == nil {
		for range r.n {
			d.skip(r.d)
		}
		return
	}
	if m := d.s.match(r.d, r.t); m.same && r.t.flat {
		copy(unsafe.Slice((*byte)(r.base), uintptr(r.tn)*r.t.size), d.take(uintptr(r.n)*r.d.size))
		return
	}
	for i := range r.n {
		if i >= r.tn {
			d.skip(r.d)
		} else {
			d.val(r.d, r.t, unsafe.Add(r.base, uintptr(i)*r.t.size))
		}
	}
}

func (d *decoder) fillMap(r *stored) {
	n := d.u()
	if r.d.key.min+r.d.elem.min == 0 && n > 1 || n > uint64(len(d.b))+1 {
		d.fail("a map of %d entries in %d bytes", n, len(d.b))
	}
	if r.t == nil {
		for range n {
			d.skip(r.d.key)
			d.skip(r.d.elem)
		}
		return
	}
	d.fits(r.d.key, n)
	d.fits(r.d.elem, n)
	base := r.base
	m := reflect.NewAt(r.t.rt, unsafe.Pointer(&base)).Elem()
	k, v := reflect.New(r.t.key.rt), reflect.New(r.t.elem.rt)
	for range n {
		k.Elem().SetZero()
		v.Elem().SetZero()
		d.val(r.d.key, r.t.key, k.UnsafePointer())
		d.val(r.d.elem, r.t.elem, v.UnsafePointer())
		d.hashing(func() { m.SetMapIndex(k.Elem(), v.Elem()) })
	}
}

// hashing turns the panic about a key that cannot be hashed into an error.
func (d *decoder) hashing(f func()) {
	defer func() {
		if e := recover(); e != nil {
			d.fail("%v", e)
		}
	}()
	f()
}

// val reads a value written as ds into the t at p, which is zero.
func (d *decoder) val(ds *desc, t *typ, p unsafe.Pointer) {
	m := d.s.match(ds, t)
	if !m.same {
		d.convert(ds, t, p, m)
		return
	}
	ops := t.code()
	for i := range ops {
		o := &ops[i]
		q := unsafe.Add(p, o.off)
		switch o.k {
		case kFlat:
			b := d.take(o.size)
			if o.size == 8 {
				*(*[8]byte)(q) = [8]byte(b)
			} else {
				copy(unsafe.Slice((*byte)(q), o.size), b)
			}
		case kPtr:
			*(*unsafe.Pointer)(q) = d.ref(o.t.elem, 1)
		default:
			d.op(o.k, o.t, q)
		}
	}
}

// op reads what is written alike whatever became of the type: its parts are elsewhere, or know their own types.
func (d *decoder) op(k kind, t *typ, q unsafe.Pointer) {
	switch k {
	case kPtr:
		*(*unsafe.Pointer)(q) = d.ref(t.elem, 1)
	case kString:
		d.string(q)
	case kSlice:
		d.slice(t, q)
	case kMap:
		d.mapRef(t, q)
	case kIface:
		d.iface(t, q)
	case kArray: // only from val, where types are the same
		for i := range t.n {
			at := unsafe.Add(q, uintptr(i)*t.elem.size)
			for _, o := range t.elem.code() {
				d.one(&o, unsafe.Add(at, o.off))
			}
		}
	case kTime:
		for _, f := range t.fields {
			for _, o := range f.t.code() {
				d.one(&o, unsafe.Add(q, f.off+o.off))
			}
		}
	case kFunc:
		d.fn(t, q)
	case kSyncMap:
		d.syncMap(q)
	case kValue:
		var v any
		d.iface(d.s.types.any, unsafe.Pointer(&v))
		*(*reflect.Value)(q) = reflect.ValueOf(v)
	case kRType:
		d.rtype(q)
	case kUnsafe:
		*(*unsafe.Pointer)(q) = d.ref(d.s.types.empty, 1)
	case kAddr:
		if len(d.b) > 0 && d.b[0] == refZero {
			d.u()
			*(*uintptr)(q) = uintptr(q)
		} else {
			*(*uintptr)(q) = uintptr(d.ref(t.elem, 1))
		}
	case kMarshal:
		d.unmarshal(t, q)
	default: // kLock, kRefuse, kZero
		d.u()
	}
}

func (d *decoder) one(o *op, q unsafe.Pointer) {
	if o.k == kFlat {
		copy(unsafe.Slice((*byte)(q), o.size), d.take(o.size))
		return
	}
	d.op(o.k, o.t, q)
}

// convert reads a value whose type is not what it was when it was written.
func (d *decoder) convert(ds *desc, t *typ, p unsafe.Pointer, m *match) {
	m.tell(d.s)
	switch {
	case !m.ok:
		d.s.say("a value %s: starts from zero", change(ds, t))
		d.skip(ds)
	case ds.k == kFlat:
		d.convertFlat(ds, t, d.take(ds.size), p)
	case ds.k == kStruct || ds.k == kTime:
		for i, f := range ds.fields {
			if j := m.field[i]; j < 0 {
				d.skip(f.t)
			} else {
				d.val(f.t, t.fields[j].t, unsafe.Add(p, t.fields[j].off))
			}
		}
	case ds.k == kArray:
		for i := range ds.n {
			if i < t.n {
				d.val(ds.elem, t.elem, unsafe.Add(p, uintptr(i)*t.elem.size))
			} else {
				d.skip(ds.elem)
			}
		}
	default:
		d.op(ds.k, t, p)
	}
}

func (d *decoder) convertFlat(ds *desc, t *typ, b []byte, p unsafe.Pointer) {
	m := d.s.match(ds, t)
	m.tell(d.s)
	switch {
	case !m.ok:
		d.s.say("a value %s: starts from zero", change(ds, t))
	case m.same:
		copy(unsafe.Slice((*byte)(p), t.size), b[:ds.size])
	case len(ds.fields) > 0:
		for i, f := range ds.fields {
			if j := m.field[i]; j >= 0 {
				d.convertFlat(f.t, t.fields[j].t, b[f.off:], unsafe.Add(p, t.fields[j].off))
			}
		}
	case ds.elem != nil && t.elem != nil:
		for i := range min(ds.n, t.n) {
			d.convertFlat(ds.elem, t.elem, b[uintptr(i)*ds.elem.size:], unsafe.Add(p, uintptr(i)*t.elem.size))
		}
	}
}

func (d *decoder) string(q unsafe.Pointer) {
	v := d.u()
	if v&1 == 0 {
		*(*string)(q) = string(d.take(uintptr(v >> 1)))
		return
	}
	ref := d.mark()
	n := int(d.small(1 << 45))
	if at := d.resume(ref, d.s.types.bytes, n); at != nil {
		*(*string)(q) = unsafe.String((*byte)(at), n)
	}
}

func (d *decoder) slice(t *typ, q unsafe.Pointer) {
	ref := d.mark()
	if ref.id == refNil {
		return
	}
	n, c := int(d.small(1<<44)), int(d.small(1<<44))
	if n > c {
		d.fail("a slice longer than its capacity")
	}
	at := d.resume(ref, t.elem, c)
	if at == nil {
		n, c = 0, 0
	}
	*(*sliceHeader)(q) = sliceHeader{at, n, c}
}

func (d *decoder) mapRef(t *typ, q unsafe.Pointer) {
	ref := d.mark()
	if ref.id == refNil {
		return
	}
	if ref.id < firstID || ref.off != 0 {
		d.fail("a map is elsewhere")
	}
	switch r := &d.regions[ref.id-firstID]; {
	case r.form != formMap:
		d.fail("a region is no map")
	case r.t == nil:
		d.miss("a " + r.d.text + ", a type that this cell does not link")
	case r.t != t && !r.t.rt.ConvertibleTo(t.rt):
		d.fail("a region is no %v", t.rt)
	default:
		*(*unsafe.Pointer)(q) = r.base
	}
}

func (d *decoder) syncMap(q unsafe.Pointer) {
	for range d.count() {
		var k, v any
		d.iface(d.s.types.any, unsafe.Pointer(&k))
		d.iface(d.s.types.any, unsafe.Pointer(&v))
		d.later = append(d.later, func() {
			if k != nil {
				d.hashing(func() { (*sync.Map)(q).Store(k, v) })
			}
		})
	}
}

func (d *decoder) rtype(q unsafe.Pointer) {
	if d.small(refRType) != refRType {
		return
	}
	td := d.table.desc(d.u(), &d.reader)
	if t := d.s.resolve(td); t != nil {
		*(*unsafe.Pointer)(q) = t.word
	} else {
		d.miss("the type " + td.text + ", which this cell does not link")
	}
}

func (d *decoder) unmarshal(t *typ, q unsafe.Pointer) {
	n := d.u()
	if n == 0 {
		return
	}
	u, ok := reflect.NewAt(t.rt, q).Interface().(binaryUnmarshaler)
	if !ok {
		d.fail("%v cannot be read", t.rt)
	}
	if err := u.UnmarshalBinary(d.take(uintptr(n - 1))); err != nil {
		d.fail("%v: %v", t.rt, err)
	}
}

// Unlinked stands for a value whose type is not part of this program.
type Unlinked struct{ typeName string }

func (u *Unlinked) String() string { return "<" + u.typeName + ", a type this cell does not link>" }
func (u *Unlinked) Error() string  { return u.String() }

func (d *decoder) iface(t *typ, p unsafe.Pointer) {
	id := d.u()
	if id == 0 {
		return
	}
	if d.depth++; d.depth > maxDepth {
		d.fail("it is nested too deeply")
	}
	defer func() { d.depth-- }()
	vd := d.table.desc(id, &d.reader)
	vt := d.s.resolve(vd)
	if vt == nil || vt.rt.Kind() == reflect.Interface {
		d.skip(vd)
		what, v := "a "+strings.TrimLeft(vd.text, "*")+", a type that this cell does not link", &Unlinked{vd.text}
		if !d.s.types.setIface(t, p, d.s.types.of(reflect.TypeFor[*Unlinked]()), unsafe.Pointer(&v)) {
			d.miss(what)
		}
		d.s.freeze(d.c, "it has "+what)
		return
	}
	d.fits(vd, 1)
	v := unsafeNew(vt.word)
	d.val(vd, vt, v)
	if !d.s.types.setIface(t, p, vt, v) {
		d.miss(noMore(vt.rt, t.rt))
	}
}
