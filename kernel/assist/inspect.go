package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Inspection is the answer to a request for inspection.
type Inspection struct {
	Found bool
	Data  map[string]string // by MIME type
}

// Content returns the content of an inspect_reply.
func (i Inspection) Content() map[string]any {
	data := i.Data
	if data == nil {
		data = map[string]string{}
	}
	return map[string]any{"status": "ok", "found": i.Found, "data": data, "metadata": map[string]any{}}
}

// Inspect says what the name at a cursor, in code points, is; where no name
// is, what the call around it calls. Detail 1 adds source.
func Inspect(env Env, src string, cursor, detail int) Inspection {
	at := byteOffset(src, cursor)
	goText := goOnly(src)
	if lineBefore(src, at) != lineBefore(goText, at) {
		return inspectMagic(lineBefore(src, at))
	}
	start, end := word(goText, at)
	tokens := scan(goText)
	var s *site
	var obj types.Object
	if ok := false; start < end && !inert(tokens, at) && !token.IsKeyword(goText[start:end]) {
		if s, ok = look(env, src, start, end, false); ok {
			obj = s.named(goText[start:end])
		}
	}
	if obj == nil {
		var ok bool
		if s, ok = look(env, src, at, at, needsOperand(tokens, at)); !ok {
			return Inspection{}
		}
		if obj = s.beforeDot(); obj == nil {
			obj = s.called()
		}
	}
	if obj == nil {
		return Inspection{}
	}
	return s.explain(env, obj, detail).inspection()
}

// inspectMagic explains the magic that a line begins with.
func inspectMagic(line string) Inspection {
	for _, m := range magics {
		if rest, ok := strings.CutPrefix(line, m.name); ok && m.name != "!" && (rest == "" || rest[0] == ' ' || m.name == "!*") {
			return page{signature: m.usage, language: "text", doc: m.doc}.inspection()
		}
	}
	return Inspection{}
}

// needsOperand says whether the text is easier to understand with an operand
// at an offset: after a bracket, comma or operator that none follows.
func needsOperand(tokens []lexeme, at int) bool {
	before, after := token.ILLEGAL, token.SEMICOLON
	for _, l := range tokens {
		if l.tok == token.COMMENT {
			continue
		}
		if l.end <= at && !l.automatic() {
			before = token.ILLEGAL
			if l.tok.IsOperator() && !l.closes() || l.tok == token.RETURN {
				before = l.tok
			}
		} else if l.start >= at {
			after = l.tok
			if !l.closes() && l.tok != token.COMMA && !l.automatic() {
				after = token.ILLEGAL
			}
			break
		}
	}
	return before != token.ILLEGAL && before != token.SEMICOLON && after != token.ILLEGAL
}

// named returns the object of the name at the place.
func (s *site) named(name string) types.Object {
	if s.enter(func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		return ok && userName(id.Name) == name && id.Pos() == s.pos
	}) {
		id := s.parent(0).(*ast.Ident)
		if obj := s.Info.ObjectOf(id); obj != nil {
			return obj
		}
		if sel, ok := s.parent(1).(*ast.SelectorExpr); ok && sel.Sel == id {
			return s.selected(sel, s.Info)
		}
	} else if s.before() == token.PERIOD {
		if start, _, ok := operandBefore(s.tokens, len(s.tokens)-2); ok {
			return s.evaluated(s.goText[start:s.at] + name)
		}
	}
	return s.inScopeNamed(name)
}

// inScopeNamed returns what a name means at the place.
func (s *site) inScopeNamed(name string) types.Object {
	if _, obj := s.scope().LookupParent(name, s.pos); obj != nil {
		return obj
	}
	if p := s.packageOf(name); p != nil {
		return types.NewPkgName(token.NoPos, s.Pkg, name, p)
	}
	return nil
}

// selected returns what a selector selects if the type-checker does not say.
func (s *site) selected(sel *ast.SelectorExpr, info *types.Info) types.Object {
	if p := s.isPackage(sel.X, info); p != nil {
		if obj := p.Scope().Lookup(sel.Sel.Name); obj != nil && obj.Exported() {
			return obj
		}
		return nil
	}
	if tv := info.Types[sel.X]; !invalid(tv.Type) {
		obj, _, _ := types.LookupFieldOrMethod(tv.Type, true, s.Pkg, sel.Sel.Name)
		return obj
	}
	return nil
}

// evaluated returns the object that an expression, of which only the text is
// known, names.
func (s *site) evaluated(text string) types.Object {
	x, info := s.evaluate(text)
	if x == nil {
		return nil
	}
	return s.object(x, info)
}

// object returns the object that an expression names.
func (s *site) object(x ast.Expr, info *types.Info) types.Object {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if obj := info.ObjectOf(x); obj != nil {
			return obj
		}
		return s.inScopeNamed(x.Name)
	case *ast.SelectorExpr:
		if obj := info.ObjectOf(x.Sel); obj != nil {
			return obj
		}
		return s.selected(x, info)
	case *ast.IndexExpr:
		return s.object(x.X, info)
	case *ast.IndexListExpr:
		return s.object(x.X, info)
	case *ast.CallExpr:
		return s.object(x.Fun, info)
	}
	return nil
}

// beforeDot returns the object before a dot at the place.
func (s *site) beforeDot() types.Object {
	if s.before() != token.PERIOD {
		return nil
	}
	start, end, ok := operandBefore(s.tokens, len(s.tokens)-2)
	if !ok {
		return nil
	}
	return s.evaluated(s.goText[start:end])
}

// called returns what the innermost call around the place calls.
func (s *site) called() types.Object {
	if s.enter(func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		return ok && s.pos.IsValid() && call.Lparen < s.pos && (s.pos <= call.Rparen || !call.Rparen.IsValid())
	}) {
		if obj := s.object(s.parent(0).(*ast.CallExpr).Fun, s.Info); obj != nil {
			return obj
		}
	}
	depth := 0
	for i := len(s.tokens) - 1; i > 0; i-- {
		switch {
		case s.tokens[i].closes():
			depth++
		case s.tokens[i].opens() && depth > 0:
			depth--
		case s.tokens[i].tok == token.LPAREN:
			if start, end, ok := operandBefore(s.tokens, i-1); ok {
				return s.evaluated(s.goText[start:end])
			}
		case s.tokens[i].tok == token.LBRACE:
			return nil // the call is outside of this block
		}
	}
	return nil
}
