// Package export makes one HTML file of a notebook: text, code, outputs,
// formulas and pictures, with nothing to be fetched when it is read. It knows
// nothing of kernels, and runs nothing.
package export

import (
	_ "embed"
	"fmt"
	"html"
	"strings"

	"github.com/alecthomas/chroma/v2"

	"spikebook/kernel/notebook"
)

// Options are what a notebook does not say itself. The zero value is valid.
type Options struct {
	// Title is the title of the page of a notebook that has no heading of the
	// first level; by default "Notebook".
	Title string

	// Dir is the directory of the notebook, where the pictures lie that its
	// text refers to; by default the working directory.
	Dir string
}

//go:embed style.css
var style string

// page is one page in the making.
type page struct {
	strings.Builder
	options  Options
	lexer    chroma.Lexer // of code cells
	headings headings
}

// HTML returns the notebook as a page. Formulas that are not understood are
// shown as they are written; pictures elsewhere on the network become links.
func HTML(nb *notebook.Notebook, options Options) ([]byte, error) {
	p := &page{options: options, lexer: lexerOf(nb), headings: headings{}}
	css, err := codeCSS()
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(p, `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="spikebook">
<title>%s</title>
<style>
%s%s</style>
</head>
<body>
<main>
`, html.EscapeString(title(nb, options)), css, style)
	for i, cell := range nb.Cells {
		if err := p.cell(cell); err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
	}
	p.WriteString("</main>\n")
	p.footer(nb)
	p.WriteString("</body>\n</html>\n")
	return []byte(p.String()), nil
}

// title returns the first heading of the first level, without its markup.
func title(nb *notebook.Notebook, options Options) string {
	for _, cell := range nb.Cells {
		if cell.Type != notebook.Markdown {
			continue
		}
		for line := range strings.Lines(cell.Source) {
			if text, ok := strings.CutPrefix(line, "# "); ok {
				if text = strings.TrimSpace(strings.NewReplacer("`", "", "*", "").Replace(text)); text != "" {
					return text
				}
			}
		}
	}
	if options.Title != "" {
		return options.Title
	}
	return "Notebook"
}

// footer says what has computed the notebook.
func (p *page) footer(nb *notebook.Notebook) {
	var parts []string
	for _, path := range [][]string{{"kernelspec", "display_name"}, {"language_info", "version"}} {
		if text, _ := nb.Metadatum(path...).(string); text != "" {
			parts = append(parts, html.EscapeString(text))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(p, "<footer>%s</footer>\n", strings.Join(parts, " · "))
	}
}

func (p *page) cell(cell *notebook.Cell) error {
	switch cell.Type {
	case notebook.Markdown:
		text, err := p.markdown(cell.Source, cell.Attachments)
		if err != nil {
			return err
		}
		fmt.Fprintf(p, "<section class=\"cell text\">\n%s</section>\n", text)
	case notebook.Raw:
		if cell.Source != "" {
			fmt.Fprintf(p, "<section class=\"cell raw\"><pre>%s</pre></section>\n", html.EscapeString(cell.Source))
		}
	case notebook.Code:
		if strings.TrimSpace(cell.Source) == "" && len(cell.Outputs) == 0 {
			return nil
		}
		number := "&nbsp;"
		if cell.ExecutionCount > 0 {
			number = fmt.Sprint(cell.ExecutionCount)
		}
		fmt.Fprintf(p, "<section class=\"cell code\">\n<div class=\"count\" aria-label=\"execution number\">[%s]</div>\n<div class=\"source\">", number)
		if err := p.code(cell.Source); err != nil {
			return err
		}
		p.WriteString("</div>\n")
		for i, out := range cell.Outputs {
			if err := p.output(out); err != nil {
				return fmt.Errorf("output %d: %w", i+1, err)
			}
		}
		p.WriteString("</section>\n")
	}
	return nil
}
