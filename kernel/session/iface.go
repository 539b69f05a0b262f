package session

import (
	"fmt"
	"reflect"
	"unsafe"
)

// words is how an interface value lies in memory. The first word leads to the dynamic type, at once for an empty interface,
// through an itab for others; the second is the value itself when it is one pointer, else its address.
type words struct{ typ, data unsafe.Pointer }

const wordSize = unsafe.Sizeof(uintptr(0))

var (
	rtypeOfInt any = reflect.TypeFor[int]()
	rtypeWord      = (*words)(unsafe.Pointer(&rtypeOfInt)).typ
)

// toType turns the address of a run-time type descriptor into a reflect.Type.
func toType(p unsafe.Pointer) reflect.Type {
	w := words{rtypeWord, p}
	return (*(*any)(unsafe.Pointer(&w))).(reflect.Type)
}

func typeWord(t reflect.Type) unsafe.Pointer {
	var a any = t
	return (*words)(unsafe.Pointer(&a)).data
}

// dynamic is the dynamic type of the interface value at p, nil for a nil interface.
func (ts *typeSet) dynamic(t *typ, p unsafe.Pointer) *typ {
	w := (*words)(p).typ
	if w == nil {
		return nil
	}
	if t.methods {
		w = (*words)(w).data // the second word of an itab
	}
	if ts.lastWord == w {
		return ts.lastType
	}
	d := ts.byWord[w]
	if d == nil {
		d = ts.of(toType(w))
		ts.byWord[w] = d
	}
	ts.lastWord, ts.lastType = w, d
	return d
}

// inside is the address of the value of type d that the interface at p holds.
func inside(d *typ, p unsafe.Pointer) unsafe.Pointer {
	if d.isDirect() {
		return unsafe.Add(p, wordSize)
	}
	return (*words)(p).data
}

// isDirect asks Go itself whether a value of t is the second word of an interface.
func (t *typ) isDirect() bool {
	if t.direct == 0 {
		t.direct = 1
		if t.size == wordSize && !t.flat {
			var v struct{ p unsafe.Pointer }
			v.p = unsafe.Pointer(&rtypeOfInt)
			c := reflect.New(t.rt)
			*(*unsafe.Pointer)(c.UnsafePointer()) = v.p
			boxed := c.Elem().Interface()
			if (*words)(unsafe.Pointer(&boxed)).data == v.p {
				t.direct = 2
			}
			*(*unsafe.Pointer)(c.UnsafePointer()) = nil
		}
	}
	return t.direct == 2
}

// noMore says that a type that was declared anew, or whose methods were, no longer implements an interface. Which method it lacks
// cannot be asked: a program that calls reflect's Method has all methods of all types.
func noMore(t, iface reflect.Type) string {
	msg := fmt.Sprintf("a %v, which does not implement %v", t, iface)
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface) {
		msg += fmt.Sprintf(" (*%v does)", t)
	}
	return msg
}

type tabKey struct{ iface, dynamic *typ }

// setIface stores in the interface of type t at p the value of type d at q, which nothing else will change.
// It reports whether d implements t.
func (ts *typeSet) setIface(t *typ, p unsafe.Pointer, d *typ, q unsafe.Pointer) bool {
	tab := d.word
	if t.methods {
		key := tabKey{t, d}
		var ok bool
		if tab, ok = ts.tabs[key]; !ok {
			if d.rt.Implements(t.rt) {
				i := reflect.New(t.rt)
				i.Elem().Set(reflect.Zero(d.rt))
				tab = (*words)(i.UnsafePointer()).typ
			}
			ts.tabs[key] = tab
		}
		if tab == nil {
			return false
		}
	}
	if d.isDirect() {
		q = *(*unsafe.Pointer)(q)
	}
	*(*words)(p) = words{tab, q}
	return true
}

// boxed is the value inside the reflect.Value at q. Not ok: it stands for a variable, whose memory is elsewhere, or came from an
// unexported field.
func boxed(q unsafe.Pointer) (v any, ok bool) {
	switch r := *(*reflect.Value)(q); {
	case !r.IsValid():
		return nil, true
	case r.CanAddr() || !r.CanInterface():
		return nil, false
	default:
		return r.Interface(), true
	}
}
