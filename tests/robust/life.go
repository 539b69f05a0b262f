package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"spikebook/tests/robust/model"
)

// life is one kernel from its start to its end.
type life struct {
	options
	box   *sandbox
	tally *tally
	born  int // number of its first event
	end   int
	event int // number of the next event
	log   string

	told   bool   // the kernel was told where to put its values
	stores string // where that is
	k      *kernel
	random *rand.Rand
	kind   string // of the event
	lines  []string
	now    state
	steps  int // how many changes there were
}

// state is what the variables must hold.
type state struct {
	saved *model.Saved
	shape any // a variable that changes its type
}

// values is what the checking cell prints.
func (s state) values() string {
	s.saved.Put()
	return fmt.Sprintf("%s\nshape=%T %v\n", model.Digest(), s.shape, s.shape)
}

// check is a cell that prints all values.
const check = "fmt.Println(Digest())\nfmt.Printf(\"shape=%T %v\\n\", shape, shape)"

// begin is a cell that gives the variables their first values.
const begin = "Begin()\nshape := 0"

func first() state {
	model.Begin()
	return state{model.Save(), 0}
}

// say adds a line to the script of this life.
func (l *life) say(format string, args ...any) {
	line := fmt.Sprintf("%5d %-12s ", l.event, l.kind) + fmt.Sprintf(format, args...)
	l.lines = append(l.lines, line)
	if l.verbose {
		fmt.Println(line)
	}
}

func (l *life) script() string { return strings.Join(l.lines, "\n") }

// run starts a kernel, lets it suffer and ends it. The error says what went
// wrong.
func (l *life) run(ctx context.Context) error {
	l.event, l.kind = l.born, "start"
	l.log = filepath.Join(l.box.dir, fmt.Sprintf("kernel-%d.log", l.born))
	var err error
	l.random = rand.New(rand.NewPCG(l.seed, uint64(l.event)))
	l.told = l.chance(70)
	if l.stores, err = l.box.choose(l.told); err != nil {
		return err
	}
	if l.k, err = start(ctx, l.kernel, l.log, l.box.work); err != nil {
		return err
	}
	if err := l.suffer(ctx); err != nil {
		l.k.Close()
		l.event++
		return fmt.Errorf("event %d, %s: %w", l.event-1, l.kind, err)
	}
	return l.die(ctx)
}

func (l *life) suffer(ctx context.Context) error {
	if err := l.declare(ctx); err != nil {
		return err
	}
	kinds := l.choices()
	for l.event < l.end && ctx.Err() == nil {
		// What happens does not depend on how the last event went.
		l.random = rand.New(rand.NewPCG(l.seed, uint64(l.event)))
		chosen := kinds[l.random.IntN(len(kinds))]
		l.kind = chosen.name
		l.tally.events[l.kind]++
		if err := chosen.do(l, ctx); err != nil {
			return err
		}
		l.event++
	}
	return nil
}

// choices lists the kinds of events, each as often as its weight.
func (l *life) choices() (kinds []kind) {
	for _, k := range events {
		if !l.only.MatchString(k.name) || k.small && !(l.box.small && l.told) {
			continue
		}
		for range k.weight {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// die ends the kernel, in its sleep or in the middle of something.
func (l *life) die(ctx context.Context) error {
	l.random = rand.New(rand.NewPCG(l.seed, uint64(l.event)))
	l.kind = []string{"shutdown", "kill kernel", "kill busy"}[l.random.IntN(3)]
	l.say("")
	l.tally.events[l.kind]++
	switch l.kind {
	case "shutdown":
		l.k.Close()
	case "kill kernel":
		l.k.Kill()
		l.k.Close()
	default:
		after := l.between(0, 500*time.Millisecond)
		_, _ = l.k.execute(ctx, l.slow(l.change()), disturbance{true, func(context.Context, func()) { // it dies, as it must
			time.Sleep(after)
			l.k.Kill()
		}})
		l.k.Close()
	}
	if err := l.box.left(); err != nil {
		return fmt.Errorf("%s: %w", l.kind, err)
	}
	return nil
}

// declare makes the variables.
func (l *life) declare(ctx context.Context) error {
	for _, code := range []string{model.Source(), begin} {
		if a, err := l.k.execute(ctx, code, disturbance{}); err != nil || !a.ok() {
			return fmt.Errorf("the first cells: %v, %v\n%s", a, err, a.failed)
		}
	}
	l.now = first()
	return l.settle(ctx, l.now, lost)
}

// verdict is what an event may have done to the values.
type verdict int

const (
	kept   verdict = iota // all that the cell did
	lost                  // nothing of what the cell did
	either                // one of both
)

// settle compares all values with those before the event and those after it.
func (l *life) settle(ctx context.Context, after state, allowed verdict) error {
	a, err := l.k.execute(ctx, check, disturbance{})
	if err == nil && a.interrupted() { // a signal that came late
		a, err = l.k.execute(ctx, check, disturbance{})
	}
	if err != nil {
		return fmt.Errorf("the checking cell: %w", err)
	}
	if !a.ok() {
		return fmt.Errorf("the checking cell fails: %s\n%s", a.failed, a.stderr)
	}
	return l.compare(a.stdout, after, allowed)
}

func (l *life) compare(got string, after state, allowed verdict) error {
	before := l.now
	switch {
	case allowed != lost && got == after.values():
		l.now = after
		if allowed == either {
			l.tally.kept[l.kind]++
		}
		return nil
	case allowed != kept && got == before.values():
		if allowed == either {
			l.tally.lost[l.kind]++
		}
		return nil
	}
	return fmt.Errorf("the values are\n%s\nbefore the event they were\n%s\nand %s\n%s", got, before.values(),
		[]string{"after it they must be", "it must not make them", "after it they may be"}[allowed], after.values())
}

// between chooses a time.
func (l *life) between(least, most time.Duration) time.Duration {
	return least + time.Duration(l.random.Int64N(int64(most-least)))
}

// chance is true so many times of a hundred.
func (l *life) chance(percent int) bool { return l.random.IntN(100) < percent }
