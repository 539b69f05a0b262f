package ptxsim

import (
	"fmt"
	"strings"
)

// token is a word, a string with its quotes or a character, and the line it is on.
// The last token of a text is empty.
type token struct {
	text string
	line int
}

// lex takes a text apart. Dots belong to words: "ld.global.f32" is one.
func lex(text string) ([]token, error) {
	var tokens []token
	line := 1
	for i := 0; i < len(text); {
		size := 1
		switch c := text[i]; {
		case c == '\n':
			line++
		case c == ' ', c == '\t', c == '\r':
		case strings.HasPrefix(text[i:], "//"):
			comment, _, _ := strings.Cut(text[i:], "\n")
			size = len(comment)
		case strings.HasPrefix(text[i:], "/*"):
			comment, _, closed := strings.Cut(text[i+2:], "*/")
			if !closed {
				return nil, fmt.Errorf("line %d: the comment has no end, expected */", line)
			}
			size = len(comment) + 4
			line += strings.Count(comment, "\n")
		case c == '"':
			content, _, closed := strings.Cut(text[i+1:], `"`)
			if !closed || strings.Contains(content, "\n") {
				return nil, fmt.Errorf(`line %d: the string has no end, expected "`, line)
			}
			size = len(content) + 2
			tokens = append(tokens, token{text[i : i+size], line})
		case isWord(c):
			for i+size < len(text) && isWord(text[i+size]) {
				size++
			}
			tokens = append(tokens, token{text[i : i+size], line})
		case strings.IndexByte(",;:()[]{}+-!|@<>=", c) >= 0:
			tokens = append(tokens, token{text[i : i+1], line})
		default:
			return nil, fmt.Errorf("line %d: unexpected character %q", line, c)
		}
		i += size
	}
	return append(tokens, token{"", line}), nil
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '%' || c == '.'
}
