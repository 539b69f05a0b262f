package main

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// tally counts what has happened.
type tally struct {
	events   map[string]int
	kept     map[string]int // of the events where both was allowed
	lost     map[string]int
	stopping []time.Duration // how long interrupted cells took to end
}

func newTally() *tally {
	return &tally{events: map[string]int{}, kept: map[string]int{}, lost: map[string]int{}}
}

func (t *tally) print() {
	for _, kind := range slices.Sorted(maps.Keys(t.events)) {
		line := fmt.Sprintf("%5d  %s", t.events[kind], kind)
		if t.kept[kind]+t.lost[kind] > 0 {
			line += fmt.Sprintf(" (%d came after the commit, %d before)", t.kept[kind], t.lost[kind])
		}
		fmt.Println(line)
	}
	if n := len(t.stopping); n > 0 {
		slices.Sort(t.stopping)
		ms := func(i int) float64 { return float64(t.stopping[i].Microseconds()) / 1000 }
		fmt.Printf("an interrupted cell ended after p50 %.0f ms, p95 %.0f ms, at most %.0f ms\n", ms(n/2), ms(n*95/100), ms(n-1))
	}
}
