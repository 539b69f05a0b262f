package cell

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"spikebook/kernel/session"
)

// A literal is a piece of a cell that is read from the request instead of compiled in: a constant expression as large as possible.
type literal struct {
	lo, hi token.Pos
	typ    types.Type // basic, or a named type that package main can write
	val    constant.Value
	expr   ast.Expr
}

// tableSize is how many constants a composite literal may have. More of them are a table, which the compiler lays out as bytes;
// as variables they would cost code and time for each.
const tableSize = 64

// findLiterals returns the literals in statements and declarations of pkg, in the order of the text. Left in place is what must be
// constant, what would have another type or meaning as a variable, what would cost much (divisors, indices of arrays, tables), and
// the names of constants that stand alone: their declarations are compiled in, too.
func findLiterals(info *types.Info, pkg *types.Package, roots ...ast.Node) []literal {
	f := finder{info: info, pkg: pkg}
	for _, root := range roots {
		f.visit(root)
	}
	slices.SortFunc(f.found, func(a, b literal) int { return int(a.lo) - int(b.lo) })
	return f.found
}

type finder struct {
	info  *types.Info
	pkg   *types.Package
	found []literal
}

func (f *finder) visit(nodes ...ast.Node) {
	for _, n := range nodes {
		ast.Inspect(n, f.inspect)
	}
}

// visitParts looks into e where e itself must stay when it is a constant.
func (f *finder) visitParts(e ast.Expr) {
	if f.info.Types[e].Value == nil {
		f.visit(e)
	}
}

// inspect takes n if it is a constant, and says whether to go on with its children. Nodes with places for constants that must stay
// visit their children themselves.
func (f *finder) inspect(n ast.Node) bool {
	if e, ok := n.(ast.Expr); ok {
		tv := f.info.Types[e]
		if tv.Value != nil {
			f.found = f.take(f.found, e, tv)
		}
		if tv.Value != nil || tv.IsType() {
			return false
		}
	}
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.FuncDecl:
		if n.Body != nil {
			f.visit(n.Body)
		}
		return false
	case *ast.FuncLit:
		f.visit(n.Body)
		return false
	case *ast.CaseClause:
		for _, e := range n.List {
			f.visitParts(e)
		}
		for _, s := range n.Body {
			f.visit(s)
		}
		return false
	case *ast.AssignStmt:
		if f.keepsRight(n.Tok, n.Lhs[0]) {
			f.visit(n.Lhs[0])
			f.visitParts(n.Rhs[0])
			return false
		}
	case *ast.BinaryExpr:
		return f.binary(n)
	case *ast.IndexExpr:
		if !f.isList(n.X) {
			f.visit(n.X)
			f.visitParts(n.Index)
			return false
		}
	case *ast.SliceExpr:
		if !f.isList(n.X) {
			f.visit(n.X)
			for _, e := range []ast.Expr{n.Low, n.High, n.Max} {
				if e != nil {
					f.visitParts(e)
				}
			}
			return false
		}
	case *ast.CallExpr:
		// T(1) with a type parameter T: the constant would be rounded to its default type first.
		if fun := f.info.Types[n.Fun]; fun.IsType() && isTypeParam(fun.Type) {
			f.visitParts(n.Args[0])
			return false
		}
		if origin := f.generic(n.Fun); origin != nil {
			f.visit(n.Fun)
			f.genericArgs(origin, n)
			return false
		}
	case *ast.CompositeLit:
		if table := f.composite(n, nil); len(table) <= tableSize {
			f.found = append(f.found, table...)
		}
		return false
	}
	return true
}

func (f *finder) binary(n *ast.BinaryExpr) bool {
	if !f.keepsRight(n.Op, n.X) {
		return true
	}
	if n.Op == token.SHL || n.Op == token.SHR {
		f.visitParts(n.X) // 1 << n has the type that its surroundings want
	} else {
		f.visit(n.X)
	}
	f.visitParts(n.Y)
	return false
}

