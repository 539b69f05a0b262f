package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// samples are times of one thing.
type samples []time.Duration

// quantile returns the time that a part q of the samples does not exceed, by
// the nearest rank: always one that was measured.
func (s samples) quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func (s samples) p50() time.Duration { return s.quantile(0.50) }
func (s samples) p95() time.Duration { return s.quantile(0.95) }

// both are the cells of a table for p50 and p95.
func (s samples) both() []string {
	if len(s) == 0 {
		return []string{"", ""}
	}
	return []string{ms(s.p50()), ms(s.p95())}
}

// ms writes a time in milliseconds with what digits mean something.
func ms(d time.Duration) string {
	v := float64(d) / float64(time.Millisecond)
	if math.Abs(v) < 9.95 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// verdict compares a time with a goal; 0 is none.
func verdict(d, goal time.Duration) []string {
	switch {
	case goal == 0:
		return []string{"", ""}
	case d <= goal:
		return []string{"≤ " + ms(goal), "met"}
	}
	return []string{"≤ " + ms(goal), "missed"}
}

// table is a table in Markdown.
type table struct {
	title string
	rows  [][]string // the first is the head
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String aligns the columns, so that it can be read as it is: the first to the
// left, numbers to the right.
func (t *table) String() string {
	width := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)), 3)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n**%s**\n\n", t.title)
	for n, row := range t.rows {
		for i, cell := range row {
			if i == 0 {
				fmt.Fprintf(&b, "| %-*s", width[i], cell)
			} else {
				fmt.Fprintf(&b, " | %*s", width[i], cell)
			}
		}
		b.WriteString(" |\n")
		if n > 0 {
			continue
		}
		b.WriteString("|" + strings.Repeat("-", width[0]+2) + "|")
		for _, w := range width[1:] {
			b.WriteString(strings.Repeat("-", w+1) + ":|")
		}
		b.WriteString("\n")
	}
	return b.String()
}
