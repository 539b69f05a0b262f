package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// MinGo is the oldest Go that compiles the packages of a cell.
const MinGo = "go1.26"

// ErrNoGo is returned when there is no Go tool chain. The error that wraps it
// says what to do.
var ErrNoGo = errors.New("no Go tool chain found")

// Go is a Go tool chain.
type Go struct {
	Path     string // of the go command
	Version  string // such as go1.26.1
	ModCache string // folder in which it keeps modules
	SIMD     bool   // it has the experiment simd, which snn/vector uses

	prog, cache string // GOCACHEPROG and GOCACHE where a cache is shared
}

// FindGo finds the go command: $SPIKEBOOK_GO, else the first that is new
// enough among PATH and the usual folders, where a Jupyter server started from
// a desktop does not look.
func FindGo(ctx context.Context) (Go, error) {
	if chosen := os.Getenv("SPIKEBOOK_GO"); chosen != "" {
		g, err := tryGo(ctx, chosen)
		if err != nil {
			return g, fmt.Errorf("%w: SPIKEBOOK_GO is %q: %w", ErrNoGo, chosen, err)
		}
		return pick([]Go{g})
	}
	var found []Go
	for _, path := range goFolders() {
		if g, err := tryGo(ctx, path); err == nil {
			if found = append(found, g); g.recent() {
				break
			}
		}
	}
	return pick(found)
}

// recent says whether a Go is new enough.
func (g Go) recent() bool { return version.Compare(g.Version, MinGo) >= 0 }

// pick returns the first that is new enough.
func pick(found []Go) (Go, error) {
	var old []string
	for _, g := range found {
		if g.recent() {
			return g, nil
		}
		old = append(old, fmt.Sprintf("%s is %s", g.Path, g.Version))
	}
	if len(old) > 0 {
		return Go{}, fmt.Errorf("%w that is new enough: %s, expected %s or later", ErrNoGo, strings.Join(old, ", "), MinGo)
	}
	return Go{}, fmt.Errorf("%w on PATH or in the usual folders", ErrNoGo)
}

func goFolders() (paths []string) {
	if path, err := exec.LookPath("go"); err == nil {
		paths = append(paths, path)
	}
	patterns := []string{"/usr/local/go/bin/go", "/usr/lib/go-*/bin/go", "/usr/lib/go/bin/go", "/opt/homebrew/bin/go"}
	if home, err := os.UserHomeDir(); err == nil {
		patterns = append(patterns, home+"/go/bin/go", home+"/sdk/go*/bin/go")
	}
	for _, p := range patterns {
		found, _ := filepath.Glob(p) // the patterns are well formed, unless home is odd
		slices.Reverse(found)        // later versions first
		paths = append(paths, found...)
	}
	return paths
}

// absolute returns the absolute path of a program that is given by path or by
// a name on PATH.
func absolute(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// tryGo asks a go command what it is.
func tryGo(ctx context.Context, path string) (Go, error) {
	path, err := absolute(path)
	if err != nil {
		return Go{}, err
	}
	g := Go{Path: path, SIMD: runtime.GOARCH == "amd64" && os.Getenv("GOEXPERIMENT") == ""}
	out, err := g.Run(ctx, "", "env", "GOVERSION", "GOMODCACHE")
	if err != nil && g.SIMD { // an experiment that this Go does not know
		g.SIMD = false
		out, err = g.Run(ctx, "", "env", "GOVERSION", "GOMODCACHE")
	}
	if err != nil {
		return g, err
	}
	lines := strings.Split(out, "\n")
	// An unreleased one is "devel go1.27-abc", one with experiments "go1.26.1 X:abc".
	for word := range strings.FieldsSeq(lines[0]) {
		if version.IsValid(word) {
			g.Version = word
			break
		}
	}
	if g.Version == "" || len(lines) < 2 {
		return g, fmt.Errorf("%s env GOVERSION: got %q, expected a version", path, lines[0])
	}
	g.ModCache = lines[1]
	return g, nil
}

// Bin is the folder of the go command.
func (g Go) Bin() string { return filepath.Dir(g.Path) }

// Env returns the environment of every go command that we run or have run:
// nothing is decided by a go.work, a vendor flag or a newer tool chain that
// the user has for other work, and nothing is linked with cgo, which would
// make each cell three times as slow to link. Neurons run on SIMD instructions,
// unless the user has chosen experiments of Go's.
func (g Go) Env() []string {
	env := append(os.Environ(),
		"PATH="+g.Bin()+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=-buildvcs=false", "GO111MODULE=on",
	)
	if g.ModCache != "" { // what it is by default need not be found out each time
		env = append(env, "GOMODCACHE="+g.ModCache)
	}
	if g.prog != "" {
		// The go command wants a folder of its own even so. Without -modcacherw only a
		// chmod makes the folder of a module removable.
		env = append(env, "GOCACHEPROG="+g.prog, "GOCACHE="+g.cache, "GOFLAGS=-buildvcs=false -modcacherw")
	}
	if os.Getenv("CGO_ENABLED") == "" {
		env = append(env, "CGO_ENABLED=0")
	}
	if g.SIMD {
		env = append(env, "GOEXPERIMENT=simd")
	}
	return env
}

// Run runs the go command in a directory and returns its standard output. An
// error says what was run and what it wrote.
func (g Go) Run(ctx context.Context, dir string, args ...string) (string, error) {
	return g.run(ctx, dir, nil, args...)
}

func (g Go) run(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, g.Path, args...)
	cmd.Dir = dir
	cmd.Env = append(g.Env(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
