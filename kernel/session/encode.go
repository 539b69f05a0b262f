package session

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// encoder writes one component.
type encoder struct {
	writer
	g       *graph
	s       *session
	table   *table
	region  int32 // being written, for messages
	dynamic names
	funcs   names
	depth   int
}

func (e *encoder) refuse(slot unsafe.Pointer, what, cure string) {
	e.g.root = e.g.regions[e.region].root
	e.g.bad = nil
	e.g.refuseWhy(e.region, slot, what, cure)
	panic(e.g.bad)
}

// note tells what is kept in another state, once for each variable and kind of note.
func (e *encoder) note(slot unsafe.Pointer, kind, what string) {
	e.g.root = e.g.regions[e.region].root
	if key := kind + " " + e.s.rootName(e.g.root); !e.s.told[key] {
		e.s.told[key] = true
		e.s.say("%s: %s", e.g.path(e.region, uintptr(slot), 0), what)
	}
}

func idle(lock *typ) string {
	if lock.name == "sync.WaitGroup" {
		return "at zero"
	}
	return "unlocked"
}

// encode writes the regions, which are those of one component by their numbers.
func (e *encoder) encode(regions []int32) {
	for _, mapsNow := range []bool{false, true} {
		for _, i := range regions {
			r := &e.g.regions[i]
			e.region = i
			switch {
			case r.isMap != mapsNow || r.t.flat && e.g.blobs[i] != nil:
			case r.isMap:
				e.pairs(r, e.g.pairs[i])
			case r.t.flat:
				e.mem(r.base, r.bytes())
			default:
				for j := range r.n {
					e.val(r.t, unsafe.Add(r.base, uintptr(j)*r.t.size))
				}
			}
		}
	}
}

// pairs writes a map; where keys have no order, the entries are put in the order of their bytes.
func (e *encoder) pairs(r *region, ps *pairs) {
	if ps == nil || e.s.again {
		ps = readPairs(r.t, r.base)
	}
	head := len(e.b)
	e.b = append(e.b, 0, 0, 0, 0, 0, 0, 0, 0)
	e.u(uint64(ps.n))
	start := len(e.b)
	var cuts []int
	for i := range ps.n {
		cuts = append(cuts, len(e.b))
		e.val(r.t.key, ps.key(i))
		e.val(r.t.elem, ps.elem(i))
	}
	if !ps.sorted {
		e.sortFrom(start, cuts)
	}
	n := uint64(len(e.b) - head - 8)
	for i := range 8 {
		e.b[head+i] = byte(n >> (8 * i))
	}
}

func (e *encoder) sortFrom(start int, cuts []int) {
	if len(cuts) < 2 {
		return
	}
	old := slices.Clone(e.b[start:])
	parts := make([][]byte, len(cuts))
	for i, c := range cuts {
		end := len(old)
		if i+1 < len(cuts) {
			end = cuts[i+1] - start
		}
		parts[i] = old[c-start : end]
	}
	slices.SortFunc(parts, bytes.Compare)
	e.b = e.b[:start]
	for _, p := range parts {
		e.b = append(e.b, p...)
	}
}

func (e *encoder) val(t *typ, p unsafe.Pointer) {
	ops := t.code()
	for i := range ops {
		o := &ops[i]
		q := unsafe.Add(p, o.off)
		switch o.k {
		case kFlat:
			e.mem(q, o.size)
		case kPtr:
			switch to := *(*unsafe.Pointer)(q); {
			case to == nil:
				e.u(refNil)
			case o.t.elem.size == 0:
				e.u(refZero)
			default:
				e.ref(to, o.t.elem, 1, q)
			}
		default:
			e.op(o, q)
		}
	}
}

