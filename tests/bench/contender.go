package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"spikebook/kernel/headless"
)

// cellTime is how long a cell may take, on a machine that is busy.
const cellTime = 2 * time.Minute

// A kernel is one that runs, ours or GoNB.
type kernel struct{ *headless.Kernel }

// result is what a cell has done.
type result struct {
	took     time.Duration // from the request to the reply and idle
	text     string        // what it wrote to stdout
	pictures int
}

// cellFailed is the error of a cell that a kernel ran and that failed.
type cellFailed struct {
	code, name, value string
	output            string
}

func (e *cellFailed) Error() string {
	return fmt.Sprintf("a cell failed: %s: %s\n%s\n--- the cell:\n%s", e.name, e.value, e.output, e.code)
}

// cell runs a cell.
func (k kernel) cell(ctx context.Context, code string) (result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cellTime, fmt.Errorf("it took longer than %v", cellTime))
	defer cancel()
	var r result
	var all strings.Builder
	begun := time.Now()
	reply, err := k.Execute(ctx, code, true, func(kind string, content json.RawMessage) {
		switch kind {
		case "display_data", "execute_result":
			r.pictures++
		case "stream":
			var m struct{ Name, Text string }
			if json.Unmarshal(content, &m) == nil {
				all.WriteString(m.Text)
				if m.Name == "stdout" {
					r.text += m.Text
				}
			}
		}
	})
	r.took = time.Since(begun)
	if err != nil {
		return r, err
	}
	if reply.Status != "ok" {
		return r, &cellFailed{code, reply.EName, reply.EValue, all.String()}
	}
	return r, nil
}

// all runs cells one after the other.
func (k kernel) all(ctx context.Context, cells ...string) error {
	for _, c := range cells {
		if _, err := k.cell(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// ours starts a kernel of this checkout in a folder.
func (b *bench) ours(ctx context.Context, dir string) (kernel, error) {
	k, err := headless.Start(ctx, []string{b.kernel, "run"}, dir)
	return kernel{k}, err
}

// tuning is how plain GoNB is set.
type tuning struct {
	tuned    bool // as it is fastest: %noautoget and -ldflags="-s -w"
	packages bool // in a module that requires what the cells import
}

// gonb starts plain GoNB: without gopls, which would take time of its own, and
// without the network.
func (b *bench) gonb(ctx context.Context, t tuning) (kernel, error) {
	dir, err := os.MkdirTemp(b.dir, "gonb-")
	if err != nil {
		return kernel{}, err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return kernel{}, err
	}
	if err := os.Symlink(b.workspace.Tool("goimports"), filepath.Join(bin, "goimports")); err != nil {
		return kernel{}, err
	}
	env := []string{
		"GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0", "GOPROXY=off", "TMPDIR=" + dir,
		"PATH=" + strings.Join([]string{bin, b.workspace.Go.Bin(), "/usr/bin", "/bin"}, string(filepath.ListSeparator)),
	}
	command := slices.Concat([]string{"env"}, env, []string{b.workspace.Tool("gonb"), "--raw_error", "--kernel"})
	started, err := headless.Start(ctx, command, dir)
	if err != nil {
		return kernel{}, fmt.Errorf("plain GoNB: %w", err)
	}
	k := kernel{started}
	var cells []string
	if t.packages {
		cells = append(cells, fmt.Sprintf("!*cp '%[1]s/go.mod' '%[1]s/go.sum' .\n", b.module), gonbImports)
	}
	if t.tuned {
		cells = slices.Insert(cells, 0, "%noautoget\n%goflags \"-ldflags=-s -w\"\n")
	}
	if err := k.all(ctx, cells...); err != nil {
		k.Close()
		return kernel{}, fmt.Errorf("plain GoNB: %w", err)
	}
	return k, nil
}

// gonbPackages are what GoNB's cells import beside Go's library.
var gonbPackages = []string{
	"github.com/janpfeifer/gonb/gonbui", "gonum.org/v1/plot", "gonum.org/v1/plot/plotter", "gonum.org/v1/plot/vg", "gorgonia.org/tensor",
}

var gonbImports = "import (\n\t\"" + strings.Join(gonbPackages, "\"\n\t\"") + "\"\n)\n"

// gonbModule makes the go.mod that a user of plain GoNB has after `go get` of
// these packages, in the versions of this checkout.
func (b *bench) gonbModule(ctx context.Context) (dir string, err error) {
	// The drawing of SVG is registered by a package that nothing imports by name.
	args := slices.Concat([]string{"list", "-deps", "-f", "{{with .Module}}\t{{.Path}} {{.Version}}{{end}}"},
		gonbPackages, []string{"gonum.org/v1/plot/vg/vgsvg"})
	listed, err := b.workspace.Go.Run(ctx, "", args...)
	if err != nil {
		return "", fmt.Errorf("%w; run in the root of the repository", err)
	}
	lines := strings.Split(strings.TrimRight(listed, "\n"), "\n")
	slices.Sort(lines)
	text := "module cell\n\ngo 1.26.0\n\nrequire (\n" + strings.Join(slices.Compact(lines), "\n") + "\n)\n"
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return "", err
	}
	dir = filepath.Join(b.dir, "module")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o600); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600)
}
