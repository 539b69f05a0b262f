package cell

import (
	"go/parser"
	"go/token"
	"strings"
)

// Complete says whether a console should run a cell or ask for another line:
// "complete", "incomplete" with the indent of the next line, or "invalid". A
// cell with %% goes on until an empty line, as nothing else ends it.
func Complete(src string) (status, indent string) {
	lines := strings.Split(src, "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); strings.HasSuffix(last, "\\") && isMagic(last) {
		return "incomplete", ""
	}
	parts := Split(src)
	if parts.Whole != "" {
		return untilEmptyLine(lines)
	}
	p := separate(parts)
	if p.unbalanced != nil {
		return "invalid", ""
	}
	end := len(strings.TrimRight(parts.Go, " \t\r\n"))
	status = "complete"
	for _, text := range []struct{ header, go_, footer string }{
		{header, string(p.decls), ""}, {bodyHeader, string(p.stmts), bodyFooter},
	} {
		_, err := parser.ParseFile(token.NewFileSet(), "", text.header+text.go_+text.footer, parser.SkipObjectResolution)
		switch err = anyOrder(err); {
		case err == nil:
		case early(err, len(text.header), end):
			return "incomplete", strings.Repeat("    ", depth(parts.Go))
		default:
			status = "invalid"
		}
	}
	if status == "complete" && parts.body >= 0 {
		return untilEmptyLine(lines)
	}
	return status, ""
}

// early says whether what follows could cure an error of the parser. The first
// error decides: those after it are often its consequences.
func early(err error, base, end int) bool {
	list := errorList(err)
	return len(list) > 0 && (list[0].Pos.Offset-base >= end || strings.Contains(list[0].Msg, "not terminated"))
}

func untilEmptyLine(lines []string) (status, indent string) {
	if len(lines) > 1 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		return "complete", ""
	}
	return "incomplete", ""
}

// depth counts the brackets that are open at the end of the text.
func depth(text string) int {
	n := 0
	toks, _ := scan(text)
	for _, t := range toks {
		switch t.tok {
		case token.LBRACE, token.LPAREN, token.LBRACK:
			n++
		case token.RBRACE, token.RPAREN, token.RBRACK:
			n--
		}
	}
	return max(n, 0)
}
