package cell

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The cells of a row run one after the other; want are the errors of the last
// one, in which «n» is the n-th cell.
var mistakes = []struct {
	name  string
	cells []string
	want  string
}{
	{"all at once", []string{"x := 1\nx.foo()\ny := undefined1\nfunc f() { undefined2() }\nz := \"a\" + 1"},
		"«1»:2:3: x.foo undefined (type int has no field or method foo)\n«1»:3:6: undefined: undefined1\n«1»:4:12: undefined: undefined2\n«1»:5:6: invalid operation: \"a\" + 1 (mismatched types untyped string and untyped int)"},
	{"after a rewritten place", []string{"var (\n\ta struct {\n\t\tN int\n\t}\n)\nlen := a.N; len.x()"}, "«1»:6:17: len.x undefined (type int has no field or method x)"},
	{"on a line with a function literal", []string{"f := func() int {\n\treturn 1\n}; f(2)\nf(nope)"}, "«1»:3:6: too many arguments in call to f\n\thave (number)\n\twant ()\n«1»:4:3: undefined: nope"},
	{"inside a function literal", []string{"f := func() int {\n\n\treturn \"s\"\n}"}, "«1»:3:9: cannot use \"s\" (untyped string constant) as int value in return statement"},
	{"syntax", []string{"x := := 1\ny := (2"}, "«1»:1:6: expected operand, found ':='"},
	{"syntax of both halves", []string{"func f( {}\nx y"}, "«1»:1:9: expected ')', found '{'"},
	{"too early", []string{"func f() {\n\tx := 1"}, "«1»:2:8: the cell ends too early: expected '}'"},
	{"a bracket too many", []string{"x := 1\n}"}, "«1»:2:1: unexpected }: nothing opened it"},
	{"a bracket of another kind", []string{"f(1]"}, "«1»:1:4: unexpected ]: what is open is a ("},
	{"an import behind a declaration is none", []string{"func f() {}\nimport \"os\"\nos.Nope()"}, "«1»:3:4: undefined: os.Nope"},
	{"unused is no mistake", []string{"import \"os\"\nx := 1\nfor i := range 3 { j := i }\nundefined3"}, "«1»:4:1: undefined: undefined3"},
	{"twice in one cell", []string{"x := 1\nx := 2"}, "«1»:2:3: no new variables on left side of :="},
	{"declared twice", []string{"func f() {}\nfunc f() {}"}, "«1»:2:6: f redeclared in this block"},
	{"of an earlier cell", []string{"type T struct{ A int }\n\nfunc a(t T) int { return t.A }", "type T struct{ B int }", "a(T{})"}, "«1»:3:28: t.A undefined (type T has no field or method A)"},
	{"a cell that does not compile", []string{"x := nope", "x"}, "«2»:1:1: undefined: x («1» defines it, but does not compile)"},
	{"a value that is not shown", []string{"x := 1", "x + 1\nx"}, "«2»:1:1: x + 1 (value of type int) is not used (only a cell's last expression is shown)"},
	{"var", []string{"type T struct{ n int }\nvar x T = 3\nvar (\n\ty string = 4\n\tz = nil\n)\ny = 5"},
		"«1»:2:11: cannot use 3 (untyped int constant) as T value in variable declaration\n«1»:4:13: cannot use 4 (untyped int constant) as string value in variable declaration\n«1»:5:6: use of untyped nil in variable declaration\n«1»:7:5: cannot use 5 (untyped int constant) as string value in assignment"},
	{"var of a plain main cell", []string{"var x string = 3\nfunc main() {}"}, "«1»:1:16: cannot use 3 (untyped int constant) as string value in variable declaration"},
	{"a variable as its own type", []string{"var A A\nfunc main() {}"}, "«1»:1:7: A (package-level variable) is not a type"},
	{"void as a value", []string{"func f() {}", "x := f()"}, "«2»:1:6: f() (no value) used as value"},
	{"a package that is not there", []string{"import \"no/such\"\nimport \"nor/this\""}, "«1»:1:8: cannot import \"no/such\": package no/such is not in std\n«1»:2:8: cannot import \"nor/this\": package nor/this is not in std"},
	{"a package that is not there, and more", []string{"import \"no/such\"\nsuch.F()\nx := nope1"}, "«1»:1:8: cannot import \"no/such\": package no/such is not in std\n«1»:3:6: undefined: nope1"},
	{"a package that is not there may be the cause of all", []string{"import . \"no/such\"\nx := nope1"}, "«1»:1:10: cannot import \"no/such\": package no/such is not in std"},
	{"a label that nothing uses", []string{"l:\nfor range 1 {}"}, "«1»:1:1: label l declared and not used"},
	{"init with a result", []string{"func init() int { return 1 }"}, "«1»:1:6: func init must have no arguments and no return values"},
	{"a type argument of a variable", []string{"type G[T interface{ int | string }] struct{ v T }\nvar g G[float64]"}, "«1»:2:9: float64 does not satisfy interface{int | string} (float64 missing in int | string)"},
	{"one end is one mistake", []string{"f(\"a\""}, "«1»:1:6: the cell ends too early: missing ',' before newline in argument list"},
	{"not the end's fault", []string{"defer fmt.Println"}, "«1»:1:18: expression in defer must be function call"},
	{"our own functions are not named", []string{"1 << 70"}, "«1»:1:1: cannot use 1 << 70 (untyped int constant 1180591620717411303424) as int value (overflows)"},
	{"a module that is not there", []string{"import \"example.com/x\""}, "«1»:1:8: cannot import \"example.com/x\": package example.com/x is not in std (a module must be fetched first: !*go get example.com/x)"},
	{"cgo", []string{"import \"C\""}, "«1»:1:8: cells cannot use cgo: put the C code into a package of a module and import that"},
	{"beside main", []string{"x := 1\nfunc main() {}"}, "«1»:1:1: statement beside func main: put it into main, or write the cell without func main"},
	{"exec of nothing", []string{"%exec nope"}, "«1»:1:1: undefined: nope (%exec calls a function that this or an earlier cell declares)"},
	{"a type that is gone", []string{"type G[T any] struct{ v T }\ng := G[int]{}", "type G struct{}", "g"}, "«3»:1:1: the value of g has the type G[int], which is no longer there: %session forget g drops it"},
	{"renamed variables", []string{"rand := rand.New(rand.NewSource(1))", "rand + 1"}, "«2»:1:1: invalid operation: rand + 1 (mismatched types *rand.Rand and untyped int)"},

	{"member of a package", []string{"strings.ToUper(\"a\")"}, "«1»:1:9: undefined: strings.ToUper (did you mean ToUpper?)"},
	{"constructor", []string{"neuron.NewLif()"}, "«1»:1:8: undefined: neuron.NewLif (did you mean NewLIF?)"},
	{"package", []string{"stirngs.ToUpper(\"a\")"}, "«1»:1:1: undefined: stirngs (did you mean strings?)"},
	{"preloaded package", []string{"nueron.NewIF()"}, "«1»:1:1: undefined: nueron (did you mean neuron?)"},
	{"unknown package", []string{"foo.Bar()"}, "«1»:1:1: undefined: foo"},
	{"variable", []string{"layers := 3", "layer + 1"}, "«2»:1:1: undefined: layer (did you mean layers?)"},
	{"local variable", []string{"for count := range 3 { cuont++ }"}, "«1»:1:24: undefined: cuont (did you mean count?)"},
	{"field", []string{"type P struct{ Weight float64 }\np := P{}\np.Wieght"}, "«1»:3:3: p.Wieght undefined (type P has no field or method Wieght) (did you mean Weight?)"},
	{"method", []string{"layer := neuron.NewIF()\nlayer.Froward(nil)"}, "«1»:2:7: layer.Froward undefined (type *neuron.Layer has no field or method Froward) (did you mean Forward?)"},
	{"field of a literal", []string{"type P struct{ Weight float64 }\nP{Wegiht: 1}"}, "«1»:2:3: unknown field Wegiht in struct literal of type P (did you mean Weight?)"},
	{"other case", []string{"fmt.println(1)"}, "«1»:1:5: undefined: fmt.println (did you mean Println?)"},
	{"a type is no predeclared function", []string{"p := Point{}"}, "«1»:1:6: undefined: Point"},
	{"short names differ much", []string{"sum + 1"}, "«1»:1:1: undefined: sum"},
	{"a name that is short in another case", []string{"Tau := 1.5", "tau + 1"}, "«2»:1:1: undefined: tau (did you mean Tau?)"},
	{"case before letters", []string{"layerS, Layerx := 1, 2", "layers + 1"}, "«2»:1:1: undefined: layers (did you mean layerS?)"},
	{"nothing near", []string{"strings.Frobnicate()"}, "«1»:1:9: undefined: strings.Frobnicate"},
}

