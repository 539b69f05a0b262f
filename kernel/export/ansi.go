package export

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// sgr is how a terminal writes: what the "select graphic rendition" sequences
// of ECMA-48 have set.
type sgr struct {
	fg, bg                                           string // class suffix of the 16 colours, or "#rrggbb"
	bold, faint, italic, underline, crossed, inverse bool
}

var ansiColours = [16]string{
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
	"bright-black", "bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
}

// ansi returns text for a terminal as HTML: colours and styles become spans,
// other control sequences are left out, and a carriage return starts its line
// anew.
func ansi(text string) string {
	var b strings.Builder
	var state sgr
	text = overwritten(text)
	for len(text) > 0 {
		at := strings.IndexByte(text, '\x1b')
		if at < 0 {
			at = len(text)
		}
		if at > 0 {
			state.print(&b, text[:at])
			text = text[at:]
			continue
		}
		params, final, size := escape(text)
		if final == 'm' {
			state.set(params)
		}
		text = text[size:]
	}
	return b.String()
}

// overwritten drops what a carriage return has overwritten. The control
// sequences in it stay: colours hold on.
func overwritten(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		last := strings.LastIndexByte(line, '\r') + 1
		lines[i] = sequences(line[:last]) + line[last:]
	}
	return strings.Join(lines, "\n")
}

// sequences returns the control sequences in text.
func sequences(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '\x1b')
		if at < 0 {
			return b.String()
		}
		_, _, size := escape(text[at:])
		b.WriteString(text[at : at+size])
		text = text[at+size:]
	}
}

// escape reads the control sequence at the start of text: its parameters, its
// last character (0 if it is none that we read) and its length.
func escape(text string) (params string, final byte, size int) {
	if len(text) < 2 {
		return "", 0, len(text)
	}
	switch text[1] {
	case '[': // CSI: parameters, then a letter
		for i := 2; i < len(text); i++ {
			if c := text[i]; c >= 0x40 && c <= 0x7e {
				return text[2:i], c, i + 1
			} else if c < 0x20 || c > 0x7e {
				return "", 0, i // not a sequence after all
			}
		}
		return "", 0, len(text)
	case '(', ')': // a character set, named by one more character
		return "", 0, min(3, len(text))
	case ']': // OSC: up to BEL or ESC \
		if end := strings.IndexAny(text[2:], "\a\x1b"); end >= 0 {
			size := 2 + end + 1
			if text[size-1] == '\x1b' && size < len(text) {
				size++
			}
			return "", 0, size
		}
		return "", 0, len(text)
	}
	if text[1] >= 0x20 && text[1] < 0x7f {
		return "", 0, 2
	}
	return "", 0, 1
}

// set obeys the parameters of one sequence.
func (s *sgr) set(params string) {
	var codes []int
	for _, field := range strings.FieldsFunc(params+" ", func(r rune) bool { return r == ';' || r == ':' }) {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil {
			n = 0 // an empty parameter
		}
		codes = append(codes, n)
	}
	for i := 0; i < len(codes); i++ {
		switch n := codes[i]; {
		case n == 0:
			*s = sgr{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 3:
			s.italic = true
		case n == 4:
			s.underline = true
		case n == 7:
			s.inverse = true
		case n == 9:
			s.crossed = true
		case n == 22:
			s.bold, s.faint = false, false
		case n == 23:
			s.italic = false
		case n == 24:
			s.underline = false
		case n == 27:
			s.inverse = false
		case n == 29:
			s.crossed = false
		case n >= 30 && n <= 37:
			s.fg = ansiColours[n-30]
		case n >= 90 && n <= 97:
			s.fg = ansiColours[n-90+8]
		case n >= 40 && n <= 47:
			s.bg = ansiColours[n-40]
		case n >= 100 && n <= 107:
			s.bg = ansiColours[n-100+8]
		case n == 39:
			s.fg = ""
		case n == 49:
			s.bg = ""
		case n == 38 || n == 48:
			colour, used := extended(codes[i+1:])
			i += used
			if n == 38 {
				s.fg = colour
			} else {
				s.bg = colour
			}
		}
	}
}

// extended reads a colour of the 256 or of all, and how many codes it takes.
func extended(codes []int) (colour string, used int) {
	switch {
	case len(codes) >= 4 && codes[0] == 2:
		return fmt.Sprintf("#%02x%02x%02x", byte(codes[1]), byte(codes[2]), byte(codes[3])), 4
	case len(codes) >= 2 && codes[0] == 5:
		switch n := codes[1] & 0xff; {
		case n < 16:
			return ansiColours[n], 2
		case n < 232: // a cube of 6 × 6 × 6
			level := func(v int) int {
				if v == 0 {
					return 0
				}
				return 55 + 40*v
			}
			n -= 16
			return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6)), 2
		default: // greys
			v := 8 + 10*(n-232)
			return fmt.Sprintf("#%02x%02x%02x", v, v, v), 2
		}
	}
	return "", len(codes)
}

// print writes text in the state's style.
func (s sgr) print(b *strings.Builder, text string) {
	var classes, styles []string
	colour := func(c, class, property string) {
		if strings.HasPrefix(c, "#") {
			styles = append(styles, property+":"+c)
		} else if c != "" {
			classes = append(classes, class+c)
		}
	}
	if s.inverse {
		if s.fg == "" && s.bg == "" {
			classes = append(classes, "inverse")
		}
		s.fg, s.bg = s.bg, s.fg
	}
	colour(s.fg, "fg-", "color")
	colour(s.bg, "bg-", "background-color")
	for _, attribute := range []struct {
		class string
		on    bool
	}{{"bold", s.bold}, {"faint", s.faint}, {"italic", s.italic}, {"underline", s.underline}, {"crossed", s.crossed}} {
		if attribute.on {
			classes = append(classes, attribute.class)
		}
	}
	text = html.EscapeString(strings.Map(printable, text))
	if len(classes) == 0 && len(styles) == 0 {
		b.WriteString(text)
		return
	}
	b.WriteString("<span")
	if len(classes) > 0 {
		fmt.Fprintf(b, ` class="%s"`, strings.Join(classes, " "))
	}
	if len(styles) > 0 {
		fmt.Fprintf(b, ` style="%s"`, strings.Join(styles, ";"))
	}
	b.WriteString(">" + text + "</span>")
}

// printable drops control characters.
func printable(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}
