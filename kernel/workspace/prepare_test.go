package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spikebook/display/figure"
	"spikebook/kernel/build"
	"spikebook/kernel/gonb"
	"spikebook/kernel/jupyter"
	"spikebook/kernel/supervisor"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == supervisor.Subcommand { // GoNB runs under one
		os.Exit(supervisor.Main(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// TestPrepare builds the tools and goes through what must hold afterwards. It
// is one test because that takes seconds with a warm cache.
func TestPrepare(t *testing.T) {
	t.Setenv("SPIKEBOOK_CACHE", filepath.Join(t.TempDir(), "a cache (of the \"test's\")"))
	var steps []string
	progress := func(step, of int, what string) {
		if steps = append(steps, what); step != len(steps) || of < step {
			t.Errorf("step %d of %d came as number %d", step, of, len(steps))
		}
	}
	w, err := Prepare(t.Context(), progress)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"building gonb", "building goimports", "compiling for a first cell", "indexing the packages that cells may import"} {
		if !slices.Contains(steps, what) {
			t.Errorf("no step %q in %q", what, steps)
		}
	}

	t.Run("again", func(t *testing.T) {
		steps = nil
		again, err := Prepare(t.Context(), progress)
		if err != nil || again.Dir != w.Dir || len(steps) > 0 {
			t.Errorf("got %v, %v, steps %q", again, err, steps)
		}
		if opened, err := Open(t.Context()); err != nil || opened.Tool("gonb") != w.Tool("gonb") {
			t.Errorf("Open: got %v, %v", opened, err)
		}
	})

	t.Run("nothing is changed or left by the go command", func(t *testing.T) {
		files, err := moduleFiles()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{stamp: ""}
		for name, data := range files {
			want[name] = string(data)
		}
		want["cell/go.mod"] = strings.ReplaceAll(want["cell/go.mod"], Placeholder, quoteMod(w.Dir))
		whole := snapshot(t, w.Dir)
		if whole[packagesFile] == "" {
			t.Errorf("%s is missing", packagesFile)
		}
		delete(whole, packagesFile)
		equal(t, whole, want)
		got := snapshot(t, w.tools)
		for _, name := range []string{"go.mod", "go.sum", "bin/gonb", "bin/goimports"} {
			if _, ok := got[name]; !ok {
				t.Errorf("%s is missing", name)
			}
			delete(got, name)
		}
		equal(t, got, nil)
	})

	t.Run("only what is gone is built", func(t *testing.T) {
		if err := os.Remove(w.Tool("goimports")); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context()); !errors.Is(err, ErrNotPrepared) {
			t.Errorf("Open without goimports: %v", err)
		}
		steps = nil
		if _, err := Prepare(t.Context(), progress); err != nil || slices.Contains(steps, "building gonb") || !slices.Contains(steps, "building goimports") {
			t.Errorf("got %v, steps %q", err, steps)
		}
	})

	t.Run("canceled", func(t *testing.T) {
		if err := os.Remove(w.Tool("goimports")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Prepare(ctx, func(int, int, string) { cancel() })
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "building goimports") {
			t.Errorf("got %v", err)
		}
		if _, err := Prepare(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})

	t.Run("cells compile with no network", func(t *testing.T) {
		for _, c := range warmCells {
			if err := w.TryCell(t.Context(), c.source, "GOPROXY=off", "GOFLAGS=-mod=readonly"); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		err := w.TryCell(t.Context(), "func main() { undefined() }")
		if err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
			t.Errorf("a cell that does not compile: %v", err)
		}
		err = w.TryCell(t.Context(), "import _ \"example.com/none\"\n\nfunc main() {}", "GOPROXY=off")
		if err == nil || !strings.Contains(err.Error(), "example.com/none") {
			t.Errorf("a cell that needs another module: %v", err)
		}
	})

	t.Run("GoNB", func(t *testing.T) { runGoNB(t, w) })
}

// figures collects the titles of the figures that a cell shows.
type figures struct{ titles chan string }

func (f figures) Show(fig *figure.Figure, _ figure.Place) error    { f.titles <- fig.Title; return nil }
func (f figures) ShowBundle(map[string]string, figure.Place) error { return nil }
func (f figures) Clear(bool) error                                 { return nil }
func (f figures) Render(*figure.Figure, string) ([]byte, error) {
	return nil, errors.New("not drawn here")
}

// runGoNB gives the preload to the real GoNB, which is denied the network, and
// then cells as they are.
func runGoNB(t *testing.T, w *Workspace) {
	t.Setenv("TMPDIR", t.TempDir())
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	shown := figures{make(chan string, 1)}
	shims, run := t.TempDir(), t.TempDir()
	if err := build.WriteShims(shims, w.Go.Path, w.Tool("goimports")); err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + shims + string(filepath.ListSeparator) + filepath.Dir(w.Tool("gonb")) + string(filepath.ListSeparator) + os.Getenv("PATH")
	g, err := gonb.Start(t.Context(), gonb.Config{
		Self: self, Program: w.Tool("gonb"), Env: append(w.Env(), "GOPROXY=off", path, build.RunVariable+"="+run), Name: "kernel-1.json",
		Figures: shown, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop()

	flags, failure := execute(t, g, w.Preload(""))
	if failure != "" {
		t.Fatalf("the preload fails: %s", failure)
	}
	if !strings.Contains(flags, `["-ldflags=-s -w" "-gcflags=all=-dwarf=false" "-trimpath"]`) {
		t.Errorf("GoNB has understood other flags: %q", flags)
	}
	imports := "import (\n\t\"" + strings.Join(Imports, "\"\n\t\"") + "\"\n)\n" // unused ones are dropped
	for _, c := range []struct{ cell, want string }{
		{"%%\nlayer := neuron.NewIF()\nfmt.Println(layer.Forward(snn.Full(1.5, 2)).Data())", "[1 1]\n"},
		{"%%\nfmt.Println(dense.Of(snn.Full(1, 2)).Data())", "[1 1]\n"},
		{"%%\ndisplay.Plot2DHeatmap(snn.Zeros(2, 3), display.Title(\"nothing\")).Show()", ""},
		{"!*go list -m -f '{{.Replace}}' spikebook", quoteMod(w.Dir) + "\n"},
	} {
		out, failure := execute(t, g, imports+c.cell)
		if failure != "" {
			t.Errorf("%q fails: %s", c.cell, failure)
		} else if strings.ReplaceAll(out, w.Dir, quoteMod(w.Dir)) != c.want {
			t.Errorf("%q prints %q, expected %q", c.cell, out, c.want)
		}
	}
	runPrepared(t, g, w, run)
	select {
	case title := <-shown.titles:
		if title != "nothing" {
			t.Errorf("the figure is %q", title)
		}
	default:
		t.Error("no figure was shown")
	}
}

// runPrepared lets GoNB run a program that is not the one in its cell.
func runPrepared(t *testing.T, g *gonb.GoNB, w *Workspace, run string) {
	t.Helper()
	c := w.BuildConfig()
	c.Go.Env, c.Scratch = append(c.Go.Env, "GOPROXY=off"), t.TempDir()
	x, err := build.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	b := build.New(x, t.TempDir(), CellsLimit, t.TempDir())
	binary, err := b.Build(t.Context(), map[string]string{"main.go": "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"prepared\") }\n"}, build.Program)
	if err == nil {
		err = build.Arm(run, binary)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"prepared\n", ""} { // once
		if out, failure := execute(t, g, "func main() { /* prepared */ }"); failure != "" || out != want {
			t.Errorf("got %q, %s; expected %q", out, failure, want)
		}
	}
}

// execute runs a cell and returns its standard output and, if it fails, what
// GoNB says about that.
func execute(t *testing.T, g *gonb.GoNB, code string) (stdout, failure string) {
	t.Helper()
	m := jupyter.New("test", "execute_request", nil, map[string]any{"code": code, "silent": false, "store_history": true})
	if err := g.Send(jupyter.Shell, m); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(2 * time.Minute)
	for idle, replied := false, false; !idle || !replied; {
		select {
		case r := <-g.Received():
			if r.Parent().ID != m.Header.ID {
				continue
			}
			var c struct {
				Name, Text string
				EValue     string          `json:"evalue"`
				Traceback  json.RawMessage `json:"traceback"`
				State      string          `json:"execution_state"`
			}
			if err := r.Unmarshal(&c); err != nil {
				t.Fatal(err)
			}
			switch {
			case r.Header.Type == "stream" && c.Name == "stdout":
				stdout += c.Text
			case r.Header.Type == "error":
				failure = c.EValue + string(c.Traceback)
			case r.Header.Type == "execute_reply":
				replied = true
			case c.State == "idle":
				idle = true
			}
		case <-deadline:
			t.Fatalf("%q does not end", code)
		}
	}
	return stdout, failure
}

func BenchmarkOpen(b *testing.B) {
	b.Setenv("SPIKEBOOK_CACHE", b.TempDir())
	for b.Loop() {
		if _, err := unpack(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
