package notebook

import (
	"reflect"
	"strings"
	"testing"
)

func parse(t *testing.T, args ...string) []Parameter {
	t.Helper()
	var params []Parameter
	for _, arg := range args {
		p, err := ParseParameter(arg)
		if err != nil {
			t.Fatal(err)
		}
		params = append(params, p)
	}
	return params
}

func withParameters(source string) *Notebook {
	return &Notebook{Minor: 5, Cells: []*Cell{
		{Type: Markdown, Source: "# x", ID: "a"},
		{Type: Code, Source: source, ID: "b", Metadata: map[string]any{"tags": []any{"parameters"}}},
		{Type: Code, Source: "%%\nuse()", ID: "c"},
	}}
}

// injected returns what the injected cell declares.
func injected(nb *Notebook) string {
	for _, c := range nb.Cells {
		if c.Tagged(TagInjected) {
			return strings.TrimSpace(strings.TrimPrefix(c.Source, "// Parameters set by spikebook exec -p.\n"))
		}
	}
	return ""
}

func TestParseParameter(t *testing.T) {
	if p := parse(t, "a=b=c")[0]; p != (Parameter{"a", "b=c"}) {
		t.Errorf("%v", p)
	}
	if p := parse(t, "größe=")[0]; p != (Parameter{"größe", ""}) {
		t.Errorf("%v", p)
	}
	for in, want := range map[string]string{
		"tau":    `parameter "tau": expected name=value`,
		"=3":     `"" is not a Go name`,
		"a b=3":  `"a b" is not a Go name`,
		"func=3": `"func" is not a Go name`,
		"_=3":    `"_" is not a Go name`,
		"1x=3":   `"1x" is not a Go name`,
	} {
		if _, err := ParseParameter(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

// The declaration decides the type; the value does not.
func TestInjectTyped(t *testing.T) {
	for _, test := range []struct{ cell, value, want string }{
		{"var p = 1.5", "3", "var p float64 = 3"},
		{"var p float64 = 1.5", "1e-3", "var p float64 = 0.001"},
		{"var p float64", "-.5", "var p float64 = -0.5"},
		{"var p float32 = 1", "0.1", "var p float32 = 0.1"},
		{"var p = float32(1)", "2", "var p float32 = 2"},
		{"var p = 150", "200", "var p int = 200"},
		{"var p = 10 * 15", "-1", "var p int = -1"},
		{"var p uint8", "0xff", "var p uint8 = 255"},
		{"var p int64 = 1", "1_000", "var p int64 = 1000"},
		{"var p = 'a'", "98", "var p rune = 98"},
		{"var p = true", "false", "var p bool = false"},
		{"var p bool", "1", "var p bool = true"},
		{"var p = \"s\"", "3", "var p string = \"3\""},
		{"var p string", "a \"b\"\n", "var p string = \"a \\\"b\\\"\\n\""},
		{"var p = `raw`", "", `var p string = ""`},
		{"var p = []float64{1}", "[1,2.5]", "var p []float64 = []float64{1, 2.5}"},
		{"var p []int", "[]", "var p []int = []int{}"},
		{"var p []string", `["a","b c"]`, `var p []string = []string{"a", "b c"}`},
		{"var p [2]bool", "[true,false]", "var p [2]bool = [2]bool{true, false}"},
		{"var p [][]float32", "[[1],[2,3]]", "var p [][]float32 = [][]float32{{1}, {2, 3}}"},
		{"var p map[string]int", `{"b":2,"a":1}`, `var p map[string]int = map[string]int{"a": 1, "b": 2}`},
		{"type Rate float64\nvar p Rate = 1", "2", "var p Rate = 2"},
		{"type Rates []float64\nvar p = Rates{1}", "[2]", "var p Rates = Rates{2}"},
		{"var q, p = 1, 2.5", "4", "var p float64 = 4"},
		{"var (\n\tq = 1\n\tp = 2.5 // tau\n)", "4", "var p float64 = 4"},
		{"import \"math\"\nvar p float64 = math.Pi", "3", "var p float64 = 3"},
		{"%env X 1\n!ls\nvar p = 1.5\n%%\nfmt.Println(p)", "3", "var p float64 = 3"},
		{"//gonb:%env X 1\nvar p = 1.5\n//gonb:%%\nif bad syntax", "3", "var p float64 = 3"},
		{"func f() float64 { return 2 }\nvar p = f()", "3", "var p float64 = 3"},

		{"const p = 150", "200", "const p = 200"},
		{"const p = 1.5", "3", "const p = 3.0"},
		{"const p = 1.5", "1e9", "const p = 1e+09"},
		{"const p float32 = 1.5", "3", "const p float32 = 3"},
		{"const p = \"a\"", "b", `const p = "b"`},
		{"const p = true", "false", "const p = false"},
		// A group goes as a whole: GoNB remembers its members by their neighbours.
		{"const (\n\tq = 1\n\tp = 2 // steps\n\tr = p * q\n)", "7", "const (\n\tq = 1\n\tp = 7 // steps\n\tr = p * q\n)"},
	} {
		nb := withParameters(test.cell)
		if err := nb.Inject(parse(t, "p="+test.value)); err != nil {
			t.Errorf("%q, p=%s: %v", test.cell, test.value, err)
			continue
		}
		if got := injected(nb); got != test.want {
			t.Errorf("%q, p=%s:\n got %s\nwant %s", test.cell, test.value, got, test.want)
		}
	}
}

func TestInjectErrors(t *testing.T) {
	const cell = "var p = 1\nvar tau = 1.5\nconst T = 10\nvar name = \"n\""
	for _, test := range []struct{ cell, param, want string }{
		{cell, "x=1", `unknown parameter x: the cell tagged "parameters" declares p (int), tau (float64), T (int), name (string)`},
		{"// none", "x=1", `unknown parameter x: the cell tagged "parameters" declares none`},
		{"%%\nx := 1\nif y := 2; y > x {}", "x=1", "parameter x: the parameters cell makes it with := below %%"},
		{cell, "p=1.5", `parameter p: "1.5" is not of type int`},
		{cell, "p=abc", `parameter p: "abc" is not of type int`},
		{cell, "T=1.5", `parameter T: "1.5" is not of type int`},
		{cell, "tau=fast", `parameter tau: "fast" is not of type float64`},
		{cell, "tau=", `parameter tau: "" is not of type float64`},
		{cell, "tau=inf", "Go has no literal for it"},
		{cell, "tau=1e999", "out of range"},
		{"var p uint8", "p=256", "out of range"},
		{"var p uint", "p=-1", `"-1" is not of type uint`},
		{"var p bool", "p=yes", "expected true or false"},
		{"var p []int", "p=1,2", `"1,2" is not of type []int: expected JSON, as in [1,2.5]`},
		{"var p []int", "p=[1", "expected JSON"},
		{"var p []int", "p=3", "3 is not of type []int"},
		{"var p []int", "p=[1,2.5]", `element 1: "2.5" is not of type int`},
		{"var p []string", "p=[1]", "element 0: 1 is not of type string"},
		{"var p []float64", "p=[null]", "element 0: null is not of type float64"},
		{"var p [3]int", "p=[1,2]", "2 values, expected 3 for [3]int"},
		{"var p map[string]int", "p=[1]", "[1] is not of type map[string]int"},
		{"var p map[string]int", `p={"a":"b"}`, `key "a": "b" is not of type int`},
		{"var p map[int]int", `p={"a":1}`, "only booleans, numbers, strings"},
		{"var p struct{}", "p=1", "it is of type struct{}; only booleans"},
		{"var p complex128", "p=1", "it is of type complex128; only booleans"},
		{"var p = time.Second", "p=1", "its type is not seen in the parameters cell; write it there"},
		{"const (\n p = iota\n q\n)", "p=1", "share an expression; give it a declaration of its own"},
		{"const (\n p = iota\n q\n)", "q=1", "share an expression; give it a declaration of its own"},
		{"func f() (int, int)\nvar p, q = f()", "p=1", "together with others by one call"},
		{"\nvar p = = 1", "p=1", `cell 2, tagged "parameters", cannot be read: line 2:`},
	} {
		nb := withParameters(test.cell)
		err := nb.Inject(parse(t, test.param))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q, %s:\n got %v\nwant %s", test.cell, test.param, err, test.want)
		}
		if len(nb.Cells) != 3 {
			t.Errorf("%q, %s: the notebook was changed all the same", test.cell, test.param)
		}
	}
}

func TestInjectGuesses(t *testing.T) {
	nb := &Notebook{Minor: 4, Cells: []*Cell{{Type: Code, Source: "x"}}}
	params := parse(t, "i=3", "f=3.0", "e=1e3", "b=true", "s=three", "n=inf", "one=1", "i=4")
	if err := nb.Inject(params); err != nil {
		t.Fatal(err)
	}
	want := "var i int = 4\nvar f float64 = 3\nvar e float64 = 1000\nvar b bool = true\n" +
		"var s string = \"three\"\nvar n string = \"inf\"\nvar one int = 1"
	if got := injected(nb); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !nb.Cells[0].Tagged(TagInjected) || nb.Cells[0].ID != "" {
		t.Errorf("first cell is %+v, want the injected one, without ID in format 4.4", nb.Cells[0])
	}
}

func TestInjectPlace(t *testing.T) {
	nb := withParameters("var p = 1\nvar q = 2\n")
	nb.Cells[0].ID = TagInjected // taken
	if err := nb.Inject(nil); err != nil || len(nb.Cells) != 3 {
		t.Fatalf("no parameters: %v, %d cells", err, len(nb.Cells))
	}
	if err := nb.Inject(parse(t, "p=3", "q=4")); err != nil {
		t.Fatal(err)
	}
	cell := nb.Cells[2]
	if !cell.Tagged(TagInjected) || cell.ID != TagInjected+"-2" {
		t.Fatalf("cell after the parameters: %+v", cell)
	}
	if got := injected(nb); got != "var p int = 3\nvar q int = 4" {
		t.Errorf("injected %q", got)
	}
	// Again: the injected cell is replaced where it is, its outputs go.
	cell.Outputs, cell.ExecutionCount = []*Output{out("x")}, 3
	if err := nb.Inject(parse(t, "p=5")); err != nil {
		t.Fatal(err)
	}
	if len(nb.Cells) != 4 || nb.Cells[2] != cell || injected(nb) != "var p int = 5" {
		t.Errorf("after a second run: %d cells, %q", len(nb.Cells), injected(nb))
	}
	if cell.Outputs != nil || cell.ExecutionCount != 0 {
		t.Errorf("outputs of the old values were kept: %+v", cell)
	}
}

func TestFirstLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"\n\n%%\n  x := 1 \ny":       "x := 1",
		"%main\n// comment\n":        "// comment",
		"%%writefile a.txt\ncontent": "%%writefile a.txt",
	} {
		if got := (&Cell{Source: in}).FirstLine(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTagged(t *testing.T) {
	c := &Cell{Metadata: map[string]any{"tags": "parameters"}}
	if c.Tagged("parameters") {
		t.Error("tags that are not a list were read")
	}
	if !reflect.DeepEqual(c.Metadata, map[string]any{"tags": "parameters"}) {
		t.Error("metadata changed")
	}
}
