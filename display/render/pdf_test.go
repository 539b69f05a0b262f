package render

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"spikebook/display/figure"
)

// streams returns the decompressed streams of a PDF.
func streams(t *testing.T, pdf []byte) (all [][]byte) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`).FindAllSubmatch(pdf, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue // not compressed
		}
		data, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// TestPDFImageUpright follows the transformations of the page to its image:
// neuron 0 must come out at the top.
func TestPDFImageUpright(t *testing.T) {
	f := &figure.Figure{Kind: figure.Heatmap, Series: []figure.Series{{Shape: []int{1, 2}, Data: figure.Values{0, 1}}}}
	pdf, err := Image(f, figure.PDF)
	if err != nil {
		t.Fatal(err)
	}
	upright, found := false, false
	var first, last byte // rows of the image in the file
	for _, s := range streams(t, pdf) {
		if i := bytes.Index(s, []byte(" Do")); i >= 0 {
			upright, found = pageUp(t, string(s[:i])) > 0, true
			continue
		}
		if w := minImagePixels + 1; len(s) == w*minImagePixels && s[0] == 0 { // a filter byte, then a row
			first, last = s[1], s[len(s)-1]
		}
	}
	if !found || first == last {
		t.Fatalf("the page or its image is not where it was; found %v, rows %d and %d", found, first, last)
	}
	if top := map[bool]byte{true: first, false: last}[upright]; top != 0 {
		t.Errorf("the top row has colour %d of the palette, want that of neuron 0, which is 0", top)
	}
}

// pageUp returns the direction of the y axis after the operators of a content
// stream: the vertical scale, in effect at its end.
func pageUp(t *testing.T, content string) float64 {
	t.Helper()
	stack := []float64{1}
	var operands []string
	for _, token := range strings.Fields(content) {
		switch token {
		case "q":
			stack = append(stack, stack[len(stack)-1])
		case "Q":
			stack = stack[:len(stack)-1]
		case "cm":
			d, err := strconv.ParseFloat(operands[len(operands)-3], 64)
			if err != nil {
				t.Fatal(err)
			}
			stack[len(stack)-1] *= d
		default:
			operands = append(operands, token)
		}
	}
	return stack[len(stack)-1]
}

// TestPDFBeyondASCII demands that text which the page's fonts cannot hold is
// drawn all the same.
func TestPDFBeyondASCII(t *testing.T) {
	page := func(label string) string {
		f := &figure.Figure{Kind: figure.Heatmap, XLabel: label, Series: []figure.Series{{Shape: []int{1, 1}, Data: figure.Values{0}}}}
		pdf, err := Image(f, figure.PDF)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range streams(t, pdf) {
			if bytes.Contains(s, []byte(" Do")) {
				return string(s)
			}
		}
		t.Fatal("the PDF has no page")
		return ""
	}
	if ascii := page("tau"); !strings.Contains(ascii, "(tau)") {
		t.Error("ASCII text is not in the page as text")
	}
	curves := func(s string) int { return strings.Count(s, " c\n") }
	if got, none := curves(page("τ")), curves(page("")); got <= none {
		t.Errorf("%d curves with the label τ, %d without: it is not drawn", got, none)
	}
}
