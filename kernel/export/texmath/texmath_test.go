package texmath

import (
	"encoding/xml"
	"html"
	"io"
	"strings"
	"testing"
)

// body returns the formula without the elements that are around each.
func body(t *testing.T, tex string) string {
	t.Helper()
	out, err := MathML(tex, false)
	if err != nil {
		t.Errorf("%s: %v", tex, err)
		return ""
	}
	out = strings.TrimPrefix(out, "<math><semantics>")
	before, _, _ := strings.Cut(out, "<annotation")
	return before
}

func TestMathML(t *testing.T) {
	for _, test := range []struct{ tex, want string }{
		{`x`, `<mi>x</mi>`},
		{`3.14`, `<mn>3.14</mn>`},
		{`.5`, `<mn>.5</mn>`},
		{`a+b`, `<mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow>`},
		{`-1`, `<mrow><mo form="prefix">−</mo><mn>1</mn></mrow>`},
		{`a=-1`, `<mrow><mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mn>1</mn></mrow>`},
		{`(-a)b`, `<mrow><mo form="prefix" stretchy="false">(</mo><mo form="prefix">−</mo><mi>a</mi><mo form="postfix" stretchy="false">)</mo><mi>b</mi></mrow>`},
		{`a<b`, `<mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow>`},
		{`1{,}000`, `<mrow><mn>1</mn><mrow><mo lspace="0" rspace="0">,</mo></mrow><mn>000</mn></mrow>`},
		{"a % a comment\n b", `<mrow><mi>a</mi><mi>b</mi></mrow>`},
		{`50\%`, `<mrow><mn>50</mn><mi mathvariant="normal">%</mi></mrow>`},

		// Scripts.
		{`x^2`, `<msup><mi>x</mi><mn>2</mn></msup>`},
		{`x^23`, `<mrow><msup><mi>x</mi><mn>2</mn></msup><mn>3</mn></mrow>`},
		{`x_i^{2n}`, `<msubsup><mi>x</mi><mi>i</mi><mrow><mn>2</mn><mi>n</mi></mrow></msubsup>`},
		{`x^\alpha_0`, `<msubsup><mi>x</mi><mn>0</mn><mi>α</mi></msubsup>`},
		{`f'`, `<msup><mi>f</mi><mo lspace="0" rspace="0">′</mo></msup>`},
		{`f''_0`, `<msubsup><mi>f</mi><mn>0</mn><mo lspace="0" rspace="0">′′</mo></msubsup>`},
		{`{}^2`, `<msup><mrow></mrow><mn>2</mn></msup>`},
		{`_a`, `<msub><mrow></mrow><mi>a</mi></msub>`},

		// The neuron tutorial.
		{`V_{threshold}`, `<msub><mi>V</mi><mrow><mi>t</mi><mi>h</mi><mi>r</mi><mi>e</mi><mi>s</mi><mi>h</mi><mi>o</mi><mi>l</mi><mi>d</mi></mrow></msub>`},
		{`V_{\mathrm{threshold}}`, `<msub><mi>V</mi><mrow><mi>threshold</mi></mrow></msub>`},
		{`V_\text{reset}`, `<msub><mi>V</mi><mtext>reset</mtext></msub>`},
		{`\frac{\mathrm{d}V}{\mathrm{d}t}`, `<mfrac><mrow><mrow><mi mathvariant="normal">d</mi></mrow><mi>V</mi></mrow><mrow><mrow><mi mathvariant="normal">d</mi></mrow><mi>t</mi></mrow></mfrac>`},
		{`\Theta(x)`, `<mrow><mi mathvariant="normal">Θ</mi><mo form="prefix" stretchy="false">(</mo><mi>x</mi><mo form="postfix" stretchy="false">)</mo></mrow>`},
		{`V[t]`, `<mrow><mi>V</mi><mo form="prefix" stretchy="false">[</mo><mi>t</mi><mo form="postfix" stretchy="false">]</mo></mrow>`},
		{`x \geq 0 \cdot \infty`, `<mrow><mi>x</mi><mo>≥</mo><mn>0</mn><mo>⋅</mo><mi mathvariant="normal">∞</mi></mrow>`},

		// Fractions and roots.
		{`\frac12`, `<mfrac><mn>1</mn><mn>2</mn></mfrac>`},
		{`\dfrac1n`, `<mstyle displaystyle="true"><mfrac><mn>1</mn><mi>n</mi></mfrac></mstyle>`},
		{`\sqrt2`, `<msqrt><mn>2</mn></msqrt>`},
		{`\sqrt[3]{x}`, `<mroot><mi>x</mi><mn>3</mn></mroot>`},
		{`\binom nk`, `<mrow><mo form="prefix" stretchy="true">(</mo><mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac><mo form="postfix" stretchy="true">)</mo></mrow>`},

		// Functions and large operators.
		{`\sin x`, `<mrow><mi>sin</mi><mspace width="0.1667em"></mspace><mi>x</mi></mrow>`},
		{`\exp(x)`, `<mrow><mi>exp</mi><mo form="prefix" stretchy="false">(</mo><mi>x</mi><mo form="postfix" stretchy="false">)</mo></mrow>`},
		{`2\log x`, `<mrow><mn>2</mn><mspace width="0.1667em"></mspace><mi>log</mi><mspace width="0.1667em"></mspace><mi>x</mi></mrow>`},
		{`\max_i`, `<munder><mo movablelimits="true" lspace="0" rspace="0">max</mo><mi>i</mi></munder>`},
		{`\operatorname{relu}(x)`, `<mrow><mi>relu</mi><mo form="prefix" stretchy="false">(</mo><mi>x</mi><mo form="postfix" stretchy="false">)</mo></mrow>`},
		{`\operatorname*{argmax}_x`, `<munder><mo movablelimits="true" lspace="0" rspace="0">argmax</mo><mi>x</mi></munder>`},
		{`\sum_{i=1}^n`, `<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>`},
		{`\int_0^1`, `<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup>`},
		{`\int\limits_0`, `<munder><mo movablelimits="false">∫</mo><mn>0</mn></munder>`},
		{`\max\nolimits_i`, `<msub><mo movablelimits="false" lspace="0" rspace="0">max</mo><mi>i</mi></msub>`},

		// Delimiters.
		{`\left(x\right]`, `<mrow><mo form="prefix" stretchy="true">(</mo><mi>x</mi><mo form="postfix" stretchy="true">]</mo></mrow>`},
		{`\left.x\right|_0`, `<msub><mrow><mi>x</mi><mo form="postfix" stretchy="true">|</mo></mrow><mn>0</mn></msub>`},
		{`\left<x\middle|y\right>`, `<mrow><mo form="prefix" stretchy="true">⟨</mo><mi>x</mi><mo lspace="0" rspace="0" stretchy="true">|</mo><mi>y</mi><mo form="postfix" stretchy="true">⟩</mo></mrow>`},
		{`\{x\}`, `<mrow><mo form="prefix" stretchy="false">{</mo><mi>x</mi><mo form="postfix" stretchy="false">}</mo></mrow>`},
		{`\bigl(`, `<mo form="prefix" stretchy="true" minsize="1.2em" maxsize="1.2em">(</mo>`},
		{`|x|`, `<mrow><mo lspace="0" rspace="0" stretchy="false">|</mo><mi>x</mi><mo lspace="0" rspace="0" stretchy="false">|</mo></mrow>`},

		// Accents and alphabets.
		{`\hat x`, `<mover accent="true"><mi>x</mi><mo stretchy="false">^</mo></mover>`},
		{`\overline{ab}`, `<mrow style="border-top:0.06em solid;padding-top:0.12em"><mrow><mi>a</mi><mi>b</mi></mrow></mrow>`},
		{`\xrightarrow{a}`, `<mover><mo stretchy="true">→</mo><mrow><mspace width="0.6em"></mspace><mi>a</mi><mspace width="0.6em"></mspace></mrow></mover>`},
		{`\underbrace{x}_n`, `<munder><munder accentunder="true"><mi>x</mi><mo stretchy="true">⏟</mo></munder><mi>n</mi></munder>`},
		{`\mathbb{R}^N`, `<msup><mi>ℝ</mi><mi>N</mi></msup>`},
		{`\mathbb 1`, `<mn>𝟙</mn>`},
		{`\mathbf{Wx}`, `<mrow><mi>𝐖</mi><mi>𝐱</mi></mrow>`},
		{`\boldsymbol\theta`, `<mi>𝜽</mi>`},
		{`\mathcal{LN}`, `<mrow><mi>ℒ</mi><mi>𝒩</mi></mrow>`},
		{`{\rm ab}c`, `<mrow><mrow><mi>ab</mi></mrow><mi>c</mi></mrow>`},
		{`\not=`, "<mo>=\u0338</mo>"},

		// Text.
		{`\text{if } x`, "<mrow><mtext>if\u00a0</mtext><mi>x</mi></mrow>"},
		{`\text{a $x_1$ b\_c}`, "<mrow><mtext>a\u00a0</mtext><msub><mi>x</mi><mn>1</mn></msub><mtext>\u00a0b_c</mtext></mrow>"},
		{`\textbf{b}`, `<mtext style="font-weight:bold">b</mtext>`},
		{`größe`, `<mrow><mi>g</mi><mi>r</mi><mi>ö</mi><mi>ß</mi><mi>e</mi></mrow>`},
		{`a≥b`, `<mrow><mi>a</mi><mo>≥</mo><mi>b</mi></mrow>`},

		// Spaces and styles.
		{`a\,b\quad c`, `<mrow><mi>a</mi><mspace width="0.1667em"></mspace><mi>b</mi><mspace width="1em"></mspace><mi>c</mi></mrow>`},
		{`\hspace{-2.5em}`, `<mspace width="-2.5em"></mspace>`},
		{`a \displaystyle b c`, `<mrow><mi>a</mi><mstyle displaystyle="true" scriptlevel="0"><mi>b</mi><mi>c</mi></mstyle></mrow>`},
		{``, `<mrow></mrow>`},
	} {
		if got := body(t, test.tex); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.tex, got, test.want)
		}
	}
}

