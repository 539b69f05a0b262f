package export

import (
	"strings"
	"testing"
)

func TestANSI(t *testing.T) {
	span := func(class, text string) string { return `<span class="` + class + `">` + text + `</span>` }
	for _, test := range []struct{ in, want string }{
		{"plain <&> text", "plain &lt;&amp;&gt; text"},
		{"\x1b[31mred\x1b[0m no", span("fg-red", "red") + " no"},
		{"\x1b[31mred\x1b[m no", span("fg-red", "red") + " no"},
		{"\x1b[1;34mbold\x1b[22m thin\x1b[39m no", span("fg-blue bold", "bold") + span("fg-blue", " thin") + " no"},
		{"\x1b[97;42mx\x1b[49my", span("fg-bright-white bg-green", "x") + span("fg-bright-white", "y")},
		{"\x1b[3;4;9;2mx\x1b[23;24;29;22my", span("faint italic underline crossed", "x") + "y"},
		{"\x1b[7mx\x1b[27my", span("inverse", "x") + "y"},
		{"\x1b[7;31mx", span("bg-red", "x")},
		{"\x1b[38;5;1mx\x1b[38;5;196my\x1b[48;5;244mz", span("fg-red", "x") + `<span style="color:#ff0000">y</span><span style="color:#ff0000;background-color:#808080">z</span>`},
		{"\x1b[38;2;1;2;300mx", `<span style="color:#01022c">x</span>`},
		{"\x1b[38:2:1:2:3mx", `<span style="color:#010203">x</span>`},
		{"\x1b[38;5mx", "x"},
		{"\x1b[2K\x1b[1Ax\x1b[?25l", "x"},
		{"\x1b]0;title\ax\x1b]8;;http://a\x1b\\y", "xy"},
		{"\x1b(Bx\x1bcy", "xy"},
		{"a\x1b", "a"},
		{"a\x1b[31", "a"},
		{"a\x1b[\nb", "a\nb"},
		{"a\x1b\nb", "a\nb"},
		{"a\x00\x07b\x7f\tc", "ab\tc"},
		{"10 %\r20 %\r100 %\nnext", "100 %\nnext"},
		{"windows\r\nlines\r\n", "windows\nlines\n"},
		{"ends\r", "ends"},
		{"\x1b[32mold\x1b[1m\rnew\x1b[0m", span("fg-green bold", "new")},
		{"é\x1b[31mü", "é" + span("fg-red", "ü")},
	} {
		if got := ansi(test.in); got != test.want {
			t.Errorf("%q\n got %s\nwant %s", test.in, got, test.want)
		}
	}
}

func FuzzANSI(f *testing.F) {
	f.Add("\x1b[38;5;196;1mx\x1b]0;t\a\x1b[48;2;1;2;3my\r\n\x1b(B")
	f.Fuzz(func(t *testing.T, in string) {
		out := ansi(in)
		plain := tags.ReplaceAllString(out, "")
		if strings.ContainsAny(plain, "<>\x1b\r") {
			t.Fatalf("%q became %q", in, out)
		}
		if strings.Count(out, "<span") != strings.Count(out, "</span>") {
			t.Fatalf("%q: spans do not match in %q", in, out)
		}
	})
}
