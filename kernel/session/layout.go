package session

import "reflect"

// flatten describes n values of t as more values of a smaller type when t is an array.
func flatten(t *typ, n int) (*typ, int) {
	for t.n > 0 && t.size > 0 && t.rt.Kind() == reflect.Array {
		t, n = t.elem, n*t.n
	}
	return t, n
}

// holds reports whether memory typed as n values of t has, at off, m values of u.
func holds(t *typ, n int, off uintptr, u *typ, m int) bool {
	if off == 0 && t == u && m <= n {
		return true
	}
	for t.size > 0 {
		i := off / t.size
		if i >= uintptr(n) {
			return false
		}
		off -= i * t.size
		if off == 0 && uintptr(m) <= uintptr(n)-i && (t == u || sameLayout(t, u, 0)) {
			return true
		}
		if t.flat && u.flat {
			return off+uintptr(m)*u.size <= (uintptr(n)-i)*t.size
		}
		if off+uintptr(m)*u.size > t.size {
			return false
		}
		in := (*typ)(nil)
		for _, f := range t.fields {
			if f.off <= off && off < f.off+f.t.size {
				in, off = f.t, off-f.off
				break
			}
		}
		if in == nil {
			return false
		}
		t, n = flatten(in, 1)
	}
	return false
}

// sameLayout is true for types that Go lets one convert pointers between (same underlying type).
func sameLayout(t, u *typ, depth int) bool {
	if t == u {
		return true
	}
	if t.size != u.size || t.k != u.k || t.rt.Kind() != u.rt.Kind() || len(t.fields) != len(u.fields) || depth > 8 {
		return false
	}
	switch t.k {
	case kStruct:
		for i, f := range t.fields {
			if g := u.fields[i]; f.off != g.off || f.name != g.name || !sameLayout(f.t, g.t, depth+1) {
				return false
			}
		}
		return true
	case kPtr, kSlice, kArray:
		return t.n == u.n && sameLayout(t.elem, u.elem, depth+1)
	case kFlat, kString:
		return true
	}
	return t.rt.ConvertibleTo(u.rt)
}
