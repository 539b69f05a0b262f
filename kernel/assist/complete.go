package assist

import (
	"go/ast"
	"go/token"
	"slices"
)

// Match is a way in which the text between Completion.Start and Completion.End
// may go on.
type Match struct {
	Text      string
	Type      string // function, module, class, instance, property, keyword, magic or path
	Signature string
}

// Completion is the answer to a request for completion. Start and End count
// code points.
type Completion struct {
	Matches    []Match
	Start, End int
}

// Content returns the content of a complete_reply.
func (c Completion) Content() map[string]any {
	texts := make([]string, len(c.Matches))
	typed := make([]map[string]any, len(c.Matches))
	for i, m := range c.Matches {
		texts[i] = m.Text
		typed[i] = map[string]any{"start": c.Start, "end": c.End, "text": m.Text, "type": m.Type, "signature": m.Signature}
	}
	return map[string]any{
		"status": "ok", "matches": texts, "cursor_start": c.Start, "cursor_end": c.End,
		"metadata": map[string]any{"_jupyter_types_experimental": typed},
	}
}

// Complete says how the word before a cursor, in code points, may go on.
func Complete(env Env, src string, cursor int) Completion {
	at := byteOffset(src, cursor)
	items, typed := candidates(env, src, at)
	end := codePoints(src, at)
	c := Completion{Start: end - codePoints(typed, len(typed)), End: end}
	for _, it := range choose(items, typed) {
		c.Matches = append(c.Matches, Match{it.text, string(it.kind), it.signature})
	}
	return c
}

// naming are the tokens after which the user makes up a name.
var naming = []token.Token{token.FUNC, token.TYPE, token.VAR, token.CONST, token.PACKAGE, token.IMPORT, token.GOTO}

// candidates returns what may stand at an offset, and what of it is typed.
func candidates(env Env, src string, at int) (items []item, typed string) {
	line := lineBefore(src, at)
	goText := goOnly(src)
	if line != lineBefore(goText, at) || line == "%" || line == "!" {
		if !isMagic(line) {
			return nil, "" // not Go, and the language is unknown
		}
		return completeMagic(env, line)
	}
	start, end := word(goText, at)
	typed = goText[start:at]
	if inert(scan(goText), at) || typed != "" && typed[0] >= '0' && typed[0] <= '9' {
		return nil, ""
	}
	s, ok := look(env, src, start, end, true)
	if !ok || slices.Contains(naming, s.before()) {
		return nil, typed
	}
	s.enter(func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		return ok && id.Name == placeholder
	})
	if s.before() == token.PERIOD {
		return s.members(), typed
	}
	return s.names(typed), typed
}
