package cell

import "testing"

var completions = []struct{ name, src, status, indent string }{
	{"empty", "", "complete", ""},
	{"a statement", "x := 1", "complete", ""},
	{"an expression", "x", "complete", ""},
	{"mixed", "x := 1\nfunc f() int { return x }\nf()", "complete", ""},
	{"an import behind a declaration", "func f() {}\nimport \"os\"\nf()", "complete", ""},
	{"an open block", "for i := range 3 {", "incomplete", "    "},
	{"two open blocks", "func f() {\n    if x {", "incomplete", "        "},
	{"an open call", "fmt.Println(1,", "incomplete", "    "},
	{"an operator at the end", "x := 1 +", "incomplete", ""},
	{"an open raw string", "s := `a", "incomplete", ""},
	{"an open comment", "x := 1 /* a", "incomplete", ""},
	{"an open string", "s := \"a", "incomplete", ""},
	{"an open import", "import (\n\"fmt\"", "incomplete", "    "},
	{"a wrong token", "x := := 1", "invalid", ""},
	{"a closing brace too many", "}", "invalid", ""},
	{"a bracket of another kind", "f(]", "invalid", ""},
	{"a magic", "%env A=1", "complete", ""},
	{"a shell line that goes on", "!ls \\", "incomplete", ""},
	{"below two percent signs", "%%\nx := 1", "incomplete", ""},
	{"ended by an empty line", "%%\nx := 1\n", "complete", ""},
	{"an open block below", "%%\nif x {\n", "incomplete", "    "},
	{"a cell magic", "%%bash\nls", "incomplete", ""},
	{"a cell magic that ends", "%%bash\nls\n", "complete", ""},
	{"func main", "func main() {\n}", "complete", ""},
}

func TestComplete(t *testing.T) {
	for _, test := range completions {
		if status, indent := Complete(test.src); status != test.status || indent != test.indent {
			t.Errorf("%s: got %s %q, want %s %q", test.name, status, indent, test.status, test.indent)
		}
	}
}
