package sweep_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spikebook/display"
	"spikebook/display/sweep"
)

// write makes an executed notebook of parameters and outputs, both JSON.
func write(t *testing.T, dir, name, params, outputs, more string) {
	t.Helper()
	text := fmt.Sprintf(`{"nbformat":4,"nbformat_minor":5,"metadata":{"papermill":{"parameters":%s%s}},"cells":[
		{"cell_type":"markdown","metadata":{},"source":"x"},
		{"cell_type":"code","metadata":{"tags":["raises-exception"]},"outputs":[{"output_type":"error","ename":"panic","evalue":"meant"}]},
		{"cell_type":"code","metadata":{},"outputs":[%s]}]}`, params, more, outputs)
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func record(name, data string) string {
	return fmt.Sprintf(`{"output_type":"display_data","data":{"text/plain":"x","%s":{"name":"%s","data":%s,"encoder":"json","version":1}}}`, display.RecordMIME, name, data)
}

func read(t *testing.T, dir string) sweep.Runs {
	t.Helper()
	runs, err := sweep.Read(filepath.Join(dir, "*.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.ipynb", `{"tau":10,"mode":"m"}`, record("rate", "0.5")+","+record("rate", "0.2500000001")+","+record("v|x", `"NaN"`), "")
	write(t, dir, "b.ipynb", `{"tau":2.5,"mode":"m"}`, record("rate", "1")+`,{"output_type":"error","ename":"panic","evalue":"no"}`, `,"exception":true`)
	write(t, dir, "c.ipynb", `{"tau":2.5,"mode":"a"}`, "", `,"exception":true`)
	write(t, dir, "d.ipynb", `null`, record("rate", "2"), `,"exception":null`)
	runs := read(t, dir)
	var got []string
	for _, r := range runs {
		got = append(got, fmt.Sprintf("%s %v %v %s", filepath.Base(r.Path), r.Params, r.Records, r.Failure))
	}
	want := []string{
		"d.ipynb map[] map[rate:2] ",
		"c.ipynb map[mode:a tau:2.5] map[] it ended before its last cell",
		"b.ipynb map[mode:m tau:2.5] map[rate:1] panic: no",
		"a.ipynb map[mode:m tau:10] map[rate:0.2500000001 v|x:NaN] ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if a := runs[3]; a.Number("rate") != 0.2500000001 || a.Number("tau") != 10 || !math.IsNaN(a.Number("v|x")) || !math.IsNaN(a.Number("mode")) || !math.IsNaN(a.Number("none")) {
		t.Errorf("numbers of %+v", a)
	}
	if failed := runs.Failed(); len(failed) != 2 || failed[1].Path != runs[2].Path {
		t.Errorf("failed: %+v", failed)
	}
	bundle := runs.MIMEBundle()
	if want := "" +
		"mode  tau  rate  v|x                        failure\n" +
		"              2                                    \n" +
		"   a  2.5             it ended before its last cell\n" +
		"   m  2.5     1                           panic: no\n" +
		"   m   10  0.25  NaN                               \n" +
		"4 runs, 2 of them failed"; bundle["text/plain"] != want {
		t.Errorf("%s", bundle["text/plain"])
	}
	for _, row := range []string{`| mode | tau | rate | v\|x | failure |`, "|--:|--:|--:|--:|--:|", "| m | 10 | 0.25 | NaN |  |", "4 runs, 2 of them failed"} {
		if !strings.Contains(bundle["text/markdown"], row+"\n") {
			t.Errorf("there is no %s in\n%s", row, bundle["text/markdown"])
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"":               `no notebook matches`,
		"{":              "bad.ipynb: not a notebook: ",
		`{"nbformat":3}`: "bad.ipynb: not a notebook of format 4 (nbformat is 3)",
		`{"nbformat":4,"cells":[{"outputs":[{"data":{"` + display.RecordMIME + `":"text"}}]}]}`: "bad.ipynb: a recorded value: ",
	} {
		dir := t.TempDir()
		if content != "" {
			if err := os.WriteFile(filepath.Join(dir, "bad.ipynb"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := sweep.Read(filepath.Join(dir, "*.ipynb")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
	if _, err := sweep.Read("["); err == nil {
		t.Error("the pattern [ was understood")
	}
}

func TestLongTable(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		write(t, dir, fmt.Sprintf("%d.ipynb", i), fmt.Sprintf(`{"i":%d}`, i), record("x", "1000000"), "")
	}
	lines := strings.Split(read(t, dir).String(), "\n")
	if len(lines) != 43 || !strings.HasPrefix(lines[20], "19 ") || !strings.HasPrefix(lines[21], " …") || !strings.HasPrefix(lines[22], "80 ") || lines[42] != "100 runs" || !strings.HasSuffix(lines[1], " 1000000") {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}

func TestHeatmap(t *testing.T) {
	dir := t.TempDir()
	for i, tt := range []struct{ params, rate, more string }{
		{`{"x":-1,"y":10,"seed":1}`, "1", ""},
		{`{"x":-1,"y":10,"seed":2}`, "2", ""},
		{`{"x":0.5,"y":10}`, `"NaN"`, ""},
		{`{"x":-1,"y":9}`, "3", ""},
		{`{"x":0.5,"y":9}`, "4", `,"exception":true`},
		{`{"x":2,"y":9}`, "5", ""},
		{`{"y":9}`, "6", ""},
	} {
		write(t, dir, fmt.Sprintf("%d.ipynb", i), tt.params, record("rate", tt.rate), tt.more)
	}
	f, err := read(t, dir).Heatmap("rate", "x", "y", display.Title("T"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "[1.5 3 NaN NaN NaN 5]"; fmt.Sprint(f.Series[0].Data) != want || !reflect.DeepEqual(f.Series[0].Shape, []int{3, 2}) {
		t.Errorf("%v of shape %v, want %s", f.Series[0].Data, f.Series[0].Shape, want)
	}
	if !slices.Equal(f.XNames, []string{"-1", "0.5", "2"}) || !slices.Equal(f.YNames, []string{"10", "9"}) || f.Title != "T" || f.XLabel != "x" || f.YLabel != "y" || f.ColorbarLabel != "rate" {
		t.Errorf("%+v", f)
	}
	if want := "heatmap of rate: x (3) × y (2), values in [1.5, 5]; left out: 3 NaN, 0 infinite; each is the mean of up to 2 runs"; f.Text != want {
		t.Errorf("got  %s\nwant %s", f.Text, want)
	}
	for names, want := range map[[3]string]string{
		{"rat", "x", "y"}:  `no run has recorded "rat"; there is rate`,
		{"rate", "z", "y"}: `no run has a parameter "z"; there is seed, x, y`,
		{"rate", "x", "z"}: `no run has a parameter "z"; there is seed, x, y`,
	} {
		if _, err := read(t, dir).Heatmap(names[0], names[1], names[2]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", names, err, want)
		}
	}
}