// generic returns the signature of a generic function as it was declared, nil for what else can be called.
func (f *finder) generic(fun ast.Expr) *types.Signature {
	switch e := ast.Unparen(fun).(type) {
	case *ast.IndexExpr:
		return f.generic(e.X)
	case *ast.IndexListExpr:
		return f.generic(e.X)
	case *ast.SelectorExpr:
		return f.generic(e.Sel)
	case *ast.Ident:
		if obj, ok := f.info.Uses[e].(*types.Func); ok && obj.Signature().TypeParams() != nil {
			return obj.Signature()
		}
	}
	return nil
}

// genericArgs leaves a constant that becomes an interface, as in slices.Index([]any{1}, 1). A constant takes part in the inference of
// type arguments when nothing else is left to infer from, a variable before that: E would be int then, which does not go with []any.
// Any other constant has the very type that was inferred.
func (f *finder) genericArgs(origin *types.Signature, call *ast.CallExpr) {
	last := origin.Params().Len() - 1
	for i, arg := range call.Args {
		t := origin.Params().At(min(i, last)).Type()
		if list, ok := t.(*types.Slice); ok && origin.Variadic() && i >= last {
			t = list.Elem()
		}
		if isTypeParam(t) && f.becomesInterface(call, i) {
			f.visitParts(arg)
		} else {
			f.visit(arg)
		}
	}
}

func (f *finder) becomesInterface(call *ast.CallExpr, i int) bool {
	params := f.underlying(call.Fun).(*types.Signature).Params()
	t := params.At(min(i, params.Len()-1)).Type()
	if list, ok := t.(*types.Slice); ok && i >= params.Len()-1 {
		t = list.Elem()
	}
	return types.IsInterface(t)
}

// keepsRight says whether a constant to the right of an operator stays: shift counts, and what integers are divided by, for which
// the compiler has far better code than for a variable.
func (f *finder) keepsRight(op token.Token, left ast.Expr) bool {
	switch op {
	case token.SHL, token.SHR, token.SHL_ASSIGN, token.SHR_ASSIGN, token.REM, token.REM_ASSIGN:
		return true
	case token.QUO, token.QUO_ASSIGN:
		basic, ok := f.underlying(left).(*types.Basic)
		return ok && basic.Info()&types.IsInteger != 0
	}
	return false
}

// isList says whether e is indexed while the program runs: a slice, a map or a string, not an array, whose bounds were checked.
// It is false for generic functions, too.
func (f *finder) isList(e ast.Expr) bool {
	switch f.underlying(e).(type) {
	case *types.Slice, *types.Map, *types.Basic:
		return true
	}
	return false
}

func (f *finder) underlying(e ast.Expr) types.Type {
	if t := f.info.Types[e].Type; t != nil {
		return t.Underlying()
	}
	return types.Typ[types.Invalid]
}

// composite appends to table the literals that are elements of n or of composite literals directly inside it.
func (f *finder) composite(n *ast.CompositeLit, table []literal) []literal {
	_, isMap := f.underlying(n).(*types.Map)
	for _, element := range n.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if isMap { // otherwise a field's name, or an index, which must be constant
				table = f.element(pair.Key, table)
			}
			element = pair.Value
		}
		table = f.element(element, table)
	}
	return table
}

func (f *finder) element(e ast.Expr, table []literal) []literal {
	if tv := f.info.Types[e]; tv.Value != nil {
		return f.take(table, e, tv)
	}
	inner := ast.Unparen(e)
	if address, ok := inner.(*ast.UnaryExpr); ok && address.Op == token.AND {
		inner = ast.Unparen(address.X)
	}
	if composite, ok := inner.(*ast.CompositeLit); ok {
		return f.composite(composite, table)
	}
	f.visit(e)
	return table
}

// take appends the constant e to list, unless it has to stay where it is.
func (f *finder) take(list []literal, e ast.Expr, tv types.TypeAndValue) []literal {
	t := types.Unalias(tv.Type)
	if basic, ok := t.(*types.Basic); ok && (basic.Kind() == types.UntypedBool || basic.Kind() == types.UntypedString) {
		t = types.Default(t) // a condition, a string that is indexed: nothing asked for a type
	}
	if !f.canWrite(t) || f.isName(e) || !f.isPlain(e) {
		return list
	}
	return append(list, literal{lo: e.Pos(), hi: e.End(), typ: t, val: tv.Value, expr: e})
}

