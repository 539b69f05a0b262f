package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// typeName writes a type as the cell that declares it would.
func typeName(t types.Type) string {
	if t == types.Typ[types.Invalid] {
		return "a type from elsewhere"
	}
	return types.TypeString(t, func(*types.Package) string { return "" })
}

// guess chooses a type for a value that nothing declares.
func guess(value string) (typ *types.Basic, literal string) {
	for _, t := range []types.BasicKind{types.Int, types.Float64, types.Bool} {
		if t == types.Bool && value != "true" && value != "false" {
			continue
		}
		if literal, err := literalOf(value, types.Typ[t]); err == nil {
			return types.Typ[t], literal
		}
	}
	return types.Typ[types.String], strconv.Quote(value)
}

// jsonValue returns a value that has a Go literal as JSON has it.
func jsonValue(value, literal string, t types.Type) any {
	basic, ok := t.Underlying().(*types.Basic)
	switch {
	case !ok:
		return json.RawMessage(value) // literalOf has read it as JSON
	case basic.Info()&types.IsString != 0:
		return value
	case basic.Info()&types.IsBoolean != 0:
		return literal == "true"
	}
	return json.Number(literal)
}

// literalOf returns the Go expression of a value from the command line for the
// type t: as it stands for a string, JSON for slices, arrays and maps.
func literalOf(value string, t types.Type) (string, error) {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Kind() != types.Invalid {
			return basicLiteral(value, t, u)
		}
		return "", errors.New("its type is not seen in the parameters cell; write it there, as in `var name float64 = 1`")
	case *types.Slice, *types.Array, *types.Map:
		dec := json.NewDecoder(bytes.NewReader([]byte(value)))
		dec.UseNumber()
		var v any
		err := dec.Decode(&v)
		if err == nil {
			if _, more := dec.Token(); more != io.EOF {
				err = errors.New("more follows the value")
			}
		}
		if err != nil {
			return "", fmt.Errorf("%q is not of type %s: expected JSON, as in %s (%w)", value, typeName(t), example(t), err)
		}
		return jsonLiteral(v, t, true)
	}
	return "", unsettable(t)
}

func unsettable(t types.Type) error {
	return fmt.Errorf("it is of type %s; only booleans, numbers, strings, and slices, arrays and maps of these can be set", typeName(t))
}

func example(t types.Type) string {
	if _, ok := t.Underlying().(*types.Map); ok {
		return `{"a":1}`
	}
	return "[1,2.5]"
}

func basicLiteral(value string, t types.Type, u *types.Basic) (string, error) {
	wrong := func(cause string) (string, error) {
		if cause != "" {
			cause = " (" + cause + ")"
		}
		return "", fmt.Errorf("%q is not of type %s%s", value, typeName(t), cause)
	}
	switch info := u.Info(); {
	case info&types.IsString != 0:
		return strconv.Quote(value), nil
	case info&types.IsBoolean != 0:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return wrong("expected true or false")
		}
		return strconv.FormatBool(b), nil
	case info&types.IsUnsigned != 0:
		n, err := strconv.ParseUint(value, 0, bits(u))
		if err != nil {
			return wrong(numberFault(err))
		}
		return strconv.FormatUint(n, 10), nil
	case info&types.IsInteger != 0:
		n, err := strconv.ParseInt(value, 0, bits(u))
		if err != nil {
			return wrong(numberFault(err))
		}
		return strconv.FormatInt(n, 10), nil
	case info&types.IsFloat != 0:
		f, err := strconv.ParseFloat(value, bits(u))
		if err != nil {
			return wrong(numberFault(err))
		}
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return wrong("Go has no literal for it")
		}
		return strconv.FormatFloat(f, 'g', -1, bits(u)), nil
	}
	return "", unsettable(t)
}

func numberFault(err error) string {
	if errors.Is(err, strconv.ErrRange) {
		return "out of range"
	}
	return ""
}

// bits returns the size of a number; 64 for int and uint.
func bits(u *types.Basic) int {
	return int(types.SizesFor("gc", "amd64").Sizeof(u)) * 8
}

// jsonLiteral returns the Go expression of decoded JSON for the type t. outer
// says that the type must be written; inside a composite literal it may be left
// out.
func jsonLiteral(v any, t types.Type, outer bool) (string, error) {
	name := ""
	if outer {
		name = typeName(t)
	}
	wrong := func() (string, error) {
		text, _ := json.Marshal(v)
		return "", fmt.Errorf("%s is not of type %s", text, typeName(t))
	}
	list := func(elem types.Type) (string, error) {
		values, ok := v.([]any)
		if !ok {
			return wrong()
		}
		items := make([]string, len(values))
		for i, value := range values {
			item, err := jsonLiteral(value, elem, false)
			if err != nil {
				return "", fmt.Errorf("element %d: %w", i, err)
			}
			items[i] = item
		}
		return name + "{" + strings.Join(items, ", ") + "}", nil
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return list(u.Elem())
	case *types.Array:
		if values, ok := v.([]any); ok && int64(len(values)) != u.Len() {
			return "", fmt.Errorf("%d values, expected %d for %s", len(values), u.Len(), typeName(t))
		}
		return list(u.Elem())
	case *types.Map:
		key, ok := u.Key().Underlying().(*types.Basic)
		if !ok || key.Info()&types.IsString == 0 {
			return "", unsettable(t)
		}
		values, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		items := []string{}
		for _, k := range slices.Sorted(maps.Keys(values)) {
			item, err := jsonLiteral(values[k], u.Elem(), false)
			if err != nil {
				return "", fmt.Errorf("key %q: %w", k, err)
			}
			items = append(items, strconv.Quote(k)+": "+item)
		}
		return name + "{" + strings.Join(items, ", ") + "}", nil
	case *types.Basic:
		isString := u.Info()&types.IsString != 0
		isBool := u.Info()&types.IsBoolean != 0
		switch v := v.(type) {
		case string:
			if isString {
				return strconv.Quote(v), nil
			}
		case bool:
			if isBool {
				return strconv.FormatBool(v), nil
			}
		case json.Number:
			if !isString && !isBool {
				return basicLiteral(v.String(), t, u)
			}
		}
		return wrong()
	}
	return "", unsettable(t)
}
