package session

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"runtime"
	"unsafe"
)

// Damaged is the error for files of a session that are not what was written.
type Damaged struct{ File, What string }

func (e *Damaged) Error() string {
	return fmt.Sprintf("the session's file %s is damaged (%s); %%session forget starts afresh", e.File, e.What)
}

// A restored IEEE checksum goes on with a function that package crc32 chooses when the first one is made.
var _ = crc32.NewIEEE()

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

type writer struct{ b []byte }

func (w *writer) u(v uint64) {
	if v < 0x80 {
		w.b = append(w.b, byte(v))
		return
	}
	w.b = binary.AppendUvarint(w.b, v)
}

func (w *writer) str(s string) {
	w.u(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) strs(l []string) {
	w.u(uint64(len(l)))
	for _, s := range l {
		w.str(s)
	}
}

func (w *writer) mem(p unsafe.Pointer, n uintptr) {
	if n == 8 { // by far the most frequent size
		w.b = binary.NativeEndian.AppendUint64(w.b, *(*uint64)(p))
		return
	}
	w.b = append(w.b, unsafe.Slice((*byte)(p), n)...)
}

// reader panics with *Damaged where the bytes make no sense; recoverDamaged turns that into an error.
type reader struct {
	b    []byte
	file string
}

func (r *reader) fail(what string, args ...any) { panic(&Damaged{r.file, fmt.Sprintf(what, args...)}) }

func (r *reader) u() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 {
		v := uint64(r.b[0])
		r.b = r.b[1:]
		return v
	}
	return r.long()
}

func (r *reader) long() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("it ends early")
	}
	r.b = r.b[n:]
	return v
}

// count reads the length of a list whose items take at least one byte each.
func (r *reader) count() int {
	n := r.u()
	if n > uint64(len(r.b)) {
		r.fail("a list of %d items in %d bytes", n, len(r.b))
	}
	return int(n)
}

func (r *reader) small(limit uint64) uint64 {
	v := r.u()
	if v > limit {
		r.fail("number %d is out of range", v)
	}
	return v
}

func (r *reader) take(n uintptr) []byte {
	if n > uintptr(len(r.b)) {
		r.fail("it ends early")
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) str() string { return string(r.take(uintptr(r.count()))) }

func (r *reader) strs() (l []string) {
	for range r.count() {
		l = append(l, r.str())
	}
	return l
}

// recoverDamaged also catches what Go's run time says of a snapshot that fooled every check: never a crash.
func recoverDamaged(file string, err *error) {
	switch e := recover().(type) {
	case nil:
	case *Damaged:
		*err = e
	case *refusal:
		*err = e
	case *Missing:
		*err = e
	case runtime.Error:
		*err = &Damaged{file, "unexpected: " + e.Error()}
	default:
		if e != error(errTorn) {
			panic(e)
		}
		*err = errTorn
	}
}
