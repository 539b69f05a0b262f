package bridge

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"spikebook/display/figure"
	"spikebook/display/render"
	"spikebook/kernel/notebook"
)

// errNoCell is the error of a figure that comes when no cell runs.
var errNoCell = errors.New("no cell is running in this kernel")

// Figures serves the figures that a running cell sends. Figures are drawn here,
// in the kernel's process, so that a cell need not link what draws them.
func (b *Bridge) Figures() Figures { return Figures{b} }

// Figures is what a cell's figures are given to.
type Figures struct{ *Bridge }

// Show publishes a figure. It returns when that is done, so that what the cell
// prints next comes after it.
func (f Figures) Show(fig *figure.Figure, at figure.Place) error {
	asked := time.Now()
	data, metadata, err := render.Bundle(fig)
	if err != nil {
		return err
	}
	return f.display(asked, at, data, metadata)
}

// ShowBundle publishes a value in several forms, by MIME type.
func (f Figures) ShowBundle(forms map[string]string, at figure.Place) error {
	asked := time.Now()
	data, metadata, err := bundle(forms)
	if err != nil {
		return err
	}
	return f.display(asked, at, data, metadata)
}

// Clear removes the outputs of the cell.
func (f Figures) Clear(wait bool) error {
	return f.after(time.Now(), func(e *execution) {
		f.publish(e.request, "clear_output", map[string]any{"wait": wait})
	})
}

// Render draws a figure for the cell, which writes it to a file.
func (f Figures) Render(fig *figure.Figure, format string) ([]byte, error) {
	return render.Image(fig, format)
}

// settle is how long what GoNB has read from a cell may take to get here, when
// the cell's output goes through GoNB. The cell asks for a picture only when
// GoNB has read all that was printed before.
const settle = 15 * time.Millisecond

// display publishes a picture that was asked for at the given time.
func (f Figures) display(asked time.Time, at figure.Place, data, metadata any) error {
	return f.after(asked, func(e *execution) {
		kind, transient := "display_data", map[string]string{}
		if at.ID != "" {
			transient["display_id"] = at.ID
		}
		if at.Update {
			kind = "update_display_data"
		}
		f.publish(e.request, kind, map[string]any{"data": data, "metadata": metadata, "transient": transient})
	})
}

// after publishes something for the running cell, after all that was printed
// before it was asked for.
func (f Figures) after(asked time.Time, publish func(*execution)) error {
	var program Program
	f.do(func() {
		if f.running != nil {
			program = f.running.program
		}
	})
	if program == nil {
		time.Sleep(settle - time.Since(asked)) // drawing takes longer, as a rule
	} else {
		program.Drain()
	}
	err := errNoCell
	f.do(func() {
		f.drain()
		if e := f.running; e != nil && e.request != nil {
			publish(e)
			err = nil
		}
	})
	return err
}

// drain handles what GoNB has sent and nobody has looked at yet.
func (b *Bridge) drain() {
	for b.backend != nil {
		select {
		case m := <-b.relayed:
			b.fromBackend(m)
		default:
			return
		}
	}
}

// bundle returns a cell's bundle as a front end is sent it: the figure that it may
// hold is drawn, and what is JSON is no longer text.
func bundle(forms map[string]string) (data, metadata map[string]any, err error) {
	data = make(map[string]any, len(forms))
	for kind, text := range forms {
		switch {
		case kind == figure.MIME:
		case !notebook.IsJSON(kind):
			data[kind] = text
		case json.Valid([]byte(text)):
			data[kind] = json.RawMessage(text)
		default:
			return nil, nil, fmt.Errorf("what is to be shown as %s is not JSON: %.60q", kind, text)
		}
	}
	encoded, ok := forms[figure.MIME]
	if !ok {
		return data, map[string]any{}, nil
	}
	fig, err := figure.Decode(encoded)
	if err != nil {
		return nil, nil, err
	}
	drawn, about, err := render.Bundle(fig)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(data, drawn)
	return data, about, nil
}
