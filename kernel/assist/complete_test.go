package assist

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	env := newEnv(t)
	for _, c := range []struct {
		name  string
		src   string
		want  string // matches that must be there, in this order
		never string // matches that must not
	}{
		{"members of a package", `neuron.New|`, "New NewIF NewLIF", "Tau"},
		{"all members", `neuron.|`, "Layer NewLIF Tau", "defaults config"},
		{"middle of a name", `x := neuron.Ne|wXYZ(neuron.Tau(2))`, "NewLIF", "Tau"},
		{"methods of a live variable", `layer.|`, "Forward", "program"},
		{"at the end of a statement", "layer.|\nfmt.Println(layer)", "Forward", ""},
		{"result of a call", `neuron.NewLIF().For|`, "Forward", "V"},
		{"result of a broken call", "neuron.NewLIF(neuron.Tau(2).|", "", "Forward"},
		{"chain", "MakePoint(1, 2).|", "Inner label X Y Norm", ""},
		{"fields first, promoted too", `point.|`, "Depth Inner label X Y Norm", ""},
		{"element of a map", `table["a"][0].|`, "X Norm", ""},
		{"generic field", `pair.Value.|`, "X Norm", ""},
		{"generic method", `pair.Swap().N|`, "Norm", "X"},
		{"generic function", "Map([]int{1}, func(i int) Point { return point })[0].|", "X Norm", ""},
		{"method expression", "(*Point).|", "Norm", "X"},
		{"local", "abc := MakePoint(1, 2)\nif true {\n\tab|\n}", "abc", ""},
		{"not yet declared", "ab|\nabc := 1", "", "abc"},
		{"method of a local", "abc := MakePoint(1, 2)\nabc.N|", "Norm", ""},
		{"range variable", "for _, p := range table[\"x\"] {\n\tp.|\n}", "X Norm", ""},
		{"closure with nothing closed", "f := func(p *Point) {\n\tif p.|", "X Norm", ""},
		{"in a function", "func f(p Point) int {\n\tfor i := range 3 {\n\t\tp.|\n\t}\n}", "X Norm", ""},
		{"in a function that never ends", "func f(p Point) {\n\tif true {\n\t\tp.|\n\nfunc g() {}\n", "X Norm", ""},
		{"header without a block", "for i := 0; i < point.|\nratio = 2", "X Norm", ""},
		{"bare if", "if point.|", "X", ""},
		{"condition", "if ratio > 1 && point.|{\n}", "X Norm", ""},
		{"stray bracket", "ratio = 1)\npoint.|", "X", ""},
		{"defer", "defer point.|", "X Norm", ""},
		{"type", "var x neuron.La|", "Layer", ""},
		{"parameter type", "func f(x *neuron.La|", "Layer", ""},
		{"variable with the name of a package", "time.|", "X Norm", "Now"},
		{"variable with the name of a package, by name", "tim|", "time", "v_time__"},
		{"statement among declarations", "type T struct{ A, B int }\nt := T{1, 2}\nfunc (t T) Sum() int { return t.A + t.B }\nt.|", "A B Sum", ""},
		{"declaration among statements", "t := 1\nfunc f(p Point) int {\n\treturn p.|\n}\nt++", "X Norm", ""},
		{"type redefined here", "type Point struct{ Z int }\np := Point{}\np.|", "Z", "X label"},
		{"import of the cell", "import str \"strings\"\nstr.Con|", "Contains", "Cut"},
		{"below %%", "%%\np := MakePoint(1, 2)\np.|", "X Norm", ""},
		{"main", "func main() {\n\tpoint.|\n}", "X Norm", ""},
		{"after an error", "undefined_(\nx := \npoint.|", "X Norm", ""},
		{"before an error", "point.|\nx := := 1", "X Norm", ""},
		{"session variable", "rat|", "ratio", ""},
		{"memorised function", "Sq|", "Square", ""},
		{"case does not matter", "square|", "Square", ""},
		{"letters in order", "mkpt|", "MakePoint", "Square"},
		{"letters in order only without a prefix", "poi|", "point Point", "MakePoint"},
		{"package", "neu|", "neuron", ""},
		{"package not imported", "strin|", "string strings", ""},
		{"member of a package not imported", "strings.Con|", "Contains ContainsAny", "Cut"},
		{"unknown", "nothing.|", "", "ratio"},
		{"keyword", "swi|", "switch", ""},
		{"predeclared", "appe|", "append", ""},
		{"options", "neuron.NewLIF(|", "neuron.Tau neuron.VThreshold ratio", "hide__ cell__ c__"},
		{"options by name", "neuron.NewLIF(Ta|", "neuron.Tau", "ratio"},
		{"options by package", "neuron.NewLIF(neuron.Tau(2), neuron.|", "Tau Layer", ""},
		{"expected type of another package", "neuron.NewLIF(neuron.SurrogateFunction(|", "surrogate.ATan surrogate.Sigmoid ratio", ""},
		{"argument of the right type", "Square(|", "ratio layer", ""},
		{"fields of a literal", "p := Point{|}", "X Y ratio", ""},
		{"remaining fields", "p := &Point{X: 1, |", "Y", "X ratio"},
		{"value of a field", "p := Point{X: r|", "ratio", "X"},
		{"nested literal", "p := []Point{{|}}", "X Y", ""},
		{"emoji before", `s := "😀😀"; point.|`, "X", ""},
		{"emoji in a comment, carriage returns", "// 😀\r\nfmt.Println(1)\r\npoint.|\r\n", "X", ""},
		{"letters that are not ASCII", "grö|", "größe", ""},
		{"empty cell", "|", "ratio", "hide__"},
		{"blank line", "ratio = 1\n|\nratio = 2", "ratio", ""},
		{"comment", "// point.|", "", "X"},
		{"string", `s := "point.|"`, "", "X"},
		{"open string", `s := "point.|`, "", "X"},
		{"number", "x := 1.|", "", "ratio"},
		{"made-up name", "func ra|", "", "ratio"},
		{"magic", "%|", "%% %session", "ratio"},
		{"magic by name", "%ses|", "%session", "%cd"},
		{"cell magic", "%%b|", "%%bash", "%%sh"},
		{"subcommand", "%session |", "forget restore save", ""},
		{"variable to forget", "%session forget la|", "layer", "ratio"},
		{"function to run", "%exec Sq|", "Square", "ratio"},
		{"file", "!cat complete_t|", "complete_test.go", ""},
		{"folder", "%cd ../wor|", "../workspace/", ""},
		{"shell", "!|", "! !*", "ratio"},
		{"not Go at all", "%%bash\npoint.|", "", "X"},
		{"Go after magics", "%%\n!ls\npoint.|", "X", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, cursor := atCursor(t, c.src)
			got := Complete(env, src, cursor)
			var texts []string
			for _, m := range got.Matches {
				texts = append(texts, m.Text)
			}
			last := -1
			for _, want := range strings.Fields(c.want) {
				i := slices.Index(texts, want)
				if i < 0 {
					t.Fatalf("no %s among %v", want, texts)
				}
				if i < last {
					t.Errorf("%s comes too early in %v", want, texts)
				}
				last = i
			}
			for _, never := range strings.Fields(c.never) {
				if slices.Contains(texts, never) {
					t.Errorf("%s among %v", never, texts)
				}
			}
			if got.End != cursor {
				t.Errorf("end %d, expected the cursor, %d", got.End, cursor)
			}
		})
	}
}

