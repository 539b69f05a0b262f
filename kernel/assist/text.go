package assist

import (
	"go/scanner"
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexeme is a token and where it stands. A semicolon that the scanner made of
// a line's end is automatic.
type lexeme struct {
	start, end int
	tok        token.Token
	text       string
}

func (l lexeme) automatic() bool { return l.tok == token.SEMICOLON && l.text != ";" }

// opens and closes say whether the token is a bracket.
func (l lexeme) opens() bool {
	return l.tok == token.LPAREN || l.tok == token.LBRACK || l.tok == token.LBRACE
}

func (l lexeme) closes() bool {
	return l.tok == token.RPAREN || l.tok == token.RBRACK || l.tok == token.RBRACE
}

// operand says whether the token may end an operand.
func (l lexeme) operand() bool {
	return l.tok.IsLiteral() || l.closes()
}

// scan splits Go text into tokens, comments among them. What is no token is
// left out.
func scan(text string) []lexeme {
	file := token.NewFileSet().AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	var all []lexeme
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return all
		}
		start := file.Offset(pos)
		l := lexeme{start: start, tok: tok, text: lit}
		switch {
		case l.automatic():
			l.end = start
		case tok == token.ILLEGAL:
			continue
		case tok.IsOperator():
			l.end = start + len(tok.String())
		default:
			l.end = min(start+len(lit), len(text))
			if tok == token.STRING || tok == token.COMMENT {
				l.end = delimitedEnd(text, start, l.end)
			}
		}
		all = append(all, l)
	}
}

// delimitedEnd returns where a string or comment ends. The scanner leaves
// carriage returns out of the text of some, so their length says too little.
func delimitedEnd(text string, start, end int) int {
	delimiter := ""
	switch opening := text[start:min(start+2, len(text))]; {
	case opening == "//":
		delimiter = "\n"
	case opening == "/*":
		delimiter = "*/"
	case opening[0] == '`':
		delimiter = "`"
	default:
		return end
	}
	i := strings.Index(text[start+1:], delimiter)
	switch {
	case i < 0:
		return len(text)
	case delimiter == "\n":
		return start + 1 + i
	}
	return start + 1 + i + len(delimiter)
}

// inert says whether an offset lies in a comment, a string or a number, where
// nothing can be completed.
func inert(tokens []lexeme, at int) bool {
	for _, l := range tokens {
		if at <= l.start || at > l.end {
			continue
		}
		switch l.tok {
		case token.COMMENT:
			return strings.HasPrefix(l.text, "//") || at < l.end
		case token.STRING, token.CHAR:
			closed := len(l.text) > 1 && l.text[len(l.text)-1] == l.text[0]
			return at < l.end || !closed
		case token.INT, token.FLOAT, token.IMAG:
			return true
		}
	}
	return false
}

// word returns the bounds of the identifier around an offset: empty if there
// is none.
func word(text string, at int) (start, end int) {
	part := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	start, end = at, at
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if !part(r) {
			break
		}
		start -= size
	}
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !part(r) {
			break
		}
		end += size
	}
	return start, end
}

// operandBefore returns the bounds of the operand that ends with token i, such
// as a.b(c)[d]. Nothing of the syntax around it matters, so it is found in
// the most broken text.
func operandBefore(tokens []lexeme, i int) (start, end int, ok bool) {
	if i < 0 || !tokens[i].operand() {
		return 0, 0, false
	}
	end = tokens[i].end
	for {
		if tokens[i].closes() {
			depth := 0
			for ; i >= 0; i-- {
				if tokens[i].closes() {
					depth++
				} else if tokens[i].opens() {
					depth--
				}
				if depth == 0 {
					break
				}
			}
			if i < 0 {
				return 0, 0, false
			}
			if i > 0 && tokens[i].tok != token.LBRACE && tokens[i-1].operand() || i > 0 && tokens[i-1].tok == token.IDENT {
				i--
				continue
			}
			return tokens[i].start, end, true
		}
		if i < 2 || tokens[i-1].tok != token.PERIOD || !tokens[i-2].operand() {
			return tokens[i].start, end, true
		}
		i -= 2
	}
}
