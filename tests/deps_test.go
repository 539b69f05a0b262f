// Package tests holds what is tested from outside: here the rules about which
// package may depend on which; beside it the Python tests of the kernel, the
// notebooks and JupyterLab.
package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the lists of packages in testdata")

type pkg struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Deps       []string
}

// list runs go list in the root of the module.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Standard,GoFiles,CgoFiles,Imports,Deps"}, args...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // cells are built without cgo
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// TestArrows checks that dependencies point the way that the design says.
func TestArrows(t *testing.T) {
	rules := []struct{ from, never, because string }{
		{"spikebook/kernel/", "spikebook/snn", "the kernel runs cells, it does not compute neurons"},
		{"spikebook/kernel/jupyter", "spikebook/", "the wire knows nothing of us"},
		{"spikebook/kernel/supervisor", "spikebook/", "it supervises any command"},
		{"spikebook/kernel/build", "spikebook/snn", "it builds any Go program"},
		{"spikebook/kernel/build", "spikebook/display", "it builds any Go program"},
		{"spikebook/kernel/build", "spikebook/kernel/workspace", "it builds any Go program, in any module"},
		{"spikebook/kernel/build", "spikebook/kernel/cell", "it builds any Go program"},
		{"spikebook/display/figure/socket", "spikebook/", "it connects to any socket"},
		{"spikebook/display/figure", "spikebook/snn", "a figure is data; the kernel reads it, too"},
		{"spikebook/display/render", "spikebook/snn", "the kernel links it"},
		{"spikebook/snn", "spikebook/display", "a neuron can be shown, but does not know by what"},
		{"spikebook/snn", "spikebook/kernel", "snn is a library for any Go program"},
		{"spikebook/display", "spikebook/kernel", "display is a library for any Go program"},
		{"spikebook/snn/dynamics", "spikebook/snn/neuron", "the form does not know what is written in it"},
		{"spikebook/display/sweep", "spikebook/kernel", "sweep is a library for any Go program"},
		{"spikebook/gpu", "spikebook/kernel", "gpu is a library for any Go program"},
	}
	for _, p := range list(t, "./...") {
		for _, r := range rules {
			if !strings.HasPrefix(p.ImportPath+"/", strings.TrimSuffix(r.from, "/")+"/") {
				continue
			}
			for _, d := range p.Deps {
				if (d == r.never || strings.HasPrefix(d, strings.TrimSuffix(r.never, "/")+"/")) && !strings.HasPrefix(d+"/", strings.TrimSuffix(r.from, "/")+"/") {
					t.Errorf("%s depends on %s: %s", p.ImportPath, d, r.because)
				}
			}
		}
	}
}

// TestCellLinks keeps what a cell links small: whoever presses Shift-Enter
// waits for the linker. The lists are golden files, so that one more package
// shows in a review; -update rewrites them.
func TestCellLinks(t *testing.T) {
	for name, roots := range map[string][]string{
		"neuron":  {"spikebook/snn/neuron", "spikebook/snn/surrogate"},
		"display": {"spikebook/snn/neuron", "spikebook/display"},
		"session": {"spikebook/kernel/session"},
	} {
		var linked []string
		for _, p := range list(t, append([]string{"-deps"}, roots...)...) {
			linked = append(linked, p.ImportPath)
			if len(p.CgoFiles) > 0 {
				t.Errorf("%s: %s uses cgo", name, p.ImportPath)
			}
			if !p.Standard && !strings.HasPrefix(p.ImportPath, "spikebook/") {
				t.Errorf("%s: %s is linked into every cell", name, p.ImportPath)
			}
		}
		for _, heavy := range []string{"net", "net/http", "encoding/json", "text/template", "html/template", "regexp", "go/types", "gonum.org/v1/plot", "gorgonia.org/tensor"} {
			if slices.Contains(linked, heavy) {
				t.Errorf("%s: a cell links %s", name, heavy)
			}
		}
		slices.Sort(linked)
		got := strings.Join(linked, "\n") + "\n"
		golden := filepath.Join("testdata", "links_"+name+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the packages that a %s cell links are not those in %s: run `go test ./tests -update` and look at the difference", name, golden)
		}
	}
}

// TestPackageComments demands that each package says its one job.
func TestPackageComments(t *testing.T) {
	for _, p := range list(t, "./...") {
		commented := len(p.GoFiles) == 0 // only tests
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil && (strings.HasPrefix(f.Doc.Text(), "Package ") || strings.HasPrefix(f.Doc.Text(), "Command ")) {
				commented = true
			}
		}
		if !commented {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}
