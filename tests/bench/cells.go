package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// change says in what a cell differs from the one before it in the same row.
type change int

const (
	code    change = iota // another program
	numbers               // the same program with other numbers
	nothing
)

// in says in which of its kernels a contender runs a cell.
type in int

const (
	fresh in = iota // a new notebook that imports fmt and no more
	full            // a new notebook that imports tensors and plots, too
	later           // one in which 50 cells were run
	kinds
)

const before = 50 // cells, in a kernel that is not new

// row is one kind of cell, as it is written for us and for GoNB.
type row struct {
	title  string
	change change
	in     in
	ours   text
	theirs text // nil if GoNB is not asked
	goal   time.Duration
	shows  bool // a picture
}

const (
	printGoal  = 200 * time.Millisecond
	figureGoal = 250 * time.Millisecond
	numberGoal = 50 * time.Millisecond
)

var rows = []row{
	{title: "an empty cell", ours: empty, theirs: empty},
	{title: "a print", ours: printed, theirs: printed, goal: printGoal},
	{title: "a print, tensors and plots imported", in: full, ours: printed, theirs: printed, goal: printGoal},
	{title: "a neuron, 3 steps, state restored", in: full, ours: ourStep, theirs: gonbStep, goal: figureGoal},
	{title: "a voltage plot", in: full, ours: ourPlot, theirs: gonbPlot, goal: figureGoal, shows: true},
	{title: "after 50 cells: an empty cell", in: later, ours: empty},
	{title: "after 50 cells: a print", in: later, ours: printed, theirs: printed, goal: printGoal},
	{title: "after 50 cells: a neuron", in: later, ours: ourStep, goal: figureGoal},
	{title: "after 50 cells: a voltage plot", in: later, ours: ourPlot, theirs: gonbPlot, goal: figureGoal, shows: true},
	{title: "a neuron, another number", change: numbers, in: full, ours: ourStep, theirs: gonbStep, goal: numberGoal},
	{title: "a voltage plot, another number", change: numbers, in: full, ours: ourPlot, goal: numberGoal, shows: true},
	{title: "a print, unchanged", change: nothing, ours: printed, theirs: printed, goal: numberGoal},
	{title: "a neuron, unchanged", change: nothing, in: full, ours: ourStep, goal: numberGoal},
}

// contender is a way to run cells.
type contender struct {
	name    string
	kernels [kinds]kernel
	gonb    bool
	took    []samples // by row
}

// cells measures cells in kernels that have started.
func (b *bench) cells(ctx context.Context, n int) error {
	contenders, err := b.contenders(ctx)
	defer func() {
		for _, c := range contenders {
			c.close()
		}
	}()
	if err != nil {
		return err
	}
	spent := make([]phases, len(rows))
	for round := range n + 1 {
		counts := round > 0 // the first round is to warm up
		for i, r := range rows {
			for _, c := range contenders {
				if c.gonb && (r.theirs == nil || round > half(n)) {
					continue
				}
				result, err := b.measure(ctx, c, r, round)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", c.name, r.title, err)
				}
				if !counts {
					continue
				}
				c.took[i] = append(c.took[i], result.took)
				if !c.gonb {
					if err := spent[i].add(result); err != nil {
						return err
					}
				}
			}
		}
	}
	report(contenders, spent)
	return nil
}

// measure runs one cell.
func (b *bench) measure(ctx context.Context, c *contender, r row, round int) (result, error) {
	name, number := "same", 0
	switch r.change {
	case code:
		name, number = b.unique(), round
	case numbers:
		number = round
	}
	cell := timed(r.ours)
	if c.gonb {
		cell = inMain(r.theirs)
	}
	got, err := c.kernels[r.in].cell(ctx, cell(name, number))
	if err == nil && r.shows && got.pictures == 0 {
		err = errors.New("it shows no picture")
	}
	return got, err
}

