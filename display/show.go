package display

import (
	"fmt"

	"spikebook/display/figure"
	"spikebook/snn"
)

// Displayer is a value that knows how it is shown: in one or more forms by
// MIME type, among them text/plain. Layers of neurons do.
type Displayer interface {
	MIMEBundle() map[string]string
}

// Show shows a value in the notebook: a figure as a picture, a layer of neurons
// as its equations, properties and state, a tensor as its shape and values,
// anything else as fmt prints it. In an ordinary program it prints.
func Show(v any) error { return show(v, figure.Place{}) }

func show(v any, at figure.Place) error {
	switch v := v.(type) {
	case *Figure:
		return v.ShowAt(at)
	case Displayer:
		return figure.ShowBundle(v.MIMEBundle(), at)
	case *snn.Tensor:
		if v == nil {
			return figure.ShowBundle(map[string]string{"text/plain": "no tensor (nil)"}, at)
		}
		return figure.ShowBundle(map[string]string{"text/plain": fmt.Sprintf("tensor of shape %v\n%v", v.Shape(), v)}, at)
	}
	return figure.ShowBundle(map[string]string{"text/plain": fmt.Sprintf("%+v", v)}, at)
}

// ClearOutput removes what the cell has shown and printed so far. With wait it
// does so when the next output comes, which avoids flicker.
func ClearOutput(wait bool) error { return figure.ClearOutput(wait) }
