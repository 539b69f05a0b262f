package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const startGoal = 1500 * time.Millisecond

// starter is a way from nothing to the first picture of a neuron.
type starter struct {
	name  string
	start func(context.Context, string) (kernel, error)
	cells func(name string) []string
	warm  bool // the program of the cell was built before
	goal  time.Duration

	ready, picture samples
}

// starts measures how long a kernel takes to its first answer and to the first
// picture of a neuron.
func (b *bench) starts(ctx context.Context, n int) error {
	first := func(name string) []string {
		return []string{"layer := neuron.NewLIF(neuron.StepMode(\"m\"), neuron.StoreVSeq(true))\n" +
			"spikes_" + name + " := layer.Forward(snn.Full(1.5, 60, 1))\n" +
			"display.PlotOneNeuronVS(layer.VSeq(), spikes_" + name + ")\n"}
	}
	theirs := func(name string) []string { return []string{gonbSetup, inMain(gonbPlot)(name, 0)} }
	gonb := func(tuned bool) func(context.Context, string) (kernel, error) {
		return func(ctx context.Context, _ string) (kernel, error) {
			return b.gonb(ctx, tuning{tuned: tuned, packages: true})
		}
	}
	all := []*starter{
		{name: "spikebook, a new cell", start: b.ours, cells: first, goal: startGoal},
		{name: "spikebook, a cell built before", start: b.ours, cells: first, warm: true, goal: startGoal},
		{name: "GoNB", start: gonb(false), cells: theirs},
		{name: "GoNB, tuned", start: gonb(true), cells: theirs},
	}
	for round := range half(n) + 1 {
		for _, s := range all {
			name := b.unique()
			if s.warm {
				name = "same"
			}
			if err := b.startOnce(ctx, s, name, round > 0); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	t := table{title: "A kernel, from its start"}
	t.add("", "answers p50", "p95", "first picture p50", "p95", "goal", "")
	for _, s := range all {
		line := append(append([]string{s.name}, s.ready.both()...), s.picture.both()...)
		t.add(append(line, verdict(s.picture.p50(), s.goal)...)...)
	}
	fmt.Print(t.String(), "\nGoNB answers when its go.mod is in place and the imports are known, which are cells of their own.\n")
	return nil
}

// startOnce starts one kernel and ends it.
func (b *bench) startOnce(ctx context.Context, s *starter, name string, counts bool) error {
	dir, err := os.MkdirTemp(b.dir, "notebook-")
	if err != nil {
		return err
	}
	begun := time.Now()
	k, err := s.start(ctx, dir)
	if err != nil {
		return err
	}
	defer k.Close()
	ready := time.Since(begun)
	pictures := 0
	for _, c := range s.cells(name) {
		r, err := k.cell(ctx, c)
		if err != nil {
			return err
		}
		pictures += r.pictures
	}
	took := time.Since(begun)
	if pictures == 0 {
		return errors.New("no picture came")
	}
	if counts {
		s.ready, s.picture = append(s.ready, ready), append(s.picture, took)
	}
	return nil
}
