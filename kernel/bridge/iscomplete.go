package bridge

import (
	"errors"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"

	"spikebook/kernel/jupyter"
)

func (b *Bridge) isComplete(m *jupyter.Message) map[string]any {
	var content struct {
		Code string `json:"code"`
	}
	if err := m.Unmarshal(&content); err != nil {
		return map[string]any{"status": "unknown"}
	}
	status, indent := completeness(content.Code)
	reply := map[string]any{"status": status}
	if status == "incomplete" {
		reply["indent"] = indent
	}
	return reply
}

// completeness says whether a console should run the code or ask for another
// line: "complete", "incomplete" with the indent of the next line, or
// "invalid". A cell that begins with %% goes on until an empty line, as
// nothing else ends it.
func completeness(code string) (status, indent string) {
	lines := strings.Split(code, "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); strings.HasSuffix(last, "\\") && isMagic(last) {
		return "incomplete", ""
	}
	first := strings.TrimSpace(lines[0])
	if strings.HasPrefix(first, "%%") && strings.TrimLeft(first, "% ") != "" { // a cell magic: not Go
		return untilEmptyLine(lines)
	}
	declarations, statements, hasMain := splitMain(lines)
	status, indent = parse("package p\n"+strings.Join(declarations, "\n"), len(declarations) > 0)
	if !hasMain || status != "complete" {
		return status, indent
	}
	status, indent = parse("package p\nfunc main() {\n"+strings.Join(statements, "\n")+"\n}", true)
	if status == "complete" {
		return untilEmptyLine(lines)
	}
	return status, indent
}

func untilEmptyLine(lines []string) (status, indent string) {
	if len(lines) > 1 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		return "complete", ""
	}
	return "incomplete", ""
}

// isMagic says whether GoNB, not Go, reads the line.
func isMagic(line string) bool {
	return strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!")
}

// splitMain separates what stands above the first %% or %main line from what
// stands below, without magic lines.
func splitMain(lines []string) (declarations, statements []string, hasMain bool) {
	for _, line := range lines {
		if isMagic(line) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
			hasMain = hasMain || word == "%%" || word == "%main"
			continue
		}
		if hasMain {
			statements = append(statements, line)
		} else {
			declarations = append(declarations, line)
		}
	}
	return declarations, statements, hasMain
}

// parse parses a file. What fails at its very end needs another line; so does
// a string or comment that was not closed.
func parse(source string, any bool) (status, indent string) {
	if !any {
		return "complete", ""
	}
	files := token.NewFileSet()
	_, err := parser.ParseFile(files, "cell", source, parser.AllErrors|parser.SkipObjectResolution)
	if err == nil {
		return "complete", ""
	}
	// The first error decides: those after it are often its consequences.
	var errs scanner.ErrorList
	if errors.As(err, &errs) && len(errs) > 0 {
		if m := errs[0].Msg; strings.Contains(m, "found 'EOF'") || strings.Contains(m, "not terminated") {
			return "incomplete", strings.Repeat("    ", depth(source))
		}
	}
	return "invalid", ""
}

// depth counts the brackets that are open at the end of the source.
func depth(source string) int {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("cell", -1, len(source)), []byte(source), func(token.Position, string) {}, 0)
	n := 0
	for {
		switch _, tok, _ := s.Scan(); tok {
		case token.LBRACE, token.LPAREN, token.LBRACK:
			n++
		case token.RBRACE, token.RPAREN, token.RBRACK:
			n--
		case token.EOF:
			return max(n, 0)
		}
	}
}
