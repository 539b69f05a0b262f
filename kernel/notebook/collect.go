package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Collector turns the messages that a kernel publishes while it executes cells
// into the outputs of these cells, as nbclient and JupyterLab do: consecutive
// pieces of a stream become one output, clear_output is obeyed, and a display
// is updated wherever it is shown.
type Collector struct {
	cell     *Cell
	clear    bool                 // at the next output
	displays map[string][]display // by display_id

	// A stream is gathered in a buffer of its own until something else comes:
	// a cell may print megabytes in small pieces.
	stream *Output
	text   []byte
}

type display struct {
	cell   *Cell
	output *Output
}

// NewCollector returns a collector for the cells of one notebook.
func NewCollector() *Collector {
	return &Collector{displays: map[string][]display{}}
}

// Begin empties the outputs of cell, to which the following messages belong.
func (c *Collector) Begin(cell *Cell) {
	c.End()
	c.cell = cell
	c.clear = false
	cell.ExecutionCount = 0
	c.forget()
}

// End completes the outputs of the current cell.
func (c *Collector) End() {
	if c.stream != nil {
		c.stream.Text = string(c.text)
		c.stream, c.text = nil, nil
	}
}

// forget removes the current cell's outputs and displays.
func (c *Collector) forget() {
	c.stream, c.text = nil, nil
	c.cell.Outputs = nil
	for id, shown := range c.displays {
		kept := shown[:0]
		for _, d := range shown {
			if d.cell != c.cell {
				kept = append(kept, d)
			}
		}
		c.displays[id] = kept
	}
}

// content has the fields of all messages that are read here.
type content struct {
	Name           string         `json:"name"`
	Text           string         `json:"text"`
	Data           map[string]any `json:"data"`
	Metadata       map[string]any `json:"metadata"`
	Transient      map[string]any `json:"transient"`
	ExecutionCount int            `json:"execution_count"`
	EName          string         `json:"ename"`
	EValue         string         `json:"evalue"`
	Traceback      []string       `json:"traceback"`
	Wait           bool           `json:"wait"`
}

// Message adds a message of IOPub to the current cell: its type and content.
// Types that make no output are ignored.
func (c *Collector) Message(msgType string, raw json.RawMessage) error {
	switch msgType {
	case "stream", "display_data", "update_display_data", "execute_result", "execute_input", "error", "clear_output":
	default:
		return nil
	}
	var m content
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&m); err != nil {
		return fmt.Errorf("content of %s: %w", msgType, err)
	}
	switch msgType {
	case "execute_input":
		c.cell.ExecutionCount = m.ExecutionCount
	case "clear_output":
		if m.Wait {
			c.clear = true
		} else {
			c.forget()
		}
	case "update_display_data":
		id, _ := m.Transient["display_id"].(string)
		for _, d := range c.displays[id] {
			d.output.Data, d.output.Metadata = joined(m.Data), orEmpty(m.Metadata)
		}
	case "stream":
		c.print(m.Name, m.Text)
	case "display_data", "execute_result":
		out := &Output{Type: msgType, Data: joined(m.Data), Metadata: orEmpty(m.Metadata)}
		if msgType == ExecuteResult {
			out.ExecutionCount = m.ExecutionCount
		}
		c.add(out)
		if id, _ := m.Transient["display_id"].(string); id != "" {
			c.displays[id] = append(c.displays[id], display{c.cell, out})
		}
	case "error":
		c.add(&Output{Type: Error, EName: m.EName, EValue: m.EValue, Traceback: m.Traceback})
	}
	return nil
}

// joined returns the bundle with values that are lists of lines joined.
func joined(bundle map[string]any) map[string]any {
	bundle = orEmpty(bundle)
	joinBundle(bundle)
	return bundle
}

func (c *Collector) add(out *Output) {
	c.End()
	c.obeyClear()
	c.cell.Outputs = append(c.cell.Outputs, out)
}

func (c *Collector) obeyClear() {
	if c.clear {
		c.clear = false
		c.forget()
	}
}

func (c *Collector) print(name, text string) {
	c.obeyClear()
	if c.stream == nil || c.stream.Name != name {
		out := &Output{Type: Stream, Name: name}
		c.add(out)
		c.stream = out
	}
	line := bytes.LastIndexByte(c.text, '\n') + 1
	c.text = append(c.text, text...)
	c.text = append(c.text[:line], overwrite(c.text[line:])...)
}

// overwrite applies the carriage returns and backspaces in text as a terminal
// would, so that a progress bar leaves its last state. A carriage return at
// the end waits for what comes. It works in place.
func overwrite(text []byte) []byte {
	if !bytes.ContainsAny(text, "\r\b") {
		return text
	}
	out := text[:0]
	line := 0 // where the current line begins in out
	for i, b := range text {
		switch b {
		case '\n':
			out = append(out, b)
			line = len(out)
		case '\r':
			switch {
			case i+1 == len(text) || text[i+1] == '\n':
				// "\r\n" is a line end; "\r" at the end is not decided yet.
				out = append(out, b)
			case text[i+1] != '\r':
				out = out[:line]
			}
		case '\b':
			if len(out) > line {
				out = out[:len(out)-runeLength(out)]
			}
		default:
			out = append(out, b)
		}
	}
	return out
}

// runeLength returns the number of bytes of the last character.
func runeLength(text []byte) int {
	n := 1
	for n < len(text) && text[len(text)-n]&0xc0 == 0x80 {
		n++
	}
	return n
}