// contenders starts all kernels, and runs the cells that come before those that
// are measured; no time is taken, so several at once.
func (b *bench) contenders(ctx context.Context) ([]*contender, error) {
	all := []*contender{{name: "spikebook"}, {name: "GoNB", gonb: true}, {name: "GoNB, tuned", gonb: true}}
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, c := range all {
		c.took = make([]samples, len(rows))
		wg.Go(func() {
			if c.gonb {
				errs[i] = b.startGoNB(ctx, c, i == 2)
			} else {
				errs[i] = b.startOurs(ctx, c)
			}
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

func (b *bench) startOurs(ctx context.Context, c *contender) (err error) {
	if c.kernels[fresh], err = b.ours(ctx, b.dir); err != nil {
		return err
	}
	c.kernels[full] = c.kernels[fresh] // what the other packages are imported for makes no difference to us
	if c.kernels[later], err = b.ours(ctx, b.dir); err != nil {
		return err
	}
	if err := c.kernels[fresh].all(ctx, ourSetup); err != nil {
		return err
	}
	return c.kernels[later].all(ctx, append(earlier(before, true), ourSetup)...)
}

func (b *bench) startGoNB(ctx context.Context, c *contender, tuned bool) (err error) {
	if c.kernels[fresh], err = b.gonb(ctx, tuning{tuned: tuned}); err != nil {
		return err
	}
	for _, in := range []in{full, later} {
		if c.kernels[in], err = b.gonb(ctx, tuning{tuned: tuned, packages: true}); err != nil {
			return err
		}
	}
	cells := append(earlier(before, false), gonbSetup)
	if !tuned { // nothing is measured yet
		cells[0] = "%noautoget\n" + cells[0]
		cells = append(cells, "%autoget\n")
	}
	if err := c.kernels[later].all(ctx, cells...); err != nil {
		return err
	}
	return c.kernels[full].all(ctx, gonbSetup)
}

func (c *contender) close() {
	for i, k := range c.kernels {
		if k.Kernel != nil && (i != int(full) || c.gonb) { // ours is the one before
			k.Close()
		}
	}
}

// phases is what the time of our cells was spent on.
type phases struct{ check, build, run, rest samples }

var timeLine = regexp.MustCompile(`(?m)^check ([\d.]+) ms, build ([\d.]+) ms, run ([\d.]+) ms$`)

// add takes the line of %time. What it does not account for is messages, and
// drawing, which the kernel does when the program has ended.
func (p *phases) add(r result) error {
	m := timeLine.FindStringSubmatch(r.text)
	if m == nil {
		return fmt.Errorf("no line of %%time in %q", r.text)
	}
	rest := r.took
	for i, to := range []*samples{&p.check, &p.build, &p.run} {
		v, err := strconv.ParseFloat(m[i+1], 64)
		if err != nil {
			return err
		}
		d := time.Duration(v * float64(time.Millisecond))
		*to = append(*to, d)
		rest -= d
	}
	p.rest = append(p.rest, rest)
	return nil
}

// report prints what was measured.
func report(contenders []*contender, spent []phases) {
	t := table{title: "A cell, from Shift-Enter to the end"}
	head := []string{""}
	for _, c := range contenders {
		head = append(head, c.name+" p50", "p95")
	}
	t.add(append(head, "goal", "")...)
	where := table{title: "Where the time of a spikebook cell goes (p50)"}
	where.add("", "check", "build", "run", "protocol, drawing")
	for i, r := range rows {
		line := []string{r.title}
		for _, c := range contenders {
			line = append(line, c.took[i].both()...)
		}
		t.add(append(line, verdict(contenders[0].took[i].p50(), r.goal)...)...)
		p := spent[i]
		where.add(r.title, ms(p.check.p50()), ms(p.build.p50()), ms(p.run.p50()), ms(p.rest.p50()))
	}
	fmt.Print(t.String(), where.String(), notes)
}

var notes = "\n" + strings.TrimSpace(`
GoNB: as it is installed. Tuned: with %noautoget and -ldflags="-s -w". Both without gopls, and with the go.mod that
`+"`go get`"+` leaves; its neuron is a fresh tensor of gorgonia, since it restores no state, and its plot is gonum's.
Each cell is new code, except where it says otherwise. check: parse, types, rewriting; build: compiler and linker, or
the cache; run: GoNB starts the program, which restores, runs and stores; the rest: messages, and pictures, which the
kernel draws.
`) + "\n"
