package cell

import (
	"slices"
	"strings"
)

// source is text that a user wrote, and where in its cell it begins.
type source struct {
	cell      string // hash
	text      string
	line, col int // of its first byte
}

// position returns line and column of a byte of the source, counted from 1.
func (s *source) position(off int) (line, col int) {
	before := s.text[:min(max(off, 0), len(s.text))]
	last := strings.LastIndexByte(before, '\n')
	if last < 0 {
		return s.line, s.col + len(before)
	}
	return s.line + strings.Count(before, "\n"), len(before) - last
}

// span says where the bytes lo..hi of a text come from. In a fixed span they
// all stand for the one byte at off, as a replacement does.
type span struct {
	lo, hi int
	src    *source
	off    int
	fixed  bool
}

// text is generated Go text that knows which of its bytes the user wrote.
type text struct {
	b     []byte
	spans []span
}

// write adds text of our own.
func (t *text) write(s string) { t.b = append(t.b, s...) }

// copy adds text of the user.
func (t *text) copy(src *source, lo, hi int) {
	t.span(src, lo, false, src.text[lo:hi])
}

// span adds text that comes from, or in a fixed span stands for, the user's at
// off.
func (t *text) span(src *source, off int, fixed bool, s string) {
	if s == "" {
		return
	}
	t.spans = append(t.spans, span{len(t.b), len(t.b) + len(s), src, off, fixed})
	t.b = append(t.b, s...)
}

// edit replaces the bytes lo..hi of a text. It must keep the number of lines:
// the line directives of the program, and with them its stack traces, count on
// it.
type edit struct {
	why    string // for who debugs
	lo, hi int
	text   string
}

// lines makes the text of an edit as many lines long as what it replaces. It
// must be an operand: a line can end only inside parentheses.
func lines(replaced, operand string) string {
	if n := strings.Count(replaced, "\n") - strings.Count(operand, "\n"); n > 0 {
		return "(" + strings.Repeat("\n", n) + operand + ")"
	}
	return operand
}

// apply returns the text after the edits. An insertion comes before what is
// replaced at the same place, and an edit inside of another one is dropped.
func (t *text) apply(edits []edit) *text {
	if len(edits) == 0 {
		return t
	}
	return t.rewrite(edits, 0, len(t.b))
}

// rewrite is apply for the part lo..hi of the text.
func (t *text) rewrite(edits []edit, lo, hi int) *text {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.lo != b.lo {
			return a.lo - b.lo
		}
		if insA, insB := a.lo == a.hi, b.lo == b.hi; insA != insB {
			if insA {
				return -1
			}
			return 1
		}
		return b.hi - a.hi
	})
	out := &text{}
	at := lo
	for _, e := range edits {
		if e.lo < at || e.hi > hi || e.hi == lo || e.lo == hi { // what is inserted at the ends belongs to what is around
			continue
		}
		out.append(t, at, e.lo)
		if src, off := t.origin(e.lo); src != nil {
			out.span(src, off, true, e.text)
		} else {
			out.write(e.text)
		}
		at = e.hi
	}
	out.append(t, at, hi)
	return out
}

// append adds the bytes lo..hi of another text with their origins.
func (t *text) append(from *text, lo, hi int) {
	shift := len(t.b) - lo
	i, _ := slices.BinarySearchFunc(from.spans, lo, func(s span, lo int) int { return s.hi - 1 - lo })
	for ; i < len(from.spans) && from.spans[i].lo < hi; i++ {
		s := from.spans[i]
		if s.lo < lo {
			if !s.fixed {
				s.off += lo - s.lo
			}
			s.lo = lo
		}
		s.hi = min(s.hi, hi)
		s.lo, s.hi = s.lo+shift, s.hi+shift
		t.spans = append(t.spans, s)
	}
	t.b = append(t.b, from.b[lo:hi]...)
}

// origin finds the user's byte for a byte of the text; the end of a span
// belongs to it when nothing follows. It returns nil for text of our own.
func (t *text) origin(off int) (*source, int) {
	i, _ := slices.BinarySearchFunc(t.spans, off, func(s span, off int) int { return s.hi - 1 - off })
	if i < len(t.spans) && t.spans[i].lo <= off {
		s := t.spans[i]
		if s.fixed {
			return s.src, s.off
		}
		return s.src, s.off + off - s.lo
	}
	if i > 0 && t.spans[i-1].hi == off {
		s := t.spans[i-1]
		if s.fixed {
			return s.src, s.off
		}
		return s.src, s.off + s.hi - s.lo
	}
	return nil, 0
}

// find is the way back: the byte of the text that is the byte off of src.
func (t *text) find(src *source, off int) (int, bool) {
	for _, s := range t.spans {
		if s.src == src && !s.fixed && s.off <= off && off <= s.off+s.hi-s.lo {
			return s.lo + off - s.off, true
		}
	}
	return 0, false
}
