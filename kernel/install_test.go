package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestBar(t *testing.T) {
	var out bytes.Buffer
	draw, end := bar(&out)
	draw(1, 3, "building one")
	draw(2, 3, "building two")
	end()
	for _, want := range []string{"building one", "building two", "(0/3)", "(1/3)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the bar does not show %q: %q", want, out.String())
		}
	}
	if lines := strings.Split(strings.TrimRight(out.String(), "\r"), "\r"); strings.TrimSpace(lines[len(lines)-1]) != "" {
		t.Errorf("the bar is not taken away: %q", lines[len(lines)-1])
	}
	out.Reset()
	_, end = bar(&out)
	end()
	if out.Len() > 0 {
		t.Errorf("without a step there is %q", out.String())
	}
}

// TestOurs: only what install writes may be overwritten or removed.
func TestOurs(t *testing.T) {
	for _, c := range []struct {
		spec kernelspec
		want bool
	}{
		{kernelspec{Argv: []string{"/usr/bin/spikebook", "run", "{connection_file}"}, Language: "go"}, true},
		{kernelspec{Argv: []string{"/opt/sb", "run", "{connection_file}"}, Language: "go"}, true},
		{kernelspec{Argv: []string{"/x/spikebook", "run", "{connection_file}"}, Language: "python"}, false},
		{kernelspec{Argv: []string{"/x/gonb", "--kernel", "{connection_file}"}, Language: "go"}, false},
		{kernelspec{}, false},
	} {
		if got := c.spec.ours(); got != c.want {
			t.Errorf("%v: got %v", c.spec.Argv, got)
		}
	}
}
