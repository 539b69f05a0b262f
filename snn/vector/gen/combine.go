package main

import (
	"fmt"
	"strings"
)

// mostCombined is how many vectors of columns a loop of combine computes at most:
// their sums stay in registers, of which AVX2 has 16.
const mostCombined = 8

// combine writes the file with the loops of combine for a machine.
func combine(m machine) string {
	var table, funcs strings.Builder
	for n := 1; n <= mostCombined; n++ {
		fmt.Fprintf(&table, "combine%d%s,\n", n, m.name)
		funcs.WriteString(combineLoop(m, n))
	}
	return fmt.Sprintf(`//go:build goexperiment.simd && amd64

package vector

import (
	"simd/archsimd"
	"unsafe"
)

// combine%[1]s has the loops of combine with the instructions of %[2]s: for 1 vector
// of %[3]d columns, for 2 and so on.
var combine%[1]s = []combineLoop{
%[4]s}
%[5]s`, m.name, m.feature, m.lanes, &table, &funcs)
}

func combineLoop(m machine, n int) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	// The vectors are parts of an array, but for the last one.
	rest := max(1, n-1)
	array := fmt.Sprintf("(*[%d][%d]float32)", rest, m.lanes)
	at := func(array, pointer string, k int) string {
		if k == rest {
			return fmt.Sprintf("(*[%d]float32)(unsafe.Add(%s, 4*last))", m.lanes, pointer)
		}
		return fmt.Sprintf("&%s[%d]", array, k)
	}
	sums := make([]string, n)
	for k := range sums {
		sums[k] = fmt.Sprint("s", k)
	}
	line("\nfunc combine%d%s(more bool, dst unsafe.Pointer, weights []float32, rows []int32, matrix unsafe.Pointer, apart, last int) {", n, m.name)
	line("var %s %s", strings.Join(sums, ", "), m.vector("Float32"))
	line("to := %s(dst)", array)
	line("if more {")
	for k, sum := range sums {
		line("%s = %s(%s)", sum, m.vector("LoadFloat32"), at("to", "dst", k))
	}
	line("}")
	line("at := unsafe.Add(matrix, 4*int(rows[0])*apart)")
	line("for i, weight := range weights {")
	line("w, row := %s(weight), %s(at)", m.vector("BroadcastFloat32"), array)
	for k, sum := range sums {
		line("%[1]s = %[1]s.Add(w.Mul(%[2]s(%[3]s)))", sum, m.vector("LoadFloat32"), at("row", "at", k))
	}
	line("if i+1 < len(rows) {") // so that at is one register, not an address to work out for each vector
	line("at = unsafe.Add(matrix, 4*int(rows[i+1])*apart)")
	line("}")
	line("}")
	for k, sum := range sums {
		line("%s.Store(%s)", sum, at("to", "dst", k))
	}
	line("}")
	return b.String()
}
