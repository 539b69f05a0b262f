package session

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// SelfTest checks what the package takes for granted about Go's run time, for `spikebook doctor`.
func SelfTest() error {
	var e error = &failed{}
	ts := newTypeSet()
	d := ts.dynamic(ts.of(reflect.TypeFor[error]()), unsafe.Pointer(&e))
	fn := hasName
	f := funcName(*(*unsafe.Pointer)(unsafe.Pointer(&fn)))
	switch {
	case d == nil || d.rt.String() != "*session.failed":
		return errors.New("an interface value does not lie in memory as expected; this version of Go needs a newer spikebook")
	case !strings.HasSuffix(f, ".hasName"):
		return errors.New("a func value does not point to its code; this version of Go needs a newer spikebook")
	case !slices.Contains(typesNamed(d.elem.name, d.elem.rt.String()), d.elem.rt):
		return errors.New("the types of a program cannot be listed; this version of Go needs a newer spikebook")
	}
	return nil
}