func TestErrors(t *testing.T) {
	for _, test := range mistakes {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory(t)
			var got string
			for i, src := range test.cells {
				p, err := m.Compile(src, nil)
				if err == nil {
					p.Done(true)
				} else if i+1 < len(test.cells) && i > 0 {
					t.Fatal(err)
				}
				got = ""
				if errs := (Errors)(nil); errors.As(err, &errs) {
					got = errs.Error()
				} else if err != nil {
					t.Fatal(err)
				}
			}
			for i, src := range test.cells {
				n := fmt.Sprintf("«%d»", i+1)
				got = strings.ReplaceAll(strings.ReplaceAll(got, "\ncell-"+Hash(src)+":", "\n"+n+":"), "cell-"+Hash(src), n)
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	source := "x := 1\n\ty := é + nope\n"
	for _, test := range []struct {
		line, col int
		want      string
	}{
		{1, 1, "x := 1\n^"}, {2, 12, "    y := é + nope\n             ^"}, {1, 99, "x := 1\n      ^"}, {3, 1, "\n^"}, {9, 1, ""}, {0, 0, ""},
	} {
		if got := (&Error{Line: test.line, Col: test.col}).Excerpt(source); got != test.want {
			t.Errorf("%d:%d: got\n%s\nwant\n%s", test.line, test.col, got, test.want)
		}
	}
}

func TestMemoryJSON(t *testing.T) {
	m := newMemory(t)
	for _, src := range []string{"import \"math/rand\"\nx := rand.New(rand.NewSource(1))\nfunc f() int { return x.Intn(3) }", "len := 3\nfunc g() int { return len }"} {
		p, err := m.Compile(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Done(true)
	}
	saved, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	n := newMemory(t)
	if err := json.Unmarshal(saved, n); err != nil {
		t.Fatal(err)
	}
	a, err := m.Compile("f() + g()", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := n.Compile("f() + g()", nil)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(a.Files) != fmt.Sprint(b.Files) || len(a.Files) < 3 {
		t.Errorf("got\n%v\nwant\n%v", b.Files, a.Files)
	}
	n.Forget("x")
	if _, err := n.Compile("f()", nil); err == nil {
		t.Error("x was forgotten, and f still compiles")
	}
}

// Cells that differ in numbers, and cells that run again, are the same programs.
// In a row «a» and «b» are numbers that change.
func TestSameProgram(t *testing.T) {
	for _, test := range []struct {
		name  string
		cells []string
	}{
		{"statements", []string{"x := «a»\ny := x * «b»\nx + y"}},
		{"a function of the cell", []string{"func f(x float64) float64 { return x*«a» + «b» }\nf(«a»)"}},
		{"a function of an earlier cell", []string{"func f(x float64) float64 {\n\tif x > «a» {\n\t\treturn «b»\n\t}\n\treturn -x\n}", "f(2)"}},
		{"methods", []string{"type T struct{ v float64 }\nfunc (t T) Plus() float64 { return t.v + «a» }\nfunc (t *T) Set() { t.v = «b» }", "t := T{}\nt.Set()\nt.Plus()"}},
		{"a neuron", []string{"type Leaky struct{ neuron.Base }\nfunc (*Leaky) NeuronalCharge(v, x dynamics.Expr) dynamics.Expr { return v.Add(x.Square().Mul(dynamics.Const(«a»))) }", "n := neuron.New(&Leaky{})\nn.Forward(snn.Full(«b», 1))"}},
		{"a function literal", []string{"f := func(x float64) float64 { return x * «a» }\nf(«b»)", "f(3)"}},
		{"two function literals", []string{"f := func(x float64) float64 { return x * «a» }\ng := func(x float64) float64 { return x + «b» }", "f(g(3))"}},
		{"a function literal as an argument", []string{"s := []float64{3, 1, 2}\nsort.Slice(s, func(i, j int) bool { return s[i] < s[j]+«a» })"}},
		{"a plain main cell", []string{"func half(x float64) float64 { return x / «a» }\nfunc main() { fmt.Println(half(«b»)) }"}},
		{"a value whose type cannot be named", []string{"eq := neuron.Equation(\"v + x\")", "eq.Forward(snn.Full(«a», 1))\neq.Reset()"}},
	} {
		m := newMemory(t)
		var first string
		for i, numbers := range [][2]string{{"1.5", "2"}, {"2.5", "3e2"}, {"2.5", "3e2"}} {
			programs := ""
			for _, src := range test.cells {
				p, err := m.Compile(strings.NewReplacer("«a»", numbers[0], "«b»", numbers[1]).Replace(src), nil)
				if err != nil {
					t.Fatalf("%s: %v", test.name, err)
				}
				p.Done(true)
				programs += fmt.Sprint(p.Files)
			}
			if i == 0 {
				first = programs
			} else if programs != first {
				t.Errorf("%s: got\n%s\nwant\n%s", test.name, programs, first)
			}
		}
	}
}

func TestView(t *testing.T) {
	m := newMemory(t)
	p, err := m.Compile("layer := neuron.NewIF()\n// Add adds.\nfunc Add(a, b int) int { return a + b }\nmax := 3", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Done(true)
	for _, test := range []struct{ src, at, want string }{
		{"x := 1\nlayer.For", "layer", "*spikebook/snn/neuron.Layer"},
		{"x := 1; func g(q float64) { q", "q", "float64"},
		{"type T struct{}\nfunc (t *T) M() {\n\tt.", "t.", "*main.T"},
		{"y := Add(1, max", "max", "int"},
		{strings.Repeat("var 1\n", 20) + "y := Add(1, 2)\ny", "y", "int"},
		{"%env A=1\ny := []string{}\nfor i, s := range y {\n s", "s", "string"},
	} {
		v := m.View(test.src)
		off := strings.LastIndex(test.src, test.at)
		pos := v.Pos(off)
		if v.Offset(pos) != off {
			t.Errorf("%q: offset %d became %d", test.src, off, v.Offset(pos))
		}
		got := "nothing"
		for id, o := range v.Info.Uses {
			if id.Pos() == pos {
				got = o.Type().String()
			}
		}
		if got != test.want {
			t.Errorf("%q at %q: got %s, want %s", test.src, test.at, got, test.want)
		}
	}
	for _, src := range []string{"\x97\xcd\xcd\xcd#\xcd", "x := }{", "func", "%%bash\nls", "import \"\xff"} { // no syntax tree at all, or a strange one
		v := m.View(src)
		for off := range src {
			if back := v.Offset(v.Pos(off)); back != off && back != -1 {
				t.Errorf("%q: offset %d became %d", src, off, back)
			}
		}
	}
	if got := m.View("").Decl("Add"); !strings.HasPrefix(got, "// Add adds.") {
		t.Errorf("declaration of Add: got %q", got)
	}
}

func FuzzCompile(f *testing.F) {
	for _, test := range mistakes {
		for _, src := range test.cells {
			f.Add("x := 1\nfunc y() {}", src)
		}
	}
	for _, t := range separations {
		f.Add("max := 1\ntype T struct{}", t.src)
	}
	for _, t := range completions {
		f.Add(t.src, t.src)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		m := newMemory(t)
		for _, src := range []string{first, second, first} {
			m.View(src)
			p, err := m.Compile(src, nil)
			var errs Errors
			if err != nil && !errors.As(err, &errs) {
				t.Fatalf("%v", err)
			}
			for _, e := range errs {
				if e.Line < 1 || e.Col < 1 || strings.Contains(e.Msg, "__") && !strings.Contains(src+first, "__") {
					t.Fatalf("%q: %+v", src, e)
				}
			}
			if err == nil {
				p.Done(true)
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	m := newMemory(b)
	for i := range 50 {
		p, err := m.Compile(fmt.Sprintf("x%d := %d\nfunc f%d(a int) int { return a + x%d }\nfmt.Println(f%d(1))", i, i, i, i, i), nil)
		if err != nil {
			b.Fatal(err)
		}
		p.Done(true)
	}
	for b.Loop() {
		if _, err := m.Compile("x1++\nx1", nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompileNeuron(b *testing.B) {
	m := newMemory(b)
	src := "import \"net/http\"\nlayer := neuron.NewLIF(neuron.Tau(2))\ny := layer.Forward(snn.Full(1, 10, 4))\nc := http.DefaultClient\nfmt.Println(len(y.Shape()))\ndisplay.Plot2DHeatmap(y)"
	for b.Loop() {
		if _, err := m.Compile(src, nil); err != nil {
			b.Fatal(err)
		}
	}
}
