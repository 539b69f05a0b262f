package neuron

import (
	"strings"

	"spikebook/snn"
)

// PTX is the text of a kernel in NVIDIA's assembly language. A notebook shows it
// with colours.
type PTX string

// PTX returns the kernel that takes this layer's neurons through all steps on an
// NVIDIA GPU, for a sequence of which no gradient is required. It panics with a
// *snn.DeviceError if there is no backend "cuda".
func (l *Layer) PTX() PTX {
	text, err := l.kernel.Source("cuda", wanted(l.config.storeVSeq))
	if err != nil {
		panic(&snn.DeviceError{Err: err})
	}
	return PTX(text)
}

// MIMEBundle returns the text as a notebook shows it.
func (p PTX) MIMEBundle() map[string]string {
	var b strings.Builder
	b.WriteString(`<pre style="line-height: 1.3; max-height: 40em; overflow: auto">`)
	for rest := string(p); rest != ""; {
		n, kind := word(rest)
		if kind != "" {
			b.WriteString(`<span style="color: var(--jp-mirror-editor-` + kind + `-color, ` + colours[kind] + `)">`)
		}
		escaper.WriteString(&b, rest[:n])
		if kind != "" {
			b.WriteString(`</span>`)
		}
		rest = rest[n:]
	}
	b.WriteString("</pre>")
	return map[string]string{"text/html": b.String(), "text/plain": string(p)}
}

// colours are for pages without the theme of JupyterLab, by kind of word.
var colours = map[string]string{"comment": "#408080", "keyword": "#008000", "variable": "#0550ae", "number": "#9a6700", "def": "#8250df"}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// word returns the length of the first word, and the kind of word for which
// JupyterLab's editor has a colour, "" for none.
func word(text string) (n int, kind string) {
	switch c := text[0]; {
	case strings.HasPrefix(text, "//"):
		return end(text, func(c byte) bool { return c != '\n' }), "comment"
	case c == '.': // a directive or a type
		kind = "keyword"
	case c == '%' || c == '$': // a register or a label
		kind = "variable"
	case '0' <= c && c <= '9':
		kind = "number"
	case letter(c):
		kind = "def"
	default:
		return 1, ""
	}
	return end(text, letter), kind
}

// end returns how far the characters behind the first one are of a kind.
func end(text string, is func(byte) bool) int {
	n := 1
	for n < len(text) && is(text[n]) {
		n++
	}
	return n
}

func letter(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
