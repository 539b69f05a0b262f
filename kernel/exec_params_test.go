package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spikebook/kernel/notebook"
)

func TestFileParameters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	for _, test := range []struct {
		content string
		want    []notebook.Parameter
	}{
		{"", nil},
		{"# nothing\n", nil},
		{"tau: 2.0\nn: 0x10\nname: \"12\"\nfast: true\nday: 2026-01-02\nsmall: 1e-3", []notebook.Parameter{
			{Name: "day", Value: "2026-01-02"}, {Name: "fast", Value: "true"}, {Name: "n", Value: "0x10"}, {Name: "name", Value: "12"},
			{Name: "small", Value: "1e-3"}, {Name: "tau", Value: "2.0"},
		}},
		{"sizes: [784, 10]\nrates:\n- .5\n- 1\nby: {b: x, a: \"1\"}\nnone: []", []notebook.Parameter{
			{Name: "by", Value: `{"a":"1","b":"x"}`}, {Name: "none", Value: "[]"}, {Name: "rates", Value: "[0.5,1]"}, {Name: "sizes", Value: "[784,10]"},
		}},
		{"x: &a [1]\ny: *a", []notebook.Parameter{{Name: "x", Value: "[1]"}, {Name: "y", Value: "[1]"}}},
		{`{"tau": 3, "s": "a\nb"}`, []notebook.Parameter{{Name: "s", Value: "a\nb"}, {Name: "tau", Value: "3"}}},
	} {
		if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := fileParameters(file); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %v, %v, want %v", test.content, got, err, test.want)
		}
	}
	for content, want := range map[string]string{
		"- 1":            "p.yaml: expected YAML that maps the names of parameters to values, as in `tau: 2.0`",
		"tau: 1\ntau: 2": `mapping key "tau" already defined at line 1`,
		"tau: [1":        "p.yaml: expected YAML",
		"x: 1\ntau:":     "parameter tau, line 2: it has no value",
		"a b: 1":         `"a b" is not a Go name`,
		"x: {1: 2}":      "parameter x, line 1: it cannot be written as JSON",
		"x: [.nan]":      "parameter x, line 1: it cannot be written as JSON",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fileParameters(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
	if _, err := fileParameters(filepath.Join(filepath.Dir(file), "none.yaml")); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

// Of several values the one that was given nearest to the notebook holds, and a
// kernel inherits none of them.
func TestAllParameters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte("b: file\nc: file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		t.Setenv(paramVariable+name, "environment")
	}
	args, err := parseExec([]string{"n.ipynb", "--params", file, "-p", "c=line"})
	if err != nil {
		t.Fatal(err)
	}
	var params []notebook.Parameter
	_, stderr := capture(t, func() { params, err = allParameters(args) })
	got := map[string]string{}
	for _, p := range params {
		got[p.Name] = p.Value
	}
	if want := map[string]string{"a": "environment", "b": "file", "c": "line"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if !strings.Contains(stderr, "spikebook exec: a=environment, from the environment\n") {
		t.Errorf("said %q", stderr)
	}
	if _, left := os.LookupEnv(paramVariable + "a"); left {
		t.Error("the kernel would inherit the parameter")
	}
	if _, err := environmentParameters([]string{paramVariable + "1x=2"}); err == nil || !strings.Contains(err.Error(), `"1x" is not a Go name`) {
		t.Errorf("got %v", err)
	}
}

func TestTranslate(t *testing.T) {
	for _, test := range []struct{ request, want string }{
		{`{"cell": "var tau = 1.5 // in steps\nvar n, m = 1, f()\nconst c = \"x\"\nvar sizes []int", "parameters": {"tau": 3, "sizes": [1, 2]}}`,
			`{"declared":[{"Name":"tau","Type":"float64","Default":"1.5","Comment":"in steps"},{"Name":"n","Type":"int","Default":"1","Comment":""},` +
				`{"Name":"m","Type":"","Default":"f()","Comment":""},{"Name":"c","Type":"string","Default":"\"x\"","Comment":""},` +
				`{"Name":"sizes","Type":"[]int","Default":"","Comment":""}],"source":"var sizes []int = []int{1, 2}\nvar tau float64 = 3\n"}`},
		{`{"cell": null, "parameters": {"tau": 2.5, "s": "ü \"q\""}}`, `{"declared":null,"source":"var s string = \"ü \\\"q\\\"\"\nvar tau float64 = 2.5\n"}`},
		{`{"cell": "var tau = 1.5", "parameters": {}}`, `{"declared":[{"Name":"tau","Type":"float64","Default":"1.5","Comment":""}],"source":""}`},
	} {
		var b bytes.Buffer
		if err := translate(strings.NewReader(test.request), &b); err != nil || strings.TrimSpace(b.String()) != test.want {
			t.Errorf("%s:\n got %s (%v)\nwant %s", test.request, b.String(), err, test.want)
		}
	}
	for request, want := range map[string]string{
		`{"cell": "var tau = 1.5", "parameters": {"tua": 3}}`: `unknown parameter tua: the cell tagged "parameters" declares tau (float64)`,
		`{"cell": "var tau = ", "parameters": {}}`:            "expected operand",
		`{"cell": null, "parameters": {"x": null}}`:           "parameter x, line 1: it has no value",
		`{"cell": [1]}`: "cannot unmarshal",
	} {
		if err := translate(strings.NewReader(request), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", request, err, want)
		}
	}
}
