package export

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strconv"
	"strings"

	"spikebook/kernel/notebook"
)

// preference is the order in which the forms of one output are chosen.
var preference = []string{
	"text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp",
	"text/latex", "application/json", "text/plain",
}

// output writes one output of a code cell.
func (p *page) output(out *notebook.Output) error {
	switch out.Type {
	case notebook.Stream:
		class := "stdout"
		if out.Name != "stdout" {
			class = "stderr"
		}
		fmt.Fprintf(p, "<div class=\"output stream %s\"><pre>%s</pre></div>\n", class, ansi(out.Text))
	case notebook.Error:
		text := strings.Join(out.Traceback, "\n")
		if text == "" {
			text = out.EName + ": " + out.EValue
		}
		fmt.Fprintf(p, "<div class=\"output error\" role=\"alert\"><pre>%s</pre></div>\n", ansi(text))
	default:
		return p.bundle(out)
	}
	return nil
}

// bundle writes the preferred form of an output that has several.
func (p *page) bundle(out *notebook.Output) error {
	plain, _ := out.Data["text/plain"].(string)
	for _, mime := range preference {
		value, ok := out.Data[mime]
		if !ok {
			continue
		}
		text, isText := value.(string)
		if !isText && mime != "application/json" {
			continue
		}
		switch {
		case mime == "text/html":
			fmt.Fprintf(p, "<div class=\"output html\">%s</div>\n", text)
		case mime == "text/markdown":
			rendered, err := p.markdown(text, nil)
			if err != nil {
				return err
			}
			fmt.Fprintf(p, "<div class=\"output text\">%s</div>\n", rendered)
		case mime == "text/latex":
			fmt.Fprintf(p, "<div class=\"output text\">%s</div>\n", latex(text))
		case mime == "text/plain":
			fmt.Fprintf(p, "<div class=\"output plain\"><pre>%s</pre></div>\n", ansi(text))
		case mime == "application/json":
			data, err := json.MarshalIndent(value, "", "  ")
			if err != nil {
				return err
			}
			code, err := highlight(string(data), jsonLexer)
			if err != nil {
				return err
			}
			fmt.Fprintf(p, "<div class=\"output plain\"><pre class=\"chroma\"><code>%s</code></pre></div>\n", code)
		default: // a picture
			fmt.Fprintf(p, "<figure class=\"output\"><img class=\"picture\" alt=\"%s\"%s src=\"data:%s;base64,%s\"></figure>\n",
				html.EscapeString(plain), size(out.Metadata[mime]), mime, base64Of(mime, text))
		}
		return nil
	}
	if kinds := slices.Sorted(maps.Keys(out.Data)); len(kinds) > 0 {
		fmt.Fprintf(p, "<div class=\"output plain\">%s</div>\n", missing("an output of type "+strings.Join(kinds, ", "), ""))
	}
	return nil
}

// size returns the attributes for the size that the metadata of a picture asks
// for.
func size(metadata any) string {
	fields, _ := metadata.(map[string]any)
	var b strings.Builder
	for _, name := range []string{"width", "height"} {
		if n, err := strconv.ParseFloat(fmt.Sprint(fields[name]), 64); err == nil && n > 0 && n < 1e5 {
			fmt.Fprintf(&b, ` %s="%.0f"`, name, n)
		}
	}
	return b.String()
}
