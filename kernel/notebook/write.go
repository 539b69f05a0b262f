package notebook

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Write writes the notebook to path. The file is replaced as a whole or not at
// all.
func (nb *Notebook) Write(path string) error {
	data, err := nb.Encode()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return ReplaceFile(path, data)
}

// Encode returns the content of the .ipynb file, laid out as Jupyter does it:
// keys sorted, one space of indentation, texts as lists of lines.
func (nb *Notebook) Encode() ([]byte, error) {
	root := withExtra(nb.Extra)
	root["nbformat"] = 4
	root["nbformat_minor"] = nb.Minor
	root["metadata"] = orEmpty(nb.Metadata)
	cells := make([]any, len(nb.Cells))
	for i, c := range nb.Cells {
		cells[i] = encodeCell(c)
	}
	root["cells"] = cells

	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(root); err != nil {
		return nil, err
	}
	return unescapeSeparators(b.Bytes()), nil
}

// unescapeSeparators undoes the one escape that encoding/json makes and Jupyter
// does not: of the Unicode line and paragraph separators.
func unescapeSeparators(data []byte) []byte {
	if !bytes.Contains(data, []byte(`\u202`)) {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			out = append(out, data[i])
			continue
		}
		switch {
		case bytes.HasPrefix(data[i:], []byte(`\u2028`)):
			out = append(out, "\u2028"...)
			i += 5
		case bytes.HasPrefix(data[i:], []byte(`\u2029`)):
			out = append(out, "\u2029"...)
			i += 5
		default: // a backslash and what it escapes, which may be a backslash
			out = append(out, data[i], data[i+1])
			i++
		}
	}
	return out
}

func withExtra(extra map[string]any) map[string]any {
	m := make(map[string]any, len(extra)+6)
	maps.Copy(m, extra)
	return m
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func encodeCell(c *Cell) map[string]any {
	m := withExtra(c.Extra)
	m["cell_type"] = c.Type
	m["metadata"] = orEmpty(c.Metadata)
	m["source"] = splitLines(c.Source)
	if c.ID != "" {
		m["id"] = c.ID
	}
	if c.Attachments != nil {
		attachments := make(map[string]any, len(c.Attachments))
		for name, bundle := range c.Attachments {
			if b, ok := bundle.(map[string]any); ok {
				bundle = splitBundle(b)
			}
			attachments[name] = bundle
		}
		m["attachments"] = attachments
	}
	if c.Type == Code {
		m["execution_count"] = count(c.ExecutionCount)
		outputs := make([]any, len(c.Outputs))
		for i, o := range c.Outputs {
			outputs[i] = encodeOutput(o)
		}
		m["outputs"] = outputs
	}
	return m
}

func encodeOutput(o *Output) map[string]any {
	m := withExtra(o.Extra)
	m["output_type"] = o.Type
	switch o.Type {
	case Stream:
		m["name"] = o.Name
		m["text"] = splitLines(o.Text)
	case Error:
		m["ename"] = o.EName
		m["evalue"] = o.EValue
		m["traceback"] = append([]string{}, o.Traceback...)
	default:
		m["data"] = splitBundle(o.Data)
		m["metadata"] = orEmpty(o.Metadata)
		if o.Type == ExecuteResult {
			m["execution_count"] = count(o.ExecutionCount)
		}
	}
	return m
}

// count returns an execution count as JSON has it: null if there was none.
func count(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// splitBundle returns the bundle with its texts as lists of lines; Jupyter
// leaves other strings, such as the base64 of a picture, whole.
func splitBundle(bundle map[string]any) map[string]any {
	m := make(map[string]any, len(bundle))
	for mime, value := range bundle {
		text, ok := value.(string)
		if ok && (strings.HasPrefix(mime, "text/") || mime == "application/javascript" || mime == "image/svg+xml") {
			m[mime] = splitLines(text)
			continue
		}
		m[mime] = value
	}
	return m
}

// splitLines splits after each line end, where Python's str.splitlines does, so
// that a notebook saved by Jupyter and one saved by us do not differ.
func splitLines(text string) []string {
	lines := []string{}
	start := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		switch r {
		case '\r':
			if i < len(text) && text[i] == '\n' {
				i++
			}
		case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		default:
			continue
		}
		lines = append(lines, text[start:i])
		start = i
	}
	if start < len(text) {
		lines = append(lines, text[start:])
	}
	return lines
}

// ReplaceFile writes data to path by way of a temporary file beside it, so that
// no reader ever sees half a file and a failure leaves the old one. A symbolic
// link is followed; permissions of an existing file are kept.
func ReplaceFile(path string, data []byte) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	info, statErr := os.Stat(path)
	if statErr == nil && !info.Mode().IsRegular() {
		// A device or a pipe, such as /dev/stdout, cannot be replaced.
		return os.WriteFile(path, data, 0o666)
	}
	temp := filepath.Join(filepath.Dir(path), ".spikebook-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(temp)
			err = fmt.Errorf("cannot write %s: %w", path, err)
		}
	}()
	if statErr == nil {
		if err = f.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
	}
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
