package session

import (
	"reflect"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

const (
	fnNil    = 0
	fnNamed  = 1 // name
	fnMethod = 2 // name of the method expression, type of the receiver, receiver
	fnLost   = 3 // name
)

// methodValue is a func value that is more than a name: a method bound to its receiver, or a closure that was lost.
type methodValue struct {
	name string
	recv *typ // nil: lost
	at   unsafe.Pointer
}

// restoredFuncs knows the func values that reflect made here, which look all the same.
var restoredFuncs = map[unsafe.Pointer]*methodValue{}

func funcName(q unsafe.Pointer) string {
	if f := runtime.FuncForPC(*(*uintptr)(q)); f != nil {
		return f.Name()
	}
	return ""
}

// method recognises a method value: one restored earlier, or the compiler's closure of code and receiver.
func (s *session) method(q unsafe.Pointer) *methodValue {
	if m := restoredFuncs[q]; m != nil {
		return m
	}
	name, ok := strings.CutSuffix(funcName(q), "-fm")
	if !ok {
		return nil
	}
	f, ok := funcs[name]
	if !ok {
		return nil
	}
	recv := s.types.of(f.Type().In(0))
	return &methodValue{name, recv, unsafe.Add(q, max(wordSize, uintptr(recv.rt.Align())))}
}

func (e *encoder) fn(p unsafe.Pointer) {
	q := *(*unsafe.Pointer)(p)
	if q == nil {
		e.u(fnNil)
		return
	}
	if m := e.s.method(q); m != nil {
		if m.recv == nil { // said when it was lost
			e.u(fnLost)
			e.str(m.name)
			return
		}
		e.u(fnMethod)
		e.str(m.name)
		e.u(e.table.idOf(m.recv))
		e.val(m.recv, m.at)
		e.funcs[m.name] = true
		return
	}
	name := funcName(q)
	if kept(q) {
		e.u(fnNamed)
		e.str(name)
		e.funcs[name] = true
		return
	}
	e.note(p, "func", "a function that uses variables around it ("+name+") cannot be kept between cells; a later cell that calls it panics and says so; make it again there")
	e.u(fnLost)
	e.str(name)
}

// kept says whether a later program can have the function by its name.
func kept(q unsafe.Pointer) bool {
	name := funcName(q)
	_, ok := funcs[name]
	return ok || hasName(name)
}

// hasName tells functions and method expressions, which a later program can link by name, from closures and instances of
// generic functions, whose code needs variables that are not in reach, and from what other packages keep to themselves.
func hasName(name string) bool {
	slash := strings.LastIndexByte(name, '/') + 1
	pkg, short, ok := strings.Cut(name[slash:], ".")
	if !ok || strings.Contains(short, ".") || strings.ContainsAny(name, "[-") {
		return false
	}
	if pkg == "main" && slash == 0 {
		return true
	}
	first, _ := utf8.DecodeRuneInString(short)
	made := name == "reflect.makeFuncStub" || name == "reflect.methodValueCall"
	return unicode.IsUpper(first) && !strings.Contains("/"+name[:slash]+pkg+"/", "/internal/") && !made
}

func (d *decoder) fn(t *typ, p unsafe.Pointer) {
	switch d.small(fnLost) {
	case fnLost:
		if name := d.str(); t != nil {
			lose(t, p, name, "which used variables around it and could not be kept between cells")
		}
	case fnNamed:
		name := d.str()
		if t == nil {
			return
		}
		if f, ok := funcs[name]; ok && f.Type().ConvertibleTo(t.rt) {
			reflect.NewAt(t.rt, p).Elem().Set(f.Convert(t.rt))
		} else {
			d.lose(t, p, name)
		}
	case fnMethod:
		d.methodValue(t, p)
	}
}

func (d *decoder) methodValue(t *typ, p unsafe.Pointer) {
	name := d.str()
	vd := d.table.desc(d.small(1<<31), &d.reader)
	f, ok := funcs[name]
	var vt *typ
	if t != nil && ok {
		vt = d.s.resolve(vd)
	}
	if vt == nil {
		d.skip(vd)
		if t != nil {
			d.lose(t, p, name)
		}
		return
	}
	d.fits(vd, 1)
	recv := reflect.New(vt.rt)
	d.val(vd, vt, recv.UnsafePointer())
	if f.Type().NumIn() != t.rt.NumIn()+1 || f.Type().NumOut() != t.rt.NumOut() || f.Type().In(0) != vt.rt {
		d.lose(t, p, name)
		return
	}
	bound := reflect.MakeFunc(t.rt, func(args []reflect.Value) []reflect.Value {
		if t.rt.IsVariadic() {
			return f.CallSlice(append([]reflect.Value{recv.Elem()}, args...))
		}
		return f.Call(append([]reflect.Value{recv.Elem()}, args...))
	})
	reflect.NewAt(t.rt, p).Elem().Set(bound)
	restoredFuncs[*(*unsafe.Pointer)(p)] = &methodValue{name, vt, recv.UnsafePointer()}
}

// lose stores a function that says why the one of that name is gone: who calls a nil function would not learn it.
func lose(t *typ, p unsafe.Pointer, name, why string) {
	f := reflect.MakeFunc(t.rt, func([]reflect.Value) []reflect.Value {
		panic("this function was " + name + ", " + why + ": make it again in the cell that calls it")
	})
	reflect.NewAt(t.rt, p).Elem().Set(f)
	restoredFuncs[*(*unsafe.Pointer)(p)] = &methodValue{name: name}
}

// lose is for a function that this program should have and has not: the stored one stays.
func (d *decoder) lose(t *typ, p unsafe.Pointer, name string) {
	if t.owned {
		d.miss("the function " + name + ", which this cell does not link")
	}
	lose(t, p, name, "which this cell does not have, or has with other parameters")
	d.s.freeze(d.c, "it refers to the function "+name+", which this cell does not have")
}