func TestCursorOutside(t *testing.T) {
	env := newEnv(t)
	for _, cursor := range []int{7, 1000} {
		if c := Complete(env, "😀point.", cursor); c.End != 7 || c.Start != 7 {
			t.Errorf("cursor %d: from %d to %d, expected 7 to 7", cursor, c.Start, c.End)
		}
	}
	if c := Complete(env, "point", -3); c.Start != 0 || c.End != 0 {
		t.Errorf("from %d to %d, expected 0 to 0", c.Start, c.End)
	}
}

func TestCompletionContent(t *testing.T) {
	content, err := json.Marshal(Complete(newEnv(t), "é := 1; layer.Forw", 18).Content())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"cursor_end":18,"cursor_start":14,"matches":["Forward"],"metadata":{"_jupyter_types_experimental":` +
		`[{"end":18,"signature":"(x *snn.Tensor) *snn.Tensor","start":14,"text":"Forward","type":"function"}]},"status":"ok"}`
	if string(content) != want {
		t.Errorf("got  %s\nwant %s", content, want)
	}
	content, err = json.Marshal(Completion{}.Content())
	if err != nil || !strings.Contains(string(content), `"matches":[]`) {
		t.Errorf("no matches: %s, %v", content, err)
	}
}

func TestTypes(t *testing.T) {
	env := newEnv(t)
	for src, want := range map[string]string{
		"neuro|": "module spikebook/snn/neuron", "poin|": "instance Point", "Squar|": "function (x float64) float64", "rati|": "instance float64",
		"point.X|": "property float64", "switc|": "keyword ", "math.Pi|": "instance untyped float = 3.14159", "%sessio|": "magic %session [forget NAMES | save FILE | restore [FILE]]",
	} {
		src, cursor := atCursor(t, src)
		c := Complete(env, src, cursor)
		if len(c.Matches) == 0 {
			t.Errorf("%s: no matches", src)
		} else if got := c.Matches[0].Type + " " + c.Matches[0].Signature; got != want {
			t.Errorf("%s: %s, expected %s", src, got, want)
		}
	}
}
