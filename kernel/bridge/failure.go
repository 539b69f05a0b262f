package bridge

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"spikebook/kernel/cell"
)

// failure is why a cell failed, as a front end shows it.
type failure struct {
	name  string   // the kind of error
	value string   // what happened, one line where possible
	trace []string // where, and what to do
}

const (
	red   = "\x1b[0;31m"
	plain = "\x1b[0m"
)

// content returns the content of an error message. Front ends show the
// traceback alone, so it begins with the error itself.
func (f *failure) content() map[string]any {
	head := f.name + ": " + f.value
	if f.name == "" {
		head = f.value
	}
	return map[string]any{
		"ename": f.name, "evalue": f.value,
		"traceback": append([]string{red + head + plain}, f.trace...),
	}
}

func interrupted() *failure {
	return &failure{name: "Interrupted", value: "the cell was interrupted"}
}

// failed turns an error of ours into a failure of a cell.
func (b *Bridge) failed(e *execution, err error) *failure {
	var mistakes cell.Errors
	switch {
	case errors.As(err, &mistakes):
		return b.compileError(mistakes)
	case e.interrupted > 0 || errors.Is(err, context.Canceled):
		return interrupted()
	}
	return &failure{name: "Error", value: firstLine(err.Error()), trace: otherLines(err.Error())}
}

// compileError lists what is wrong with the user's Go, each with its line of
// the cell and a caret.
func (b *Bridge) compileError(mistakes cell.Errors) *failure {
	f := &failure{name: "CompileError", value: b.named(mistakes[0].Msg)}
	if len(mistakes) > 1 {
		f.value = fmt.Sprintf("%s (and %d more)", f.value, len(mistakes)-1)
	}
	for _, m := range mistakes {
		source, ok := b.cells[m.Cell]
		if !ok {
			f.trace = append(f.trace, m.Msg)
			continue
		}
		f.trace = append(f.trace, fmt.Sprintf("cell [%d], line %d:%d: %s", source.count, m.Line, m.Col, b.named(m.Msg)), indent(m.Excerpt(source.text)))
	}
	return f
}

var hashed = regexp.MustCompile(`\bcell-([0-9a-f]{10})(?:\.go(?::(\d+))?)?\b`)

// named gives cells, and lines of them, the numbers by which the user knows them.
func (b *Bridge) named(text string) string {
	return hashed.ReplaceAllStringFunc(text, func(name string) string {
		found := hashed.FindStringSubmatch(name)
		source, ok := b.cells[found[1]]
		switch {
		case !ok:
			return name
		case found[2] != "":
			return fmt.Sprintf("cell [%d], line %s", source.count, found[2])
		}
		return fmt.Sprintf("cell [%d]", source.count)
	})
}

// indent sets source apart from what is said about it.
func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.ReplaceAll(text, "\t", "    "), "\n", "\n    ")
}

var (
	exitStatus = regexp.MustCompile(`^(?:exit status (\d+)|signal: .+)$`)
	escape     = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	goroutine  = regexp.MustCompile(`^goroutine \d+ .*\[.*\]:$`)
	userFrame  = regexp.MustCompile(`(?:^|[\s/])cell-([0-9a-f]+)\.go:(\d+)`)
	created    = regexp.MustCompile(`^created by `)
)

// runtimeStack begins the stack of the run time itself, where it has overflowed
// a goroutine's.
const runtimeStack = "runtime stack:"

// explain turns GoNB's error into one that speaks of the user's cells.
func (b *Bridge) explain(e *execution, reply *gonbReply) *failure {
	text := strings.TrimSpace(escape.ReplaceAllString(reply.Value, ""))
	switch {
	case e.interrupted > 0:
		return interrupted()
	case exitStatus.MatchString(text):
		if words := b.lastWords(e); words != nil {
			return words
		}
		return &failure{name: "ExitError", value: "the cell's program ended with " + text}
	}
	return &failure{name: "Error", value: firstLine(text), trace: otherLines(text)}
}

// lastWords explains how the program of a cell died by what its run time
// wrote last: the message, and of the stack only the user's lines. It returns
// nil if the program wrote no such thing.
func (b *Bridge) lastWords(e *execution) *failure {
	text := escape.ReplaceAllString(e.stderr.words(), "")
	if !hasAnyPrefix(text, lastWords) {
		return nil
	}
	f := &failure{name: "panic"}
	var message []string
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	i := 0
	for ; i < len(lines) && !goroutine.MatchString(lines[i]) && lines[i] != runtimeStack; i++ {
		// The run time indents all lines of a message but the first by a tab.
		// What is left of the white space may place a caret.
		line := strings.TrimRight(strings.TrimPrefix(lines[i], "\t"), " \t")
		if line != "" && !exitStatus.MatchString(line) && !strings.HasPrefix(line, "runtime: ") {
			message = append(message, line)
		}
	}
	for i < len(lines) && !goroutine.MatchString(lines[i]) {
		i++ // the run time's own stack
	}
	if len(message) == 0 {
		return nil
	}
	if kind, rest, ok := strings.Cut(message[0], ": "); ok {
		f.name, message[0] = kind, rest
	}
	f.value = message[0]
	f.trace = append(f.trace, message[1:]...)

	// Only the first goroutine: it is the one that failed.
	var frames []string
	for i++; i < len(lines) && lines[i] != "" && !created.MatchString(lines[i]); i++ {
		frames = append(frames, lines[i])
	}
	f.trace = append(f.trace, b.places(frames)...)
	return f
}

// maxPlaces is how many lines of a stack are shown: a recursion may be deep.
const maxPlaces = 8

// places returns the user's lines among the frames of a stack.
func (b *Bridge) places(frames []string) (lines []string) {
	last := ""
	shown := 0
	for _, frame := range frames {
		found := userFrame.FindStringSubmatch(frame)
		if found == nil || found[0] == last { // a line that calls itself says nothing new
			continue
		}
		last = found[0]
		source, ok := b.cells[found[1]]
		line, _ := strconv.Atoi(found[2]) // digits, by the expression
		text := strings.Split(source.text, "\n")
		if !ok || line < 1 || line > len(text) {
			continue
		}
		if shown++; shown > maxPlaces {
			return append(lines, "…")
		}
		lines = append(lines, fmt.Sprintf("cell [%d], line %d", source.count, line),
			indent(strings.TrimRight(text[line-1], "\r")))
	}
	return lines
}

// dropped is the failure of a cell that did not look at an error.
func (b *Bridge) dropped(message string, frames []string) *failure {
	return &failure{name: "Error", value: firstLine(message), trace: slices.Concat(otherLines(message), b.places(frames))}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func otherLines(s string) []string {
	_, rest, ok := strings.Cut(s, "\n")
	if !ok {
		return nil
	}
	return []string{rest}
}
