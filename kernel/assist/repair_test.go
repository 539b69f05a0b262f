package assist

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestRepair(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"f(a, |", "f(a, |)"},
		{"f(a[b|\ng()", "f(a[b|])\ng()"},
		{"f(\n\ta,\n\tb|\n)", "f(\n\ta,\n\tb|,\n)"},
		{"f(\n\ta|\n\tb,\n)", "f(\n\ta|)\n\tb,\n "},
		{"f(func() { a|)", "f(func() { a|})"},
		{"a|)\nb]", "a| \nb "},
		{"if a {\n\tb|", "if a {\n\tb|\n}"},
		{"if a|\nb", "if a| {}\nb"},
		{"for i := range f(a|\nb", "for i := range f(a|) {}\nb"},
		{"if f(func() {}) {\n\ta|\n}", "if f(func() {}) {\n\ta|\n}"},
		{"func f() {\n\tfor {\n\t\ta|\n\nfunc (t *T) g() {\n}", "func f() {\n\tfor {\n\t\ta|\n\n}}\nfunc (t *T) g() {\n}"},
		{"import (\n\t\"fmt\"\n)\na|", "import (\n\t\"fmt\"\n)\na|"},
		{"var (\n\tx = a|\n\ty = b", "var (\n\tx = a|\n\ty = b)"},
		{"a| // (", "a| // ("},
		{"f(a) // (\nif b {\n\tc| // (", "f(a) // (\nif b {\n\tc| // (\n}"},
		{"f(`(\r\n`, |", "f(`(\r\n`, |)"},
		{"f(1\ng(2, |", "f(1)\ng(2, |)"},
	} {
		src, cursor := atCursor(t, c.src)
		got, moved := repair(src, src, byteOffset(src, cursor))
		if got = got[:moved] + "|" + got[moved:]; got != c.want {
			t.Errorf("%q\n became %q\nexpected %q", c.src, got, c.want)
		}
	}
}

// TestRepairEveryCut types a cell letter by letter: with the placeholder at its
// end, none of its brackets may be missing.
func TestRepairEveryCut(t *testing.T) {
	const cell = `layer := neuron.NewLIF(neuron.Tau(2), neuron.StepMode("m"))
points := map[string][]Point{
	"a": {{X: 1, Y: 2}, {}},
}
for name, list := range points {
	for i := range list[1:] {
		fmt.Println(name, list[i].X, func(p *Point) float64 {
			if p == nil {
				return 0
			}
			return p.Norm()
		}(&list[i]))
	}
}
switch x := any(layer).(type) {
case *neuron.Layer:
	x.Forward(snn.Full(1.2, 50, 1))
default:
}
`
	for at := range len(cell) {
		tokens := scan(cell[:at])
		start, _ := word(cell[:at], at)
		if inert(tokens, at) {
			continue
		}
		src := cell[:start] + placeholder
		text, _ := repair(src, src, start)
		_, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() {\n"+text+"\n}\n", 0)
		if err != nil && strings.Contains(err.Error(), "EOF") {
			t.Errorf("%q\n became %q: %v", cell[:at], text, err)
		}
	}
}
