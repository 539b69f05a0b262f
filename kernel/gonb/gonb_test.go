package gonb

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spikebook/display/figure"
	"spikebook/kernel/jupyter"
	"spikebook/kernel/supervisor"
)

var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// tools is a folder with the gonb and goimports that go.mod pins.
var tools string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == supervisor.Subcommand {
		os.Exit(supervisor.Main(os.Args[2:]))
	}
	os.Exit(func() int {
		var err error
		if tools, err = os.MkdirTemp("", "gonb-test-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(tools)
		build := exec.Command("go", "build", "-o", tools, "github.com/janpfeifer/gonb", "golang.org/x/tools/cmd/goimports")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// noFigures refuses figures.
type noFigures struct{}

var errNoFigures = errors.New("no figures here")

func (noFigures) Show(*figure.Figure, figure.Place) error          { return errNoFigures }
func (noFigures) ShowBundle(map[string]string, figure.Place) error { return errNoFigures }
func (noFigures) Clear(bool) error                                 { return errNoFigures }
func (noFigures) Render(*figure.Figure, string) ([]byte, error)    { return nil, errNoFigures }

func start(t *testing.T) (*GoNB, string) {
	t.Helper()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + tools + string(filepath.ListSeparator) + os.Getenv("PATH")
	g, err := Start(context.Background(), Config{
		Self: self, Program: filepath.Join(tools, "gonb"), Env: append(os.Environ(), path),
		Name: "kernel-0123.json", Figures: noFigures{}, Log: discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	return g, tmp
}

// execute runs a cell and returns its standard output and status.
func execute(t *testing.T, g *GoNB, code string) (stdout, status string) {
	t.Helper()
	m := jupyter.New("test", "execute_request", nil, map[string]any{"code": code, "silent": false, "store_history": true})
	if err := g.Send(jupyter.Shell, m); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(2 * time.Minute)
	for idle := false; !idle || status == ""; {
		select {
		case r := <-g.Received():
			if r.Parent().ID != m.Header.ID {
				continue
			}
			var c struct {
				Name, Text, Status string
				State              string `json:"execution_state"`
			}
			if err := r.Unmarshal(&c); err != nil {
				t.Fatal(err)
			}
			switch {
			case r.Header.Type == "stream" && c.Name == "stdout":
				stdout += c.Text
			case r.Header.Type == "execute_reply":
				status = c.Status
			case c.State == "idle":
				idle = true
			}
		case <-deadline:
			t.Fatalf("%q does not end", code)
		}
	}
	return stdout, status
}

func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("%s is left in the temporary directory", e.Name())
	}
}

func TestGoNB(t *testing.T) {
	g, tmp := start(t)
	stdout, status := execute(t, g, "%%\nfmt.Println(os.Getenv(\"GONB_JUPYTER_KERNEL_ID\"))\nfmt.Println(os.TempDir())")
	id, dir, _ := strings.Cut(strings.TrimSpace(stdout), "\n")
	if status != "ok" || id != "0123" || !strings.HasPrefix(dir, tmp) {
		t.Errorf("%s: kernel %q, temporary directory %q", status, id, dir)
	}
	if m := g.Module(); filepath.Dir(m) != dir {
		t.Errorf("the module is in %q, expected a folder of %s", m, dir)
	}
	g.Stop()
	empty(t, tmp)
}

func TestCauseOfAnEnd(t *testing.T) {
	g, tmp := start(t)
	m := jupyter.New("test", "execute_request", nil, map[string]any{
		"code": "%%\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)\nselect {}", "silent": false, "store_history": true,
	})
	if err := g.Send(jupyter.Shell, m); err != nil {
		t.Fatal(err)
	}
	<-g.Done()
	if err := g.Cause(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("cause %v", err)
	}
	g.Stop()
	empty(t, tmp)
}

func TestProgramThatIsNoGoNB(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for program, want := range map[string]string{
		"false":       "exit status 1",
		"no-such-one": "not found",
	} {
		_, err := Start(context.Background(), Config{Self: self, Program: program, Env: os.Environ(), Name: "kernel-1.json", Figures: noFigures{}, Log: discard})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", program, err, want)
		}
	}
	empty(t, tmp)
}
