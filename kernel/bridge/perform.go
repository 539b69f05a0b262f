package bridge

import (
	"context"
	"slices"
	"strings"

	"spikebook/kernel/cell"
	"spikebook/kernel/program"
)

// Notebook is what a kernel remembers from cell to cell: it compiles cells and
// keeps what they declare and the values of their variables.
type Notebook interface {
	// Prepare compiles a cell. The error is a [cell.Errors] if the user has
	// made mistakes.
	Prepare(ctx context.Context, source string) (Cell, error)

	// Magic answers a line that is ours, such as "%session".
	Magic(ctx context.Context, line string) (Page, error)

	// Ran is told the magic and shell lines that GoNB has run for a cell, and
	// the beginning of what they wrote.
	Ran(lines []string, output string)

	// Complete and Inspect return the content of the replies. The cursor
	// counts code points.
	Complete(code string, cursor int) map[string]any
	Inspect(code string, cursor, detail int) map[string]any
}

// Page is what a magic line answers.
type Page struct {
	Text  string            // for stdout
	Pager map[string]string // for the pager, by MIME type
}

// Cell is a compiled cell.
type Cell interface {
	// Code is what GoNB must be given to run it; "" when there is nothing to
	// run.
	Code() string

	// Notes are sentences for the user, one line each.
	Notes() []string

	// Start makes GoNB's next program this one. allowInput says whether it may
	// ask the user for input.
	Start(events program.Events, allowInput bool) (Program, error)

	// Done tells how it went: what the cell declares is remembered. It returns
	// what there is to say about it. A cell that is given up needs no Done.
	Done(program.Result) (said string)
}

// Program is the running program of a cell; *program.Run is one.
type Program interface {
	// Drain passes on all output that is there now.
	Drain()

	// Finish waits for the last output of a program that has ended.
	Finish() program.Result
}

// perform runs one cell to its end and returns how it failed, nil if it did
// not. It is called by the goroutine of the cell.
func (b *Bridge) perform(e *execution) *failure {
	if e.plain || b.Notebook == nil {
		return b.direct(e, e.Code)
	}
	if f := b.compiled(e, e.Code); f != nil {
		return f
	}
	if len(e.UserExpressions) > 0 {
		b.evaluate(e)
	}
	return nil
}

// direct has GoNB run code as it is.
func (b *Bridge) direct(e *execution, code string) *failure {
	if isBlank(code) {
		return nil
	}
	s, err := b.gonb(e, code)
	return b.verdict(e, s, err)
}

// verdict returns the failure of a step that is over, nil if there is none.
func (b *Bridge) verdict(e *execution, s *step, err error) *failure {
	switch {
	case err != nil:
		return b.failed(e, err)
	case s.reply.Status == "error":
		return b.explain(e, s.reply)
	case e.interrupted > 0:
		return interrupted() // GoNB says that all is well after an interrupted shell command
	}
	return nil
}

// compiled runs a cell of Go, magics and shell lines.
func (b *Bridge) compiled(e *execution, source string) *failure {
	b.do(func() { b.cells[cell.Hash(source)] = origin{e.count, source} })
	if question, ok := asked(source); ok {
		return b.magics(e, []string{question})
	}
	parts := cell.Split(source)
	if parts.Whole != "" {
		return b.direct(e, source)
	}
	if f := b.magics(e, parts.Own); f != nil {
		return f
	}
	if len(parts.Before) > 0 {
		s, err := b.gonb(e, strings.Join(withoutInput(parts.Before), "\n"))
		if f := b.verdict(e, s, err); f != nil {
			return f
		}
		b.Notebook.Ran(parts.Before, s.text)
	}
	c, err := b.Notebook.Prepare(e.ctx, source)
	if err != nil {
		return b.failed(e, err)
	}
	b.notes(e, c.Notes())
	if c.Code() == "" {
		b.stream(e, "stdout", c.Done(program.Result{Done: true}))
		return nil
	}
	return b.run(e, c)
}

// withoutInput gives shell commands an empty input, unless the user will be
// asked for it: GoNB holds the pipe open, and they would wait for ever.
func withoutInput(lines []string) []string {
	lines = slices.Clone(lines)
	asks := false
	for i, line := range lines {
		command, shell := strings.CutPrefix(line, "!")
		if !shell {
			asks = asks || strings.HasPrefix(line, "%with_")
			continue
		}
		if !asks {
			command, inModule := strings.CutPrefix(command, "*")
			lines[i] = "!exec </dev/null; " + command
			if inModule {
				lines[i] = "!*exec </dev/null; " + command
			}
		}
		asks = false
	}
	return lines
}

// run has GoNB run a compiled cell.
func (b *Bridge) run(e *execution, c Cell) *failure {
	p, err := c.Start(b.events(e), e.request != nil && e.AllowStdin)
	if err != nil {
		return b.failed(e, err)
	}
	b.do(func() { e.program = p })
	s, err := b.gonb(e, c.Code())
	out := p.Finish()
	b.do(func() { e.program = nil })
	said := c.Done(out)
	if f := b.verdict(e, s, err); f != nil {
		if out.Failure != nil && f.name != interrupted().name {
			return b.dropped(out.Failure.Message, out.Failure.Frames)
		}
		return f
	}
	if out.Err != nil {
		return b.failed(e, out.Err)
	}
	if out.Connected && !out.Done {
		b.notes(e, []string{"the cell ended its program before its own end (os.Exit): variables are as they were before it"})
	}
	b.notes(e, out.Notes)
	b.stream(e, "stdout", said)
	if out.Bundle != nil {
		// A figure is drawn here: the goroutine of Run must not be kept so long.
		data, metadata, err := bundle(out.Bundle)
		if err != nil {
			return b.failed(e, err)
		}
		e.result = &result{data, metadata, out.Bundle["text/plain"]}
	}
	return nil
}

// asked recognises a cell that is a question, such as "neuron.NewLIF?", as in
// IPython.
func asked(source string) (question string, ok bool) {
	line := strings.TrimSpace(source)
	name, ok := strings.CutSuffix(line, "?")
	return line, ok && name != "" && !strings.ContainsAny(name, " \t\n\"`'%!?")
}

// magics runs the magic lines that are ours.
func (b *Bridge) magics(e *execution, lines []string) *failure {
	for _, line := range lines {
		page, err := b.Notebook.Magic(e.ctx, line)
		if err != nil {
			return b.failed(e, err)
		}
		b.stream(e, "stdout", page.Text)
		if page.Pager != nil {
			e.page = page.Pager
		}
	}
	return nil
}

// notes tells the user what a cell cannot do.
func (b *Bridge) notes(e *execution, notes []string) {
	for _, n := range notes {
		b.stream(e, "stderr", "note: "+b.named(n)+"\n")
	}
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }
