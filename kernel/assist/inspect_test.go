package assist

import (
	"strings"
	"testing"
)

func TestInspect(t *testing.T) {
	env := newEnv(t)
	const newLIF = "func neuron.NewLIF(options ...neuron.Option) *neuron.Layer"
	for _, c := range []struct {
		name   string
		src    string
		detail int
		want   []string // pieces of the Markdown, in order
	}{
		{"constructor", "neuron.NewLIF(|", 0, []string{"```go\n" + newLIF + "\n```", "LIF"}},
		{"on the name", "layer := neuron.New|LIF(neuron.Tau(2))", 0, []string{newLIF}},
		{"before the name", "neuron.|NewLIF()", 0, []string{newLIF}},
		{"between arguments", "neuron.NewLIF(neuron.Tau(2), |)", 0, []string{newLIF}},
		{"after a broken line", "neuron.NewLIF(neuron.Tau(2), |\nlayer.Forward(nil)", 0, []string{newLIF}},
		{"inner call", "neuron.NewLIF(neuron.Tau(|2))", 0, []string{"func neuron.Tau(v float64) neuron.Option", "Tau sets the membrane time constant"}},
		{"name in a call", "fmt.Println(lay|er)", 0, []string{"var layer *neuron.Layer", "LIF(tau=2) (4.1 KiB)"}},
		{"variable with the name of a package", "fmt.Println(ti|me)", 0, []string{"var time Point"}},
		{"in a string", `fmt.Println("layer |")`, 0, []string{"func fmt.Println(a ...any) (n int, err error)", "Println formats using the default formats"}},
		{"method", "layer.Forward(|", 0, []string{"func (*neuron.Layer) Forward(x *snn.Tensor) *snn.Tensor", "Forward"}},
		{"type", "var l neuron.Lay|er", 0, []string{"type neuron.Layer struct {", "func (*neuron.Layer) Forward(", "```\n\nLayer is"}},
		{"package", "neu|ron.NewLIF()", 0, []string{`import "spikebook/snn/neuron"`, "Package neuron"}},
		{"package, nothing after it", "neuron.|", 0, []string{`import "spikebook/snn/neuron"`}},
		{"package, more", "neu|ron", 1, []string{`import "spikebook/snn/neuron"`, newLIF}},
		{"package not imported", "strings.Con|tains", 0, []string{"func strings.Contains(s string, substr string) bool", "Contains reports whether substr is within s"}},
		{"package not imported itself", "str|ings", 0, []string{`import "strings"`, "Package strings implements"}},
		{"constant", "math.P|i", 0, []string{"const math.Pi untyped float = 3.14159"}},
		{"own function", "Squ|are(2)", 0, []string{"func Square(x float64) float64", "Square returns the square of x.", "- it is exact"}},
		{"own function, source", "Squ|are(2)", 1, []string{"func Square(x float64) float64 { return x * x }"}},
		{"function of this cell", "// Twice doubles.\nfunc Twice(x int) int { return x + x }\nfunc g() { Twi|ce(1) }", 1, []string{"Twice doubles.", "{ return x + x }"}},
		{"own method", "point.No|rm()", 1, []string{"func (*Point) Norm() float64", "Norm returns the length of p.", "return p.X*p.X"}},
		{"own type", "var p Poi|nt", 0, []string{"type Point struct {\n\tX float64", "Point is a point of the plane."}},
		{"own field", "point.|X", 0, []string{"field X float64", "X is the first coordinate."}},
		{"method of a library", "var b bytes.Buffer\nfmt.Println(b.Wr|ite)", 0, []string{"func (*bytes.Buffer) Write(p []byte) (n int, err error)", "Write appends"}},
		{"method of an interface", "var s fmt.Stringer\ns.Str|ing()", 0, []string{"func (fmt.Stringer) String() string"}},
		{"library, source", "strings.Cont|ains", 1, []string{"Contains reports", "func Contains(s, substr string) bool {\n\treturn"}},
		{"field of a library", "var f flag.Flag\nfmt.Println(f.Us|age)", 0, []string{"field Usage string", "help message"}},
		{"brackets stay", "layer.VS|eq()", 0, []string{`\[T, N, ...]`}},
		{"generic", "Ma|p([]int{1}, nil)", 0, []string{"func Map[A, B any](list []A, f func(A) B) []B"}},
		{"local", "abc := MakePoint(1, 2)\na|bc.Norm()", 0, []string{"var abc *Point", "Point is a point of the plane."}},
		{"builtin", "append(|", 0, []string{"func append(slice []Type, elems ...Type) []Type", "The append built-in function"}},
		{"predeclared type", "var e err|or", 0, []string{"type error", "The error built-in interface"}},
		{"conversion", "float64(|1)", 0, []string{"type float64"}},
		{"in the arguments of a closure", "Map([]int{1}, func(i int) Point {\n\treturn *MakePoint(|\n})", 0, []string{"func MakePoint("}},
		{"emoji", `fmt.Println("😀😀", rat|io)`, 0, []string{"var ratio float64"}},
		{"magic", "%session|", 0, []string{"%session [forget", "List the variables"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, cursor := atCursor(t, c.src)
			got := Inspect(env, src, cursor, c.detail)
			if !got.Found {
				t.Fatal("nothing found")
			}
			rest := got.Data["text/markdown"]
			for _, want := range c.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("no %q in\n%s", want, got.Data["text/markdown"])
				}
				rest = after
			}
			if plain := got.Data["text/plain"]; plain == "" || strings.Contains(plain, "```") {
				t.Errorf("plain text is %q", plain)
			}
		})
	}
}

func TestInspectNothing(t *testing.T) {
	env := newEnv(t)
	for _, c := range []string{"|", "nothing|", "nothing(|)", "x := 1 +| 2", "// layer|", "%%bash\nlayer|", "for| {}", "!ls layer|", "layer.nothing|"} {
		src, cursor := atCursor(t, c)
		got := Inspect(env, src, cursor, 0)
		if content := got.Content(); got.Found || content["found"] != false || content["data"] == nil {
			t.Errorf("%s: %v", c, content)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 1 << 30: "1.0 GiB", 3 << 40: "3072.0 GiB"} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, expected %s", n, got, want)
		}
	}
}
