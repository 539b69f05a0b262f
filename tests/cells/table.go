package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// file is one group of sequences.
type file struct {
	path      string
	comment   string
	sequences []*sequence
}

// sequence is a notebook: cells that are run one after the other.
type sequence struct {
	title, comment string
	cells          []*cell
}

type cell struct {
	flags  string // what stands behind "in"
	source string
	want   []section

	crlf    bool   // its lines end as on Windows
	awaited string // interrupt when this has been printed; "" for never
}

// section is a piece of what a notebook shows below a cell.
type section struct {
	kind string // the name of the section: see parse
	text string // without the newline at its end
}

// parse reads a group in txtar form:
//
//	What the group is about.
//
//	-- # a counter --
//	What is remarkable about this sequence, or nothing.
//	-- in --
//	x := 41
//	-- in --
//	fmt.Println(x)
//	x + 1
//	-- stdout --
//	41
//	-- out --
//	42
//
// Below a cell stand its outputs in the order in which they are shown, then
// stderr, then the error. A cell without outputs shows nothing.
//
//	stdout, stderr        what was printed
//	out                   text/plain of an execute_result; other MIME types it has stand behind "out"
//	display MIME...       text/plain of a display_data, behind its MIME types
//	error                 the traceback, without colours; the reply has status error
//
// A line of an output that begins with "~ " is a regular expression for the
// whole line; a line "..." stands for any number of lines.
//
//	-- in crlf --             lines end with \r\n
//	-- in until "text" --     the cell is interrupted when it has printed text
func parse(path string, data []byte) (*file, error) {
	archive := txtar.Parse(data)
	f := &file{path: path, comment: string(archive.Comment)}
	var s *sequence
	for _, part := range archive.Files {
		text := strings.TrimRight(string(part.Data), "\n")
		name := part.Name
		if title, ok := strings.CutPrefix(name, "# "); ok {
			s = &sequence{title: title, comment: text}
			f.sequences = append(f.sequences, s)
			continue
		}
		if s == nil {
			return nil, fmt.Errorf("%s: section %q before the first title; a title is -- # TITLE --", path, name)
		}
		kind, flags, _ := strings.Cut(name, " ")
		switch kind {
		case "in":
			c := &cell{flags: flags, source: text}
			if err := c.parseFlags(); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, s.title, err)
			}
			s.cells = append(s.cells, c)
		case "stdout", "stderr", "out", "display", "error":
			if len(s.cells) == 0 {
				return nil, fmt.Errorf("%s: %s: output %q before the first cell", path, s.title, name)
			}
			c := s.cells[len(s.cells)-1]
			if err := checkPatterns(text); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, s.title, err)
			}
			c.want = append(c.want, section{name, text})
		default:
			return nil, fmt.Errorf("%s: %s: unknown section %q: expected in, stdout, stderr, out, display, error or # TITLE", path, s.title, name)
		}
	}
	titles := map[string]bool{}
	for _, s := range f.sequences {
		if titles[s.title] {
			return nil, fmt.Errorf("%s: two sequences are called %q", path, s.title)
		}
		titles[s.title] = true
		if len(s.cells) == 0 {
			return nil, fmt.Errorf("%s: %s: no cells", path, s.title)
		}
	}
	return f, nil
}

func (c *cell) parseFlags() error {
	switch text, until := strings.CutPrefix(c.flags, "until "); {
	case c.flags == "":
	case c.flags == "crlf":
		c.crlf = true
	case until && len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"':
		c.awaited = text[1 : len(text)-1]
	default:
		return fmt.Errorf(`unknown cell flag %q: expected crlf, or until "TEXT"`, c.flags)
	}
	return nil
}

// code is what is sent to the kernel.
func (c *cell) code() string {
	if c.crlf {
		return strings.ReplaceAll(c.source, "\n", "\r\n")
	}
	return c.source
}

// format is the reverse of parse.
func (f *file) format() []byte {
	archive := &txtar.Archive{}
	var last *[]byte
	add := func(name, text string) {
		if text != "" {
			text += "\n"
		}
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
		last = &archive.Files[len(archive.Files)-1].Data
	}
	archive.Comment = []byte(strings.TrimRight(f.comment, "\n") + "\n")
	last = &archive.Comment
	for _, s := range f.sequences {
		*last = append(*last, '\n')
		add("# "+s.title, s.comment)
		for _, c := range s.cells {
			add(strings.TrimSpace("in "+c.flags), c.source)
			for _, out := range c.want {
				add(out.kind, out.text)
			}
		}
	}
	return txtar.Format(archive)
}

func readFile(path string) (*file, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}

func (f *file) write() error { return os.WriteFile(f.path, f.format(), 0o644) }
