package session

import (
	"reflect"
	"strings"
	"unsafe"
)

// kind says how a value is written. It is coarser than reflect.Kind where memory can be copied, finer where a type needs care.
type kind uint8

const (
	kFlat    kind = iota + 1 // no pointers inside: the memory itself
	kString                  // short ones inline, long ones by reference
	kPtr                     // reference
	kSlice                   // reference, length, capacity
	kArray                   // its elements
	kStruct                  // its fields
	kMap                     // reference to a map region
	kIface                   // type, then the value inline
	kFunc                    // a name
	kUnsafe                  // reference, when something typed owns the memory
	kRType                   // *reflect.rtype: a type
	kTime                    // time.Time: struct without its monotonic clock reading, which means nothing in another process
	kLock                    // sync.Mutex and friends: always restored unlocked
	kRefuse                  // lives in one process only: what reaches a value that is not zero cannot be kept
	kZero                    // restored zero without a word
	kAddr                    // an address kept as a number, which does not keep what it points to alive
	kSyncMap                 // its order comes from a hash seeded per process: kept as pairs
	kMarshal                 // refused by its parts, but of a library that offers MarshalBinary
	kValue                   // reflect.Value: the value in it, as an interface holds it, unless it stands for a variable
	kMax
)

// special lists the types that are not what their fields say. Generic ones are listed without type arguments.
var special = map[string]kind{
	"time.Time": kTime, "sync.Map": kSyncMap, "reflect.Value": kValue,
	"sync.Mutex": kLock, "sync.RWMutex": kLock, "sync.WaitGroup": kLock,
	"sync.notifyList": kZero, "sync.copyChecker": kZero, // sync.Cond: its waiters are gone, its address is another
}

// refused lists what lives in one process only: what to call it, and what to do instead.
var refused = map[string][2]string{
	"os.File":              {"an open file", "open it in the cell that uses it"},
	"os.Root":              {"an open folder", "open it in the cell that uses it"},
	"os.Process":           {"a process", "start it in the cell that uses it"},
	"internal/poll.FD":     {"an open file or connection", "open it in the cell that uses it"},
	"net.netFD":            {"a network connection", "connect in the cell that uses it"},
	"net/http.Transport":   {"a pool of network connections", "make it in the cell that uses it"},
	"time.Timer":           {"a timer", "make it in the cell that uses it"},
	"time.Ticker":          {"a ticker", "make it in the cell that uses it"},
	"context.cancelCtx":    {"a context that can be cancelled", "make it in the cell that uses it"},
	"context.timerCtx":     {"a context with a deadline", "make it in the cell that uses it"},
	"context.afterFuncCtx": {"a context that can be cancelled", "make it in the cell that uses it"},
	"unique.Handle":        {"a unique.Handle", "make it in the cell that uses it"},
	"weak.Pointer":         {"a weak pointer", "make it in the cell that uses it"},
	"hash/maphash.Seed":    {"a hash seed of this process", "make it in the cell that uses it"},
	"hash/maphash.Hash":    {"a hash seeded by this process", "make it in the cell that uses it"},
	"reflect.Value":        {"a reflect.Value of a variable", "keep the value itself and call reflect.ValueOf where it is used"},
	"reflect.rtype":        {"a type descriptor", "keep a reflect.Type"},
	"internal/abi.Type":    {"a type descriptor", "keep a reflect.Type"},
	"runtime.Cleanup":      {"a cleanup", "add it in the cell that uses it"},

	// Their memory is not all that they are: tables that NewReader makes, an error of the package that Execute compares with,
	// a text whose length is a number beside it.
	"compress/flate.decompressor": {"a reader of compressed data", "make it in the cell that uses it"},
	"html/template.Template":      {"a template of html/template", "parse it in the cell that uses it"},
	"log/slog.stringptr":          {"the text of an slog.Attr", "make it in the cell that uses it"},
	"log/slog.groupptr":           {"a group of slog.Attr", "make it in the cell that uses it"},
}

// typ is what is known of a Go type of this program.
type typ struct {
	rt        reflect.Type
	word      unsafe.Pointer
	k         kind
	flat      bool
	methods   bool  // an interface with methods
	owned     bool  // a function in a value of a library, which is worth nothing without it
	direct    uint8 // 1: boxed by address, 2: is itself the word of an interface, 0: not asked yet
	size      uintptr
	elem, key *typ
	n         int
	fields    []field
	name      string // package path and name, "" for unnamed types
	ops       []op
	owner     *table // the table of types in which id is its number
	id        uint64
}

type field struct {
	name string
	off  uintptr
	t    *typ
}

// op is one step of reading, writing or walking a value: structs and small arrays are unrolled, flat neighbours joined.
type op struct {
	k    kind
	off  uintptr
	size uintptr
	t    *typ
}

type typeSet struct {
	byType   map[reflect.Type]*typ
	byWord   map[unsafe.Pointer]*typ
	tabs     map[tabKey]unsafe.Pointer
	lastWord unsafe.Pointer
	lastType *typ
	bytes    *typ // byte
	empty    *typ // struct{}
	any      *typ
}

func newTypeSet() *typeSet {
	ts := &typeSet{byType: map[reflect.Type]*typ{}, byWord: map[unsafe.Pointer]*typ{}, tabs: map[tabKey]unsafe.Pointer{}}
	ts.bytes, ts.empty, ts.any = ts.of(reflect.TypeFor[byte]()), ts.of(reflect.TypeFor[struct{}]()), ts.of(reflect.TypeFor[any]())
	return ts
}

// fullName tells apart packages of the same name; "" for types without a name.
func fullName(t reflect.Type) string {
	if t.Name() == "" || t.PkgPath() == "" {
		return t.Name()
	}
	return t.PkgPath() + "." + t.Name()
}

func generic(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return name
}

func (ts *typeSet) of(rt reflect.Type) *typ {
	if t := ts.byType[rt]; t != nil {
		return t
	}
	t := &typ{rt: rt, word: typeWord(rt), size: rt.Size(), name: fullName(rt)}
	ts.byType[rt] = t
	g := generic(t.name)
	switch rt.Kind() {
	case reflect.String:
		t.k = kString
	case reflect.Pointer:
		t.k = kPtr
		if e := fullName(rt.Elem()); e == "reflect.rtype" || e == "internal/abi.Type" {
			t.k = kRType
		}
		t.elem = ts.of(rt.Elem())
	case reflect.Slice:
		t.k, t.elem = kSlice, ts.of(rt.Elem())
	case reflect.Array:
		t.k, t.elem, t.n = kArray, ts.of(rt.Elem()), rt.Len()
		t.flat = t.elem.flat || t.size == 0
	case reflect.Struct:
		t.k = kStruct
		ts.structFields(t, g)
	case reflect.Map:
		t.k, t.key, t.elem = kMap, ts.of(rt.Key()), ts.of(rt.Elem())
	case reflect.Interface:
		t.k, t.methods = kIface, rt.NumMethod() > 0
	case reflect.Func:
		t.k = kFunc
	case reflect.Chan:
		t.k = kRefuse
	case reflect.UnsafePointer:
		t.k = kUnsafe
	default:
		t.k, t.flat = kFlat, true
	}
	if s := special[g]; s != 0 {
		t.k, t.flat = s, false
	}
	if _, ok := refused[g]; ok && t.k != kValue {
		t.k, t.flat = kRefuse, false
	}
	if t.flat {
		t.k = kFlat
	}
	if t.k == kStruct && rt.PkgPath() != "main" && t.holdsRefused() && marshals(rt) {
		t.k = kMarshal
	}
	return t
}

func (ts *typeSet) structFields(t *typ, g string) {
	rt := t.rt
	if g == "sync/atomic.Pointer" { // struct{ _ [0]*T; _ noCopy; v unsafe.Pointer }: v is a *T
		t.fields = []field{{"v", rt.Field(rt.NumField() - 1).Offset, ts.of(rt.Field(0).Type.Elem())}}
		return
	}
	t.flat = true
	for i := range rt.NumField() {
		f := rt.Field(i)
		ft := ts.of(f.Type)
		if g+"."+f.Name == "gorgonia.org/tensor.Dense.viewOf" { // the parent tensor of a view
			ft = &typ{rt: f.Type, k: kAddr, size: ft.size, name: ft.name, elem: t}
		}
		if ft.k == kFunc && rt.PkgPath() != "main" && rt.PkgPath() != "" {
			ft = &typ{rt: ft.rt, word: ft.word, k: kFunc, size: ft.size, name: ft.name, owned: true}
		}
		t.flat = t.flat && ft.flat
		if f.Type.Size() > 0 {
			t.fields = append(t.fields, field{f.Name, f.Offset, ft})
		}
	}
	if g == "sync.Pool" { // what it pools is worthless in the next process
		t.fields = t.fields[len(t.fields)-1:]
	}
}

// holdsRefused looks into the parts of a value, not behind its pointers.
func (t *typ) holdsRefused() bool {
	switch t.k {
	case kRefuse:
		return true
	case kArray:
		return t.elem.holdsRefused()
	case kStruct:
		for _, f := range t.fields {
			if f.t.holdsRefused() {
				return true
			}
		}
	}
	return false
}

// The interfaces of package encoding, which is not worth an import.
type (
	binaryMarshaler   interface{ MarshalBinary() ([]byte, error) }
	binaryUnmarshaler interface{ UnmarshalBinary([]byte) error }
)

func marshals(rt reflect.Type) bool {
	p := reflect.PointerTo(rt)
	return p.Implements(reflect.TypeFor[binaryMarshaler]()) && p.Implements(reflect.TypeFor[binaryUnmarshaler]())
}

const unrolled = 8 // elements of an array that become steps of their own

func (t *typ) code() []op {
	if t.ops == nil {
		t.ops = appendOps(make([]op, 0, max(1, len(t.fields))), t, 0)
	}
	return t.ops
}

func appendOps(ops []op, t *typ, off uintptr) []op {
	switch {
	case t.k == kStruct:
		for _, f := range t.fields {
			ops = appendOps(ops, f.t, off+f.off)
		}
		return ops
	case t.k == kArray && t.n <= unrolled:
		for i := range t.n {
			ops = appendOps(ops, t.elem, off+uintptr(i)*t.elem.size)
		}
		return ops
	case t.k == kFlat && len(ops) > 0:
		if last := &ops[len(ops)-1]; last.k == kFlat && last.off+last.size == off {
			last.size += t.size
			return ops
		}
	}
	return append(ops, op{t.k, off, t.size, t})
}
