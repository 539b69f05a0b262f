package bridge

import (
	"errors"

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
	data, metadata, err := render.Bundle(fig)
	if err != nil {
		return err
	}
	return f.display(data, metadata)
}

// ShowBundle publishes a value in several forms, by MIME type.
func (f figures) ShowBundle(bundle map[string]string) error {
	return f.display(bundle, map[string]any{})
}

// Render draws a figure for the cell, which writes it to a file.
func (f figures) Render(fig *figure.Figure, format string) ([]byte, error) {
	return render.Image(fig, format)
}

func (f figures) display(data, metadata any) error {
	err := errNoCell
	f.do(func() {
		if e := f.running; e != nil && e.request != nil {
			f.publish(e.request, "display_data", map[string]any{"data": data, "metadata": metadata, "transient": map[string]any{}})
			err = nil
		}
	})
	return err
}
