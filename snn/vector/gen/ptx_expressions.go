package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strings"
)

// machineType is a type of Go in PTX.
type machineType struct {
	name   string // as instructions of arithmetic have it
	letter string // of registers
	size   int    // in bits
}

var machineTypes = map[types.BasicKind]machineType{
	types.Bool:    {"pred", "%p", 1},
	types.Float32: {"f32", "%r", 32},
	types.Int32:   {"s32", "%r", 32},
	types.Int64:   {"s64", "%d", 64},
	types.Uint:    {"u64", "%d", 64},
	types.Uint64:  {"u64", "%d", 64},
}

// bits is the type as instructions have it that do not look at what bits mean.
func (m machineType) bits() string {
	if m.size == 1 {
		return m.name
	}
	return fmt.Sprint("b", m.size)
}

// width is the type of a register, without its meaning.
func width(register string) string {
	return map[string]string{"%p": "pred", "%r": "b32", "%d": "b64"}[register[:2]]
}

func basic(t types.Type) types.BasicKind {
	kind := t.Underlying().(*types.Basic).Kind()
	if kind == types.UntypedBool {
		return types.Bool
	}
	return kind
}

func (a *assembler) expr(x ast.Expr, b bindings) string { return a.exprs(x, b)[0] }

// exprs translates an expression; a call may have several values.
func (a *assembler) exprs(x ast.Expr, b bindings) []string {
	if tv := a.info.Types[x]; tv.Value != nil {
		return []string{a.number(x, tv)}
	}
	switch x := x.(type) {
	case *ast.ParenExpr:
		return a.exprs(x.X, b)
	case *ast.Ident:
		if v, ok := b[a.info.Uses[x]]; ok {
			return []string{v}
		}
		if v, ok := map[string]string{"inf": "0f7F800000", "nan": "0f7FC00000"}[x.Name]; ok {
			return []string{v}
		}
	case *ast.UnaryExpr:
		kind := basic(a.info.TypeOf(x.X))
		if op, ok := map[token.Token]string{token.SUB: "neg", token.NOT: "not"}[x.Op]; ok {
			return []string{a.emit(op+"."+machineTypes[kind].name, kind, a.expr(x.X, b))}
		}
	case *ast.BinaryExpr:
		left, right := a.expr(x.X, b), a.expr(x.Y, b)
		return []string{a.binary(x, x.Op, basic(a.info.TypeOf(x.X)), left, right)}
	case *ast.IndexExpr:
		return []string{a.element(x, b)}
	case *ast.CallExpr:
		return a.call(x, b)
	}
	a.fail(x, "no such expression in PTX")
	return nil
}

var instructions = map[token.Token]string{
	token.ADD: "add", token.SUB: "sub", token.MUL: "mul", token.QUO: "div", token.REM: "rem",
	token.AND: "and", token.OR: "or", token.XOR: "xor", token.LAND: "and", token.LOR: "or", token.SHL: "shl", token.SHR: "shr",
	token.LSS: "setp.lt", token.LEQ: "setp.le", token.GTR: "setp.gt", token.GEQ: "setp.ge", token.EQL: "setp.eq", token.NEQ: "setp.ne",
}

// binary writes an instruction for an operator. Numbers that are not integers are
// rounded to the nearest, and NaN differs from everything.
func (a *assembler) binary(n ast.Node, op token.Token, kind types.BasicKind, x, y string) string {
	name, known := instructions[op]
	m := machineTypes[kind]
	typed, result := m.name, kind
	switch op {
	case token.ADD, token.SUB, token.MUL, token.QUO:
		switch {
		case kind == types.Float32:
			name += ".rn"
		case op == token.MUL:
			name += ".lo"
		}
	case token.AND, token.OR, token.XOR, token.LAND, token.LOR:
		typed = m.bits()
	case token.SHL, token.SHR:
		if op == token.SHL {
			typed = m.bits()
		}
		if strings.HasPrefix(y, "%d") { // distances are of 32 bits
			y = a.emit("cvt.u32.u64", types.Int32, y)
		}
	case token.LSS, token.LEQ, token.GTR, token.GEQ, token.EQL, token.NEQ:
		result = types.Bool
		switch {
		case op == token.NEQ && kind == types.Bool:
			name = "xor"
		case op == token.NEQ && kind == types.Float32:
			name += "u"
		}
	}
	if !known || m.name == "" {
		a.fail(n, "no operator %s in PTX", op)
	}
	return a.emit(name+"."+typed, result, x, y)
}

