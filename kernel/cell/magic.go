package cell

import (
	"regexp"
	"slices"
	"strings"
)

// Kind says what a cell's program is.
type Kind int

// The kinds of programs.
const (
	Cell Kind = iota // statements; what their top level defines is remembered
	Main             // below %% or %main, in func main, or %exec: a plain main function with flags and arguments
	Test             // %test: the cell is a test file
)

// Parts is a cell taken apart into what the different readers need.
type Parts struct {
	Whole  string   // the cell, when a whole-cell magic (%%bash, %%writefile …) begins it: nothing in it is Go
	Before []string // magic and shell lines that GoNB runs before the cell is compiled
	Run    []string // magic lines that say how the program is run: %%, %main, %args, %test, %capture …
	Own    []string // magic lines of our own: %session, %time, %ls …
	Kind   Kind
	Exec   string // the function that %exec calls
	Go     string // the cell with all these lines blanked: every byte of Go stays where it was

	body int // where the statements begin: the end of the line %% or %main, or -1
}

var (
	runMagics = []string{"%%", "%main", "%args", "%test", "%exec", "%capture", "%wasm"}
	ownMagics = []string{"%session", "%time", "%backend", "%snn", "%reset", "%ls", "%list", "%rm", "%remove"}
)

// Split finds the lines that are not Go. A magic or shell line begins with %
// or ! in the first column, or with //gonb:% and //gonb:!, outside of raw
// strings and comments; a backslash at its end goes on with the next line.
func Split(src string) Parts {
	p := Parts{body: -1}
	if first := strings.TrimLeft(src, "\n\r\t "); strings.HasPrefix(first, "%%") {
		if word := strings.Fields(first)[0]; word != "%%" {
			p.Whole = src
			return p
		}
	}
	out := []byte(src)
	open := byte(0) // the raw string or comment that a line begins in
	for at := 0; at < len(src); {
		end := lineEnd(src, at)
		line := strings.TrimPrefix(src[at:end], "//gonb:")
		if open != 0 || !isMagic(line) {
			open = scanLine(src[at:end], open)
			at = end + 1
			continue
		}
		command := strings.TrimSuffix(line, "\r")
		for strings.HasSuffix(command, "\\") && end < len(src) {
			next := end + 1
			end = lineEnd(src, next)
			command += "\n" + strings.TrimSuffix(strings.TrimPrefix(src[next:end], "//gonb:"), "\r")
		}
		for i := at; i < end; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
		p.magic(command, end)
		at = end + 1
	}
	p.Go = withoutPackage(string(out))
	return p
}

var packageClause = regexp.MustCompile(`^(?:\s|//[^\n]*\n|/\*(?s:.*?)\*/)*package[ \t]+\w+[ \t]*;?`)

// withoutPackage blanks a package clause, which whole programs bring along,
// and what stands before it: a build constraint may stand nowhere else.
func withoutPackage(text string) string {
	b := []byte(text)
	blank(b, 0, len(packageClause.FindString(text)))
	return string(b)
}

func (p *Parts) magic(command string, end int) {
	words := strings.Fields(command[:1] + strings.TrimLeft(command[1:], " \t"))
	word := words[0]
	switch {
	case slices.Contains(ownMagics, word):
		p.Own = append(p.Own, command)
	case !slices.Contains(runMagics, word):
		p.Before = append(p.Before, command)
	case word == "%exec" && len(words) > 1:
		p.Exec, p.Kind = words[1], max(p.Kind, Main)
		_, args, _ := strings.Cut(command, words[1])
		p.Run = append(p.Run, strings.TrimRight("%args"+args, " \t"))
	default:
		if word == "%%" || word == "%main" {
			p.Kind = max(p.Kind, Main)
			if p.body < 0 {
				p.body = end
			}
		}
		if word == "%test" {
			p.Kind = Test
		}
		p.Run = append(p.Run, command)
	}
}

// isMagic says whether GoNB or we, not Go, read the line.
func isMagic(line string) bool {
	return len(strings.TrimSpace(line)) > 1 && (line[0] == '%' || line[0] == '!')
}

func lineEnd(src string, at int) int {
	if n := strings.IndexByte(src[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(src)
}

// scanLine reads a line of Go that begins inside open (0, a backquote or a
// star) and says what it ends in.
func scanLine(line string, open byte) byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		next := byte(0)
		if i+1 < len(line) {
			next = line[i+1]
		}
		switch {
		case open == '`':
			if c == '`' {
				open = 0
			}
		case open == '*':
			if c == '*' && next == '/' {
				open = 0
				i++
			}
		case open != 0: // a string or a rune
			if c == '\\' {
				i++
			} else if c == open {
				open = 0
			}
		case c == '/' && next == '/':
			return 0
		case c == '/' && next == '*':
			open = '*'
			i++
		case c == '`' || c == '"' || c == '\'':
			open = c
		}
	}
	if open == '"' || open == '\'' {
		return 0
	}
	return open
}
