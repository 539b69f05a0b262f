package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// translator writes what a plain function computes for one lane as statements
// for vectors. Calls are expanded. A variable is assigned once: whenever it is
// assigned in the function, it gets a new name.
type translator struct {
	*source
	machine
	constants []string       // the vectors that a loop needs, in order
	names     map[string]int // how often each was given
	body      strings.Builder
	far       *call // the slow way for arguments for which the body is wrong
}

// call is a function to use instead, where cond holds.
type call struct{ cond, function string }

// value is an operand: a variable, or an expression in brackets where needed.
type value struct {
	code string
	kind kind
}

type kind int

const (
	float kind = iota
	integer
	mask
)

type env map[types.Object]value

// fail stops the translation; see loops and ptx.
type fail struct{ error }

func (s *source) fail(n ast.Node, format string, args ...any) {
	panic(fail{fmt.Errorf("%s: %s", s.fset.Position(n.Pos()), fmt.Sprintf(format, args...))})
}

// name gives a variable a name that was not given before.
func (t *translator) name(base string) string {
	t.names[base]++
	if k := t.names[base]; k > 1 {
		return base + strconv.Itoa(k)
	}
	return base
}

// define writes v to a new variable, unless it is one.
func (t *translator) define(base string, v value) value {
	if token.IsIdentifier(v.code) {
		return v
	}
	n := t.name(base)
	fmt.Fprintf(&t.body, "%s := %s\n", n, v.code)
	return value{n, v.kind}
}

// expand writes the body of a function and returns its results.
func (t *translator) expand(f *ast.FuncDecl, args []value) []value {
	e := env{}
	for _, p := range f.Type.Params.List {
		for _, id := range p.Names {
			e[t.info.Defs[id]] = t.define(id.Name, args[0])
			args = args[1:]
		}
	}
	for i, s := range f.Body.List {
		switch s := s.(type) {
		case *ast.DeclStmt: // constants
		case *ast.IfStmt:
			if i > 0 || t.far != nil {
				t.fail(s, "another way for some arguments can stand first only")
			}
			result := s.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.CallExpr)
			cond := t.define("far", t.expr(s.Cond, e))
			t.far = &call{cond.code, result.Fun.(*ast.Ident).Name}
		case *ast.AssignStmt:
			t.assign(s, e)
		case *ast.ReturnStmt:
			var out []value
			for _, r := range s.Results {
				out = append(out, t.exprs(r, e)...)
			}
			return out
		default:
			t.fail(s, "no such statement in vectors")
		}
	}
	t.fail(f, "no return")
	return nil
}

func (t *translator) assign(s *ast.AssignStmt, e env) {
	values := t.exprs(s.Rhs[0], e)
	if op, ok := assignOps[s.Tok]; ok {
		values[0] = t.binary(s, op, t.expr(s.Lhs[0], e), values[0])
	}
	for i, l := range s.Lhs {
		id := l.(*ast.Ident)
		if id.Name == "_" {
			continue
		}
		object := t.info.Defs[id]
		if object == nil {
			object = t.info.Uses[id]
		}
		e[object] = t.define(id.Name, values[i])
	}
}

var assignOps = map[token.Token]token.Token{
	token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO,
}

func (t *translator) expr(x ast.Expr, e env) value { return t.exprs(x, e)[0] }

// exprs translates an expression; a call may have several values.
func (t *translator) exprs(x ast.Expr, e env) []value {
	if tv := t.info.Types[x]; tv.Value != nil {
		return []value{t.constant(x, tv)}
	}
	switch x := x.(type) {
	case *ast.ParenExpr:
		return t.exprs(x.X, e)
	case *ast.Ident:
		if v, ok := e[t.info.Uses[x]]; ok {
			return []value{v}
		}
		return []value{t.variable(x)}
	case *ast.UnaryExpr:
		v := t.expr(x.X, e)
		if x.Op != token.SUB || v.kind != float {
			t.fail(x, "no operator %s in vectors", x.Op)
		}
		sign := t.shared(t.vector("BroadcastInt32")+"(-0x80000000)", "sign")
		return []value{t.asFloat(value{v.code + t.as("Int32") + ".Xor(" + sign.code + ")", integer})}
	case *ast.BinaryExpr:
		if x.Op == token.SHL || x.Op == token.SHR {
			by, _ := constant.Int64Val(t.info.Types[x.Y].Value)
			method := map[token.Token]string{token.SHL: "ShiftAllLeft", token.SHR: "ShiftAllRight"}[x.Op]
			return []value{{fmt.Sprintf("%s.%s(%d)", t.expr(x.X, e).code, method, by), integer}}
		}
		return []value{t.binary(x, x.Op, t.expr(x.X, e), t.expr(x.Y, e))}
	case *ast.CallExpr:
		return t.call(x, e)
	}
	t.fail(x, "no such expression in vectors")
	return nil
}

var methods = map[kind]map[token.Token]string{
	float: {
		token.ADD: "Add", token.SUB: "Sub", token.MUL: "Mul", token.QUO: "Div",
		token.LSS: "Less", token.LEQ: "LessEqual", token.GTR: "Greater", token.GEQ: "GreaterEqual", token.EQL: "Equal", token.NEQ: "NotEqual",
	},
	integer: {
		token.ADD: "Add", token.SUB: "Sub", token.AND: "And", token.OR: "Or", token.XOR: "Xor",
		token.EQL: "Equal", token.GTR: "Greater",
	},
	mask: {token.LAND: "And", token.LOR: "Or"},
}

