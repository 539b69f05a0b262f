package main

import (
	"errors"
	"fmt"
	"strings"
)

// machine is an instruction set.
type machine struct {
	name, feature string // in names, in words
	lanes         int
	round, floor  string // methods that do not have the same name for all lanes
}

var (
	avx2   = machine{"AVX2", "AVX2", 8, "RoundToEven()", "Floor()"}
	avx512 = machine{"AVX512", "AVX-512", 16, "RoundToEvenScaled(0)", "FloorScaled(0)"}
)

// vector returns the name in archsimd, such as BroadcastFloat32x8.
func (m machine) vector(name string) string { return fmt.Sprintf("archsimd.%sx%d", name, m.lanes) }

func (m machine) as(name string) string { return fmt.Sprintf(".As%sx%d()", name, m.lanes) }

// fusable are the operations that are fused, in the order of fuse.go.
var (
	fusable = []string{"Add", "Sub", "Mul", "Div"}
	seconds = []struct {
		op   string
		slot int
	}{{"Add", 0}, {"Sub", 0}, {"Sub", 1}, {"Mul", 0}, {"Div", 0}, {"Div", 1}}
)

// loops writes the file with the loops for a machine.
func loops(s *source, m machine) (text string, err error) {
	defer func() {
		if f, ok := recover().(fail); ok {
			err = errors.Join(err, f.error)
		}
	}()
	var funcs, table strings.Builder
	for _, op := range s.ops {
		name := lower(op.name) + m.name
		fmt.Fprintf(&table, "%s: %s,\n", op.name, name)
		funcs.WriteString(loop(s, m, op, name))
	}
	k := 0
	for _, first := range fusable {
		for _, second := range seconds {
			name := lower(first) + second.op + strings.Repeat("Reversed", second.slot) + m.name
			fmt.Fprintf(&table, "fused + %d: %s,\n", k, name)
			k++
			t := s.translator(m)
			x, c := value{"a", float}, value{"c", float}
			y := t.define("x", t.method(first, x, value{"b", float}))
			if second.slot == 1 {
				y, c = c, y
			}
			r := t.method(second.op, y, c)
			funcs.WriteString(t.function(name, []string{"dst"}, []string{"a", "b", "c"}, []value{r}))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `//go:build goexperiment.simd && amd64

package vector

import (
	"simd/archsimd"
	"unsafe"
)

// loops%s has the loops with the instructions of %s, for multiples of
// %d lanes.
var loops%s = [count]loop{
%s}
%s`, m.name, m.feature, m.lanes, m.name, &table, &funcs)
	return b.String(), nil
}

func (s *source) translator(m machine) *translator {
	t := &translator{source: s, machine: m, names: map[string]int{}}
	for _, name := range []string{"a", "b", "c", "n", "dst", "dst2", "pa", "pb", "pc", "pd", "pd2"} {
		t.names[name] = 1
	}
	return t
}

func (t *translator) method(name string, a, b value) value {
	return value{a.code + "." + name + "(" + b.code + ")", float}
}

func loop(s *source, m machine, op operation, name string) string {
	t := s.translator(m)
	var results []value
	if op.call == nil {
		var args []value
		for _, p := range op.params {
			args = append(args, value{p, float})
		}
		results = t.expand(s.function(lower(op.name)), args)
	} else {
		e := env{}
		for object, name := range op.vars {
			e[object] = value{name, float}
		}
		results = t.exprs(op.call, e)
	}
	if t.far == nil {
		return t.function(name, op.results, op.params, results)
	}
	return t.function("near"+op.name+m.name, op.results, op.params, results) + farLoop(m, op, name)
}

// short is how many calls a body may have that is repeated in a loop.
const short = 12

// function writes a loop. Pointers move only where something is left, so that
// they never point behind a slice. A loop with another way for some arguments
// stops before a vector with such, and returns how many lanes are done.
func (t *translator) function(name string, results, params []string, values []value) string {
	pointers := append(append([]string{}, results...), params...)
	var b strings.Builder
	if t.far == nil {
		fmt.Fprintf(&b, "\nfunc %s(n int, pdst, pdst2, pa, pb, pc unsafe.Pointer) {\n", name)
	} else {
		fmt.Fprintf(&b, "\nfunc %s(n int, p%s unsafe.Pointer) (done int) {\n", name, strings.Join(pointers, ", p"))
	}
	for _, c := range t.constants {
		fmt.Fprintln(&b, c)
	}
	loop := func(cond string, times int) {
		fmt.Fprintf(&b, "for %s {\n", cond)
		for i := range times {
			t.once(&b, results, params, values, i, times)
		}
		if t.far != nil {
			fmt.Fprintf(&b, "done += %d\n", t.lanes)
		}
		fmt.Fprintf(&b, "if n -= %d; n == 0 {\nbreak\n}\n", times*t.lanes)
		for _, p := range pointers {
			fmt.Fprintf(&b, "p%s = unsafe.Add(p%s, %d)\n", p, p, 4*times*t.lanes)
		}
		fmt.Fprintln(&b, "}")
	}
	if t.far == nil && strings.Count(t.body.String(), "(") <= short {
		loop(fmt.Sprintf("n >= %d", 4*t.lanes), 4)
	}
	loop("n > 0", 1)
	fmt.Fprintln(&b, "archsimd.ClearAVXUpperBits()")
	if t.far != nil {
		fmt.Fprintln(&b, "return done")
	}
	fmt.Fprintln(&b, "}")
	return b.String()
}

// once writes the body for one vector, the i-th of several.
func (t *translator) once(b *strings.Builder, results, params []string, values []value, i, times int) {
	at := func(p string) string {
		if times == 1 {
			return fmt.Sprintf("(*[%d]float32)(p%s)", t.lanes, p)
		}
		return fmt.Sprintf("&(*[%d][%d]float32)(p%s)[%d]", times, t.lanes, p, i)
	}
	if times > 1 {
		fmt.Fprintln(b, "{")
	}
	for _, p := range params {
		fmt.Fprintf(b, "%s := %s(%s)\n", p, t.vector("LoadFloat32"), at(p))
	}
	b.WriteString(t.body.String())
	if t.far != nil {
		fmt.Fprintf(b, "if %s.ToBits() != 0 {\nbreak\n}\n", t.far.cond)
	}
	for i, r := range results {
		fmt.Fprintf(b, "%s.Store(%s)\n", values[i].code, at(r))
	}
	if times > 1 {
		fmt.Fprintln(b, "}")
	}
}

// farLoop writes the loop around one that stops: it does the lanes of the
// vector in question one by one.
func farLoop(m machine, op operation, name string) string {
	return fmt.Sprintf(`
func %s(n int, pdst, _, pa, _, _ unsafe.Pointer) {
	for {
		done := near%s%s(n, pdst, pa)
		if n -= done; n == 0 {
			return
		}
		pdst, pa = unsafe.Add(pdst, 4*done), unsafe.Add(pa, 4*done)
		dst, a := (*[%[4]d]float32)(pdst), (*[%[4]d]float32)(pa)
		for i, a := range a {
			dst[i] = %[5]s(a)
		}
		if n -= %[4]d; n == 0 {
			return
		}
		pdst, pa = unsafe.Add(pdst, %[6]d), unsafe.Add(pa, %[6]d)
	}
}
`, name, op.name, m.name, m.lanes, lower(op.name), 4*m.lanes)
}

// plain writes the file with the loops in plain Go.
func plain(s *source) string {
	var funcs, table strings.Builder
	for _, op := range s.ops {
		name := lower(op.name) + "Plain"
		fmt.Fprintf(&table, "%s: %s,\n", op.name, name)
		names := map[string]string{"dst": "dst", "dst2": "_", "a": "a", "b": "_", "c": "_"}
		var cut, to []string
		for _, p := range append(op.results[1:], op.params...) {
			names[p] = p
			cut = append(cut, fmt.Sprintf("%s = %s[:len(dst)]\n", p, p))
		}
		for _, r := range op.results {
			to = append(to, r+"[i]")
		}
		call := op.text
		if op.call == nil {
			call = lower(op.name) + "(" + strings.Join(op.params, ", ") + ")"
		}
		var load strings.Builder
		for _, p := range op.params {
			fmt.Fprintf(&load, "%s := %s[i]\n", p, p)
		}
		fmt.Fprintf(&funcs, "\nfunc %s(%s, %s, %s, %s, %s []float32) {\n%sfor i := range dst {\n%s%s = %s\n}\n}\n",
			name, names["dst"], names["dst2"], names["a"], names["b"], names["c"], strings.Join(cut, ""), &load, strings.Join(to, ", "), call)
	}
	return fmt.Sprintf(`package vector

// loopsPlain has the loops in plain Go, for any number of lanes.
var loopsPlain = [fused]func(dst, dst2, a, b, c []float32){
%s}
%s`, &table, &funcs)
}

func lower(name string) string { return strings.ToLower(name[:1]) + name[1:] }
