package cell

import (
	"strings"
	"testing"
)

// Where os.Stdin and os.Stderr become those of the session: «» are around them.
var streamUses = []struct{ name, src string }{
	{"argument", `fmt.Fprintln(«os.Stderr», "x")`},
	{"variadic argument", `io.MultiWriter(os.Stdout, «os.Stderr»)`},
	{"in parentheses", `fmt.Fprint((«os.Stderr»))`},
	{"beside a spread", `fmt.Fprint(«os.Stderr», []any{1}...)`},
	{"empty interface", `fmt.Printf("%T %T\n", os.Stderr, os.Stdin)`},
	{"conversion", `io.Writer(«os.Stderr»)`},
	{"append", "ws := []io.Writer{}\nws = append(ws, «os.Stderr»)"},
	{"variable", `var w io.Writer = «os.Stderr»`},
	{"local variable", `if true { var w, v io.Writer = «os.Stderr», «os.Stderr»; v, w = w, v }`},
	{"a file", "f := os.Stderr\nvar g *os.File = os.Stderr\nf, g = g, os.Stderr"},
	{"assignment", "var r io.Reader\nvar w io.Writer\nr, w = «os.Stdin», «os.Stderr»"},
	{"result", "func f() (int, io.Writer) { func() *os.File { return os.Stderr }(); return 1, «os.Stderr» }\nf()"},
	{"result of a literal", `f := func() io.Writer { return «os.Stderr» }`},
	{"list", `ws := []io.Writer{«os.Stderr», 1: «os.Stderr»}`},
	{"map", `m := map[io.Writer]io.Reader{«os.Stderr»: «os.Stdin»}`},
	{"field", "type T struct { w io.Writer; f *os.File }\nts := []*T{{«os.Stderr», os.Stderr}, {f: os.Stderr, w: «os.Stderr»}}"},
	{"sending", "c := make(chan io.Writer, 1)\nc <- «os.Stderr»"},
	{"comparison", "var w io.Writer\n_, _ = w == «os.Stderr», os.Stderr != nil"},
	{"methods", "«os.Stderr».WriteString(\"x\")\n«os.Stderr».Write(nil)\nos.Stderr.Sync()\ndefer «os.Stderr».WriteString(\"\")\n«os.Stdin».Read(nil)"},
	{"a method that is kept", `f := os.Stderr.WriteString`},
	{"a logger", `log.New(«os.Stderr», "l: ", 0)`},
	{"generic", "func id[T any](x T) T { return x }\nid(os.Stderr)\nid[io.Writer](«os.Stderr»)"},
	{"a command", "c := exec.Command(\"ls\")\nc.Stdin, c.Stdout, c.Stderr = «os.Stdin», os.Stdout, os.Stderr\nd := &exec.Cmd{Stderr: os.Stderr}"},
	{"set", "os.Stderr = os.Stdout\nfmt.Fprintln(os.Stderr)\nbufio.NewReader(«os.Stdin»)"},
	{"its address", "p := &os.Stderr\nfmt.Fprintln(os.Stderr, p)"},
	{"another os", "os := struct{ Stderr io.Writer }{}\nfmt.Fprintln(os.Stderr)"},
	{"scanning", "var x int\n«fmt.Scan»(&x)\nfmt.Sscan(\"1\", &x)\nf := fmt.Scan"},
}

func TestStreams(t *testing.T) {
	for _, test := range streamUses {
		t.Run(test.name, func(t *testing.T) {
			src := strings.NewReplacer("«", "", "»", "").Replace(test.src)
			p, err := newMemory(t).Compile(src, nil)
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for name, text := range p.Files {
				if name != "vars.go" {
					all.WriteString(text)
				}
			}
			got := strings.NewReplacer("session__.Stderr", "«os.Stderr»", "session__.Stdin", "«os.Stdin»", "session__.Scan", "«fmt.Scan»").Replace(all.String())
			for _, name := range []string{"os.Stderr", "os.Stdin", "fmt.Scan"} {
				if got, want := uses(got, name), uses(test.src, name); got != want {
					t.Errorf("%s: %s, want %s, in\n%s", name, got, want, all.String())
				}
			}
		})
	}
}

// uses shows in order which uses of a name are marked.
func uses(s, name string) (marks string) {
	for {
		before, after, found := strings.Cut(s, name)
		if !found {
			return marks
		}
		if strings.HasSuffix(before, "«") {
			marks += "«»"
		} else if !strings.HasSuffix(before, "\"") {
			marks += "."
		}
		s = after
	}
}

// What package log writes is standard error, too.
func TestLog(t *testing.T) {
	for _, test := range []struct {
		src  string
		want bool
	}{
		{`log.Print("x")`, true},
		{`slog.Info("x")`, true},
		{"import \"log\"\nfmt.Println()", false},
		{"func f() { log.Print(1) }\nf()", true},
		{"func TestX(t *testing.T) { log.Print(1) }\n%test", true},
		{"func main() { log.Print(1) }", true},
		{`fmt.Println("log")`, false},
	} {
		p, err := newMemory(t).Compile(test.src, nil)
		if err != nil {
			t.Fatal(err)
		}
		set := strings.Index(p.Files["vars.go"]+p.Files["vars_test.go"], "\tlog__.SetOutput(session__.Stderr)\n\tsession__.Main(")
		if got := set >= 0; got != test.want {
			t.Errorf("%q: %v, want %v:\n%s", test.src, got, test.want, p.Files["vars.go"])
		}
	}
}
