package session

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"sync"
)

// literalBytes are the literals of the request, one behind the other as AppendLiteral writes them. They must be set before package
// main is initialised, because its variables hold the literals.
var literalBytes []byte

// The first byte of a literal says how the rest is to be read.
const (
	litFalse      = 'f'
	litTrue       = 't'
	litInt        = 'i' // signed varint
	litUint       = 'u' // unsigned varint
	litFloat32    = 'g' // IEEE 754 bits, little-endian, as all below
	litFloat64    = 'd'
	litComplex64  = 'c'
	litComplex128 = 'z'
	litString     = 's' // length as unsigned varint, bytes
)

// AppendLiteral appends one literal to those of a request. Its value is a bool, int64, uint64, float32, float64, complex64, complex128
// or string: the widest type of its kind, except for floats, whose rounding depends on the type. The kernel calls it; Lit reads it.
func AppendLiteral(b []byte, value any) []byte {
	switch v := value.(type) {
	case bool:
		if v {
			return append(b, litTrue)
		}
		return append(b, litFalse)
	case int64:
		return binary.AppendVarint(append(b, litInt), v)
	case uint64:
		return binary.AppendUvarint(append(b, litUint), v)
	case float32:
		return appendFloat32(append(b, litFloat32), v)
	case float64:
		return appendFloat64(append(b, litFloat64), v)
	case complex64:
		return appendFloat32(appendFloat32(append(b, litComplex64), real(v)), imag(v))
	case complex128:
		return appendFloat64(appendFloat64(append(b, litComplex128), real(v)), imag(v))
	case string:
		return append(binary.AppendUvarint(append(b, litString), uint64(len(v))), v...)
	}
	panic(fmt.Sprintf("session: a literal is a bool, int64, uint64, float32, float64, complex64, complex128 or string, not a %T", value))
}

func appendFloat32(b []byte, f float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
}

func appendFloat64(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

// Lit is literal i of the cell, of the type that the cell's text gives it. Programs are kept and run again for every cell that
// differs in its literals only, so these come with the request. Lit panics when the request is not one for this program.
func Lit[T any](i int) T {
	var v T
	setLiteral(i, &v)
	return v
}

// setLiteral is apart from Lit so that the code is compiled once and not for each type.
func setLiteral(i int, p any) {
	attach()
	if linkErr != nil { // Main would say so, but package-level variables come first
		fail(linkErr.Error())
	}
	all, err := requestLiterals()
	if err != nil {
		panic(misfit(i, p, err.Error()))
	}
	if i < 0 || i >= len(all) {
		panic(misfit(i, p, fmt.Sprintf("the request has %d literals", len(all))))
	}
	if !setBasic(p, all[i]) && !setNamed(reflect.ValueOf(p).Elem(), all[i]) {
		panic(misfit(i, p, fmt.Sprintf("the request has the %T %#v", all[i], all[i])))
	}
}

func misfit(i int, p any, found string) string {
	return fmt.Sprintf("session: literal %d of this program has type %s, but %s: the request was made for another program; "+
		"restart the kernel, and report it if that does not help", i, reflect.TypeOf(p).Elem(), found)
}

// setBasic spares the commonest types the detour through reflect.
func setBasic(p, value any) bool {
	switch p := p.(type) {
	case *int:
		v, ok := value.(int64)
		*p = int(v)
		return ok && int64(*p) == v
	case *float32:
		v, ok := value.(float32)
		*p = v
		return ok
	case *float64:
		v, ok := value.(float64)
		*p = v
		return ok
	case *string:
		v, ok := value.(string)
		*p = v
		return ok
	case *bool:
		v, ok := value.(bool)
		*p = v
		return ok
	}
	return false
}

func setNamed(to reflect.Value, value any) bool {
	switch v := value.(type) {
	case bool:
		if to.Kind() == reflect.Bool {
			to.SetBool(v)
			return true
		}
	case string:
		if to.Kind() == reflect.String {
			to.SetString(v)
			return true
		}
	case int64:
		if to.CanInt() && !to.OverflowInt(v) {
			to.SetInt(v)
			return true
		}
	case uint64:
		if to.CanUint() && !to.OverflowUint(v) {
			to.SetUint(v)
			return true
		}
	case float32:
		if to.Kind() == reflect.Float32 {
			to.SetFloat(float64(v))
			return true
		}
	case float64:
		if to.Kind() == reflect.Float64 {
			to.SetFloat(v)
			return true
		}
	case complex64:
		if to.Kind() == reflect.Complex64 {
			to.SetComplex(complex128(v))
			return true
		}
	case complex128:
		if to.Kind() == reflect.Complex128 {
			to.SetComplex(v)
			return true
		}
	}
	return false
}

// requestLiterals waits with reading until a literal is asked for: most programs that only declare have none.
var requestLiterals = sync.OnceValues(func() ([]any, error) { return readLiterals(literalBytes) })

func readLiterals(b []byte) ([]any, error) {
	var all []any
	for len(b) > 0 {
		value, size := readLiteral(b[0], b[1:])
		if size < 0 {
			return nil, fmt.Errorf("the literals of the request are damaged after %d of them", len(all))
		}
		all = append(all, value)
		b = b[1+size:]
	}
	return all, nil
}

// readLiteral returns the value at the start of b and how many bytes it takes; less than 0 when there is none.
func readLiteral(kind byte, b []byte) (value any, size int) {
	switch kind {
	case litFalse:
		return false, 0
	case litTrue:
		return true, 0
	case litInt:
		if v, n := binary.Varint(b); n > 0 {
			return v, n
		}
	case litUint:
		if v, n := binary.Uvarint(b); n > 0 {
			return v, n
		}
	case litFloat32:
		if len(b) >= 4 {
			return float32At(b), 4
		}
	case litFloat64:
		if len(b) >= 8 {
			return float64At(b), 8
		}
	case litComplex64:
		if len(b) >= 8 {
			return complex(float32At(b), float32At(b[4:])), 8
		}
	case litComplex128:
		if len(b) >= 16 {
			return complex(float64At(b), float64At(b[8:])), 16
		}
	case litString:
		if length, n := binary.Uvarint(b); n > 0 && length <= uint64(len(b)-n) {
			return string(b[n : n+int(length)]), n + int(length)
		}
	}
	return nil, -1
}

func float32At(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
func float64At(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }
