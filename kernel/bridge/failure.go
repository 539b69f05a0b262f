package bridge

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
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

// gonbReply is the part of GoNB's execute_reply that tells of an error.
type gonbReply struct {
	Status string `json:"status"`
	Value  string `json:"evalue"`
}

var (
	exitStatus    = regexp.MustCompile(`^(?:exit status (\d+)|signal: .+)$`)
	compilerError = regexp.MustCompile(`(?m)^.*?main(?:_test)?\.go:(\d+):(\d+): (.*(?:\n\t.*)*)$`)
	unused        = regexp.MustCompile(`^declared and not used|imported and not used`)
	escape        = regexp.MustCompile(`\x1b\[[0-9;]*m`)
)

// explain turns GoNB's error into one that speaks of the user's cells.
func (b *Bridge) explain(e *execution) *failure {
	text := strings.TrimSpace(escape.ReplaceAllString(e.reply.Value, ""))
	switch {
	case e.interrupted > 0:
		return interrupted()
	case exitStatus.MatchString(text):
		if words := b.lastWords(e); words != nil {
			return words
		}
		return &failure{name: "ExitError", value: "the cell's program ended with " + text}
	case compilerError.MatchString(text):
		return b.compileError(e, text)
	}
	return &failure{name: "Error", value: firstLine(text), trace: otherLines(text)}
}

func interrupted() *failure {
	return &failure{name: "Interrupted", value: "the cell was interrupted"}
}

// compileError lists what the Go tool chain found wrong, each with its line of
// the cell and a caret. Its headline is the first that is not about an unused
// name: that is often the consequence of another mistake.
func (b *Bridge) compileError(e *execution, text string) *failure {
	m := b.sourceMap()
	f := &failure{name: "CompileError"}
	for _, found := range compilerError.FindAllStringSubmatch(text, -1) {
		line, _ := strconv.Atoi(found[1]) // digits, by the expression
		column, _ := strconv.Atoi(found[2])
		message := found[3]
		if f.value == "" || unused.MatchString(f.value) && !unused.MatchString(message) {
			f.value = message
		}
		if at, ok := m.cellLine(line); ok {
			f.trace = append(f.trace, fmt.Sprintf("%s:%d: %s", at, column, message), at.excerpt(column))
		} else {
			f.trace = append(f.trace, fmt.Sprintf("cell [%d]: %s", e.count, message))
		}
	}
	if n := len(compilerError.FindAllString(text, -1)); n > 1 {
		f.value = fmt.Sprintf("%s (and %d more)", f.value, n-1)
	}
	return f
}

var (
	goroutine = regexp.MustCompile(`^goroutine \d+ .*\[.*\]:$`)
	frameLine = regexp.MustCompile(`^\s.*?/main(?:_test)?\.go:(\d+)`)
	created   = regexp.MustCompile(`^created by `)
)

// lastWords explains how the program of a cell died by what its run time
// wrote last: the message, and of the stack only the user's lines. It returns
// nil if the program wrote no such thing.
func (b *Bridge) lastWords(e *execution) *failure {
	text := escape.ReplaceAllString(e.stderr.held.String(), "")
	if !hasAnyPrefix(text, lastWords) {
		return nil
	}
	f := &failure{name: "panic"}
	var message []string
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	i := 0
	for ; i < len(lines) && !goroutine.MatchString(lines[i]); i++ {
		// The run time indents all lines of a message but the first by a tab.
		// What is left of the white space may place a caret.
		line := strings.TrimRight(strings.TrimPrefix(lines[i], "\t"), " \t")
		if line != "" && !exitStatus.MatchString(line) {
			message = append(message, line)
		}
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
	m := b.sourceMap()
	for i++; i < len(lines) && lines[i] != ""; i++ {
		if created.MatchString(lines[i]) {
			break
		}
		if found := frameLine.FindStringSubmatch(lines[i]); found != nil {
			line, _ := strconv.Atoi(found[1]) // digits, by the expression
			if at, ok := m.cellLine(line); ok {
				f.trace = append(f.trace, at.String(), at.excerpt(0))
			}
		}
	}
	return f
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
