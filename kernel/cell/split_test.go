package cell

import (
	"reflect"
	"strings"
	"testing"
)

// What Split finds: before|run|own, and the Go text without its blanks.
var splits = []struct {
	name, src        string
	before, run, own []string
	kind             Kind
	goText           string
}{
	{name: "statements", src: "x := 1\nx", goText: "x := 1\nx"},
	{name: "shell", src: "!ls\nx := 1", before: []string{"!ls"}, goText: "x := 1"},
	{name: "shell after Go", src: "x := 1\n!*go get a@v1\nx", before: []string{"!*go get a@v1"}, goText: "x := 1\n\nx"},
	{name: "not in the first column", src: " !ls\nx :=\n%d", before: []string{"%d"}, goText: "!ls\nx :="},
	{name: "continued", src: "!echo a \\\n  b \\\n  c\nx", before: []string{"!echo a \\\n  b \\\n  c"}, goText: "x"},
	{name: "continued to the end", src: "!echo a \\", before: []string{"!echo a \\"}},
	{name: "in a raw string", src: "s := `\n%x\n!y\n`\n%z", before: []string{"%z"}, goText: "s := `\n%x\n!y\n`"},
	{name: "in a comment", src: "/*\n%x\n*/ // `\n%z", before: []string{"%z"}, goText: "/*\n%x\n*/ // `"},
	{name: "quotes in a shell line", src: "!echo \"it's `\nx := '`'\n%z\ny := \"`\"\n!w", before: []string{"!echo \"it's `", "%z", "!w"}, goText: "x := '`'\n\ny := \"`\""},
	{name: "with a prefix", src: "//gonb:%env A=1\n//gonb:!ls\n// x", before: []string{"%env A=1", "!ls"}, goText: "// x"},
	{name: "below two percent signs", src: "func f() {}\n%% -n=3\nf()", run: []string{"%% -n=3"}, kind: Main, goText: "func f() {}\n\nf()"},
	{name: "main", src: "%main\nf()", run: []string{"%main"}, kind: Main, goText: "f()"},
	{name: "arguments", src: "%args -a b\nf()", run: []string{"%args -a b"}, goText: "f()"},
	{name: "exec", src: "%exec f  a \"b c\"", run: []string{"%args  a \"b c\""}, kind: Main},
	{name: "exec without arguments", src: "%exec f", run: []string{"%args"}, kind: Main},
	{name: "test", src: "func TestX(t *testing.T) {}\n%test -test.v", run: []string{"%test -test.v"}, kind: Test, goText: "func TestX(t *testing.T) {}"},
	{name: "capture", src: "%capture -a out.txt\nx", run: []string{"%capture -a out.txt"}, goText: "x"},
	{name: "our own", src: "%session forget x\n%time\n%backend cuda\n%snn\n%env A=1\n%ls\n%rm f\n%reset", before: []string{"%env A=1"}, own: []string{"%session forget x", "%time", "%backend cuda", "%snn", "%ls", "%rm f", "%reset"}},
	{name: "carriage returns", src: "!ls\r\nx := 1\r\n", before: []string{"!ls"}, goText: "x := 1"},
	{name: "a whole program", src: "//go:build linux\n\n/* License\n*/\n\n// Program p.\npackage main; import \"fmt\"\n// x", goText: "import \"fmt\"\n// x"},
	{name: "a lone sign", src: "%\n!\nx", goText: "%\n!\nx"},
	{name: "empty"},
}

func TestSplit(t *testing.T) {
	for _, test := range splits {
		t.Run(test.name, func(t *testing.T) {
			p := Split(test.src)
			for _, list := range []struct {
				what      string
				got, want []string
			}{{"before", p.Before, test.before}, {"run", p.Run, test.run}, {"own", p.Own, test.own}} {
				if !reflect.DeepEqual(list.got, list.want) {
					t.Errorf("%s: got %q, want %q", list.what, list.got, list.want)
				}
			}
			if p.Kind != test.kind || p.Whole != "" {
				t.Errorf("kind %d, whole %q", p.Kind, p.Whole)
			}
			if len(p.Go) != len(test.src) || strings.Count(p.Go, "\n") != strings.Count(test.src, "\n") {
				t.Errorf("offsets moved: %q", p.Go)
			}
			var lines []string
			for line := range strings.Lines(strings.TrimSpace(p.Go)) {
				lines = append(lines, strings.TrimSpace(line))
			}
			if got := strings.Join(lines, "\n"); got != test.goText {
				t.Errorf("Go: got %q, want %q", got, test.goText)
			}
		})
	}
}

