package session

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

const (
	previewMax   = 60 // characters
	previewDepth = 4
	spelledDims  = 4 // of an array: what its String method prints grows with each
)

// previewer writes the beginning of a value as Go would spell it. It reads memory itself: a user's String method may do anything.
// Those of our own packages are known to be quick and to change nothing.
type previewer struct {
	ts *typeSet
	b  []byte
}

func preview(ts *typeSet, t *typ, p unsafe.Pointer) string {
	v := &previewer{ts: ts}
	v.val(t, p, 0)
	n := 0
	for i := range string(v.b) {
		if n++; n == previewMax && utf8.RuneCount(v.b[i:]) > 1 {
			return string(v.b[:i]) + "…"
		}
	}
	return string(v.b)
}

func (v *previewer) full() bool { return len(v.b) > 4*previewMax }

func (v *previewer) str(s string) { v.b = append(v.b, s...) }

func (v *previewer) val(t *typ, p unsafe.Pointer, depth int) {
	if v.full() {
		return
	}
	if depth > previewDepth {
		v.str("…")
		return
	}
	if v.spelled(t, p) {
		return
	}
	switch t.rt.Kind() {
	case reflect.Array:
		v.list(t.elem, p, t.n, depth)
	case reflect.Slice:
		if s := (*sliceHeader)(p); s.data == nil {
			v.str("nil")
		} else {
			v.list(t.elem, s.data, s.len, depth)
		}
	case reflect.Struct:
		v.fields(t, p, depth)
	case reflect.String:
		v.quote(*(*string)(p))
	case reflect.Pointer:
		switch q := *(*unsafe.Pointer)(p); {
		case q == nil:
			v.str("nil")
		case depth == 0 && t.elem.size > 0 && t.k != kRType:
			v.str("&")
			v.val(t.elem, q, depth+1)
		default:
			v.str(t.rt.String())
		}
	case reflect.Map:
		if q := *(*unsafe.Pointer)(p); q == nil {
			v.str("nil")
		} else {
			v.mapping(t, q, depth)
		}
	case reflect.Interface:
		if d := v.ts.dynamic(t, p); d == nil {
			v.str("nil")
		} else {
			v.val(d, inside(d, p), depth+1)
		}
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		if *(*unsafe.Pointer)(p) == nil {
			v.str("nil")
		} else {
			v.str(t.rt.String())
		}
	default:
		v.number(t.rt.Kind(), p)
	}
}

// own is how the import paths of our packages begin.
const own = "spikebook/"

// spelled writes a value of a type of our packages, or a pointer to one, as its String method does, on one line.
func (v *previewer) spelled(t *typ, p unsafe.Pointer) (done bool) {
	rt := t.rt
	if rt.Kind() == reflect.Pointer {
		if p = *(*unsafe.Pointer)(p); p == nil {
			return false
		}
		rt = rt.Elem()
	}
	if !strings.HasPrefix(rt.PkgPath(), own) || rt.Kind() == reflect.Interface {
		return false
	}
	s, ok := reflect.NewAt(rt, p).Interface().(fmt.Stringer)
	if !ok {
		return false
	}
	defer func() {
		if recover() != nil { // a zero value, perhaps
			done = false
		}
	}()
	text := ""
	if a, ok := s.(interface{ Shape() []int }); ok && len(a.Shape()) > spelledDims {
		text = fmt.Sprint("shape ", a.Shape())
	} else {
		text = s.String()
	}
	if len(text) > 8*previewMax { // much of what comes first may be space
		text = text[:8*previewMax]
	}
	v.str(strings.Join(strings.Fields(text), " "))
	return true
}

func (v *previewer) quote(s string) {
	long := len(s) > 4*previewMax
	if long {
		s = s[:4*previewMax]
	}
	v.b = strconv.AppendQuote(v.b, s)
	if long {
		v.str("…")
	}
}

func (v *previewer) number(k reflect.Kind, p unsafe.Pointer) {
	switch k {
	case reflect.Bool:
		v.b = strconv.AppendBool(v.b, *(*uint8)(p) != 0)
	case reflect.Int, reflect.Int64:
		v.b = strconv.AppendInt(v.b, *(*int64)(p), 10)
	case reflect.Int32:
		v.b = strconv.AppendInt(v.b, int64(*(*int32)(p)), 10)
	case reflect.Int16:
		v.b = strconv.AppendInt(v.b, int64(*(*int16)(p)), 10)
	case reflect.Int8:
		v.b = strconv.AppendInt(v.b, int64(*(*int8)(p)), 10)
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		v.b = strconv.AppendUint(v.b, *(*uint64)(p), 10)
	case reflect.Uint32:
		v.b = strconv.AppendUint(v.b, uint64(*(*uint32)(p)), 10)
	case reflect.Uint16:
		v.b = strconv.AppendUint(v.b, uint64(*(*uint16)(p)), 10)
	case reflect.Uint8:
		v.b = strconv.AppendUint(v.b, uint64(*(*uint8)(p)), 10)
	case reflect.Float64:
		v.float(*(*float64)(p), 64)
	case reflect.Float32:
		v.float(float64(*(*float32)(p)), 32)
	case reflect.Complex128:
		c := (*[2]float64)(p)
		v.complex(c[0], c[1], 64)
	case reflect.Complex64:
		c := (*[2]float32)(p)
		v.complex(float64(c[0]), float64(c[1]), 32)
	}
}

func (v *previewer) float(f float64, bits int) { v.b = strconv.AppendFloat(v.b, f, 'g', -1, bits) }

func (v *previewer) complex(re, im float64, bits int) {
	v.str("(")
	v.float(re, bits)
	if im >= 0 || math.IsNaN(im) {
		v.str("+")
	}
	v.float(im, bits)
	v.str("i)")
}

func (v *previewer) list(t *typ, p unsafe.Pointer, n, depth int) {
	v.str("[")
	for i := range n {
		if i > 0 {
			v.str(" ")
		}
		if v.full() {
			break
		}
		v.val(t, unsafe.Add(p, uintptr(i)*t.size), depth+1)
	}
	v.str("]")
	if depth == 0 && n > 8 {
		v.str(" (" + strconv.Itoa(n) + ")")
	}
}

func (v *previewer) fields(t *typ, p unsafe.Pointer, depth int) {
	if t.k == kTime {
		v.b = (*time.Time)(p).UTC().AppendFormat(v.b, "2006-01-02 15:04:05 UTC")
		return
	}
	v.str("{")
	for i, f := range t.fields {
		if i > 0 {
			v.str(" ")
		}
		if v.full() {
			break
		}
		v.str(f.name + ":")
		v.val(f.t, unsafe.Add(p, f.off), depth+1)
	}
	v.str("}")
}

// mapping shows entries only of small maps: reading a map means copying it.
func (v *previewer) mapping(t *typ, q unsafe.Pointer, depth int) {
	n := reflect.NewAt(t.rt, unsafe.Pointer(&q)).Elem().Len()
	if n > 16 {
		v.str("map of " + strconv.Itoa(n))
		return
	}
	ps := readPairs(t, q)
	v.str("map[")
	for i := range ps.n {
		if i > 0 {
			v.str(" ")
		}
		if v.full() {
			break
		}
		v.val(t.key, ps.key(i), depth+1)
		v.str(":")
		v.val(t.elem, ps.elem(i), depth+1)
	}
	v.str("]")
}