func TestEnvironments(t *testing.T) {
	got := body(t, `\begin{aligned} a &= b \\[2pt] &- c \\ \end{aligned}`)
	want := `<mtable displaystyle="true">` +
		`<mtr><mtd columnalign="right" style="text-align:-webkit-right;padding-left:0;padding-right:0"><mi>a</mi></mtd>` +
		`<mtd columnalign="left" style="text-align:-webkit-left;padding-left:0;padding-right:0"><mrow><mo>=</mo><mi>b</mi></mrow></mtd></mtr>` +
		`<mtr><mtd columnalign="right" style="text-align:-webkit-right;padding-left:0;padding-right:0"><mrow></mrow></mtd>` +
		`<mtd columnalign="left" style="text-align:-webkit-left;padding-left:0;padding-right:0"><mrow><mo form="infix">−</mo><mi>c</mi></mrow></mtd></mtr></mtable>`
	if got != want {
		t.Errorf("aligned\n got %s\nwant %s", got, want)
	}
	got = body(t, `\begin{cases} 1, & x \geq 0 \\ 0, & x < 0 \end{cases}`)
	want = `<mrow><mo form="prefix" stretchy="true">{</mo><mtable>` +
		`<mtr><mtd columnalign="left" style="text-align:-webkit-left"><mrow><mn>1</mn><mo>,</mo></mrow></mtd><mtd columnalign="left" style="text-align:-webkit-left"><mrow><mi>x</mi><mo>≥</mo><mn>0</mn></mrow></mtd></mtr>` +
		`<mtr><mtd columnalign="left" style="text-align:-webkit-left"><mrow><mn>0</mn><mo>,</mo></mrow></mtd><mtd columnalign="left" style="text-align:-webkit-left"><mrow><mi>x</mi><mo>&lt;</mo><mn>0</mn></mrow></mtd></mtr></mtable></mrow>`
	if got != want {
		t.Errorf("cases\n got %s\nwant %s", got, want)
	}
	got = body(t, `\begin{array}{l|r} a & b & c \end{array}`)
	want = `<mtable><mtr><mtd columnalign="left" style="text-align:-webkit-left"><mi>a</mi></mtd><mtd columnalign="right" style="text-align:-webkit-right"><mi>b</mi></mtd><mtd columnalign="right" style="text-align:-webkit-right"><mi>c</mi></mtd></mtr></mtable>`
	if got != want {
		t.Errorf("array\n got %s\nwant %s", got, want)
	}
	got = body(t, `a \\ b`)
	want = `<mtable displaystyle="true"><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr></mtable>`
	if got != want {
		t.Errorf("lines\n got %s\nwant %s", got, want)
	}
	for name := range environments {
		spec := ""
		if environments[name].spec {
			spec = "{rl}"
		}
		out := body(t, `\begin{`+name+`}`+spec+`x & y \\ z \end{`+name+`}`)
		if strings.Count(out, "<mtr>") != 2 || strings.Count(out, "</mtd>") != 3 {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestDisplayAndAnnotation(t *testing.T) {
	out, err := MathML(" a<b ", true)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, `<math display="block">`) || !strings.HasSuffix(out, `<annotation encoding="application/x-tex">a&lt;b</annotation></semantics></math>`) {
		t.Error(out)
	}
}

func TestErrors(t *testing.T) {
	for tex, want := range map[string]string{
		`\unknown x`:                        `unknown command \unknown`,
		`\newcommand{\a}{b}`:                `unknown command \newcommand`,
		`\begin{tikzpicture}`:               `unknown environment tikzpicture`,
		`{a`:                                `a { is not closed`,
		`a}`:                                `a } without {`,
		`x^`:                                `an argument is missing at the end`,
		`\frac{a}`:                          `an argument is missing at the end`,
		`\frac{a}&`:                         `an argument is missing before &`,
		`x^1^2`:                             `two scripts ^ at one place`,
		`a & b`:                             `unexpected &`,
		`$a$`:                               `unexpected $`,
		`\left( a`:                          `\left without \right`,
		`\right)`:                           `\right without its beginning`,
		`\left a \right)`:                   `expected a delimiter after \left, found a`,
		`\begin{cases} a`:                   `\begin{cases} without \end`,
		`\begin{cases} a \end{matrix}`:      `\begin{cases} ends with \end{matrix}`,
		`\begin{array}{p{3cm}} \end{array}`: `expected columns l, c and r after \begin{array}`,
		`\sqrt[3 x`:                         `\sqrt[ without ]`,
		`\text{a`:                           `a { is not closed`,
		`\text{\LaTeX}`:                     `unknown command \LaTeX in text`,
		`\text{$a}`:                         `a $ without its partner`,
		`\hspace{far}`:                      `expected a length`,
		`\operatorname`:                     `an argument is missing at the end`,
		`\text`:                             `expected { before the end`,
		`\`:                                 `a backslash at the end`,
		`\not`:                              `an argument is missing at the end`,
		strings.Repeat("{", 500):            `nested more than 100 deep`,
		strings.Repeat(`\hat`, 500):         `nested more than 100 deep`,
		strings.Repeat(`x^`, 500) + "1":     `two scripts ^ at one place`,
	} {
		out, err := MathML(tex, false)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v (%s), want %s", tex, err, out, want)
		}
	}
}

// Every entry of the tables gives well-formed MathML.
func TestTables(t *testing.T) {
	var formulas []string
	for name := range symbols {
		formulas = append(formulas, `a \`+name+` b`)
	}
	for name := range functions {
		formulas = append(formulas, `\`+name+`_0 x`)
	}
	for name := range accents {
		formulas = append(formulas, `\`+name+`{xy}`)
	}
	for name := range fonts {
		formulas = append(formulas, `\`+name+`{Ax0 \Theta\pi}`)
	}
	for name := range spaces {
		formulas = append(formulas, `a\`+name+` b`)
	}
	for name := range delimiters {
		formulas = append(formulas, `\left`+name+` x \right`+name)
	}
	for _, tex := range formulas {
		out, err := MathML(tex, true)
		if err != nil {
			t.Errorf("%s: %v", tex, err)
			continue
		}
		wellFormed(t, tex, out)
	}
}

// wellFormed checks that out is XML whose annotation is the source.
func wellFormed(t *testing.T, tex, out string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(out))
	for {
		_, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%q: %v in %s", tex, err, out)
		}
	}
	_, annotation, _ := strings.Cut(out, `encoding="application/x-tex">`)
	annotation, _, _ = strings.Cut(annotation, "</annotation>")
	if got := html.UnescapeString(annotation); got != strings.TrimSpace(tex) {
		t.Fatalf("annotation %q of %q", got, tex)
	}
}

func FuzzMathML(f *testing.F) {
	for _, tex := range []string{
		`V[t] = H[t] \cdot (1 - S[t]) + V_{reset} \cdot S[t]`,
		`\begin{split}H[t] & = f(V[t-1], X[t]) \\ S[t] & = \Theta(H[t] - V_{threshold})\end{split}`,
		`\Theta(x) = \begin{cases} 1, & x \geq 0 \\ 0, & x < 0 \end{cases}`,
		`\left\{\frac{\mathrm{d}V(t)}{\mathrm{d}t}\middle|\sqrt[3]{x}\right. \not\in \text{if $x$ \&}`,
		`\operatorname*{argmax}\limits_x f''^2 \displaystyle \bigl( {\rm a} \hspace{1em} \tag{1}`,
		`\\[2pt]`, `\begin{array}{l|r}&\end{array}`, `\xrightarrow{a}`, `_'^%`,
	} {
		f.Add(tex, true)
	}
	f.Fuzz(func(t *testing.T, tex string, display bool) {
		out, err := MathML(tex, display)
		if err != nil {
			if out != "" {
				t.Fatalf("%q: both %q and an error", tex, out)
			}
			return
		}
		if strings.ContainsFunc(tex, func(r rune) bool { return r < ' ' || r == 0xfffd || r == 0xfffe || r == 0xffff }) {
			return // not characters of XML; HTML has no such rule
		}
		wellFormed(t, tex, out)
	})
}
