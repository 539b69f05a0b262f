package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// ptx writes the file with the instructions for each operation in PTX, the
// assembly language of NVIDIA's virtual machine.
func ptx(s *source) (text string, err error) {
	defer func() {
		if f, ok := recover().(fail); ok {
			err = errors.Join(err, f.error)
		}
	}()
	var b strings.Builder
	b.WriteString(`package ptx

import "spikebook/snn/vector"

// operations has the instructions for each operation on single values. %a, %b and
// %c are the operands, %y and %y2 the results; other registers and the labels are
// used nowhere else. %r is for registers of 32 bits, %d of 64, %p for conditions.
var operations = map[vector.Op]string{
`)
	for _, op := range s.ops {
		fmt.Fprintf(&b, "vector.%s: `%s`,\n", op.name, sequence(s, op))
	}
	b.WriteString("}\n")
	return b.String(), nil
}

// sequence writes an operation, a line for each instruction.
func sequence(s *source, op operation) string {
	a := &assembler{source: s, registers: map[string]int{}}
	var results []string
	if op.call == nil {
		var args []string
		for _, p := range op.params {
			args = append(args, "%"+p)
		}
		results = a.expand(s.function(lower(op.name)), args)
	} else {
		b := bindings{}
		for object, name := range op.vars {
			b[object] = "%" + name
		}
		results = a.exprs(op.call, b)
	}
	return a.text(results)
}

// assembler turns a plain function into instructions. Calls are expanded, so that
// there is nothing but straight lines and branches forward. Each instruction has a
// register of its own for its result.
type assembler struct {
	*source
	code      []line
	registers map[string]int // how many there are of each letter
}

// line is an instruction, or a label.
type line struct {
	op     string
	result string // empty if there is none
	args   []string
}

// bindings are the registers and numbers that the variables of a function stand for.
type bindings map[types.Object]string

func (a *assembler) fresh(letter string) string {
	a.registers[letter]++
	return fmt.Sprint(letter, a.registers[letter])
}

// emit writes an instruction and returns the register of its result.
func (a *assembler) emit(op string, kind types.BasicKind, args ...string) string {
	result := a.fresh(machineTypes[kind].letter)
	a.code = append(a.code, line{op, result, args})
	return result
}

// effect writes an instruction without a result.
func (a *assembler) effect(op string, args ...string) {
	a.code = append(a.code, line{op, "", args})
}

// expand writes the body of a function and returns its results.
func (a *assembler) expand(f *ast.FuncDecl, args []string) []string {
	b := bindings{}
	for _, p := range f.Type.Params.List {
		for _, id := range p.Names {
			b[a.info.Defs[id]] = args[0]
			args = args[1:]
		}
	}
	var results []string // where a function that has several ways keeps them
	var end string
	for _, s := range f.Body.List {
		switch s := s.(type) {
		case *ast.DeclStmt: // constants
		case *ast.AssignStmt:
			a.assign(s, b)
		case *ast.IfStmt:
			if len(s.Body.List) != 1 || s.Init != nil || s.Else != nil {
				a.fail(s, "expected a condition and one statement")
			}
			condition := a.expr(s.Cond, b)
			switch then := s.Body.List[0].(type) {
			case *ast.ReturnStmt:
				if end == "" {
					end, results = a.fresh("$L"), a.places(f)
				}
				next := a.fresh("$L")
				a.effect("@!"+condition+" bra", next)
				a.move(results, a.list(then.Results, b))
				a.effect("bra", end)
				a.effect(next + ":")
			case *ast.AssignStmt:
				a.assignIf(condition, then, b)
			default:
				a.fail(s, "no such statement in PTX")
			}
		case *ast.ReturnStmt:
			values := a.list(s.Results, b)
			if end == "" {
				return values
			}
			a.move(results, values)
			a.effect(end + ":")
			return results
		default:
			a.fail(s, "no such statement in PTX")
		}
	}
	a.fail(f, "no return")
	return nil
}

// places returns a register for each result of a function.
func (a *assembler) places(f *ast.FuncDecl) (list []string) {
	results := a.info.Defs[f.Name].Type().(*types.Signature).Results()
	for v := range results.Variables() {
		list = append(list, a.fresh(machineTypes[basic(v.Type())].letter))
	}
	return list
}

func (a *assembler) move(to, from []string) {
	for i := range to {
		a.code = append(a.code, line{"mov." + width(to[i]), to[i], from[i : i+1]})
	}
}

func (a *assembler) assign(s *ast.AssignStmt, b bindings) {
	values := a.list(s.Rhs, b)
	if op, ok := assignOps[s.Tok]; ok {
		values[0] = a.binary(s, op, basic(a.info.TypeOf(s.Lhs[0])), a.expr(s.Lhs[0], b), values[0])
	}
	for i, l := range s.Lhs {
		id := l.(*ast.Ident)
		if object := a.info.ObjectOf(id); object != nil {
			b[object] = values[i]
		}
	}
}

// assignIf computes the new value in any case, and chooses.
func (a *assembler) assignIf(condition string, s *ast.AssignStmt, b bindings) {
	object := a.info.ObjectOf(s.Lhs[0].(*ast.Ident))
	old := b[object]
	a.assign(s, b)
	kind := basic(object.Type())
	b[object] = a.emit("selp."+machineTypes[kind].bits(), kind, b[object], old, condition)
}

func (a *assembler) list(expressions []ast.Expr, b bindings) (values []string) {
	for _, x := range expressions {
		values = append(values, a.exprs(x, b)...)
	}
	return values
}

// text returns the instructions whose results are of use, one a line.
func (a *assembler) text(results []string) string {
	name := map[string]string{}
	for i, r := range results {
		if r[0] == '0' || a.registers[r[:2]] == 0 { // a number, or an operand
			r = a.emit("mov.b32", types.Float32, r)
		}
		name[r] = []string{"%y", "%y2"}[i]
	}
	used := map[string]bool{}
	for r := range name {
		used[r] = true
	}
	var lines []string
	for _, l := range slices.Backward(a.code) {
		if l.result != "" && !used[l.result] {
			continue
		}
		if rest, ok := strings.CutPrefix(l.op, "@!"); ok {
			used[strings.Fields(rest)[0]] = true
		}
		operands := slices.Clone(l.args)
		if l.result != "" {
			operands = slices.Insert(operands, 0, l.result)
		}
		for i, o := range operands {
			used[o] = true
			if n, ok := name[o]; ok {
				operands[i] = n
			}
		}
		if len(operands) == 0 { // a label
			lines = append(lines, l.op)
		} else {
			lines = append(lines, l.op+" "+strings.Join(operands, ", ")+";")
		}
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}