// canWrite says whether a variable of package main can be declared with the type t and hold a constant.
func (f *finder) canWrite(t types.Type) bool {
	switch t := t.(type) {
	case *types.Basic:
		// A cell may call something of its own int; then the type cannot be written.
		return t.Info()&types.IsConstType != 0 && t.Info()&types.IsUntyped == 0 && f.pkg.Scope().Lookup(t.Name()) == nil
	case *types.Named:
		basic, ok := t.Underlying().(*types.Basic)
		if !ok || basic.Info()&types.IsConstType == 0 || t.TypeArgs().Len() > 0 {
			return false
		}
		name := t.Obj()
		if name.Pkg() == nil || name.Parent() != name.Pkg().Scope() {
			return false
		}
		return name.Pkg() == f.pkg || name.Exported() && slices.Contains(f.pkg.Imports(), name.Pkg())
	}
	return false
}

// isName says whether e is the name of a declared constant alone. The predeclared true and false are no such names.
func (f *finder) isName(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return f.info.Uses[e].Parent() != types.Universe
	case *ast.SelectorExpr:
		return true
	}
	return false
}

// isPlain says whether e is made of numbers, texts, constants, operators, conversions and built-in functions. What else can be in a
// constant expression, as in len(array), is a use of something that would count as unused without it.
func (f *finder) isPlain(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		switch obj := f.info.Uses[e].(type) {
		case *types.Const, *types.TypeName, *types.Builtin:
			return obj.Pkg() == nil || obj.Pkg() == f.pkg // otherwise it is a use of a dot import
		}
	case *ast.SelectorExpr:
		switch f.info.Uses[e.Sel].(type) {
		case *types.Const, *types.TypeName:
			return true
		}
	case *ast.ParenExpr:
		return f.isPlain(e.X)
	case *ast.UnaryExpr:
		return f.isPlain(e.X)
	case *ast.BinaryExpr:
		return f.isPlain(e.X) && f.isPlain(e.Y)
	case *ast.CallExpr:
		return f.isPlain(e.Fun) && !slices.ContainsFunc(e.Args, func(arg ast.Expr) bool { return !f.isPlain(arg) })
	}
	return false
}

func isTypeParam(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}

// literalVar is the variable that holds literal k.
func literalVar(k int) string { return fmt.Sprintf("l%d__", k) }

// literalText is what stands in the place of literal k, whose text was span. It has as many lines; the parentheses let a line end
// inside and keep the name apart from a keyword (return"a").
func literalText(k int, span string) string {
	return "(" + strings.Repeat("\n", strings.Count(span, "\n")) + literalVar(k) + ")"
}

// encodeLiterals writes the values of the literals for the request, each rounded once, to its own type.
func encodeLiterals(literals []literal) []byte {
	var b []byte
	for _, l := range literals {
		b = session.AppendLiteral(b, literalValue(l.typ.Underlying().(*types.Basic), l.val))
	}
	return b
}

func literalValue(t *types.Basic, v constant.Value) any {
	switch info := t.Info(); {
	case info&types.IsBoolean != 0:
		return constant.BoolVal(v)
	case info&types.IsString != 0:
		return constant.StringVal(v)
	case info&types.IsUnsigned != 0:
		u, _ := constant.Uint64Val(constant.ToInt(v))
		return u
	case info&types.IsInteger != 0:
		i, _ := constant.Int64Val(constant.ToInt(v))
		return i
	}
	re, im := constant.Real(v), constant.Imag(v)
	switch t.Kind() {
	case types.Float32:
		return float32Of(re)
	case types.Float64:
		return float64Of(re)
	case types.Complex64:
		return complex(float32Of(re), float32Of(im))
	default:
		return complex(float64Of(re), float64Of(im))
	}
}

func float32Of(v constant.Value) float32 {
	f, _ := constant.Float32Val(v)
	return f
}

func float64Of(v constant.Value) float64 {
	f, _ := constant.Float64Val(v)
	return f
}
