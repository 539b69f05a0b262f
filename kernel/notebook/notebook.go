// Package notebook is the notebook file: reading and writing .ipynb (nbformat 4),
// collecting the outputs of a cell from the messages of a kernel, and setting
// the parameters of a notebook. It knows nothing of sockets, processes, pictures
// or HTML.
//
// The format is described at https://nbformat.readthedocs.io/en/latest/format_description.html.
// A file that Jupyter wrote is written back byte for byte, fields that this
// package does not know included.
package notebook

import (
	"strings"
)

// Notebook is the content of one .ipynb file.
type Notebook struct {
	Metadata map[string]any
	Cells    []*Cell

	// Minor is the minor version of format 4. Cells have an ID from minor
	// version 5 on.
	Minor int

	// Extra holds top-level fields that the format does not name.
	Extra map[string]any
}

// The types of a cell.
const (
	Code     = "code"
	Markdown = "markdown"
	Raw      = "raw"
)

// Cell is one cell of a notebook.
type Cell struct {
	Type     string // Code, Markdown or Raw
	ID       string // empty below minor version 5
	Source   string
	Metadata map[string]any

	// Attachments are the pictures of a Markdown or raw cell: by file name,
	// then by MIME type. Nil if the file has none.
	Attachments map[string]any

	// ExecutionCount is the number of a code cell's execution, 0 if it was not
	// executed.
	ExecutionCount int
	Outputs        []*Output // of a code cell

	Extra map[string]any // fields that the format does not name
}

// The types of an output.
const (
	Stream        = "stream"
	DisplayData   = "display_data"
	ExecuteResult = "execute_result"
	Error         = "error"
)

// Output is one output of a code cell. Which fields are used depends on Type.
type Output struct {
	Type string

	// Stream.
	Name string // "stdout" or "stderr"
	Text string

	// DisplayData and ExecuteResult. A value of Data is a string, or decoded
	// JSON for the MIME types that are JSON.
	Data           map[string]any
	Metadata       map[string]any
	ExecutionCount int

	// Error.
	EName     string
	EValue    string
	Traceback []string

	Extra map[string]any // fields that the format does not name
}

// Tagged reports whether the cell carries the tag, as shown in JupyterLab's
// property inspector.
func (c *Cell) Tagged(tag string) bool {
	tags, _ := c.Metadata["tags"].([]any)
	for _, t := range tags {
		if t == tag {
			return true
		}
	}
	return false
}

// FirstLine returns the first line of the source that says something: not
// empty, not the bare separator between declarations and statements.
func (c *Cell) FirstLine() string {
	for line := range strings.Lines(c.Source) {
		line = strings.TrimSpace(line)
		if line != "" && line != "%%" && line != "%main" {
			return line
		}
	}
	return ""
}

// Metadatum returns the value at the path of keys below the notebook's
// metadata, such as "kernelspec", "name", or nil if there is none.
func (nb *Notebook) Metadatum(path ...string) any {
	var v any = nb.Metadata
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}
