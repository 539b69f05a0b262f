package assist

import "testing"

func TestOffsets(t *testing.T) {
	for _, c := range []struct {
		text   string
		cursor int
		offset int
	}{
		{"", 0, 0},
		{"abc", 2, 2},
		{"é.x", 1, 2},
		{"😀.x", 1, 4},
		{"😀.x", 3, 6},
		{"👩‍🔬.", 3, 11}, // three code points, one picture
		{"a\r\nb", 3, 3},
		{"a\ufffdb", 2, 4},
		{"a\xffb", 2, 2},
	} {
		if got := byteOffset(c.text, c.cursor); got != c.offset {
			t.Errorf("byteOffset(%q, %d) = %d, expected %d", c.text, c.cursor, got, c.offset)
		}
		if got := codePoints(c.text, c.offset); got != c.cursor {
			t.Errorf("codePoints(%q, %d) = %d, expected %d", c.text, c.offset, got, c.cursor)
		}
	}
	for _, c := range []struct{ cursor, offset int }{{-1, 0}, {4, 6}, {1 << 40, 6}} {
		if got := byteOffset("😀.x", c.cursor); got != c.offset {
			t.Errorf("cursor %d outside of the text: offset %d, expected %d", c.cursor, got, c.offset)
		}
	}
}
