package cell

import (
	"go/scanner"
	"go/token"
)

// pieces are the declarations and the statements of a cell. Both are as long
// as the cell, with spaces for what is in the other, so that offsets stay.
type pieces struct {
	decls, stmts []byte
	hasMain      bool   // func main is among the declarations
	unbalanced   *Error // a bracket that nothing opened
}

type lexeme struct {
	off int
	tok token.Token
	lit string
}

// scan returns the tokens of a cell; the last one is EOF. It also returns the
// positions of the comments that directly precede a line.
func scan(text string) (toks []lexeme, comments map[int]int) {
	comments = map[int]int{} // where the line after a comment begins: where the comment begins
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", 1, len(text)), []byte(text), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, t, lit := s.Scan()
		off := int(pos) - 1
		if t == token.COMMENT {
			begin := lineBegin(text, off)
			if blankBetween(text, begin, off) {
				if before, ok := comments[begin]; ok {
					begin = before
				} else {
					begin = off
				}
				comments[min(lineEnd(text, min(off+len(lit), len(text)))+1, len(text))] = begin
			}
			continue
		}
		toks = append(toks, lexeme{off, t, lit})
		if t == token.EOF {
			return toks, comments
		}
	}
}

func lineBegin(text string, off int) int {
	for off > 0 && text[off-1] != '\n' {
		off--
	}
	return off
}

func blankBetween(text string, lo, hi int) bool {
	for _, c := range text[lo:hi] {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// separate finds the declarations among the statements. In a natural cell
// these are import, func, type and const; where a main function has its own
// place, var too. Below the line %% only what cannot stand in a function is one.
func separate(parts Parts) pieces {
	text := parts.Go
	p := pieces{decls: []byte(text), stmts: []byte(text)}
	toks, comments := scan(text)
	p.unbalanced = unbalanced(toks)
	for i := range toks[:len(toks)-1] {
		if toks[i].tok == token.FUNC && toks[i+1].lit == "main" && i+2 < len(toks) && toks[i+2].tok == token.LPAREN && topLevel(toks, i) {
			p.hasMain = true
		}
	}
	if parts.Kind == Test {
		blank(p.stmts, 0, len(text))
		return p
	}
	plain := p.hasMain || parts.Kind == Main
	isDecl := func(i int) bool {
		inBody := parts.body >= 0 && toks[i].off > parts.body
		switch toks[i].tok {
		case token.IMPORT:
			return true
		case token.TYPE, token.CONST:
			return !inBody
		case token.VAR:
			return plain && !inBody
		case token.FUNC:
			return isFuncDecl(toks, i)
		}
		return false
	}
	done := 0
	start := true
	for i := 0; toks[i].tok != token.EOF; i++ {
		if start && isDecl(i) {
			lo := toks[i].off
			if before, ok := comments[lineBegin(text, lo)]; ok && before >= done {
				lo = before
			}
			hi := len(text)
			i = declEnd(toks, i)
			if toks[i].tok != token.EOF {
				if hi = toks[i].off; toks[i].lit == ";" {
					hi++
				}
			}
			blank(p.decls, done, lo)
			blank(p.stmts, lo, hi)
			if done = hi; toks[i].tok == token.EOF {
				break
			}
			continue
		}
		switch toks[i].tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			i = match(toks, i) - 1
			start = false
		default:
			start = toks[i].tok == token.SEMICOLON || toks[i].tok == token.COLON
		}
		if toks[i].tok == token.EOF {
			break
		}
	}
	blank(p.decls, done, len(text))
	return p
}

func blank(b []byte, lo, hi int) {
	for i := lo; i < hi; i++ {
		if b[i] != '\n' {
			b[i] = ' '
		}
	}
}

// match returns the index after the bracket that closes the one at i.
func match(toks []lexeme, i int) int {
	for depth := 0; i < len(toks)-1; i++ {
		switch toks[i].tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			if depth--; depth <= 0 {
				return i + 1
			}
		}
	}
	return i
}

// isFuncDecl tells func Name( and func (r T) Name( from a function literal.
func isFuncDecl(toks []lexeme, i int) bool {
	if toks[i+1].tok == token.IDENT {
		return true
	}
	if toks[i+1].tok != token.LPAREN {
		return false
	}
	j := match(toks, i+1)
	return toks[j].tok == token.IDENT && j+1 < len(toks) && toks[j+1].tok == token.LPAREN
}

// declEnd returns the index of the semicolon that ends the declaration at i.
func declEnd(toks []lexeme, i int) int {
	depth := 0
	for ; toks[i].tok != token.EOF; i++ {
		switch toks[i].tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		case token.SEMICOLON:
			if depth <= 0 {
				return i
			}
		}
	}
	return i
}

// topLevel says whether token i is outside of all brackets.
func topLevel(toks []lexeme, i int) bool {
	depth := 0
	for _, t := range toks[:i] {
		switch t.tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		}
	}
	return depth == 0
}

// unbalanced finds a closing bracket that nothing opened. The parser must not
// see it: it would end the function around the statements.
func unbalanced(toks []lexeme) *Error {
	var open []token.Token
	closes := map[token.Token]token.Token{token.RPAREN: token.LPAREN, token.RBRACE: token.LBRACE, token.RBRACK: token.LBRACK}
	for _, t := range toks {
		switch t.tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			open = append(open, t.tok)
		case token.RPAREN, token.RBRACE, token.RBRACK:
			want := closes[t.tok]
			if len(open) == 0 {
				return &Error{Col: t.off, Msg: "unexpected " + t.tok.String() + ": nothing opened it"}
			}
			if got := open[len(open)-1]; got != want {
				return &Error{Col: t.off, Msg: "unexpected " + t.tok.String() + ": what is open is a " + got.String()}
			}
			open = open[:len(open)-1]
		}
	}
	return nil
}
