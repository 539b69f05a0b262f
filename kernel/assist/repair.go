package assist

import (
	"cmp"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// placeholder is the name that stands at the cursor while a cell is checked.
const placeholder = "c__"

// insertion is text that mends a cell; what it replaces is only brackets.
type insertion struct {
	at, cut int
	text    string
}

// repair closes what is open in a half-typed cell so that the parser finds
// most of its syntax. It returns the text and where an offset has moved to.
// Magics have been blanked in goText, which is as long as text.
func repair(text, goText string, at int) (string, int) {
	edits := mend(goText)
	slices.SortStableFunc(edits, func(a, b insertion) int { return cmp.Compare(a.at, b.at) })
	var b strings.Builder
	last, moved := 0, at
	for _, e := range edits {
		b.WriteString(text[last:e.at])
		b.WriteString(e.text)
		last = e.at + e.cut
		if e.at < at {
			moved += len(e.text) - e.cut
		}
	}
	b.WriteString(text[last:])
	return b.String(), moved
}

// bracket is one that is open. The lines of a group, such as import (…), end
// in semicolons; those of other parentheses do not.
type bracket struct {
	tok   token.Token
	group bool
}

// mender walks over the tokens of a cell.
type mender struct {
	text   string
	tokens []lexeme
	open   []bracket
	header int // depth of a statement that still needs its block, -1 if there is none
	edits  []insertion
}

func mend(text string) []insertion {
	m := &mender{text: text, header: -1}
	for _, l := range scan(text) {
		if l.tok != token.COMMENT {
			m.tokens = append(m.tokens, l)
		}
	}
	for i, l := range m.tokens {
		switch {
		case l.tok == token.FUNC && len(m.open) > 0 && m.declares(l.start):
			m.close(l.start, len(m.open), "\n")
		case l.tok == token.IF || l.tok == token.FOR || l.tok == token.SWITCH:
			m.header = len(m.open)
		case l.opens():
			if l.tok == token.LBRACE && len(m.open) == m.header {
				m.header = -1
			}
			m.open = append(m.open, bracket{l.tok, i > 0 && slices.Contains(grouping, m.tokens[i-1].tok)})
		case l.closes():
			m.closing(l)
		case l.automatic():
			m.lineEnd(i)
		}
	}
	if n := len(m.open); n > 0 {
		m.close(len(text), n, "")
	}
	return m.edits
}

var grouping = []token.Token{token.IMPORT, token.VAR, token.CONST, token.TYPE}

// functionAt finds the declaration of a function where a line begins.
var functionAt = regexp.MustCompile(`^func\s*(\([^()]*\)\s*)?[\pL_][\pL\pN_]*\s*[(\[]`)

// declares says whether a declaration of a function begins at an offset. It
// cannot stand in a block, so one that is open before it lacks its end.
func (m *mender) declares(at int) bool {
	return (at == 0 || m.text[at-1] == '\n') && functionAt.MatchString(m.text[at:])
}

// close closes the n innermost brackets at an offset.
func (m *mender) close(at, n int, after string) {
	var b strings.Builder
	for range n {
		last := m.open[len(m.open)-1]
		m.open = m.open[:len(m.open)-1]
		switch {
		case last.tok == token.LPAREN:
			b.WriteByte(')')
		case last.tok == token.LBRACK:
			b.WriteByte(']')
		case at == len(m.text):
			// A line comment may end the cell.
			b.WriteString("\n}")
		default:
			b.WriteByte('}')
		}
	}
	if len(m.open) < m.header {
		m.header = -1
	}
	m.edits = append(m.edits, insertion{at: at, text: b.String() + after})
}

// closing matches a closing bracket: those inside are closed, one that was
// never opened is cut out.
func (m *mender) closing(l lexeme) {
	opener := map[token.Token]token.Token{token.RPAREN: token.LPAREN, token.RBRACK: token.LBRACK, token.RBRACE: token.LBRACE}[l.tok]
	for i := len(m.open) - 1; i >= 0; i-- {
		if m.open[i].tok != opener {
			continue
		}
		if inside := len(m.open) - 1 - i; inside > 0 {
			m.close(l.start, inside, "")
		}
		m.open = m.open[:i]
		if i < m.header {
			m.header = -1
		}
		return
	}
	m.edits = append(m.edits, insertion{at: l.start, cut: 1, text: " "})
}

// lineEnd mends a line that ends inside parentheses or before the block of a
// statement.
func (m *mender) lineEnd(i int) {
	at, n := m.tokens[i].start, 0
	for n < len(m.open) {
		if b := m.open[len(m.open)-1-n]; b.tok == token.LBRACE || b.group {
			break
		}
		n++
	}
	if n > 0 {
		if i+1 < len(m.tokens) && (m.tokens[i+1].tok == token.RPAREN || m.tokens[i+1].tok == token.RBRACK) {
			m.edits = append(m.edits, insertion{at: at, text: ","})
			return
		}
		m.close(at, n, "")
	}
	if m.header == len(m.open) {
		m.edits = append(m.edits, insertion{at: at, text: " {}"})
		m.header = -1
	}
}
