package export

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"spikebook/kernel/export/texmath"
)

// formula is a piece of mathematics in a text.
type formula struct {
	tex     string
	raw     string // with its delimiters
	display bool
}

// html returns the formula as MathML, or as it is written if that fails.
func (f formula) html() string {
	out, err := texmath.MathML(f.tex, f.display)
	if err != nil {
		return fmt.Sprintf(`<code class="tex" title="%s">%s</code>`, html.EscapeString(err.Error()), html.EscapeString(f.raw))
	}
	return out
}

// split cuts a text into pieces that are formulas and pieces that are not,
// which follow each other: text, formula, text, …, text. In Markdown, code is
// not looked into.
//
// The delimiters are those of JupyterLab, $…$, $$…$$, \\(…\\), \\[…\\] and
// \begin{…}…\end{…}, and LaTeX's own \(…\) and \[…\]. A formula ends with its
// paragraph. A closing dollar before a digit is money, not mathematics.
func split(text string, markdown bool) (texts []string, formulas []formula) {
	start := 0
	lineStart := true
	for i := 0; i < len(text); {
		if markdown && lineStart {
			if end := fencedCode(text[i:]); end > 0 {
				i += end
				continue
			}
		}
		lineStart = text[i] == '\n'
		if markdown && text[i] == '`' {
			i += codeSpan(text[i:])
			continue
		}
		f, ok := formulaAt(text[i:])
		if ok {
			texts = append(texts, text[start:i])
			formulas = append(formulas, f)
			i += len(f.raw)
			start = i
			continue
		}
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] != '\n':
			i += 2
		case strings.HasPrefix(text[i:], "$$"):
			i += 2
		default:
			i++
		}
	}
	return append(texts, text[start:]), formulas
}

// fencedCode returns the length of the fenced code block at the start of a
// line, 0 if there is none.
func fencedCode(text string) int {
	line, rest, _ := strings.Cut(text, "\n")
	trimmed := strings.TrimLeft(line, " ")
	if len(line)-len(trimmed) > 3 {
		return 0
	}
	fence := ""
	for _, c := range []string{"`", "~"} {
		if n := len(trimmed) - len(strings.TrimLeft(trimmed, c)); n >= 3 && (c == "~" || !strings.Contains(trimmed[n:], c)) {
			fence = trimmed[:n]
		}
	}
	if fence == "" {
		return 0
	}
	end := len(text) - len(rest)
	for line := range strings.Lines(rest) {
		end += len(line)
		closing := strings.TrimSpace(line)
		if strings.HasPrefix(closing, fence) && strings.Trim(closing, fence[:1]) == "" {
			break
		}
	}
	return end
}

// codeSpan returns the length of the code span that begins with the backticks
// at the start of text, or of the backticks if none does.
func codeSpan(text string) int {
	n := len(text) - len(strings.TrimLeft(text, "`"))
	ticks := text[:n]
	rest := paragraph(text[n:])
	for at := 0; ; {
		next := strings.Index(rest[at:], ticks)
		if next < 0 {
			return n
		}
		at += next
		run := len(rest[at:]) - len(strings.TrimLeft(rest[at:], "`"))
		if run == n {
			return n + at + n
		}
		at += run
	}
}

// paragraph returns text up to the first blank line.
func paragraph(text string) string {
	for at := 0; ; {
		next := strings.IndexByte(text[at:], '\n')
		if next < 0 {
			return text
		}
		at += next + 1
		line, _, _ := strings.Cut(text[at:], "\n")
		if strings.TrimSpace(line) == "" {
			return text[:at]
		}
	}
}

var mathDelimiters = []struct {
	open, close string
	display     bool
}{
	{"$$", "$$", true}, {"$", "$", false},
	{`\\(`, `\\)`, false}, {`\\[`, `\\]`, true},
	{`\(`, `\)`, false}, {`\[`, `\]`, true},
}

