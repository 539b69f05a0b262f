package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"spikebook/kernel/headless"
)

// least is how many sequences the table has at least.
const least = 120

func TestTable(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files, err := readTable(names)
	if err != nil {
		t.Fatal(err)
	}
	sequences := 0
	for _, f := range files {
		sequences += len(f.sequences)
		if strings.TrimSpace(f.comment) == "" {
			t.Errorf("%s: no comment says what the group is about", f.path)
		}
		again, err := parse(f.path, f.format())
		if err != nil {
			t.Errorf("%s, written: %v", f.path, err)
		} else if !bytes.Equal(again.format(), f.format()) {
			t.Errorf("%s changes when it is written twice", f.path)
		}
	}
	if sequences < least {
		t.Errorf("%d sequences, expected at least %d", sequences, least)
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"-- in --\nx\n", "before the first title"},
		{"-- # a --\n-- out --\n1\n", "before the first cell"},
		{"-- # a --\n", "no cells"},
		{"-- # a --\n-- in --\n-- # a --\n-- in --\n", "two sequences"},
		{"-- # a --\n-- in --\n-- sdtout --\n", `unknown section "sdtout"`},
		{"-- # a --\n-- in CRLF --\n", `unknown cell flag "CRLF"`},
		{"-- # a --\n-- in until \"\" --\n", "unknown cell flag"},
		{"-- # a --\n-- in --\n-- out --\n~ (\n", "missing closing )"},
	} {
		if _, err := parse("f", []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v, want one with %q", test.text, err, test.want)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, test := range []struct {
		want, got string
		match     bool
	}{
		{"a\nb", "a\nb", true},
		{"a\nb", "a", false},
		{"a", "a\nb", false},
		{"~ a+", "aaa", true},
		{"~ a", "ab", false},
		{"...", "", true},
		{"...", "a\nb", true},
		{"a\n...", "a", true},
		{"a\n...\nd", "a\nb\nc\nd", true},
		{"a\n...\nd", "a\nb\nc", false},
		{"...\n~ .*c\n...", "a\nbc", true},
		{"", "", true},
		{"", "a", false},
	} {
		if matches(test.want, test.got) != test.match {
			t.Errorf("%q and %q: match %v", test.want, test.got, !test.match)
		}
	}
}

// fake is a kernel whose cells list the messages that it publishes, one a line:
// a type, a space, the content.
type fake struct{ status string }

func (f fake) Execute(ctx context.Context, code string, _ bool, publish func(string, json.RawMessage)) (headless.Reply, error) {
	for line := range strings.Lines(code) {
		kind, content, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		publish(kind, json.RawMessage(content))
	}
	if ctx.Err() != nil {
		return headless.Reply{Status: "error"}, context.Cause(ctx)
	}
	return headless.Reply{Status: f.status}, nil
}

func TestExecute(t *testing.T) {
	const messages = `stream {"name": "stdout", "text": "a"}
stream {"name": "stderr", "text": "oh\n"}
stream {"name": "stdout", "text": "b\n"}
display_data {"data": {"text/plain": "picture", "image/png": "iVBO"}, "metadata": {}, "transient": {"display_id": "1"}}
execute_result {"data": {"text/plain": "3", "text/html": "<b>3</b>"}, "metadata": {}}
stream {"name": "stdout", "text": "c\n"}`
	const failing = `error {"ename": "E", "evalue": "v", "traceback": ["\u001b[0;31mE: v\u001b[0m", "cell [2], line 1"]}`
	const updating = `update_display_data {"data": {"text/plain": "changed"}, "metadata": {}, "transient": {"display_id": "1"}}`
	const table = `A group.

-- # a sequence --
Its comment.
-- in --
` + messages + `
-- stdout --
ab
-- display image/png text/plain --
picture
-- out text/html --
3
-- stdout --
c
-- stderr --
oh
`
	for _, test := range []struct {
		name, status, more, want string
		from, to                 string
	}{
		{name: "as wanted", status: "ok"},
		{name: "another output", status: "ok", from: "-- out text/html --\n3", to: "-- out text/html --\n4", want: "cell 1"},
		{name: "another type", status: "ok", from: "-- out text/html --", to: "-- out --", want: "-- out text/html --"},
		{name: "an output less", status: "ok", from: "-- stdout --\nc\n", to: "", want: "cell 1"},
		{name: "an output more", status: "ok", from: "-- stderr --", to: "-- stdout --\nd\n-- stderr --", want: "cell 1"},
		{name: "an error", status: "error", more: "-- in --\n" + failing + "\n", want: "(the status of the reply is error)"},
		{name: "an error that is no failure", status: "ok", more: "-- in --\n" + failing + "\n-- error --\nE: v\ncell [2], line 1\n", want: "(the status of the reply is ok)"},
		{name: "an update", status: "ok", more: "-- in --\n" + updating + "\n", want: "changed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := parse("f", []byte(strings.Replace(table, test.from, test.to, 1)+test.more))
			if err != nil {
				t.Fatal(err)
			}
			s := f.sequences[0]
			shown, err := execute(t.Context(), fake{test.status}, s)
			if err != nil {
				t.Fatal(err)
			}
			var misses strings.Builder
			for i, c := range s.cells {
				if !same(c.want, shown[i]) {
					misses.WriteString(miss(i+1, c, shown[i]))
				}
			}
			if got := misses.String(); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("want %q in:\n%s", test.want, got)
			}
		})
	}
}

func TestUntil(t *testing.T) {
	f, err := parse("f", []byte("-- # a --\n-- in until \"started\" --\nstream {\"name\": \"stdout\", \"text\": \"sta\"}\nstream {\"name\": \"stdout\", \"text\": \"rted\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := f.sequences[0]
	shown, err := execute(t.Context(), fake{"ok"}, s)
	if err != nil || len(shown[0]) != 2 || shown[0][0] != (section{"stdout", "started"}) || shown[0][1].kind != "error" {
		t.Errorf("%v, %v", shown, err)
	}
	s.cells[0].awaited = "never printed"
	if shown, err = execute(t.Context(), fake{"ok"}, s); err != nil || len(shown[0]) != 1 {
		t.Errorf("without what is awaited: %v, %v", shown, err)
	}
}

func TestKernelDies(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("it died"))
	_, err := execute(ctx, fake{"ok"}, &sequence{cells: []*cell{{source: ""}}})
	if err == nil || !strings.Contains(err.Error(), "it died") {
		t.Errorf("error %v", err)
	}
}
