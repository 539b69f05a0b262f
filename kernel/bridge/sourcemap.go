package bridge

import (
	"fmt"
	"strings"
	"unicode"
)

// sourceMap finds the user's line for a line of the program that GoNB made.
// GoNB knows where each line comes from, but its notes in the output of a
// dying program get lost when that output arrives in pieces, as it does. It
// copies lines unchanged, so they are found again by what they say.
type sourceMap struct {
	program []string
	cells   []cell // the latest last
}

func (b *Bridge) sourceMap() sourceMap {
	m := sourceMap{cells: b.cells}
	if b.backend != nil {
		m.program = strings.Split(b.backend.Program(), "\n")
	}
	return m
}

// place is a line of a cell.
type place struct {
	cell int // execution count
	line int // from 1
	text string
}

func (p place) String() string { return fmt.Sprintf("cell [%d], line %d", p.cell, p.line) }

// excerpt returns the line, with a caret under the column if there is one.
func (p place) excerpt(column int) string {
	text := "    " + strings.ReplaceAll(p.text, "\t", "    ")
	if column < 1 || column > len(p.text)+1 {
		return text
	}
	before := strings.ReplaceAll(p.text[:column-1], "\t", "    ")
	return text + "\n    " + strings.Repeat(" ", len([]rune(before))) + "^"
}

// cellLine returns the user's line for a line of the program, counted from 1.
// Among equal lines the one wins whose neighbours are equal, too; then the
// latest. A bare bracket is found by its neighbours only.
func (m sourceMap) cellLine(line int) (place, bool) {
	if line < 1 || line > len(m.program) || strings.TrimSpace(m.program[line-1]) == "" {
		return place{}, false
	}
	var best place
	bestScore := 0
	if !strings.ContainsFunc(m.program[line-1], unicode.IsLetter) {
		bestScore = 2
	}
	found := false
	for _, c := range m.cells {
		source := strings.Split(c.source, "\n")
		for i := range source {
			if score := m.score(line-1, source, i); score >= max(bestScore, 1) {
				best, bestScore, found = place{c.count, i + 1, source[i]}, score, true
			}
		}
	}
	return best, found
}

// score counts the equal lines around line i of a cell and line at of the
// program.
func (m sourceMap) score(at int, source []string, i int) int {
	equal := func(d int) bool {
		p, s := at+d, i+d
		return p >= 0 && p < len(m.program) && s >= 0 && s < len(source) &&
			strings.TrimSpace(m.program[p]) == strings.TrimSpace(source[s])
	}
	if !equal(0) {
		return 0
	}
	n := 1
	for d := 1; equal(d); d++ {
		n++
	}
	for d := -1; equal(d); d-- {
		n++
	}
	return n
}
