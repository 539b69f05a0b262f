package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// A package beside the notebook whose one variable is set as soon as a cell's
// program starts, before anything is restored.
const clock = `// Package clock tells when a program began.
package clock

import "time"

var start = time.Now()

// Since returns the nanoseconds that the program has run.
func Since() int64 { return time.Since(start).Nanoseconds() }
`

// valuesSetup makes the values. The gigabyte is touched: pages of zeros that
// were never written cost nothing.
var valuesSetup = []string{
	`a, b, c, d := 1, 2.5, "three", []int{4}
e := map[string]int{"five": 5}
f := [3]byte{6, 6, 6}
g, h := true, 'h'
i := &a
var j any = time.Second
`,
	`big := make([]float32, 1<<28)
for i := range big {
	big[i] = float32(i)
}
`,
	`type node struct {
	value int
	next  *node
}

var list *node
for i := range 100_000 {
	list = &node{i, list}
}
`,
}

// holding is a set of values that cells restore and store.
type holding struct {
	title string
	use   string        // expressions that reach them
	touch string        // a statement that changes one; "" if none is changed
	each  time.Duration // goal for restore and for commit
	sum   time.Duration // goal for both

	cell, restore, commit, both samples
}

// values measures what values cost that a cell uses: in the kernel, by what a
// cell takes longer than one that uses none. The programs exist, so nothing is
// compiled.
func (b *bench) values(ctx context.Context, n int) error {
	dir := filepath.Join(b.dir, "values")
	if err := os.MkdirAll(filepath.Join(dir, "clock"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "clock", "clock.go"), []byte(clock), 0o600); err != nil {
		return err
	}
	k, err := b.ours(ctx, dir)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := k.all(ctx, valuesSetup...); err != nil {
		return err
	}
	const none = 0
	all := []*holding{
		none: {title: "none", use: "true"},
		{title: "10 small ones, one changed", use: "a, b, c, d, e, f, g, h, *i, j", touch: "a++"},
		{title: "1 GiB of float32, unchanged", use: "len(big), big[1<<27]", sum: 10 * time.Millisecond},
		{title: "1 GiB of float32, one changed", use: "len(big), big[1<<27]", touch: "big[1]++"},
		{title: "100 000 nodes, unchanged", use: "list.value", each: 60 * time.Millisecond},
		{title: "100 000 nodes, one changed", use: "list.value", touch: "list.value++", each: 60 * time.Millisecond},
	}
	for round := range n + 1 {
		var base, baseRestore time.Duration
		for i, h := range all {
			took, restored, err := valuesOnce(ctx, k, h)
			if err != nil {
				return fmt.Errorf("%s: %w", h.title, err)
			}
			if i == none {
				base, baseRestore = took, restored
			}
			if round == 0 {
				continue
			}
			h.cell = append(h.cell, took)
			h.restore = append(h.restore, restored-baseRestore)
			h.both = append(h.both, took-base)
			h.commit = append(h.commit, took-base-(restored-baseRestore))
		}
	}
	t := table{title: "Values that a cell uses"}
	t.add("", "cell p50", "p95", "restore p50", "p95", "commit p50", "p95", "goal", "")
	for i, h := range all {
		line := append([]string{h.title}, h.cell.both()...)
		if i == none {
			t.add(append(line, "", "", "", "", "", "")...)
			continue
		}
		line = append(append(line, h.restore.both()...), h.commit.both()...)
		goal := verdict(h.both.p50(), h.sum)
		if h.each > 0 {
			goal = verdict(max(h.restore.p50(), h.commit.p50()), h.each)
			goal[0] += " each"
		}
		t.add(append(line, goal...)...)
	}
	fmt.Print(t.String(), "\nThe program exists. cell: \"run\" of %time. restore: until the cell's first statement, beyond a cell without values.\n"+
		"commit: the rest of what the cell takes longer, with the end of the process.\n")
	return nil
}

var restoredLine = regexp.MustCompile(`(?m)^restored (\d+)`)

// valuesOnce runs a cell that uses values, and returns how long the kernel ran
// it and when it came to its first statement.
func valuesOnce(ctx context.Context, k kernel, h *holding) (took, restored time.Duration, err error) {
	r, err := k.cell(ctx, "%time\nimport \"./clock\"\nfmt.Println(\"restored\", clock.Since(), "+h.use+")\n"+h.touch+"\n")
	if err != nil {
		return 0, 0, err
	}
	var p phases
	if err := p.add(r); err != nil {
		return 0, 0, err
	}
	m := restoredLine.FindStringSubmatch(r.text)
	if m == nil {
		return 0, 0, fmt.Errorf("it printed %q", r.text)
	}
	ns, err := strconv.ParseInt(m[1], 10, 64)
	return p.run[0], time.Duration(ns), err
}
