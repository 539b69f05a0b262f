package bridge

import (
	"slices"
	"testing"
)

func TestShellLinesWithoutInput(t *testing.T) {
	got := withoutInput([]string{"!cat", "!*go get x", "%with_inputs", "!read x", "!cat", "%with_password", "%env A b", "!cat"})
	want := []string{"!exec </dev/null; cat", "!*exec </dev/null; go get x", "%with_inputs", "!read x", "!exec </dev/null; cat", "%with_password", "%env A b", "!cat"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNamed(t *testing.T) {
	b := &Bridge{cells: map[string]origin{"0123456789": {count: 7}}}
	for text, want := range map[string]string{
		"cell-0123456789 has x":         "cell [7] has x",
		"at cell-0123456789.go:12: bad": "at cell [7], line 12: bad",
		"cell-ffffffffff.go:1":          "cell-ffffffffff.go:1",
	} {
		if got := b.named(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
