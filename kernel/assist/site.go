package assist

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"

	"spikebook/kernel/cell"
)

// site is a place in a type-checked cell.
type site struct {
	*cell.View
	pos    token.Pos
	path   []ast.Node // from the file to what is at the place
	goText string     // the mended cell without magics
	at     int        // offset in it
	tokens []lexeme   // of the text before the place, without comments
}

// look type-checks a half-typed cell. In its text, the bytes from start to end
// give way to a placeholder if fill is set.
func look(env Env, src string, start, end int, fill bool) (*site, bool) {
	goText := goOnly(src)
	if fill {
		src = src[:start] + placeholder + src[end:]
		goText = goText[:start] + placeholder + goText[end:]
	}
	text, at := repair(src, goText, start)
	v := env.View(text)
	if v == nil || v.Pkg == nil || v.Info == nil {
		return nil, false
	}
	s := &site{View: v, goText: goOnly(text), at: at, pos: v.Pos(at)}
	for _, l := range scan(s.goText[:at]) {
		if l.tok != token.COMMENT && !l.automatic() {
			s.tokens = append(s.tokens, l)
		}
	}
	return s, true
}

// before returns the token before the place.
func (s *site) before() token.Token {
	if len(s.tokens) == 0 {
		return token.ILLEGAL
	}
	return s.tokens[len(s.tokens)-1].tok
}

// enter finds the innermost node that is wanted and the path to it.
func (s *site) enter(wanted func(ast.Node) bool) bool {
	s.path = nil
	for _, f := range s.Files {
		var path []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				path = path[:len(path)-1]
				return true
			}
			path = append(path, n)
			if wanted(n) {
				s.path = slices.Clone(path)
			}
			return true
		})
	}
	return s.path != nil
}

// parent returns the i-th node above the last of the path, nil above the file.
func (s *site) parent(i int) ast.Node {
	if i = len(s.path) - 1 - i; i < 0 {
		return nil
	}
	return s.path[i]
}

// scope returns the innermost scope of the place.
func (s *site) scope() *types.Scope {
	if s.pos.IsValid() {
		if inner := s.Pkg.Scope().Innermost(s.pos); inner != nil {
			return inner
		}
	}
	return s.Pkg.Scope()
}

// evaluate type-checks an expression of which only the text is known.
func (s *site) evaluate(text string) (ast.Expr, *types.Info) {
	expr, err := parser.ParseExpr(text)
	if err != nil {
		return nil, nil
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}}
	for _, pos := range []token.Pos{s.pos, token.NoPos} {
		if types.CheckExpr(s.Fset, s.Pkg, pos, expr, info) == nil {
			return expr, info
		}
	}
	return expr, info
}

// packageOf returns the package that an identifier names where no object of
// that name is in scope.
func (s *site) packageOf(name string) *types.Package {
	if _, obj := s.scope().LookupParent(name, s.pos); obj != nil {
		if p, ok := obj.(*types.PkgName); ok {
			return p.Imported()
		}
		return nil
	}
	paths := []string{s.Imports[name]}
	if paths[0] == "" && s.Packages != nil {
		paths = s.Packages.Candidates(name)
	}
	if s.Packages == nil || len(paths) == 0 || paths[0] == "" {
		return nil
	}
	p, err := s.Packages.Import(paths[0])
	if err != nil {
		return nil // what cannot be imported has nothing to offer
	}
	return p
}

// isPackage returns the package that an expression names.
func (s *site) isPackage(x ast.Expr, info *types.Info) *types.Package {
	id, ok := x.(*ast.Ident)
	if !ok {
		return nil
	}
	if obj := info.Uses[id]; obj != nil {
		if p, ok := obj.(*types.PkgName); ok {
			return p.Imported()
		}
		return nil
	}
	return s.packageOf(id.Name)
}
