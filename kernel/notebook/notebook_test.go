package notebook

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// realNotebooks returns the notebooks that come with GoNB, which Jupyter wrote.
func realNotebooks(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/janpfeifer/gonb").Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	var files []string
	for _, pattern := range []string{"examples/*.ipynb", "examples/tests/*.ipynb"} {
		more, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	if len(files) < 10 {
		t.Fatalf("only %d notebooks found", len(files))
	}
	return files
}

// What Jupyter wrote is written back byte for byte; other writers' notebooks
// keep their content.
func TestRoundTrip(t *testing.T) {
	own, err := filepath.Glob("testdata/*.ipynb")
	if err != nil || len(own) == 0 {
		t.Fatalf("no notebooks in testdata: %v", err)
	}
	for _, path := range append(own, realNotebooks(t)...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		nb, err := Decode(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		again, err := nb.Encode()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if bytes.HasPrefix(data, []byte("{\n  ")) {
			// Indented by two: not Jupyter's layout.
			if nb2, err := Decode(again); err != nil || !reflect.DeepEqual(nb, nb2) {
				t.Errorf("%s: content changed (%v)", path, err)
			}
			continue
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%s: written back differently: %s", path, firstDifference(data, again))
		}
	}
}

func firstDifference(a, b []byte) string {
	la, lb := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range la {
		if i >= len(lb) || la[i] != lb[i] {
			return "was " + la[i] + "\nis  " + strings.Join(lb[i:min(i+1, len(lb))], "")
		}
	}
	return "longer by " + strings.Join(lb[len(la):], "\n")
}

func TestDecode(t *testing.T) {
	nb, err := Read("testdata/fields.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	if nb.Minor != 5 || len(nb.Cells) != 5 {
		t.Fatalf("minor %d, %d cells", nb.Minor, len(nb.Cells))
	}
	if got := nb.Metadatum("kernelspec", "name"); got != "spikebook" {
		t.Errorf("kernelspec.name = %v", got)
	}
	if got := nb.Metadatum("kernelspec", "name", "deeper"); got != nil {
		t.Errorf("a path through a string = %v, want nil", got)
	}
	md, code := nb.Cells[0], nb.Cells[1]
	if md.Type != Markdown || md.Source != "# Title\n\nwith $a_b$ <and> & \u2028 signs" {
		t.Errorf("markdown cell %q", md.Source)
	}
	if bundle, _ := md.Attachments["dot.png"].(map[string]any); bundle["image/png"] != "iVBORw0KGgo=" {
		t.Errorf("attachments = %v", md.Attachments)
	}
	if code.ExecutionCount != 3 || !code.Tagged("parameters") || code.Tagged("other") {
		t.Errorf("code cell: count %d, metadata %v", code.ExecutionCount, code.Metadata)
	}
	if got := code.FirstLine(); got != "x := 1" {
		t.Errorf("FirstLine = %q", got)
	}
	if got := code.Outputs[1].Data["image/svg+xml"]; got != "<svg>\n</svg>" {
		t.Errorf("svg = %q", got)
	}
	if _, isObject := code.Outputs[1].Data["application/vnd.vegalite.v5+json"].(map[string]any); !isObject {
		t.Errorf("vega = %v", code.Outputs[1].Data)
	}
	if got := code.Outputs[2].Traceback; !reflect.DeepEqual(got, []string{"\x1b[31ma\x1b[0m", "b"}) {
		t.Errorf("traceback = %q", got)
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", "not a notebook: the file is empty"},
		{" \n", "not a notebook: the file is empty"},
		{"<!doctype html><p>x", "not a notebook but an HTML or XML page; download the raw .ipynb file"},
		{"<<<<<<< HEAD\n{}", "conflict markers"},
		{"{\n<<<<<<< HEAD\n}", "conflict markers"},
		{"{\n \"cells\": [,]\n}", "not a notebook: invalid JSON at line 2 column 12"},
		{"{\"cells\": [", "not a notebook: invalid JSON at line 1 column 11"},
		{"{} {}", "more text follows the JSON"},
		{"[1]", "not a notebook: the JSON is a list, expected an object"},
		{"{}", `not a notebook: there is no "nbformat" field`},
		{`{"nbformat":"4"}`, `not a notebook: "nbformat" is a string, expected a whole number`},
		{`{"nbformat":4.5}`, `not a notebook: "nbformat" is a number, expected a whole number`},
		{`{"nbformat":3,"worksheets":[]}`, "notebook of format 3, expected format 4"},
		{`{"nbformat":4}`, `not a notebook: there is no "cells" field`},
		{`{"nbformat":4,"cells":{}}`, `not a notebook: "cells" is an object, expected a list`},
		{`{"nbformat":4,"cells":[],"metadata":1}`, `"metadata" is a number, expected an object`},
		{`{"nbformat":4,"cells":[7]}`, "cell 1 is a number, expected an object"},
		{`{"nbformat":4,"cells":[{"source":""}]}`, `cell 1: cell_type is "", expected code, markdown or raw`},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":[1]}]}`, `cell 1: "source" is a list, expected a string or a list of strings`},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"output_type":"pyout"}]}]}`,
			`cell 1, output 1: output_type is "pyout", expected stream, display_data, execute_result or error`},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"output_type":"error","traceback":[1]}]}]}`,
			"cell 1, output 1: traceback holds a number, expected strings"},
		{`{"nbformat":4,"cells":[{"cell_type":"code","source":"","execution_count":true}]}`,
			`cell 1: "execution_count" is a boolean, expected a whole number`},
	} {
		_, err := Decode([]byte(test.in))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60q:\n got %v\nwant %s", test.in, err, test.want)
		}
	}
}

func TestReadNamesFileAndCure(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(filepath.Join(dir, "none.ipynb")); err == nil || !strings.HasSuffix(err.Error(), "none.ipynb: no such notebook") {
		t.Errorf("missing file: %v", err)
	}
	old := filepath.Join(dir, "old.ipynb")
	if err := os.WriteFile(old, []byte(`{"nbformat":3,"worksheets":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Read(old)
	var format *OldFormatError
	if !errors.As(err, &format) || format.Major != 3 {
		t.Errorf("format 3: %v", err)
	}
	if !strings.HasSuffix(err.Error(), "convert it with: jupyter nbconvert --to notebook --inplace "+old) {
		t.Errorf("no cure in: %v", err)
	}
}

