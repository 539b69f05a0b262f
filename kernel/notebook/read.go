package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Read reads the notebook at path. The error names the file, what is wrong with
// it and, where there is one, the cure.
func Read(path string) (*Notebook, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such notebook", path)
	}
	if err != nil {
		return nil, err
	}
	nb, err := Decode(data)
	if err != nil {
		var old *OldFormatError
		if errors.As(err, &old) {
			return nil, fmt.Errorf("%s: %w; convert it with: jupyter nbconvert --to notebook --inplace %[1]s", path, err)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return nb, nil
}

// OldFormatError says that a notebook is not of format 4.
type OldFormatError struct{ Major int64 }

func (e *OldFormatError) Error() string {
	return fmt.Sprintf("notebook of format %d, expected format 4", e.Major)
}

// Decode parses the content of a .ipynb file.
func Decode(data []byte) (*Notebook, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch text := bytes.TrimSpace(data); {
	case len(text) == 0:
		return nil, errors.New("not a notebook: the file is empty")
	case bytes.HasPrefix(text, []byte("<<<<<<<")) || bytes.Contains(text, []byte("\n<<<<<<< ")):
		return nil, errors.New("not a notebook: it contains the conflict markers of an unfinished merge")
	case text[0] == '<':
		return nil, errors.New("not a notebook but an HTML or XML page; download the raw .ipynb file")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber() // numbers that are not ours are written back as they were
	var root any
	if err := dec.Decode(&root); err != nil {
		return nil, fmt.Errorf("not a notebook: invalid JSON at %s: %w", position(data, err, dec.InputOffset()), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("not a notebook: more text follows the JSON at %s", position(data, nil, dec.InputOffset()))
	}
	fields, ok := root.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("not a notebook: the JSON is %s, expected an object", jsonKind(root))
	}
	return decodeNotebook(fields)
}

// position returns "line:column" of a JSON error, both from 1.
func position(data []byte, err error, offset int64) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	} else if err != nil {
		offset = int64(len(data)) // unexpected end
	}
	before := data[:min(int(offset), len(data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - (1 + bytes.LastIndexByte(before, '\n'))
	return fmt.Sprintf("line %d column %d", line, max(column, 1))
}

func jsonKind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	}
	return "an object"
}

// object takes typed fields out of a JSON object; what is left are the fields
// that the format does not name. The first fault is kept.
type object struct {
	where  string
	fields map[string]any
	err    error
}

func (o *object) fail(field, expected string) {
	if o.err == nil {
		o.err = fmt.Errorf("%s: %q is %s, expected %s", o.where, field, jsonKind(o.fields[field]), expected)
	}
}

// take removes and returns a field. Absent fields are nil.
func take[T any](o *object, field, expected string) T {
	var zero T
	v, ok := o.fields[field]
	if !ok {
		return zero
	}
	t, ok := v.(T)
	if !ok {
		o.fail(field, expected)
		return zero
	}
	delete(o.fields, field)
	return t
}

func (o *object) object(field string) map[string]any {
	return take[map[string]any](o, field, "an object")
}

func (o *object) list(field string) []any { return take[[]any](o, field, "a list") }

func (o *object) string(field string) string { return take[string](o, field, "a string") }

// text takes a string that may be written as a list of lines.
func (o *object) text(field string) string {
	v, ok := o.fields[field]
	if !ok {
		return ""
	}
	text, ok := joinLines(v)
	if !ok {
		o.fail(field, "a string or a list of strings")
	}
	delete(o.fields, field)
	return text
}

// integer takes a whole number; null and absent are 0.
func (o *object) integer(field string) int64 {
	v, ok := o.fields[field]
	if !ok || v == nil {
		delete(o.fields, field)
		return 0
	}
	number, _ := v.(json.Number)
	n, err := number.Int64()
	if err != nil {
		o.fail(field, "a whole number")
		return 0
	}
	delete(o.fields, field)
	return n
}

// rest returns the fields that were not taken, nil if there is none.
func (o *object) rest() map[string]any {
	if len(o.fields) == 0 {
		return nil
	}
	return o.fields
}

func joinLines(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []any:
		var b strings.Builder
		for _, line := range v {
			s, ok := line.(string)
			if !ok {
				return "", false
			}
			b.WriteString(s)
		}
		return b.String(), true
	}
	return "", false
}

