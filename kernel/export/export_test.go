package export

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spikebook/kernel/notebook"
)

func code(source string, outputs ...*notebook.Output) *notebook.Cell {
	return &notebook.Cell{Type: notebook.Code, Source: source, ExecutionCount: 1, Outputs: outputs}
}

func text(source string) *notebook.Cell {
	return &notebook.Cell{Type: notebook.Markdown, Source: source}
}

func shown(data map[string]any) *notebook.Output {
	return &notebook.Output{Type: notebook.DisplayData, Data: data}
}

// render returns the page of some cells, without its styles.
func render(t *testing.T, options Options, cells ...*notebook.Cell) string {
	t.Helper()
	out, err := HTML(&notebook.Notebook{Cells: cells}, options)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(out), "<style>")
	_, rest, _ = strings.Cut(rest, "</style>")
	return head + rest
}

// has checks that each piece is on the page, in this order.
func has(t *testing.T, page string, pieces ...string) {
	t.Helper()
	rest := page
	for _, piece := range pieces {
		var ok bool
		if _, rest, ok = strings.Cut(rest, piece); !ok {
			_, page, _ = strings.Cut(page, "<main>")
			t.Errorf("missing, or not in order: %s\nin %s", piece, page)
			return
		}
	}
}

func TestPage(t *testing.T) {
	nb := &notebook.Notebook{
		Metadata: map[string]any{
			"kernelspec":    map[string]any{"display_name": "Go <SNN>"},
			"language_info": map[string]any{"name": "go", "version": "1.26"},
		},
		Cells: []*notebook.Cell{
			text("intro\n# The `IF` *neuron* & more"), code("x := 1"), code("  "), {Type: notebook.Raw, Source: "<raw>"},
			{Type: notebook.Code, Source: "y := 2"},
		},
	}
	out, err := HTML(nb, Options{Title: "file"})
	if err != nil {
		t.Fatal(err)
	}
	page := string(out)
	has(t, page, "<!DOCTYPE html>", `<meta charset="utf-8">`, "<title>The IF neuron &amp; more</title>",
		`<h1 id="The-`, "[1]", "x", "&lt;raw&gt;", "[&nbsp;]", "y", "<footer>Go &lt;SNN&gt; · 1.26</footer>")
	if n := strings.Count(page, `<section class="cell code">`); n != 2 {
		t.Errorf("%d code cells, want 2: an empty one says nothing", n)
	}
	if got := render(t, Options{Title: "file"}, text("no heading")); !strings.Contains(got, "<title>file</title>") {
		t.Error("the given title is not used")
	}
}

// A page must be readable with no network: nothing in it is fetched.
func TestSelfContained(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a b.png"), []byte("PNG"), 0o600); err != nil {
		t.Fatal(err)
	}
	svg := `<svg xmlns="http://www.w3.org/2000/svg"><a href="http://example.com/"/></svg>`
	cell := text("![far](https://example.com/a.png \"t\") ![](//cdn.example.com/b.svg) ![near](a%20b.png) <img alt='x' src=a%20b.png width=3>\n" +
		"![none](none.png) ![exe](a.exe) [link](https://go.dev) ![in](attachment:in%20it.png) ![out](attachment:out.png) ![data](data:image/gif;base64,R0lG) $x^2$ $\\unknown$")
	cell.Attachments = map[string]any{"in it.png": map[string]any{"image/png": "QUJD\n"}}
	page := render(t, Options{Dir: dir}, cell, code("x", shown(map[string]any{"image/svg+xml": svg, "text/plain": "a <figure>"})))
	has(t, page,
		`<a href="https://example.com/a.png">far</a>`, `<a href="//cdn.example.com/b.svg">//cdn.example.com/b.svg</a>`,
		`src="data:image/png;base64,UE5H" alt="near"`, `<img alt='x' src="data:image/png;base64,UE5H" width=3>`,
		`[none: picture none.png not found]`, `[exe: a.exe is not a kind of picture that browsers show]`,
		`<a href="https://go.dev">link</a>`, `src="data:image/png;base64,QUJD"`, `[out: the cell has no attachment out.png]`,
		`src="data:image/gif;base64,R0lG"`, `<math>`, `<code class="tex"`,
		`alt="a &lt;figure&gt;" src="data:image/svg+xml;base64,`+base64.StdEncoding.EncodeToString([]byte(svg)))
	out, err := HTML(&notebook.Notebook{Cells: []*notebook.Cell{cell}}, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, fetched := range []string{
		`(?i)<(img|script|iframe|source|video|audio|embed|object|input)\b[^>]*\b(src|data|srcset)\s*=\s*["']?(https?:|//)`,
		`(?i)<link\b`, `(?i)<script\b`, `(?i)@import`, `(?i)url\(`,
	} {
		if found := regexp.MustCompile(fetched).FindString(string(out)); found != "" {
			t.Errorf("the page fetches: %s", found)
		}
	}
}

