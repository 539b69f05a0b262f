package build

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Problem is one thing that the compiler found.
type Problem struct {
	File string // base name, as //line directives have it
	Line int
	Col  int // in bytes from 1; 0 where a //line directive gives no columns
	Msg  string
}

// CompileError is returned when the compiler refuses the files of a program.
type CompileError struct {
	Problems []Problem
}

// Error returns the problems, one a line.
func (e *CompileError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		at := fmt.Sprintf("%s:%d", p.File, p.Line)
		if p.Col > 0 {
			at += fmt.Sprintf(":%d", p.Col)
		}
		lines = append(lines, at+": "+p.Msg)
	}
	return strings.Join(lines, "\n")
}

var problemLine = regexp.MustCompile(`^(.+?\.go):(\d+)(?::(\d+))?: (.*)$`)

// compileError returns the problems in the user's files; the error itself if
// it is of another kind, such as a package that is gone from Go's cache, or a
// compiler that does not work.
func compileError(err error, j *job) error {
	f, ok := errors.AsType[*failed](err)
	if !ok || strings.Contains(f.stderr, "internal compiler error") || strings.Contains(f.stderr, "could not import") {
		return err
	}
	e := &CompileError{}
	for line := range strings.Lines(f.stderr) {
		line = strings.TrimRight(line, "\n")
		if m := problemLine.FindStringSubmatch(line); m != nil && j.named(m[1]) {
			p := Problem{File: filepath.Base(m[1]), Msg: m[4]}
			p.Line, _ = strconv.Atoi(m[2]) // digits
			p.Col, _ = strconv.Atoi(m[3])  // digits or nothing
			e.Problems = append(e.Problems, p)
		} else if strings.HasPrefix(line, "\t") && len(e.Problems) > 0 { // "have (int)", "want (string)"
			e.Problems[len(e.Problems)-1].Msg += "\n" + line
		}
	}
	if len(e.Problems) == 0 {
		return err
	}
	return e
}

// named says whether a file that the compiler names is one of the program's,
// by its own name or by that of a //line directive.
func (j *job) named(file string) bool {
	name := filepath.Base(file)
	if _, ok := j.files[name]; ok {
		return true
	}
	for _, text := range j.files {
		if strings.Contains(text, "//line "+name+":") || strings.Contains(text, "/*line "+name+":") {
			return true
		}
	}
	return false
}