func decodeNotebook(fields map[string]any) (*Notebook, error) {
	o := &object{where: "not a notebook", fields: fields}
	if _, ok := fields["nbformat"]; !ok {
		return nil, errors.New(`not a notebook: there is no "nbformat" field`)
	}
	major := o.integer("nbformat")
	if o.err != nil {
		return nil, o.err
	}
	if major != 4 {
		return nil, &OldFormatError{major}
	}
	if _, ok := fields["cells"]; !ok {
		return nil, errors.New(`not a notebook: there is no "cells" field`)
	}
	nb := &Notebook{
		Minor:    int(o.integer("nbformat_minor")),
		Metadata: o.object("metadata"),
	}
	cells := o.list("cells")
	if o.err != nil {
		return nil, o.err
	}
	if nb.Metadata == nil {
		nb.Metadata = map[string]any{}
	}
	for i, c := range cells {
		cell, err := decodeCell(fmt.Sprintf("cell %d", i+1), c)
		if err != nil {
			return nil, err
		}
		nb.Cells = append(nb.Cells, cell)
	}
	nb.Extra = o.rest()
	return nb, nil
}

func decodeCell(where string, v any) (*Cell, error) {
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is %s, expected an object", where, jsonKind(v))
	}
	o := &object{where: where, fields: fields}
	c := &Cell{
		Type:     o.string("cell_type"),
		ID:       o.string("id"),
		Source:   o.text("source"),
		Metadata: o.object("metadata"),
	}
	if c.Metadata == nil {
		c.Metadata = map[string]any{}
	}
	switch c.Type {
	case Code:
		c.ExecutionCount = int(o.integer("execution_count"))
		for i, v := range o.list("outputs") {
			out, err := decodeOutput(fmt.Sprintf("%s, output %d", where, i+1), v)
			if err != nil {
				return nil, err
			}
			c.Outputs = append(c.Outputs, out)
		}
	case Markdown, Raw:
		c.Attachments = o.object("attachments")
		for _, bundle := range c.Attachments {
			joinBundle(bundle)
		}
	default:
		if o.err == nil {
			o.err = fmt.Errorf("%s: cell_type is %q, expected code, markdown or raw", where, c.Type)
		}
	}
	c.Extra = o.rest()
	return c, o.err
}

func decodeOutput(where string, v any) (*Output, error) {
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is %s, expected an object", where, jsonKind(v))
	}
	o := &object{where: where, fields: fields}
	out := &Output{Type: o.string("output_type")}
	switch out.Type {
	case Stream:
		out.Name = o.string("name")
		out.Text = o.text("text")
	case ExecuteResult, DisplayData:
		if out.Type == ExecuteResult {
			out.ExecutionCount = int(o.integer("execution_count"))
		}
		out.Data = o.object("data")
		out.Metadata = o.object("metadata")
		joinBundle(out.Data)
	case Error:
		out.EName = o.string("ename")
		out.EValue = o.string("evalue")
		for _, line := range o.list("traceback") {
			s, ok := line.(string)
			if !ok && o.err == nil {
				o.err = fmt.Errorf("%s: traceback holds %s, expected strings", where, jsonKind(line))
			}
			out.Traceback = append(out.Traceback, s)
		}
	default:
		if o.err == nil {
			o.err = fmt.Errorf("%s: output_type is %q, expected stream, display_data, execute_result or error", where, out.Type)
		}
	}
	out.Extra = o.rest()
	return out, o.err
}

// joinBundle joins the values of a MIME bundle that are lists of lines.
func joinBundle(v any) {
	bundle, ok := v.(map[string]any)
	if !ok {
		return
	}
	for mime, value := range bundle {
		if lines, ok := value.([]any); ok && !IsJSON(mime) {
			if text, ok := joinLines(lines); ok {
				bundle[mime] = text
			}
		}
	}
}

// IsJSON reports whether data of the MIME type is JSON rather than a string.
func IsJSON(mime string) bool {
	return mime == "application/json" || strings.HasPrefix(mime, "application/") && strings.HasSuffix(mime, "+json")
}
