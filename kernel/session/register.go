package session

import (
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"sort"
	"time"
	"unsafe"
)

var (
	registered []reflect.Type
	funcs      = map[string]reflect.Value{}
	globals    []global
	linkedFunc []any
)

// Type makes the type that ptr points to known by name, so that interface values of that type can be restored. It has no type
// parameter: for an instance the compiler describes all of T once more, which takes as long as to compile the rest of a cell.
func Type(ptr any) { registered = append(registered, reflect.TypeOf(ptr).Elem()) }

// Func makes a function known by name: a top-level function "pkg.F" or a method expression "pkg.(*T).M".
func Func(name string, f any) { funcs[name] = reflect.ValueOf(f) }

// Link keeps a function in the program, and with it the types that it makes. It is not inlined, because of plain stores to
// one variable the compiler would keep the last one only.
//
//go:noinline
func Link(f any) { linkedFunc = append(linkedFunc, f) }

type global struct {
	base   unsafe.Pointer
	lo, hi uintptr
	name   string
	t      reflect.Type
}

// Global names a package-level variable of another package. Pointers to it, and to what it pointed to when the program
// started, are kept as its name, so that err == io.EOF stays true.
func Global(name string, ptr any) {
	v := reflect.ValueOf(ptr)
	add := func(name string, p unsafe.Pointer, t reflect.Type) {
		if p != nil && t.Size() > 0 {
			globals = append(globals, global{p, uintptr(p), uintptr(p) + t.Size(), name, t})
		}
	}
	add("&"+name, v.UnsafePointer(), v.Type().Elem())
	e := v.Elem()
	if e.Kind() == reflect.Interface {
		e = e.Elem()
	}
	if e.Kind() == reflect.Pointer {
		add(name, e.UnsafePointer(), e.Type().Elem())
	}
}

func init() { // what every program links anyway
	Global("io.EOF", &io.EOF)
	Global("io.ErrUnexpectedEOF", &io.ErrUnexpectedEOF)
	Global("io.ErrShortWrite", &io.ErrShortWrite)
	Global("io.ErrShortBuffer", &io.ErrShortBuffer)
	Global("io.ErrNoProgress", &io.ErrNoProgress)
	Global("io.ErrClosedPipe", &io.ErrClosedPipe)
	Global("io/fs.ErrNotExist", &fs.ErrNotExist)
	Global("io/fs.ErrExist", &fs.ErrExist)
	Global("io/fs.ErrPermission", &fs.ErrPermission)
	Global("io/fs.ErrInvalid", &fs.ErrInvalid)
	Global("io/fs.ErrClosed", &fs.ErrClosed)
	Global("os.Stdin", &os.Stdin)
	Global("os.Stdout", &os.Stdout)
	Global("os.Stderr", &os.Stderr)
	Global("time.UTC", &time.UTC)
	Global("time.Local", &time.Local)
}

type globalSet struct {
	list []global // by address
	name map[string]int
}

func sortedGlobals() globalSet {
	s := globalSet{slices.Clone(globals), map[string]int{}}
	sort.SliceStable(s.list, func(i, j int) bool { return s.list[i].lo < s.list[j].lo })
	for i := len(s.list) - 1; i >= 0; i-- {
		s.name[s.list[i].name] = i
	}
	return s
}

// at finds the registered variable that has the n bytes at a.
func (s *globalSet) at(a, n uintptr) (*global, bool) {
	lo, hi := 0, len(s.list)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); s.list[m].lo > a {
			hi = m
		} else {
			lo = m + 1
		}
	}
	if lo > 0 && a < s.list[lo-1].hi && a+n <= s.list[lo-1].hi {
		return &s.list[lo-1], true
	}
	return nil, false
}

//go:linkname typelinks reflect.typelinks
func typelinks() (sections []unsafe.Pointer, offset [][]int32)

var basics = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](), reflect.TypeFor[int64](),
	reflect.TypeFor[uint](), reflect.TypeFor[uint8](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](), reflect.TypeFor[uint64](), reflect.TypeFor[uintptr](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[complex128](), reflect.TypeFor[string](),
	reflect.TypeFor[error](), reflect.TypeFor[unsafe.Pointer](), reflect.TypeFor[any](), reflect.TypeFor[struct{}](),
}

// unlinked are texts of types that tests pretend not to be in the program.
var unlinked = map[string]bool{}

// typesNamed finds the types of this program with a name (or, when it is "", with the text of an unnamed type). Several types
// that functions declare may share a name.
func typesNamed(name, text string) (found []reflect.Type) {
	if unlinked[text] {
		return nil
	}
	for _, l := range [][]reflect.Type{basics, registered} {
		for _, t := range l {
			if fullName(t) == name && t.String() == text && !slices.Contains(found, t) {
				found = append(found, t)
			}
		}
	}
	search := text
	if name != "" { // the linker's lists have unnamed types; a named one is found behind its pointer
		search = "*" + text
	}
	sections, offsets := typelinks()
	for i, section := range sections {
		list := offsets[i]
		at := func(j int) reflect.Type { return toType(unsafe.Add(section, int(list[j]))) }
		for j := sort.Search(len(list), func(j int) bool { return at(j).String() >= search }); j < len(list) && at(j).String() == search; j++ {
			t := at(j)
			if name != "" {
				t = t.Elem()
			}
			if fullName(t) == name && !slices.Contains(found, t) {
				found = append(found, t)
			}
		}
	}
	return found
}