func TestOutputs(t *testing.T) {
	for _, test := range []struct {
		name string
		out  *notebook.Output
		want string
	}{
		{"stdout", &notebook.Output{Type: notebook.Stream, Name: "stdout", Text: "a<b\n"}, "<div class=\"output stream stdout\"><pre>a&lt;b\n</pre></div>"},
		{"stderr", &notebook.Output{Type: notebook.Stream, Name: "stderr", Text: "w"}, `<div class="output stream stderr"><pre>w</pre></div>`},
		{"error", &notebook.Output{Type: notebook.Error, EName: "E", EValue: "v", Traceback: []string{"\x1b[31mpanic\x1b[0m: <x>", "line 2"}},
			"<div class=\"output error\" role=\"alert\"><pre><span class=\"fg-red\">panic</span>: &lt;x&gt;\nline 2</pre></div>"},
		{"error without traceback", &notebook.Output{Type: notebook.Error, EName: "E", EValue: "v"}, `<pre>E: v</pre>`},
		{"plain", shown(map[string]any{"text/plain": "[1 <2]"}), `<div class="output plain"><pre>[1 &lt;2]</pre></div>`},
		{"HTML as it is", shown(map[string]any{"text/html": "<b>x</b>", "text/plain": "x"}), `<div class="output html"><b>x</b></div>`},
		{"Markdown with mathematics", shown(map[string]any{"text/markdown": "**IF** $a_b$", "text/plain": "IF"}), `<p><strong>IF</strong> <math>`},
		{"LaTeX", shown(map[string]any{"text/latex": "$$a<b$$ & more", "text/plain": "x"}), `</math> &amp; more</div>`},
		{"SVG before PNG", shown(map[string]any{"image/png": "QUJD", "image/svg+xml": "<svg/>", "text/plain": "f"}),
			`<figure class="output"><img class="picture" alt="f" src="data:image/svg+xml;base64,PHN2Zy8+"></figure>`},
		{"PNG in lines, with a size", &notebook.Output{Type: notebook.ExecuteResult, Data: map[string]any{"image/png": "QU\nJD\n"},
			Metadata: map[string]any{"image/png": map[string]any{"width": 320.0, "height": "x\" y"}}},
			`<img class="picture" alt="" width="320" src="data:image/png;base64,QUJD">`},
		{"JSON", shown(map[string]any{"application/json": map[string]any{"k": []any{1.5, "<"}}, "text/plain": "x"}), `<span class="nt">`},
		{"nothing that is known", shown(map[string]any{"application/x-b": "1", "application/x-a": "2"}), `[an output of type application/x-a, application/x-b]`},
		{"a text that is none", shown(map[string]any{"text/html": 5.0, "text/plain": "p"}), `<pre>p</pre>`},
	} {
		if page := render(t, Options{}, code("x", test.out)); !strings.Contains(page, test.want) {
			_, page, _ = strings.Cut(page, "</code></pre></div>\n")
			t.Errorf("%s:\n got %s\nwant %s", test.name, page, test.want)
		}
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// The code on the page is the code of the notebook.
func TestCode(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"func f() int { return 1 }", `<span class="kd">func</span>`},
		{"%%\nx := 1 // one", `<span class="magic">%%` + "\n</span>"},
		{"!ls \\\n  -l\nx := 1", "<span class=\"magic\">!ls \\\n</span><span class=\"magic\">  -l\n</span>"},
		{"%%bash\nfor x in 1; do echo $x; done", `<span class="k">for</span>`},
		{"%%writefile a.txt\nfor i := range 3 {", "for i := range 3 {</code>"},
		{"s := `\n% not Go\n`", `<span class="magic">% not Go`},
		{"if a < b && c {", `&lt;`},
	} {
		page := render(t, Options{}, code(test.source))
		if !strings.Contains(page, test.want) {
			t.Errorf("%q: %s not in %s", test.source, test.want, page)
		}
		_, source, _ := strings.Cut(page, `<pre class="chroma"><code>`)
		source, _, _ = strings.Cut(source, "</code></pre>")
		source = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&#34;", `"`, "&#39;", "'").Replace(tags.ReplaceAllString(source, ""))
		if strings.TrimRight(source, "\n") != test.source {
			t.Errorf("%q became %q", test.source, source)
		}
	}
}

func TestThemes(t *testing.T) {
	css, err := codeCSS()
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(css, "@media screen and (prefers-color-scheme: dark) {")
	if !ok || !strings.Contains(light, ".chroma .k") || !strings.Contains(dark, ".chroma .k") || light == dark {
		t.Error("code has not a light and a dark theme")
	}
	if !strings.HasPrefix(light, "@media not screen") {
		t.Error("the light theme would show through the dark one")
	}
	for _, colour := range ansiColours {
		for _, want := range []string{"--" + colour + ":", ".fg-" + colour + " {", ".bg-" + colour + " {"} {
			if !strings.Contains(style, want) {
				t.Errorf("style.css lacks %s", want)
			}
		}
		if strings.Count(style, "--"+colour+":") != 2 {
			t.Errorf("%s has not one shade per theme", colour)
		}
	}
}
