package figure

import (
	"fmt"
	"strings"
)

// MIME is the type under which a bundle holds a figure as data; [Decode] reads
// it. A kernel replaces it by pictures.
const MIME = "application/vnd.spikebook.figure"

// MIMEBundle returns the figure as data and as a line of words. A cell whose
// last expression is a figure shows it by this.
func (f *Figure) MIMEBundle() map[string]string {
	err := f.Validate()
	if err == nil {
		var encoded []byte
		if encoded, err = frame(&Request{Op: OpShow, Figure: f}, MaxMessage); err == nil {
			return map[string]string{MIME: string(encoded), "text/plain": f.String()}
		}
	}
	return map[string]string{"text/plain": fmt.Sprintf("a figure that cannot be shown: %v", err)}
}

// Decode reads a figure that a bundle holds under [MIME].
func Decode(encoded string) (*Figure, error) {
	var r Request
	err := Receive(strings.NewReader(encoded), &r)
	if err == nil {
		err = r.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("figure in a bundle: %w", err)
	}
	return r.Figure, nil
}