func TestDecodeAcceptsByteOrderMark(t *testing.T) {
	nb, err := Decode([]byte("\xef\xbb\xbf" + `{"nbformat":4,"nbformat_minor":4,"metadata":{},"cells":[]}`))
	if err != nil || nb.Minor != 4 {
		t.Errorf("%v, %v", nb, err)
	}
}

func TestSplitLines(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []string
	}{
		{"", []string{}},
		{"a", []string{"a"}},
		{"a\n", []string{"a\n"}},
		{"a\n\nb", []string{"a\n", "\n", "b"}},
		{"a\r\nb\rc", []string{"a\r\n", "b\r", "c"}},
		{"a\u2028b\u0085c\fd", []string{"a\u2028", "b\u0085", "c\f", "d"}},
		{"é\nü", []string{"é\n", "ü"}},
	} {
		got := splitLines(test.in)
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
		if strings.Join(got, "") != test.in {
			t.Errorf("%q: lines do not join to it", test.in)
		}
	}
}

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.ipynb")
	link := filepath.Join(dir, "link.ipynb")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.ipynb", link); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "new" {
		t.Errorf("content %q", data)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, want the old one", info.Mode())
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link became a file")
	}
	err := ReplaceFile(filepath.Join(dir, "no", "a.ipynb"), nil)
	if err == nil || !strings.Contains(err.Error(), "cannot write "+filepath.Join(dir, "no", "a.ipynb")) {
		t.Errorf("missing folder: %v", err)
	}
	// A folder in the way makes the rename fail: nothing is left beside it.
	if err := ReplaceFile(dir, []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile("testdata/fields.ipynb")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"raw","source":["a\u2028","\\u2028"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		nb, err := Decode(data)
		if err != nil {
			return
		}
		first, err := nb.Encode()
		if err != nil {
			t.Fatalf("Encode: %v", err)
		}
		again, err := Decode(first)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, first)
		}
		second, err := again.Encode()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("not stable: %v\n%s\n%s", err, first, second)
		}
	})
}
