package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spikebook/kernel/headless"
	"spikebook/kernel/notebook"
)

func TestParseExec(t *testing.T) {
	full := execArgs{
		notebook: "a.ipynb", out: "o.ipynb", html: "o.html", timeout: 90 * time.Second, allowErrors: true,
		params: []notebook.Parameter{{Name: "tau", Value: "2.0"}, {Name: "s", Value: "a=b"}},
	}
	for _, test := range []struct {
		args string
		want execArgs
	}{
		{"a.ipynb", execArgs{notebook: "a.ipynb"}},
		{"a.ipynb -o o.ipynb --html o.html -p tau=2.0 -p s=a=b --timeout 90s --allow-errors", full},
		{"-o o.ipynb --html=o.html -p tau=2.0 -p s=a=b -timeout 1m30s --allow-errors a.ipynb", full},
		{"-o o.ipynb -p tau=2.0 a.ipynb --html o.html -p s=a=b --timeout 90 --allow-errors=true", full},
		{"-- -a.ipynb", execArgs{notebook: "-a.ipynb"}},
		{"--timeout 0.5 a.ipynb", execArgs{notebook: "a.ipynb", timeout: 500 * time.Millisecond}},
	} {
		got, err := parseExec(strings.Fields(test.args))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, %v", test.args, got, err)
		}
	}
	for args, want := range map[string]string{
		"":                        "expected one notebook, found 0",
		"-o o.ipynb":              "expected one notebook, found 0",
		"a.ipynb b.ipynb":         "expected one notebook, found 2",
		"a.ipynb --output x":      "flag provided but not defined: -output",
		"a.ipynb -o":              "flag needs an argument: -o",
		"a.ipynb -p tau":          `parameter "tau": expected name=value`,
		"a.ipynb --timeout soon":  "expected a duration such as 90s or 5m",
		"a.ipynb --timeout -1s":   "expected a duration such as 90s or 5m",
		"a.ipynb --timeout 0":     "expected a duration such as 90s or 5m",
		"a.ipynb -h":              "help",
		"--help":                  "help",
		"a.ipynb -- --timeout 1s": "expected one notebook, found 3",
	} {
		if _, err := parseExec(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}

// capture returns what f writes to stdout and stderr.
func capture(t *testing.T, f func()) (stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	oldOut, oldErr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = files[0], files[1]
	defer func() { os.Stdout, os.Stderr = oldOut, oldErr }()
	f()
	var texts [2]string
	for i, f := range files {
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(data)
	}
	return texts[0], texts[1]
}

// Mistakes that are seen before anything runs: exit status 2, a sentence that
// says what is wrong, and nothing is written.
func TestExecRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.ipynb", `{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[
		{"cell_type":"code","id":"a","metadata":{"tags":["parameters"]},"source":"var tau = 1.5","outputs":[],"execution_count":null}]}`)
	old := write("old.ipynb", `{"nbformat":3,"worksheets":[]}`)
	text := write("text.ipynb", "hello")
	python := write("python.ipynb", `{"nbformat":4,"nbformat_minor":5,"metadata":{"kernelspec":{"name":"python3","language":"python"}},"cells":[]}`)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{filepath.Join(dir, "none.ipynb")}, "none.ipynb: no such notebook"},
		{[]string{text}, "not a notebook: invalid JSON at line 1 column 1"},
		{[]string{old}, "convert it with: jupyter nbconvert --to notebook --inplace " + old},
		{[]string{python}, "is written in python; this kernel runs Go"},
		{[]string{good, "-o", filepath.Join(dir, "no", "o.ipynb")}, "there is no directory " + filepath.Join(dir, "no")},
		{[]string{good, "--html", dir}, "it is a directory"},
		{[]string{good, "-p", "tua=1"}, `unknown parameter tua: the cell tagged "parameters" declares tau (float64)`},
		{[]string{good, "-p", "tau=fast"}, `parameter tau: "fast" is not of type float64`},
		{[]string{good, "-p", "tau"}, "usage: spikebook exec NOTEBOOK"},
		{nil, "usage: spikebook exec NOTEBOOK"},
	} {
		var status int
		stdout, stderr := capture(t, func() { status = execMain(test.args) })
		if status != 2 || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%q: status %d, stdout %q, stderr %q, want %s", test.args, status, stdout, stderr, test.want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("something was written: %v", entries)
	}
	var status int
	stdout, stderr := capture(t, func() { status = execMain([]string{"-h"}) })
	if status != 0 || !strings.HasPrefix(stdout, "usage:") || !strings.Contains(stdout, "examples:") || stderr != "" {
		t.Errorf("-h: status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}

func TestDescribe(t *testing.T) {
	info := map[string]any{"language_info": map[string]any{"name": "go", "version": "1.26"}}
	nb := &notebook.Notebook{Metadata: map[string]any{"language_info": "old", "other": 1}}
	describe(nb, info)
	want := map[string]any{
		"language_info": info["language_info"],
		"kernelspec":    map[string]any{"name": "spikebook", "display_name": "Go SNN (spikebook)", "language": "go"},
		"other":         1,
	}
	if !reflect.DeepEqual(nb.Metadata, want) {
		t.Errorf("metadata %v", nb.Metadata)
	}
	own := map[string]any{"name": "mine", "language": "go"}
	nb = &notebook.Notebook{Metadata: map[string]any{"kernelspec": own}}
	describe(nb, info)
	if !reflect.DeepEqual(nb.Metadata["kernelspec"], own) {
		t.Errorf("the notebook's kernel was changed to %v", nb.Metadata["kernelspec"])
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	nb := &notebook.Notebook{Minor: 5, Metadata: map[string]any{}, Cells: []*notebook.Cell{{Type: notebook.Markdown, ID: "a", Source: "$x$"}}}
	a := execArgs{notebook: filepath.Join(dir, "in.ipynb"), out: filepath.Join(dir, "out.ipynb"), html: filepath.Join(dir, "out.html")}
	if err := save(a, nb); err != nil {
		t.Fatal(err)
	}
	again, err := notebook.Read(a.out)
	if err != nil || len(again.Cells) != 1 {
		t.Errorf("%v, %v", again, err)
	}
	page, err := os.ReadFile(a.html)
	if err != nil || !bytes.Contains(page, []byte("<title>in</title>")) || !bytes.Contains(page, []byte("<math>")) {
		t.Errorf("%s, %v", page, err)
	}
	// One that cannot be written does not keep the other from being.
	a.out, a.html = filepath.Join(dir, "no", "out.ipynb"), filepath.Join(dir, "second.html")
	if err := save(a, nb); err == nil || !strings.Contains(err.Error(), "cannot write "+a.out) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(a.html); err != nil {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	cell := &notebook.Cell{Type: notebook.Code, Source: "%%\npanic(1)", Outputs: []*notebook.Output{
		{Type: notebook.Stream, Text: "before"},
		{Type: notebook.Error, EName: "panic", Traceback: []string{"\x1b[31mpanic: 1\x1b[0m", "cell [3], line 2"}},
	}}
	failed := &headless.CellError{Number: 3, Total: 7, Cell: cell, Err: &headless.Failure{EName: "panic", EValue: "1"}}
	for _, test := range []struct {
		err     error
		colours bool
		want    string
	}{
		{failed, false, "spikebook exec: cell 3 of 7 failed: panic(1)\npanic: 1\ncell [3], line 2\n"},
		{failed, true, "spikebook exec: cell 3 of 7 failed: panic(1)\n\x1b[31mpanic: 1\x1b[0m\ncell [3], line 2\n"},
		{&headless.CellError{Number: 1, Total: 1, Cell: &notebook.Cell{Source: "x"}, Err: &headless.Failure{EName: "E", EValue: "v"}}, false,
			"spikebook exec: cell 1 of 1 failed: x\nE: v\n"},
		{&headless.CellError{Number: 2, Total: 3, Cell: cell, Err: &headless.TimeoutError{Limit: time.Minute}}, false,
			"spikebook exec: cell 2 of 3 failed: panic(1)\ninterrupted: it took longer than 1m0s\n"},
		{&headless.DeathError{State: "exit status 1", Stderr: "why"}, false, "spikebook exec: the kernel died (exit status 1); its last words:\nwhy\n"},
	} {
		var b bytes.Buffer
		report(&b, test.err, test.colours)
		if b.String() != test.want {
			t.Errorf("got  %q\nwant %q", b.String(), test.want)
		}
	}
}

// clock is a progress with a clock that stands still unless told.
func clock(live bool) (*progress, *bytes.Buffer, func(time.Duration)) {
	var b bytes.Buffer
	var now atomic.Int64 // a live progress reads it in its own goroutine
	now.Store(1e18)
	p := &progress{w: &b, live: live, width: func() int { return 40 }, now: func() time.Time { return time.Unix(0, now.Load()) }}
	return p, &b, func(d time.Duration) { now.Add(int64(d)) }
}

func TestProgressLog(t *testing.T) {
	p, out, wait := clock(false)
	p.say("starting")
	p.begin(1, 12, &notebook.Cell{Source: "%%\nlayer := neuron.NewIF()\n"})
	wait(1234 * time.Millisecond)
	p.end(nil)
	p.begin(12, 12, &notebook.Cell{Source: strings.Repeat("x", 100)})
	p.end(errors.New("no"))
	want := "starting\n[ 1/12] layer := neuron.NewIF()  1.2 s  ok\n[12/12] " + strings.Repeat("x", 59) + "…  0.0 s  failed\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out, want)
	}
}

// On a terminal, the line of a cell is written over until the cell has ended,
// and never grows longer than the terminal is wide.
func TestProgressLive(t *testing.T) {
	p, out, wait := clock(true)
	tick := make(chan time.Time)
	p.quit, p.stopped = make(chan struct{}), make(chan struct{})
	go p.run(tick)
	tick <- time.Time{} // between cells there is nothing to draw
	p.begin(2, 3, &notebook.Cell{Source: "a\tlong line that does not fit into forty columns"})
	wait(500 * time.Millisecond)
	tick <- time.Time{}
	tick <- time.Time{} // the first has been handled
	wait(500 * time.Millisecond)
	p.end(nil)
	p.stop()
	lines := strings.Split(out.String(), "\r\x1b[K")
	if lines[0] != "" || lines[1] != "[2/3] a long line that does not…  0.0 s" || lines[len(lines)-1] != "[2/3] a long line that does…  1.0 s  ok\n" {
		t.Errorf("%q", lines)
	}
	if !strings.Contains(out.String(), "  0.5 s\r") {
		t.Errorf("the seconds do not run: %q", lines)
	}
	for _, line := range lines {
		if n := len([]rune(strings.TrimSpace(line))); n > 39 {
			t.Errorf("%d characters on a line of 40: %q", n, line)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		in   string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"größer", 4, "grö…"}, {"a\x1b[31mb\x00", 9, "a[31mb"}, {"abc", 0, ""}, {"abc", -5, ""}, {"abc", 1, "…"},
	} {
		if got := shorten(test.in, test.n); got != test.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.in, test.n, got, test.want)
		}
	}
}