func (e *encoder) op(o *op, q unsafe.Pointer) {
	t := o.t
	switch o.k {
	case kString:
		s := *(*string)(q)
		if len(s) < longString {
			e.u(uint64(len(s)) << 1)
			e.b = append(e.b, s...)
			return
		}
		e.u(1)
		e.ref(unsafe.Pointer(unsafe.StringData(s)), e.s.types.bytes, len(s), q)
		e.u(uint64(len(s)))
	case kSlice:
		s := (*sliceHeader)(q)
		switch {
		case s.data == nil:
			e.u(refNil)
			return
		case s.cap == 0 || t.elem.size == 0:
			e.u(refZero)
		default:
			e.ref(s.data, t.elem, s.cap, q)
		}
		e.u(uint64(s.len))
		e.u(uint64(s.cap))
	case kMap:
		if to := *(*unsafe.Pointer)(q); to == nil {
			e.u(refNil)
		} else {
			e.ref(to, t, 1, q)
		}
	case kIface:
		e.iface(t, q)
	case kArray:
		for j := range t.n {
			e.val(t.elem, unsafe.Add(q, uintptr(j)*t.elem.size))
		}
	case kTime:
		c := (*time.Time)(q).Round(0) // drops the monotonic reading
		for _, f := range t.fields {
			e.val(f.t, unsafe.Add(unsafe.Pointer(&c), f.off))
		}
	case kFunc:
		e.fn(q)
	case kSyncMap:
		list := readSyncMap(q)
		e.u(uint64(len(list)))
		start := len(e.b)
		var cuts []int
		for i := range list {
			cuts = append(cuts, len(e.b))
			e.val(e.s.types.any, unsafe.Pointer(&list[i][0]))
			e.val(e.s.types.any, unsafe.Pointer(&list[i][1]))
		}
		e.sortFrom(start, cuts)
	case kValue:
		v, _ := boxed(q)
		e.val(e.s.types.any, unsafe.Pointer(&v))
	case kRType:
		if to := *(*unsafe.Pointer)(q); to == nil {
			e.u(refNil)
		} else {
			e.u(refRType)
			e.u(e.table.idOf(e.s.types.of(toType(to))))
		}
	case kMarshal:
		e.marshal(t, q)
	case kUnsafe:
		to := *(*unsafe.Pointer)(q)
		switch _, known := e.g.find(uintptr(to), 1); {
		case to == nil:
			e.u(refNil)
		case known:
			e.ref(to, e.s.types.empty, 1, q)
		default:
			e.refuse(q, "an unsafe.Pointer to memory that no kept variable owns", makeHere)
		}
	case kAddr:
		a := *(*uintptr)(q)
		if i, ok := e.g.find(a, t.elem.size); a == 0 {
			e.u(refNil)
		} else if r := &e.g.regions[i]; !ok || r.isMap || !holds(r.t, r.n, a-r.addr(), t.elem, 1) {
			e.u(refZero)
		} else {
			e.ref(unsafe.Add(r.base, a-r.addr()), t.elem, 1, q)
		}
	case kLock:
		if !isZero(q, t.size) {
			e.note(q, "lock", fmt.Sprintf("the state of a %s is not kept; the next cell finds it %s", t.rt, idle(t)))
		}
		e.u(0)
	case kRefuse, kZero:
		e.u(0)
	}
}

// ref writes a reference to m values of t at p; slot is where it stands.
func (e *encoder) ref(p unsafe.Pointer, t *typ, m int, slot unsafe.Pointer) {
	a, n := uintptr(p), uintptr(m)*t.size
	if t.k == kMap {
		n = 1
	} else if v, ok := e.s.globals.at(a, n); ok {
		e.funcs["var "+strings.TrimPrefix(v.name, "&")] = true
		e.u(refGlobal)
		e.str(v.name)
		e.u(uint64(a - v.lo))
		return
	}
	i, ok := e.g.find(a, n)
	if !ok {
		panic(errTorn) // the pointer was another one when it was followed
	}
	r := &e.g.regions[i]
	off := a - r.addr()
	if (t.k != kMap || !r.isMap) && !holds(r.t, r.n, off, t, m) {
		e.refuse(slot, "a pointer to a "+t.rt.String()+" into memory of type "+r.t.rt.String(), "use one type for it")
	}
	if off == 0 {
		e.u(uint64(r.id) << 1)
		return
	}
	e.u(uint64(r.id)<<1 | 1)
	e.u(uint64(off))
}

func (e *encoder) iface(t *typ, q unsafe.Pointer) {
	d := e.s.types.dynamic(t, q)
	if d == nil {
		e.u(0)
		return
	}
	if e.depth++; e.depth >= maxDepth {
		e.refuse(q, "a chain of interfaces that is too deep", "use pointers for it")
	}
	e.u(e.table.idOf(d))
	if n := d.name; n != "" && d.rt.PkgPath() != "" {
		e.dynamic[n] = true
	} else if n == "" {
		e.dynamicParts(d, 0)
	}
	e.val(d, inside(d, q))
	e.depth--
}

// dynamicParts names what an unnamed type is made of; a struct, func or interface literal goes by its text.
func (e *encoder) dynamicParts(t *typ, depth int) {
	switch {
	case depth > 8:
	case t.name != "":
		if t.rt.PkgPath() != "" {
			e.dynamic[t.name] = true
		}
	case t.k == kRType:
	case t.elem != nil:
		e.dynamicParts(t.elem, depth+1)
		if t.key != nil {
			e.dynamicParts(t.key, depth+1)
		}
	case t.rt.Kind() != reflect.Interface || t.methods:
		e.dynamic[t.rt.String()] = true
	}
}

// marshal uses a library's own encoding for a value that lives in this process only, such as a netip.Addr.
func (e *encoder) marshal(t *typ, q unsafe.Pointer) {
	if isZero(q, t.size) {
		e.u(0)
		return
	}
	b, err := reflect.NewAt(t.rt, q).Interface().(binaryMarshaler).MarshalBinary()
	if err != nil {
		e.refuse(q, "a "+t.rt.String()+" that cannot be stored: "+err.Error(), makeHere)
	}
	e.u(uint64(len(b)) + 1)
	e.b = append(e.b, b...)
}
