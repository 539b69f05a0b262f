package display

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"spikebook/display/figure"
	"spikebook/snn"
)

// RecordMIME is the type of a recorded value in a notebook's outputs; it is that
// of nteract's scrapbook, which can read it, too.
const RecordMIME = "application/scrapbook.scrap.json+json"

// Record keeps a value under a name in the notebook's outputs, where what looks
// at many executed notebooks finds it: package sweep, or scrapbook in Python.
//
//	display.Record("rate", spikes.Mean())
//
// The value is a number, a boolean, a string, or a tensor of one value; NaN and
// infinities are kept as text, for JSON has none. Of several values of one name
// the last counts.
func Record(name string, value any) error {
	if name == "" {
		return fmt.Errorf("display.Record: a value (%v) needs a name", value)
	}
	data, text, err := scalar(value)
	if err != nil {
		return fmt.Errorf("display.Record(%q): %w", name, err)
	}
	return figure.ShowBundle(map[string]string{
		RecordMIME:   `{"name":` + jsonString(name) + `,"data":` + data + `,"encoder":"json","version":1}`,
		"text/plain": name + " = " + text,
	}, figure.Place{})
}

// scalar returns a value as JSON, and as a person reads it.
func scalar(value any) (data, text string, err error) {
	if t, ok := value.(*snn.Tensor); ok {
		if t == nil || t.Size() != 1 {
			return "", "", fmt.Errorf("expected one value, found %s; choose one with At, or take Mean or Sum", describe(t))
		}
		value = t.Item()
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Bool:
		data = strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		data = strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		data = strconv.FormatUint(v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		data = strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return jsonString(data), data, nil
		}
	case reflect.String:
		return jsonString(v.String()), v.String(), nil
	default:
		return "", "", fmt.Errorf("expected a number, a boolean, a string or a tensor of one value, found %T", value)
	}
	return data, data, nil
}

func describe(t *snn.Tensor) string {
	if t == nil {
		return "no tensor (nil)"
	}
	return fmt.Sprintf("a tensor of shape %v", t.Shape())
}

// jsonString quotes a text as JSON does; cells do not link encoding/json.
func jsonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s { // what is not UTF-8 becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
