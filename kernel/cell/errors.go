package cell

import (
	"cmp"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// Error is what is wrong at one place of a cell. The text may name other cells
// as cell-HASH.
type Error struct {
	Cell       string // hash of the cell, which may be an earlier one
	Line, Col  int    // from 1; the column counts bytes
	Msg        string
	Incomplete bool // more text could cure it

	ours bool // not the user's fault
}

func (e *Error) Error() string {
	return fmt.Sprintf("cell-%s:%d:%d: %s", e.Cell, e.Line, e.Col, e.Msg)
}

// Excerpt returns the line of the cell's source with a caret under the column.
func (e *Error) Excerpt(source string) string {
	all := strings.Split(source, "\n")
	if e.Line < 1 || e.Line > len(all) {
		return ""
	}
	line := strings.TrimRight(all[e.Line-1], "\r")
	before := line[:min(max(e.Col-1, 0), len(line))]
	width := len([]rune(strings.ReplaceAll(before, "\t", "    ")))
	return strings.ReplaceAll(line, "\t", "    ") + "\n" + strings.Repeat(" ", width) + "^"
}

// Errors are all that is wrong with a cell, in the order of its text.
type Errors []*Error

func (e Errors) Error() string {
	var s []string
	for _, x := range e {
		s = append(s, x.Error())
	}
	return strings.Join(s, "\n")
}

// sorted orders errors by place, those of the cell before those of earlier
// ones, and drops what is said twice.
func (e Errors) sorted(cell string) Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		if own, other := a.Cell == cell, b.Cell == cell; own != other {
			if own {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Cell, b.Cell), a.Line-b.Line, a.Col-b.Col)
	})
	return slices.CompactFunc(e, func(a, b *Error) bool { return *a == *b })
}

// at makes an error about a byte of the cell.
func (c *compiler) at(off int, format string, args ...any) *Error {
	line, col := c.source.position(off)
	return &Error{Cell: c.hash, Line: line, Col: col, Msg: fmt.Sprintf(format, args...)}
}

// syntaxErrors places the errors of the parser; base is where the cell begins
// in what was parsed.
func (c *compiler) syntaxErrors(err error, base int) Errors {
	var out Errors
	end := len(strings.TrimRight(c.parts.Go, " \t\r\n"))
	for _, e := range errorList(err) {
		off := e.Pos.Offset - base
		msg := strings.ReplaceAll(e.Msg, "found newline", "found the end of the line")
		whole := strings.Contains(msg, "must be function call") || strings.HasPrefix(msg, "missing import path")
		late := off >= end && !whole || strings.Contains(msg, "not terminated")
		if off = min(off, end); late && off == end {
			if at := strings.Index(msg, ", found"); at >= 0 {
				msg = msg[:at]
			}
			msg = "the cell ends too early: " + msg
		}
		x := c.at(off, "%s", msg)
		x.Incomplete = late
		if late && len(out) > 0 {
			continue // a consequence of the first
		}
		out = append(out, x)
	}
	return out
}

// errorList returns the errors of the parser.
func errorList(err error) scanner.ErrorList {
	var list scanner.ErrorList
	errors.As(err, &list)
	return list
}

// Names of our own in messages of the type checker.
var (
	ownName   = regexp.MustCompile(`\b(?:v|old|pkg|t)_([\pL_][\pL\pN_]*?)__\b`)
	ownCall   = regexp.MustCompile(` in argument to session__\.(?:Show|Check)\w*`)
	ownPrefix = regexp.MustCompile(`\bsession__\.`)
	litName   = regexp.MustCompile(`\blit_[0-9a-f]+__\b`)
	butHave   = regexp.MustCompile(`\(but have ([\pL_][\pL\pN_]*)\)$`)
	qualifier = regexp.MustCompile(`\bq\d+__\.`)
)

// readable takes the names that we made out of a message.
func readable(msg string) string {
	msg = ownName.ReplaceAllString(ownCall.ReplaceAllString(msg, ""), "$1")
	msg = ownPrefix.ReplaceAllString(msg, "")
	msg = qualifier.ReplaceAllString(litName.ReplaceAllString(msg, "the function literal"), "")
	return strings.ReplaceAll(msg, "cell__", "the cell")
}

