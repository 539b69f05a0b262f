package live

import (
	"slices"
	"testing"
)

func TestQuoted(t *testing.T) {
	for text, want := range map[string][]string{
		``:                         nil,
		`"-race"`:                  {"-race"},
		`"-ldflags=-s -w" "-a\"b"`: {"-ldflags=-s -w", `-a"b`},
		`"-race" oops`:             {"-race"},
	} {
		if got := quoted(text); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestAnswersOfGoNB(t *testing.T) {
	output := "Changed directory to \"/a\"\n%goflags=[\"-race\"]\nSet: A=\"1 2\"\nChanged directory to \"/b c\"\n"
	if m := last(changedDir, output); m == nil || m[1] != `"/b c"` {
		t.Errorf("directory %q", m)
	}
	if m := last(setFlags, output); m == nil || m[1] != `"-race"` {
		t.Errorf("flags %q", m)
	}
	if m := last(setEnv, output); m == nil || m[1] != "A" || m[2] != `"1 2"` {
		t.Errorf("environment %q", m)
	}
	if m := last(changedDir, "no such thing"); m != nil {
		t.Errorf("found %q", m)
	}
}
