package export

import (
	"reflect"
	"strings"
	"testing"
)

// found returns the formulas of a text as they are written; displayed ones
// marked.
func found(text string, markdown bool) []string {
	var list []string
	_, formulas := split(text, markdown)
	for _, f := range formulas {
		mark := ""
		if f.display {
			mark = "D:"
		}
		list = append(list, mark+f.tex)
	}
	return list
}

func TestSplit(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"no mathematics", nil},
		{"$x$ and $y_1$", []string{"x", "y_1"}},
		{"$$x$$", []string{"D:x"}},
		{"$$\na\n$$", []string{"D:\na\n"}},
		{`\(a\) \[b\]`, []string{"a", "D:b"}},
		{`\\(a\\) \\[b\\]`, []string{"a", "D:b"}},
		{"\\begin{align}a\\\\b\\end{align}", []string{"D:\\begin{align}a\\\\b\\end{align}"}},
		{`\begin{a}\begin{a}x\end{a}\end{a}y`, []string{`D:\begin{a}\begin{a}x\end{a}\end{a}`}},
		{`\begin{a} never ends`, nil},
		{"$a$$b$", []string{"a", "b"}},
		{`\$5 and \$6`, nil},
		{"$5 and $6", nil},
		{"costs $5", nil},
		{"$$", nil},
		{"$ $", nil},
		{`$a\$b$`, []string{`a\$b`}},
		{`$\text{costs $5}$`, []string{`\text{costs $5}`}},
		{"$a\n\nb$", nil},
		{"$a\nb$", []string{"a\nb"}},
		{"a$", nil},
		{`back\slash $x$ \`, []string{"x"}},
		{"`$a$` $b$", []string{"b"}},
		{"`` `$a$ `` $b$", []string{"b"}},
		{"` $a$", []string{"a"}},
		{"```\n$a$\n```\n$b$", []string{"b"}},
		{"~~~~ go\n$a$\n~~~\n$c$\n~~~~~\n$b$", []string{"b"}},
		{"text\n   ```\n$a$", nil},
		{"    ```\n$a$", []string{"a"}},
		{"| $a|b$ | $c$ |", []string{"a|b", "c"}},
	} {
		if got := found(test.text, true); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
		// Nothing is lost.
		texts, formulas := split(test.text, true)
		var b strings.Builder
		for i, piece := range texts {
			b.WriteString(piece)
			if i < len(formulas) {
				b.WriteString(formulas[i].raw)
			}
		}
		if b.String() != test.text {
			t.Errorf("%q came back as %q", test.text, b.String())
		}
	}
	if got := found("`$a$`", false); !reflect.DeepEqual(got, []string{"a"}) {
		t.Errorf("LaTeX knows no code: %q", got)
	}
}

func TestMarkdown(t *testing.T) {
	convert := func(source string) string {
		p := &page{headings: headings{}}
		out, err := p.markdown(source, nil)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	annotated := func(tex string) string { return `<annotation encoding="application/x-tex">` + tex + `</annotation>` }
	for _, test := range []struct {
		source string
		want   []string
	}{
		{"a $x_1 * y_2 * z$ b", []string{"<p>a <math>", annotated("x_1 * y_2 * z"), "</math> b</p>"}},
		{"$$a \\\\ b_{c}\\{$$", []string{`<math display="block">`, annotated(`a \\ b_{c}\{`)}},
		{"$$\na\n= b\n- c\n$$", []string{annotated("a\n= b\n- c")}},
		{"| $a|b$ |\n|---|\n| $c$ |", []string{"<th><math>", annotated("a|b"), "<td><math>", annotated("c")}},
		{"# On $V[t]$", []string{`<h1 id="On-$V[t]$">On <math>`}},
		{"`$a$` \\$5", []string{"<code>$a$</code> $5"}},
		{"    $a$ in a block", []string{"<code>$a$ in a block"}},
		{"[l](http://h/$a$b)", []string{`href="http://h/$a$b"`}},
		{"<b title=\"$a$\">$b$</b>", []string{`<b title="$a$"><math>`, annotated("b")}},
		{"$\\unknown{<}$", []string{`<code class="tex" title="unknown command \unknown">$\unknown{&lt;}$</code>`}},
		{"mathx0z $a$ mathxx0z", []string{"mathx0z <math>", annotated("a"), " mathxx0z"}},
		{"1 < 2 $a$ <!-- $b$ --> $c$", []string{"1 &lt; 2 <math>", "<!-- $b$ -->", annotated("c")}},
		{"# A b\n# A b\n#", []string{`<h1 id="A-b">`, `<h1 id="A-b-1">`, `<h1 id="heading">`}},
		{"```go\nfunc f() {}\n```", []string{`<pre class="chroma"><code><span`, "func"}},
		{"```nolang\n<x>\n```", []string{"<pre class=\"chroma\"><code>&lt;x&gt;\n</code></pre>"}},
		{"~~a~~ - [x] b", []string{"<del>a</del>"}},
	} {
		has(t, convert(test.source), test.want...)
	}
}

// Every formula of a text is on the page, drawn or as written, whatever the
// text around it.
func FuzzMarkdownKeepsFormulas(f *testing.F) {
	for _, seed := range []string{"a", "> q\n", "- l\n", "`c`", "<b>", "[l](", "|a|\n|-|\n", "    ", "***", "\\", "&amp;", "mathx0z"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before+after, "`~[") {
			return // Markdown itself drops link definitions and the info of code blocks
		}
		p := &page{headings: headings{}}
		out, err := p.markdown(before+" $q_7$ "+after, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out, "<msub><mi>q</mi><mn>7</mn></msub>") && !strings.Contains(out, "q_7") {
			t.Fatalf("%q, %q: %s", before, after, out)
		}
	})
}