// call translates conversions, what is an instruction, and functions.
func (a *assembler) call(x *ast.CallExpr, b bindings) []string {
	args := a.list(x.Args, b)
	if a.info.Types[x.Fun].IsType() {
		return []string{a.convert(x, args[0])}
	}
	switch types.ExprString(x.Fun) {
	case "mathbits.Mul64":
		return []string{a.emit("mul.hi.u64", types.Uint64, args...), a.emit("mul.lo.u64", types.Uint64, args...)}
	case "bits":
		return []string{strings.Replace(args[0], "0f", "0x", 1)}
	case "float":
		return args
	case "sqrt":
		return []string{a.emit("sqrt.rn.f32", types.Float32, args...)}
	case "round":
		return []string{a.emit("cvt.rni.f32.f32", types.Float32, args...)}
	case "floor":
		return []string{a.emit("cvt.rmi.f32.f32", types.Float32, args...)}
	case "pick":
		return []string{a.emit("selp.f32", types.Float32, args[1], args[2], args[0])}
	case "min", "max":
		return []string{a.extreme(types.ExprString(x.Fun), args[0], args[1])}
	}
	var f *ast.FuncDecl
	if id, ok := x.Fun.(*ast.Ident); ok {
		f = a.funcs[a.info.Uses[id]]
	}
	if f == nil {
		a.fail(x, "no function %s in PTX", types.ExprString(x.Fun))
	}
	return a.expand(f, args)
}

func (a *assembler) convert(x *ast.CallExpr, v string) string {
	to, from := basic(a.info.TypeOf(x)), basic(a.info.TypeOf(x.Args[0]))
	t, f := machineTypes[to], machineTypes[from]
	switch {
	case t.name == "" || f.name == "" || f.name == "f32" && t.name != "f32":
		a.fail(x, "no conversion from %s to %s in PTX", a.info.TypeOf(x.Args[0]), a.info.TypeOf(x))
	case f.name == t.name:
		return v
	case t.name == "f32":
		return a.emit("cvt.rn.f32."+f.name, to, v)
	case t.size == f.size:
		return v
	}
	return a.emit("cvt."+t.name+"."+f.name, to, v)
}

// extreme is min or max as translator.extreme explains them. Those of PTX take a
// number in place of NaN.
func (a *assembler) extreme(name, x, y string) string {
	compare := map[string]string{"min": "setp.lt.f32", "max": "setp.gt.f32"}[name]
	p := a.emit("selp.f32", types.Float32, x, y, a.emit(compare, types.Bool, x, y))
	q := a.emit("selp.f32", types.Float32, y, x, a.emit(compare, types.Bool, y, x))
	either := a.emit("or.b32", types.Float32, p, q)
	if name == "min" {
		return either
	}
	return a.emit("sub.rn.f32", types.Float32, either, a.emit("xor.b32", types.Float32, p, q))
}

// element chooses one of the numbers of an array.
func (a *assembler) element(x *ast.IndexExpr, b bindings) string {
	id, ok := x.X.(*ast.Ident)
	if !ok || a.arrays[a.info.Uses[id]] == nil {
		a.fail(x, "no such array in PTX")
	}
	at, kind := a.expr(x.Index, b), basic(a.info.TypeOf(x))
	index := machineTypes[basic(a.info.TypeOf(x.Index))].name
	var value string
	for i, e := range a.arrays[a.info.Uses[id]].Elts {
		n := a.number(e, a.info.Types[e])
		if i == 0 {
			value = a.emit("mov."+machineTypes[kind].bits(), kind, n)
			continue
		}
		here := a.emit("setp.eq."+index, types.Bool, at, fmt.Sprint(i))
		value = a.emit("selp."+machineTypes[kind].bits(), kind, n, value, here)
	}
	return value
}

// number writes a constant: one that is not an integer by its bits.
func (a *assembler) number(x ast.Expr, tv types.TypeAndValue) string {
	m := machineTypes[basic(tv.Type)]
	switch {
	case m.name == "f32":
		f, _ := constant.Float32Val(tv.Value)
		return fmt.Sprintf("0f%08X", math.Float32bits(f))
	case tv.Value.Kind() != constant.Int:
		a.fail(x, "no constant %s in PTX", tv.Value)
	}
	if i, exact := constant.Int64Val(tv.Value); exact && -1024 < i && i < 1024 {
		return fmt.Sprint(i)
	}
	bits, _ := constant.Uint64Val(constant.BinaryOp(tv.Value, token.AND, constant.MakeUint64(math.MaxUint64)))
	if m.size == 32 {
		bits &= math.MaxUint32
	}
	return fmt.Sprintf("0x%X", bits)
}
