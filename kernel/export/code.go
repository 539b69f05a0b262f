package export

import (
	"fmt"
	"html"
	"strings"

	"github.com/alecthomas/chroma/v2"
	chromahtml "github.com/alecthomas/chroma/v2/formatters/html"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/alecthomas/chroma/v2/styles"

	"spikebook/kernel/notebook"
)

// jsonLexer colours outputs that are data.
var jsonLexer = lexers.Get("json")

var formatter = chromahtml.New(chromahtml.WithClasses(true), chromahtml.PreventSurroundingPre(true), chromahtml.WithCSSComments(false))

// codeCSS returns the colours of code in both themes. Print is always light.
func codeCSS() (string, error) {
	var b strings.Builder
	for _, theme := range []struct{ media, style string }{
		{"not screen, not all and (prefers-color-scheme: dark)", "github"},
		{"screen and (prefers-color-scheme: dark)", "github-dark"},
	} {
		fmt.Fprintf(&b, "@media %s {\n", theme.media)
		if err := formatter.WriteCSS(&b, styles.Get(theme.style)); err != nil {
			return "", err
		}
		b.WriteString("}\n")
	}
	return b.String(), nil
}

// lexerOf returns the lexer for the notebook's language, Go if it does not say.
func lexerOf(nb *notebook.Notebook) chroma.Lexer {
	for _, path := range [][]string{{"language_info", "pygments_lexer"}, {"language_info", "name"}, {"kernelspec", "language"}} {
		if name, _ := nb.Metadatum(path...).(string); name != "" {
			if lexer := lexers.Get(name); lexer != nil {
				return lexer
			}
		}
	}
	return lexers.Get("go")
}

// highlight returns the source coloured by classes. A nil lexer colours nothing.
func highlight(source string, lexer chroma.Lexer) (string, error) {
	if lexer == nil {
		return html.EscapeString(source), nil
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, source)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := formatter.Format(&b, styles.Fallback, tokens); err != nil {
		return "", err
	}
	return b.String(), nil
}

// code writes a code cell. Lines that GoNB takes for itself, % and !, are not
// Go, and after a cell magic such as %%bash nothing is.
func (p *page) code(source string) error {
	p.WriteString(`<pre class="chroma"><code>`)
	source = strings.TrimRight(source, "\n")
	lexer := p.lexer
	if name, ok := cellMagic(source); ok {
		lexer = lexers.Get(name)
		if name == "script" || name == "writefile" {
			lexer = nil
		}
		line, rest, _ := strings.Cut(source, "\n")
		p.magic(line + "\n")
		source = rest
	}
	var run strings.Builder // lines of the language
	flush := func() error {
		text, err := highlight(run.String(), lexer)
		p.WriteString(text)
		run.Reset()
		return err
	}
	inShell := false // the line before was a shell command and goes on
	for line := range strings.Lines(source) {
		if lexer != p.lexer || !inShell && !strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "!") {
			run.WriteString(line)
			continue
		}
		if run.Len() > 0 {
			if err := flush(); err != nil {
				return err
			}
		}
		p.magic(line)
		inShell = strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`)
	}
	if run.Len() > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	p.WriteString("</code></pre>")
	return nil
}

func (p *page) magic(line string) {
	fmt.Fprintf(p, `<span class="magic">%s</span>`, html.EscapeString(line))
}

// cellMagic returns the name of the magic that makes a cell something other
// than Go.
func cellMagic(source string) (string, bool) {
	line, _, _ := strings.Cut(source, "\n")
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch name := strings.TrimPrefix(word, "%%"); name {
	case "bash", "sh", "script", "writefile":
		return name, strings.HasPrefix(word, "%%")
	}
	return "", false
}
