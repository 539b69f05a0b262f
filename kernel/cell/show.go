package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// checkErrors makes a cell fail when a call outside of functions returns an
// error and nobody looks at it.
func (c *compiler) checkErrors() {
	if c.p.Kind == Test || c.pieces.hasMain || c.parts.Exec != "" {
		return // plain Go
	}
	list := c.body.statements()
	var last ast.Stmt
	if len(list) > 0 {
		last = list[len(list)-1]
	}
	check := func(e *ast.ExprStmt) {
		call, ok := ast.Unparen(e.X).(*ast.CallExpr)
		if n := c.values(e.X); ok && n >= 0 && n <= 3 && !c.isFmt(call) {
			name := "session__.Check"
			if n > 0 {
				name += strconv.Itoa(n)
			}
			c.edit(c.body, "check", e.X.Pos(), e.X.Pos(), name+"(")
			c.edit(c.body, "check", e.X.End(), e.X.End(), ")")
		}
	}
	ast.Inspect(c.body.file, func(n ast.Node) bool {
		if e, ok := n.(*ast.ExprStmt); ok && !(e == last && c.shown(e)) { // show looks at the error of the last one
			check(e)
		}
		_, inFunction := n.(*ast.FuncLit)
		return !inFunction
	})
}

// values counts the results of an expression before a last one that is an
// error; -1 when there is none.
func (c *compiler) values(e ast.Expr) int {
	t := c.first.info.Types[e].Type
	if t == nil {
		return -1
	}
	last, n := t, 0
	if tuple, ok := t.(*types.Tuple); ok {
		if tuple.Len() == 0 {
			return -1
		}
		n = tuple.Len() - 1
		last = tuple.At(n).Type()
	}
	if !types.Identical(last, types.Universe.Lookup("error").Type()) {
		return -1
	}
	return n
}

// callee is the method, or the function of another package, that is called;
// nil for what else can be called.
func (c *compiler) callee(call *ast.CallExpr) *types.Func {
	if s, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if f, ok := c.first.info.Uses[s.Sel].(*types.Func); ok && f.Pkg() != nil {
			return f
		}
	}
	return nil
}

// isFmt says whether a function of package fmt is called: nobody looks at what
// Println returns.
func (c *compiler) isFmt(call *ast.CallExpr) bool {
	f := c.callee(call)
	return f != nil && f.Pkg().Path() == "fmt" && f.Signature().Recv() == nil
}

// transfers says whether a call moves bytes and returns how many, as Write and
// io.Copy do: what is wanted is the move, not the number.
func (c *compiler) transfers(call *ast.CallExpr) bool {
	f := c.callee(call)
	if f == nil || f.Signature().Results().Len() != 2 || c.values(call) != 1 {
		return false
	}
	count, ok := f.Signature().Results().At(0).Type().(*types.Basic)
	named := slices.ContainsFunc([]string{"Write", "Print", "Fprint", "Copy", "Read"}, func(p string) bool { return strings.HasPrefix(f.Name(), p) })
	return ok && named && (count.Kind() == types.Int || count.Kind() == types.Int64)
}

// silenced says whether a semicolon follows on the same line.
func (c *compiler) silenced(e ast.Expr) bool {
	rest, _, _ := strings.Cut(string(c.body.text.b[offsetOf(c.fset, e.End()):]), "\n")
	return strings.HasPrefix(strings.TrimSpace(rest), ";")
}

// shown says whether a last expression is displayed: not when a semicolon
// follows, not what has no value, and not how many bytes a Write wrote.
func (c *compiler) shown(e *ast.ExprStmt) bool {
	if c.p.Kind != Cell || c.silenced(e.X) {
		return false
	}
	call, isCall := ast.Unparen(e.X).(*ast.CallExpr)
	tv, ok := c.first.info.Types[e.X]
	if !ok || tv.IsVoid() || tv.IsType() {
		return false
	}
	if !isCall {
		wait, ok := ast.Unparen(e.X).(*ast.UnaryExpr) // <-done waits, it does not ask for a value
		return !ok || wait.Op != token.ARROW || !types.Identical(tv.Type.Underlying(), types.NewStruct(nil, nil))
	}
	if c.isFmt(call) {
		return c.values(call) <= 0 // Errorf makes an error, it does not return one
	}
	if tuple, ok := tv.Type.(*types.Tuple); ok {
		return tuple.Len() > 0 && !c.transfers(call)
	}
	return c.values(call) != 0
}

// show displays the last expression of a natural cell.
func (c *compiler) show() {
	list := c.body.statements()
	if len(list) == 0 || c.p.Kind != Cell {
		return
	}
	e, ok := list[len(list)-1].(*ast.ExprStmt)
	if !ok {
		return
	}
	if !c.shown(e) {
		if _, isCall := ast.Unparen(e.X).(*ast.CallExpr); !isCall && c.silenced(e.X) {
			c.edit(c.body, "show", e.X.Pos(), e.X.Pos(), "_ = ")
		}
		return
	}
	name := "session__.Show("
	if _, isCall := ast.Unparen(e.X).(*ast.CallExpr); isCall {
		if n := c.values(e.X); n >= 1 && n <= 3 {
			if name = "session__.ShowCheck("; n > 1 {
				name = "session__.ShowCheck" + strconv.Itoa(n) + "("
			}
		}
	}
	c.edit(c.body, "show", e.X.Pos(), e.X.Pos(), name)
	c.edit(c.body, "show", e.X.End(), e.X.End(), ")")
}