func TestSplitWhole(t *testing.T) {
	for _, src := range []string{"%%bash\necho", "%%writefile f\nx", "\n\n%%script sh\nx", "%%sh"} {
		if p := Split(src); p.Whole != src || p.Go != "" {
			t.Errorf("%q: got %+v", src, p)
		}
	}
	if p := Split("x\n%%bash"); p.Whole != "" || len(p.Before) != 1 {
		t.Errorf("%%%%bash below Go: got %+v", p)
	}
}

// In want, declarations and statements stand apart: each without blanks.
var separations = []struct{ name, src, decls, stmts string }{
	{"mixed", "x := 1\nfunc f() {}\nx++\ntype T int; y := 2\nconst c = 1", "func f() {} type T int; const c = 1", "x := 1 x++ y := 2"},
	{"methods and literals", "func (t T) M() {}\nfunc(x int) int { return x }(1)\nfunc (t T) N() {}", "func (t T) M() {} func (t T) N() {}", "func(x int) int { return x }(1)"},
	{"inside blocks", "if true { type T int; const c = 1; var v = 1 }", "", "if true { type T int; const c = 1; var v = 1 }"},
	{"a variable is a statement", "var x = 1\nimport \"fmt\"", "import \"fmt\"", "var x = 1"},
	{"beside func main it is not", "var x = 1\nfunc main() {}", "var x = 1 func main() {}", ""},
	{"above the line", "var x = 1\n%%\nvar y = 2\ntype T int\nfunc f() {}", "var x = 1 func f() {}", "var y = 2 type T int"},
	{"after a label", "L:\ntype T int\nfor {}", "type T int", "L: for {}"},
	{"with its comment", "x := 1\n// F does.\n// Much.\nfunc F() {}\n// other\ny := 2", "// F does. // Much. func F() {}", "x := 1 // other y := 2"},
	{"groups", "import (\n\"a\"\n)\nconst (\nA = iota\n)\nA", "import ( \"a\" ) const ( A = iota )", "A"},
	{"not closed", "func f() {\nx", "func f() { x", ""},
}

func TestSeparate(t *testing.T) {
	words := func(b []byte) string { return strings.Join(strings.Fields(string(b)), " ") }
	for _, test := range separations {
		t.Run(test.name, func(t *testing.T) {
			p := separate(Split(test.src))
			if words(p.decls) != test.decls || words(p.stmts) != test.stmts {
				t.Errorf("got %q and %q\nwant %q and %q", words(p.decls), words(p.stmts), test.decls, test.stmts)
			}
		})
	}
}

func TestHash(t *testing.T) {
	same := [][2]string{{"x := 1", "x := 234"}, {`f("a", true)`, `f("bcd", false)`}, {"x := 1 // a", "x := 2.5 // a"}}
	for _, s := range same {
		if Hash(s[0]) != Hash(s[1]) {
			t.Errorf("%q and %q: want the same hash", s[0], s[1])
		}
	}
	for _, s := range [][2]string{{"x := 1", "y := 1"}, {"x := 1", "\nx := 1"}, {"s := `a`", "s := `a\nb`"}, {"x", ""}} {
		if Hash(s[0]) == Hash(s[1]) {
			t.Errorf("%q and %q: want different hashes", s[0], s[1])
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, t := range splits {
		f.Add(t.src)
	}
	for _, t := range separations {
		f.Add(t.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p := Split(src)
		if p.Whole != "" {
			return
		}
		s := separate(p)
		if len(p.Go) != len(src) || len(s.decls) != len(src) || len(s.stmts) != len(src) {
			t.Fatalf("lengths changed: %q", src)
		}
		Hash(src)
		Complete(src)
	})
}
