package assist

import (
	"testing"
	"unicode/utf8"
)

// FuzzComplete asks about any text at any place: no answer may panic, and each
// must lie in the text.
func FuzzComplete(f *testing.F) {
	for _, src := range []string{
		"", "layer.", "neuron.NewLIF(neuron.Tau(2), ", "func f(p Point) {\n\tif p.", "p := &Point{X: 1, ", "// 😀\r\npoint.", "%session forget la",
		"%%bash\nls", "!ls ", "ratio = 1)]}\npoint.", "`raw\r\n", "/* open", "'", "Map([]int{1}, func(i int) Point {", "switch x := any(ratio).(type) {\ncase ",
		"type T[P any] struct { P; x ", "defer func() {", "for i := range ", "var (\n\tx = ", "a.b[c](d){e}.", "\xff.\x00", "\x97\xcd\xcd\xcd#\xcd",
	} {
		f.Add(src, len(src))
		f.Add(src, len(src)/2)
	}
	env := newEnv(f)
	f.Fuzz(func(t *testing.T, src string, cursor int) {
		c := Complete(env, src, cursor)
		if n := utf8.RuneCountInString(src); c.Start < 0 || c.Start > c.End || c.End > n {
			t.Errorf("from %d to %d in a text of %d code points", c.Start, c.End, n)
		}
		for _, m := range c.Matches {
			if m.Text == placeholder {
				t.Error("the placeholder is a match")
			}
		}
		Inspect(env, src, cursor, cursor&1)
	})
}