func (t *translator) binary(n ast.Node, op token.Token, a, b value) value {
	method, ok := methods[a.kind][op]
	if !ok || a.kind != b.kind {
		t.fail(n, "no operator %s in vectors", op)
	}
	v := value{a.code + "." + method + "(" + b.code + ")", a.kind}
	if op.Precedence() == token.EQL.Precedence() {
		v.kind = mask
	}
	return v
}

// call translates conversions, what is an instruction, and functions.
func (t *translator) call(x *ast.CallExpr, e env) []value {
	id := x.Fun.(*ast.Ident)
	var args []value
	for _, a := range x.Args {
		if v := t.info.Types[a].Value; v != nil && id.Name == "pick" && len(args) == 2 && constant.Sign(v) == 0 {
			return []value{{args[1].code + ".Masked(" + args[0].code + ")", float}}
		}
		args = append(args, t.expr(a, e))
	}
	a := args[0]
	switch id.Name {
	case "float32":
		if a.kind == integer {
			a = value{a.code + ".ConvertToFloat32()", float}
		}
		return []value{a}
	case "bits":
		return []value{{a.code + t.as("Int32"), integer}}
	case "float":
		return []value{t.asFloat(a)}
	case "sqrt":
		return []value{{a.code + ".Sqrt()", float}}
	case "round":
		return []value{{a.code + "." + t.round, float}}
	case "floor":
		return []value{{a.code + "." + t.floor, float}}
	case "pick":
		return []value{t.pick(a, args[1], args[2])}
	case "min", "max":
		return []value{t.extreme(id.Name, a, args[1])}
	}
	f := t.funcs[t.info.Uses[id]]
	if f == nil {
		t.fail(x, "no function %s in vectors", id.Name)
	}
	return t.expand(f, args)
}

func (t *translator) asFloat(v value) value { return value{v.code + t.as("Float32"), float} }

func (t *translator) pick(cond, a, b value) value {
	return value{a.code + ".Merge(" + b.code + ", " + cond.code + ")", a.kind}
}

// extreme is min or max. VMINPS and VMAXPS do not do: which operand they return
// where one is NaN or both are zeros depends on their order, which the compiler
// takes for irrelevant. p and q differ in these cases only. Where one of them
// is NaN or -0, so is p|q: the minimum. For the maximum, p|q is -0 too
// where the zeros differ; p^q is -0 then, and else +0 or anything beside NaN.
func (t *translator) extreme(name string, a, b value) value {
	a, b = t.define("x", a), t.define("y", b)
	compare := map[string]string{"min": "Less", "max": "Greater"}[name]
	less := value{a.code + "." + compare + "(" + b.code + ")", mask}
	more := value{b.code + "." + compare + "(" + a.code + ")", mask}
	p := t.define("p", value{t.pick(less, a, b).code + t.as("Int32"), integer})
	q := t.define("q", value{t.pick(more, b, a).code + t.as("Int32"), integer})
	either := t.asFloat(value{p.code + ".Or(" + q.code + ")", integer})
	if name == "min" {
		return either
	}
	differ := t.asFloat(value{p.code + ".Xor(" + q.code + ")", integer})
	return value{either.code + ".Sub(" + differ.code + ")", float}
}

// constant is a vector of equal numbers.
func (t *translator) constant(x ast.Expr, tv types.TypeAndValue) value {
	if tv.Type.Underlying().(*types.Basic).Info()&types.IsFloat != 0 {
		f, _ := constant.Float32Val(tv.Value)
		if f == 0 {
			// Broadcast would use an instruction of SSE for it, after which those
			// of AVX take twice as long.
			return t.shared(t.vector("Float32")+"{}", "zero")
		}
		return t.shared(t.vector("BroadcastFloat32")+"("+number(f)+")", "k")
	}
	i, exact := constant.Int64Val(tv.Value)
	if !exact || i != int64(int32(i)) {
		t.fail(x, "no constant of 32 bits: %s", tv.Value)
	}
	v := t.shared(fmt.Sprintf("%s(%d)", t.vector("BroadcastInt32"), i), "k")
	v.kind = integer
	return v
}

// number writes a float32 so that all its bits are given, but 2 as 2.
func number(f float32) string {
	if short := strconv.FormatFloat(float64(f), 'g', -1, 32); len(short) < 7 {
		return short
	}
	return strconv.FormatFloat(float64(f), 'x', -1, 32)
}

// variable is a vector of what no constant can be in Go.
func (t *translator) variable(x *ast.Ident) value {
	pattern, ok := map[string]string{"inf": "0x7f800000", "nan": "0x7fc00000"}[x.Name]
	if !ok {
		t.fail(x, "no variable %s in vectors", x.Name)
	}
	return t.shared(t.vector("BroadcastInt32")+"("+pattern+")"+t.as("Float32"), x.Name)
}

// shared returns the vector that is computed before the loop.
func (t *translator) shared(code, name string) value {
	for _, line := range t.constants {
		if n, c, _ := strings.Cut(line, " := "); c == code {
			return value{n, float}
		}
	}
	name = t.name(name)
	t.constants = append(t.constants, name+" := "+code)
	return value{name, float}
}