// typeErrors are the errors of a type check that the user must see.
func (c *compiler) typeErrors(k *checked) Errors {
	var out Errors
	ours := ""
	for _, e := range k.errs {
		u, off := k.unit(e.Pos)
		if strings.HasPrefix(e.Msg, "\t") || u == nil || unusedName(e.Msg) != "" {
			continue // the second half of an error, and what the program cures
		}
		if c.absent[strings.TrimPrefix(e.Msg, "undefined: ")] {
			continue // a consequence of an import that failed
		}
		src, at := u.text.origin(off)
		if src == nil {
			if strings.HasPrefix(e.Msg, "could not import") { // an import that earlier cells brought along
				out = append(out, c.at(0, "%s", goRoot.ReplaceAllString(e.Msg, "")))
			} else if name := u.varAt(off); name != "" && c.vars[readable(name)] == nil && !strings.Contains(e.Msg, "invalid__") {
				show := ""
				if v := c.visible[readable(name)]; v != nil {
					show = v.Show
				}
				out = append(out, c.at(0, "the value of %s has the type %s, which is no longer there: %%session forget %[1]s drops it", readable(name), show))
			} else {
				ours = fmt.Sprintf("%s (%s)", e.Msg, u.name)
			}
			continue
		}
		line, col := src.position(at)
		x := &Error{Cell: src.cell, Line: line, Col: col, Msg: c.explain(k, u, e.Pos, e.Msg)}
		if src == c.source && slices.ContainsFunc(c.varSpecs, func(s [2]int) bool { return s[0] <= at && at < s[1] }) {
			x.Msg = inAssignment.ReplaceAllString(x.Msg, "in variable declaration")
		}
		if strings.HasSuffix(x.Msg, "is not used") && x.Cell == c.hash && u.name == c.body.name {
			x.Msg += " (only a cell's last expression is shown)"
		}
		out = append(out, x)
	}
	if known := slices.DeleteFunc(slices.Clone(out), func(x *Error) bool { return strings.Contains(x.Msg, "unknown type") }); len(known) > 0 {
		out = known // the others are consequences
	}
	if len(out) == 0 && ours != "" {
		x := c.at(0, "spikebook could not translate this cell: %s", readable(ours))
		x.ours = true
		out = append(out, x)
	}
	return out.sorted(c.hash)
}

// varAt returns the variable that the line of a byte of the unit declares.
func (u *unit) varAt(off int) string {
	line := string(u.text.b[lineBegin(string(u.text.b), off):])
	if f := strings.Fields(line); len(f) > 2 && f[0] == "var" && u.name == "vars.go" {
		return f[1]
	}
	return ""
}

// unusedName returns the variable that a message calls unused.
func unusedName(msg string) string {
	if strings.HasPrefix(msg, "label ") {
		return "" // which stays an error, as in Go
	}
	if name, ok := strings.CutPrefix(msg, "declared and not used: "); ok {
		return name
	}
	if name, ok := strings.CutSuffix(msg, " declared and not used"); ok { // of a type switch
		return name
	}
	return ""
}

var inAssignment = regexp.MustCompile(`\bin assignment\b`)

var goRoot = regexp.MustCompile(` \(/[^)]*\)`)

// importError says why a package could not be imported.
func importError(importPath string, err error) string {
	msg := goRoot.ReplaceAllString(err.Error(), "")
	for _, prefix := range []string{"package " + importPath + ": ", importPath + ": "} {
		msg = strings.TrimPrefix(msg, prefix)
	}
	msg = fmt.Sprintf("cannot import %q: %s", importPath, msg)
	if first, _, _ := strings.Cut(importPath, "/"); strings.Contains(strings.Trim(first, "."), ".") {
		msg += " (a module must be fetched first: !*go get " + importPath + ")"
	}
	return msg
}

func offsetOf(fset *token.FileSet, p token.Pos) int { return fset.PositionFor(p, false).Offset }
