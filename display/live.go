package display

import (
	"math/rand/v2"
	"strconv"

	"spikebook/display/figure"
)

// Live is something shown that can be shown anew in the same place, by the same
// cell or a later one. [ShowLive] makes one.
type Live struct{ id string }

// ShowLive shows a value as [Show] does and returns a handle with which it can
// be replaced:
//
//	live, err := display.ShowLive("training…")
//	err = live.Update(display.Plot1DSpikes(s))
func ShowLive(v any) (*Live, error) {
	l := &Live{id: "spikebook-" + strconv.FormatUint(rand.Uint64(), 36)}
	if err := show(v, figure.Place{ID: l.id}); err != nil {
		return nil, err
	}
	return l, nil
}

// Update shows another value wherever the first is shown.
func (l *Live) Update(v any) error {
	return show(v, figure.Place{ID: l.id, Update: true})
}
