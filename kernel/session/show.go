package session

import (
	"fmt"
	"reflect"
	"strings"
)

// shown is the value of the cell's last expression, by MIME type.
var shown map[string]string

// Show makes values the result of the cell: its execute_result.
// One value that offers a MIMEBundle decides itself how it looks; else they are text.
func Show(values ...any) {
	if len(values) == 1 {
		if b, ok := values[0].(interface{ MIMEBundle() map[string]string }); ok && !isNil(values[0]) {
			shown = b.MIMEBundle()
			return
		}
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = text(v)
	}
	shown = map[string]string{"text/plain": strings.Join(parts, ", ")}
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "\n") {
			return fmt.Sprintf("%q", v)
		}
		return v
	case error:
		if !isNil(v) {
			return v.Error()
		}
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Func && !r.IsNil() {
		if _, ok := v.(fmt.Stringer); !ok {
			return r.Type().String() // its address says nothing
		}
	}
	return fmt.Sprintf("%+v", v)
}

// ShowCheck is Show for a call that also returns an error, which fails the cell when it is not nil.
func ShowCheck[A any](a A, err error) {
	check(err)
	Show(a)
}

// ShowCheck2 is ShowCheck for a call with two values and an error.
func ShowCheck2[A, B any](a A, b B, err error) {
	check(err)
	Show(a, b)
}

// ShowCheck3 is ShowCheck for a call with three values and an error.
func ShowCheck3[A, B, C any](a A, b B, c C, err error) {
	check(err)
	Show(a, b, c)
}

// isNil is true for nil pointers in interfaces: their methods may not expect to be called.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
