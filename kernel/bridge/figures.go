package bridge

import (
	"errors"
	"time"

	"spikebook/display/figure"
	"spikebook/display/render"
)

// errNoCell is the error of a figure that comes when no cell runs.
var errNoCell = errors.New("no cell is running in this kernel")

// Figures serves the figures that a running cell sends; it is a
// figure.Handler. Figures are drawn here, in the kernel's process, so that a
// cell need not link what draws them.
func (b *Bridge) Figures() figure.Handler { return figures{b} }

type figures struct{ *Bridge }

// Show publishes a figure. It returns when that is done, so that what the cell
// prints next comes after it.
func (f figures) Show(fig *figure.Figure) error {
	asked := time.Now()
	data, metadata, err := render.Bundle(fig)
	if err != nil {
		return err
	}
	return f.display(asked, data, metadata)
}

// ShowBundle publishes a value in several forms, by MIME type.
func (f figures) ShowBundle(bundle map[string]string) error {
	return f.display(time.Now(), bundle, map[string]any{})
}

// Render draws a figure for the cell, which writes it to a file.
func (f figures) Render(fig *figure.Figure, format string) ([]byte, error) {
	return render.Image(fig, format)
}

// settle is how long what GoNB has read from a cell may take to get here. The
// cell asks for a picture only when GoNB has read all that was printed before.
const settle = 15 * time.Millisecond

// display publishes a picture that was asked for at the given time, after all
// that was printed before it.
func (f figures) display(asked time.Time, data, metadata any) error {
	time.Sleep(settle - time.Since(asked)) // drawing takes longer, as a rule
	err := errNoCell
	f.do(func() {
		f.drain()
		if e := f.running; e != nil && e.request != nil {
			f.publish(e.request, "display_data", map[string]any{"data": data, "metadata": metadata, "transient": map[string]any{}})
			err = nil
		}
	})
	return err
}

// drain handles what GoNB has sent and nobody has looked at yet.
func (b *Bridge) drain() {
	for b.backend != nil {
		select {
		case m := <-b.backend.Received():
			b.fromBackend(m)
		default:
			return
		}
	}
}
