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
func Show(v any) error {
	switch v := v.(type) {
	case *Figure:
		return v.Show()
	case Displayer:
		return figure.ShowBundle(v.MIMEBundle())
	case *snn.Tensor:
		if v == nil {
			return figure.ShowBundle(map[string]string{"text/plain": "no tensor (nil)"})
		}
		return figure.ShowBundle(map[string]string{"text/plain": fmt.Sprintf("tensor of shape %v\n%v", v.Shape(), v)})
	}
	return figure.ShowBundle(map[string]string{"text/plain": fmt.Sprintf("%+v", v)})
}