// formulaAt returns the formula at the start of text.
func formulaAt(text string) (formula, bool) {
	if text[0] != '$' && text[0] != '\\' {
		return formula{}, false
	}
	if name, ok := strings.CutPrefix(text, `\begin{`); ok {
		name, _, _ = strings.Cut(name, "}")
		end := environmentEnd(paragraph(text), name)
		return formula{text[:end], text[:end], true}, end > 0
	}
	for _, d := range mathDelimiters {
		body, ok := strings.CutPrefix(text, d.open)
		if !ok {
			continue
		}
		end := closing(paragraph(body), d.close)
		if end < 0 || strings.TrimSpace(body[:end]) == "" {
			return formula{}, false
		}
		after := body[end+len(d.close):]
		if d.open == "$" && after != "" && after[0] >= '0' && after[0] <= '9' {
			return formula{}, false
		}
		return formula{body[:end], text[:len(d.open)+end+len(d.close)], d.display}, true
	}
	return formula{}, false
}

// closing returns where the closing delimiter is, outside braces, -1 if it is
// nowhere. A backslash escapes what follows.
func closing(text, delimiter string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case depth <= 0 && strings.HasPrefix(text[i:], delimiter):
			return i
		case text[i] == '\\':
			i++
		case text[i] == '{':
			depth++
		case text[i] == '}':
			depth--
		}
	}
	return -1
}

// environmentEnd returns the length of \begin{name}…\end{name} at the start of
// text, 0 if it does not end.
func environmentEnd(text, name string) int {
	begin, end := `\begin{`+name+`}`, `\end{`+name+`}`
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], begin):
			depth++
		case strings.HasPrefix(text[i:], end):
			if depth--; depth == 0 {
				return i + len(end)
			}
		}
	}
	return 0
}

// placeholders stand for formulas while Markdown is made HTML, which would eat
// their backslashes and underscores. They are words of letters and digits.
type placeholders struct {
	word     string // not in the text
	formulas []formula
}

// hide replaces the formulas in Markdown by placeholders.
func hide(text string) (string, placeholders) {
	texts, formulas := split(text, true)
	word := "mathx"
	for strings.Contains(text, word) {
		word += "x"
	}
	var b strings.Builder
	for i, t := range texts {
		b.WriteString(t)
		if i < len(formulas) {
			b.WriteString(word + strconv.Itoa(i) + "z")
		}
	}
	return b.String(), placeholders{word, formulas}
}

// restore puts the formulas into HTML: as MathML in text, as they were written
// in tags and code.
func (p placeholders) restore(page string) string {
	if len(p.formulas) == 0 {
		return page
	}
	var b strings.Builder
	verbatim := 0 // depth of elements whose text is code
	for len(page) > 0 {
		at := strings.IndexByte(page, '<')
		if at < 0 {
			at = len(page)
		}
		b.WriteString(p.replace(page[:at], verbatim > 0))
		page = page[at:]
		if page == "" {
			break
		}
		tag := page[:tagEnd(page)]
		b.WriteString(p.replace(tag, true))
		page = page[len(tag):]
		name := strings.TrimLeft(tag, "</")
		name = strings.ToLower(name[:len(name)-len(strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))])
		switch name {
		case "code", "pre", "script", "style", "textarea", "title":
			if strings.HasPrefix(tag, "</") {
				verbatim = max(verbatim-1, 0)
			} else if !strings.HasSuffix(tag, "/>") {
				verbatim++
			}
		}
	}
	return b.String()
}

// tagEnd returns the length of the tag or comment at the start of page. A < that
// starts neither is text.
func tagEnd(page string) int {
	if strings.HasPrefix(page, "<!--") {
		if end := strings.Index(page, "-->"); end >= 0 {
			return end + 3
		}
		return len(page)
	}
	if len(page) < 2 || !strings.ContainsRune("/!?", rune(page[1])) && (page[1]|0x20 < 'a' || page[1]|0x20 > 'z') {
		return 1
	}
	quote := byte(0)
	for i := 1; i < len(page); i++ {
		switch c := page[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(page)
}

// replace replaces the placeholders in a piece of HTML.
func (p placeholders) replace(piece string, verbatim bool) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(piece, p.word)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		number, rest, _ := strings.Cut(after, "z")
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= len(p.formulas) {
			b.WriteString(p.word)
			piece = after
			continue
		}
		if verbatim {
			b.WriteString(html.EscapeString(p.formulas[n].raw))
		} else {
			b.WriteString(p.formulas[n].html())
		}
		piece = rest
	}
}

// latex returns a text/latex output as HTML.
func latex(text string) string {
	var b strings.Builder
	texts, formulas := split(text, false)
	for i, t := range texts {
		b.WriteString(html.EscapeString(t))
		if i < len(formulas) {
			b.WriteString(formulas[i].html())
		}
	}
	return b.String()
}
